-- Cells of one generation that overlap by more than a tolerance. Arguments as in check_nesting.
SELECT 'overlap', a.code || ' ' || b.code, round(shared.m2::numeric, 3)::text
FROM gis_data_cell AS a
JOIN gis_data_cell AS b
    ON b.generation_id = a.generation_id AND b.code > a.code AND b.border && a.border
CROSS JOIN LATERAL (
    SELECT ST_Area(ST_Transform(ST_Intersection(a.border, b.border), %(metric)s)) AS m2
    WHERE ST_Relate(a.border, b.border, '2********')
) AS shared
WHERE a.generation_id = %(generation_id)s AND shared.m2 > %(tolerance_m2)s
ORDER BY 2

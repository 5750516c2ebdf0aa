-- Points → district, finest area and cell in force.
--
-- lons, lats   arrays of the same length, degrees in crs.STORE; one row comes back for each, in order
--
-- outside   all three are null
-- border    of two areas or cells the smaller code
-- cost      per point: one probe of cell_border_in_force; where no cells are cut, one of area_border
SELECT coalesce(left(cell.code, 6), area.district_code), coalesce(left(cell.code, 12), area.code), cell.code
FROM (
    SELECT n, ST_SetSRID(ST_MakePoint(lon, lat), %(store)s) AS place
    FROM unnest(%(lons)s::float8[], %(lats)s::float8[]) WITH ORDINALITY AS given(lon, lat, n)
) AS point
LEFT JOIN LATERAL (
    SELECT c.code
    FROM gis_data_cell AS c
    WHERE c.active AND ST_Intersects(c.border, point.place)
    ORDER BY c.code
    LIMIT 1
) AS cell ON true
LEFT JOIN LATERAL (
    SELECT a.code, g.district_code
    FROM gis_data_area AS a
    JOIN gis_data_generation AS g ON g.id = a.generation_id AND g.state = 'active'
    WHERE ST_Intersects(a.border, point.place)
    ORDER BY length(a.code) DESC, a.code
    LIMIT 1
) AS area ON cell.code IS NULL
ORDER BY point.n

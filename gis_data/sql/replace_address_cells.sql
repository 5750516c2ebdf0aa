-- Addresses of a district name the community and cell of a generation in which they lie; of two the smaller code.
-- Arguments: district_code, new_id. An address outside all cells keeps what it had.
UPDATE gis_data_address AS a SET cell_code = found.code, area_code = left(found.code, 12)
FROM (
    SELECT one.id, (
        SELECT x.code FROM gis_data_cell AS x
        WHERE x.active AND x.generation_id = %(new_id)s AND ST_Intersects(x.border, one.place::geometry)
        ORDER BY x.code LIMIT 1
    ) AS code
    FROM gis_data_address AS one
    WHERE one.district_code = %(district_code)s
) AS found
WHERE found.id = a.id AND (found.code <> a.cell_code OR left(found.code, 12) <> a.area_code)

-- Standing components of a district name the cell of a generation in which they stand; of two the smaller code.
-- Arguments: district_code, new_id. A component outside all cells keeps the code it had.
UPDATE gis_data_component AS c SET cell_code = found.code
FROM (
    SELECT one.id, (
        SELECT x.code FROM gis_data_cell AS x
        WHERE x.active AND x.generation_id = %(new_id)s AND ST_Intersects(x.border, one.place)
        ORDER BY x.code LIMIT 1
    ) AS code
    FROM gis_data_component AS one
    WHERE one.district_code = %(district_code)s AND one.retired_on IS NULL
) AS found
WHERE found.id = c.id AND found.code <> c.cell_code

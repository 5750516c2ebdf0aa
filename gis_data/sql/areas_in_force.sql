-- Every area and cell of a district that is in force, smallest kind first, then by code.
--
-- district     six digits
SELECT code, ST_AsBinary(border) FROM (
    SELECT c.code, c.border FROM gis_data_cell AS c
    JOIN gis_data_generation AS g ON g.id = c.generation_id
    WHERE c.active AND g.district_code = %(district)s
    UNION ALL
    SELECT a.code, a.border FROM gis_data_area AS a
    JOIN gis_data_generation AS g ON g.id = a.generation_id
    WHERE g.state = 'active' AND g.district_code = %(district)s
) AS found
ORDER BY length(code) DESC, code COLLATE "C"

-- Standing components of a district whose cell is not the one at their place. A place on a border may name
-- any of the cells that meet there. Argument: district_code. Cost: a hash join of components and cells.
SELECT 'component_cell', c.code, c.cell_code || ' / ' || coalesce(at.code, '-')
FROM gis_data_component AS c
LEFT JOIN gis_data_cell AS named ON named.code = c.cell_code AND named.active
LEFT JOIN LATERAL (
    SELECT x.code FROM gis_data_cell AS x
    WHERE x.active AND ST_Intersects(x.border, c.place)
    ORDER BY x.code LIMIT 1
) AS at ON named.id IS NULL OR NOT ST_Intersects(named.border, c.place)
WHERE c.district_code = %(district_code)s AND c.retired_on IS NULL
  AND (named.id IS NULL OR NOT ST_Intersects(named.border, c.place))
ORDER BY 2

-- Responsibility grids of a district in force: those that hold its cells, and those that bear its code.
-- Arguments: district_code, today. Answers code, name and the number of cells in force.
SELECT g.code, g.name, count(c.id)
FROM gis_data_responsibilitygrid AS g
LEFT JOIN gis_data_responsibilitygrid_cells AS link ON link.responsibilitygrid_id = g.id
LEFT JOIN gis_data_cell AS c ON c.id = link.cell_id AND c.active
WHERE coalesce(g.valid_to, 'infinity') > %(today)s::date
GROUP BY g.id
HAVING starts_with(g.code, %(district_code)s) OR bool_or(starts_with(c.code, %(district_code)s))
ORDER BY g.code

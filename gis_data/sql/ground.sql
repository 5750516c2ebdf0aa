-- Every unit cell in force, by code, with the codes of all above it.
--
-- today        the date on which responsibility grids must be in force
SELECT ST_AsBinary(cell.border), cell.code, grid.code, community.code, street.code, district.code
FROM gis_data_cell AS cell
JOIN gis_data_area AS community ON community.id = cell.community_id
JOIN gis_data_area AS street ON street.id = community.parent_id
JOIN gis_data_area AS district ON district.id = street.parent_id
LEFT JOIN (
    SELECT link.cell_id, min(g.code COLLATE "C") AS code
    FROM gis_data_responsibilitygrid_cells AS link
    JOIN gis_data_responsibilitygrid AS g ON g.id = link.responsibilitygrid_id
    WHERE coalesce(g.valid_from, '-infinity') <= %(today)s::date
      AND coalesce(g.valid_to, 'infinity') >= %(today)s::date
    GROUP BY link.cell_id
) AS grid ON grid.cell_id = cell.id
WHERE cell.active
ORDER BY cell.code COLLATE "C"

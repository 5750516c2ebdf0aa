-- Responsibility grids take over new cells: each cell joins the grids of the old cell it has most ground of.
-- Arguments: old_id, new_id, the generations. Needs their lineage.
INSERT INTO gis_data_responsibilitygrid_cells (responsibilitygrid_id, cell_id)
SELECT link.responsibilitygrid_id, origin.new_id
FROM (
    SELECT DISTINCT ON (l.new_id) l.new_id, l.old_id
    FROM gis_data_celllineage AS l
    JOIN gis_data_cell AS old ON old.id = l.old_id AND old.generation_id = %(old_id)s
    JOIN gis_data_cell AS new ON new.id = l.new_id AND new.generation_id = %(new_id)s
    ORDER BY l.new_id, l.overlap_m2 DESC, old.code
) AS origin
JOIN gis_data_responsibilitygrid_cells AS link ON link.cell_id = origin.old_id
ON CONFLICT DO NOTHING

-- The cells of a generation into another, not in force, in its communities of the same code.
-- Arguments: from_id, to_id, the generations.
INSERT INTO gis_data_cell (
    generation_id, community_id, code, border, area_m2, active, valid_from, valid_to, land_use_code,
    management_grade, responsible_subject, synthetic
)
SELECT %(to_id)s, parent.id, c.code, c.border, c.area_m2, false, c.valid_from, c.valid_to, c.land_use_code,
       c.management_grade, c.responsible_subject, c.synthetic
FROM gis_data_cell AS c
JOIN gis_data_area AS above ON above.id = c.community_id
JOIN gis_data_area AS parent ON parent.generation_id = %(to_id)s AND parent.code = above.code
WHERE c.generation_id = %(from_id)s
ORDER BY c.id

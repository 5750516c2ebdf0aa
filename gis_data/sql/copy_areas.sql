-- The areas of one level of a generation into another, under their parents of the same code.
-- Arguments: from_id, to_id, the generations; level.
INSERT INTO gis_data_area (
    generation_id, level, code, name, name_en, parent_id, border, area_m2, valid_from, valid_to, synthetic
)
SELECT %(to_id)s, a.level, a.code, a.name, a.name_en, parent.id, a.border, a.area_m2, a.valid_from, a.valid_to,
       a.synthetic
FROM gis_data_area AS a
LEFT JOIN gis_data_area AS above ON above.id = a.parent_id
LEFT JOIN gis_data_area AS parent ON parent.generation_id = %(to_id)s AND parent.code = above.code
WHERE a.generation_id = %(from_id)s AND a.level = %(level)s
ORDER BY a.id

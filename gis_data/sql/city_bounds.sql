-- Bounds of all districts in force and whether any of them is generated; one row, nulls without a city.
SELECT min(ST_XMin(a.border)), min(ST_YMin(a.border)), max(ST_XMax(a.border)), max(ST_YMax(a.border)),
       bool_or(a.synthetic OR g.synthetic)
FROM gis_data_area AS a JOIN gis_data_generation AS g ON g.id = a.generation_id
WHERE a.level = 'district' AND g.state = 'active'

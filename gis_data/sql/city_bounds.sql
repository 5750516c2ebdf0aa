-- Bounds of a district in force and whether it is generated; of all districts where that one is not in force.
-- One row, nulls without any district. Argument: district_code.
SELECT min(ST_XMin(a.border)), min(ST_YMin(a.border)), max(ST_XMax(a.border)), max(ST_YMax(a.border)),
       bool_or(a.synthetic OR g.synthetic)
FROM gis_data_area AS a JOIN gis_data_generation AS g ON g.id = a.generation_id
WHERE a.level = 'district' AND g.state = 'active'
  AND (a.code = %(district_code)s OR NOT EXISTS (
      SELECT FROM gis_data_generation AS own WHERE own.district_code = %(district_code)s AND own.state = 'active'
  ))

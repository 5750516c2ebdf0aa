-- Areas, cells and components in force by their whole code.
--
-- district_code   whose
-- code            all its digits
-- cost            one probe each of area_by_code, cell_by_code and component_code_once
SELECT 0, 'area', a.name, a.name_en, a.code, '', '', coalesce(up.name, ''), coalesce(up.name_en, ''),
       ST_X(ST_PointOnSurface(a.border)), ST_Y(ST_PointOnSurface(a.border)),
       ST_XMin(a.border), ST_YMin(a.border), ST_XMax(a.border), ST_YMax(a.border), NULL::float8, a.synthetic
FROM gis_data_area AS a
JOIN gis_data_generation AS g
  ON g.id = a.generation_id AND g.state = 'active' AND g.district_code = %(district_code)s
LEFT JOIN gis_data_area AS up ON up.id = a.parent_id
WHERE a.code = %(code)s
UNION ALL
SELECT 0, 'cell', '', '', c.code, community.name, community.name_en, street.name, street.name_en,
       ST_X(ST_PointOnSurface(c.border)), ST_Y(ST_PointOnSurface(c.border)),
       ST_XMin(c.border), ST_YMin(c.border), ST_XMax(c.border), ST_YMax(c.border), NULL, c.synthetic
FROM gis_data_cell AS c
JOIN gis_data_generation AS g ON g.id = c.generation_id AND g.district_code = %(district_code)s
JOIN gis_data_area AS community ON community.id = c.community_id
LEFT JOIN gis_data_area AS street ON street.id = community.parent_id
WHERE c.active AND c.code = %(code)s
UNION ALL
SELECT 0, 'component', class.name, class.name_en, c.code, '', '', '', '',
       ST_X(c.place), ST_Y(c.place), NULL, NULL, NULL, NULL, NULL, c.synthetic
FROM gis_data_component AS c
JOIN gis_data_problemclass AS class ON class.id = c.problem_class_id
WHERE c.code = %(code)s AND c.district_code = %(district_code)s AND c.retired_on IS NULL

-- Shapes that are not valid, and areas and cells whose stated size differs by more than a hundredth from the measured.
SELECT 'shape', s.code, ST_IsValidReason(s.border)
FROM (SELECT code, border FROM gis_data_cell WHERE generation_id = %(generation_id)s
      UNION ALL SELECT code, border FROM gis_data_area WHERE generation_id = %(generation_id)s) AS s
WHERE NOT ST_IsValid(s.border)
UNION ALL
SELECT 'size', s.code, round(s.area_m2::numeric, 1) || ' / ' || round(s.measured::numeric, 1)
FROM (SELECT code, area_m2, ST_Area(ST_Transform(border, %(metric)s)) AS measured
      FROM gis_data_cell WHERE generation_id = %(generation_id)s
      UNION ALL
      SELECT code, area_m2, ST_Area(ST_Transform(border, %(metric)s))
      FROM gis_data_area WHERE generation_id = %(generation_id)s) AS s
WHERE abs(s.area_m2 - s.measured) > 0.01 * s.measured
ORDER BY 1, 2

-- The middle longitudes of the districts in force.
SELECT ST_X(ST_Centroid(ST_Envelope(a.border)))
FROM gis_data_area AS a JOIN gis_data_generation AS g ON g.id = a.generation_id
WHERE g.state = 'active' AND a.level = 'district'

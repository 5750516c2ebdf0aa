-- The middle longitudes of the districts in force or in a draft.
SELECT ST_X(ST_Centroid(ST_Envelope(a.border)))
FROM gis_data_area AS a JOIN gis_data_generation AS g ON g.id = a.generation_id
WHERE g.state <> 'retired' AND a.level = 'district'

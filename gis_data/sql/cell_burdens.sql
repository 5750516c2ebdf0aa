-- What a patrol has to do in each cell of a generation: components standing there, metres of street inside.
--
-- generation_id, district_code, metric   metric: the system in which lengths are measured
-- cost            an index scan of components and of streets for each cell; seconds for a district
SELECT c.code, c.border,
       (SELECT count(*) FROM gis_data_component AS k
        WHERE k.district_code = %(district_code)s AND k.retired_on IS NULL AND ST_Intersects(c.border, k.place)),
       (SELECT coalesce(sum(ST_Length(ST_Transform(ST_Intersection(c.border, s.shape), %(metric)s))), 0)
        FROM gis_data_basefeature AS s
        WHERE s.kind = 'street' AND s.shape && c.border AND ST_Intersects(c.border, s.shape))
FROM gis_data_cell AS c
WHERE c.generation_id = %(generation_id)s
ORDER BY c.code

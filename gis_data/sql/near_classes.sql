-- Points → for each, the classes of components around it with the metres to the nearest of each.
--
-- lons, lats   arrays of the same length, degrees in crs.STORE; one row comes back for each, in order
-- radius_m     how far to look
--
-- cost     per point: one probe of component_place
SELECT point.n, coalesce(near.classes, '{}')
FROM (
    SELECT n, ST_SetSRID(ST_MakePoint(lon, lat), %(store)s) AS place,
           %(radius_m)s::float8 / 110500 AS reach_lat,
           %(radius_m)s::float8 / (110500 * greatest(cos(radians(lat)), 0.01)) AS reach_lon
    FROM unnest(%(lons)s::float8[], %(lats)s::float8[]) WITH ORDINALITY AS given(lon, lat, n)
) AS point
LEFT JOIN LATERAL (
    SELECT json_object_agg(class_id, round(metres::numeric, 1)) AS classes
    FROM (
        SELECT c.problem_class_id AS class_id, min(ST_DistanceSphere(c.place, point.place)) AS metres
        FROM gis_data_component AS c
        WHERE c.place && ST_Expand(point.place, point.reach_lon, point.reach_lat) AND c.retired_on IS NULL
        GROUP BY c.problem_class_id
    ) AS found
    WHERE metres <= %(radius_m)s::float8
) AS near ON true
ORDER BY point.n

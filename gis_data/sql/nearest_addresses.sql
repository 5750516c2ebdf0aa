-- Doors, points of interest and landmarks of a district nearest to a point, nearest first.
--
-- district_code   whose
-- lon, lat        the point, degrees in crs.STORE
-- within_m        no farther than this; at_most: how many
-- today           the date on which they must be in force
--
-- answers   distance in metres on the ellipsoid, and the bearing from the address to the point in degrees
-- cost      one walk of address_place, nearest first
SELECT a.id, a.kind, a.name, a.name_en, ST_X(a.place::geometry), ST_Y(a.place::geometry),
       ST_Distance(a.place, point.place) AS distance_m,
       coalesce(degrees(ST_Azimuth(a.place, point.place)), 0) AS bearing
FROM gis_data_address AS a
CROSS JOIN (
    SELECT ST_SetSRID(ST_MakePoint(%(lon)s, %(lat)s), %(store)s)::geography AS place
) AS point
WHERE a.district_code = %(district_code)s
  AND a.kind IN ('door', 'poi', 'landmark')
  AND coalesce(a.valid_from, '-infinity') <= %(today)s::date
  AND coalesce(a.valid_to, 'infinity') > %(today)s::date
  AND ST_DWithin(a.place, point.place, %(within_m)s)
ORDER BY a.place <-> point.place, a.id
LIMIT %(at_most)s

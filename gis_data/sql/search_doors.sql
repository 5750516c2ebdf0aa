-- Doors of some streets of a district by the beginning of their number, the streets in their order.
--
-- district_code, streets   whose doors; names of streets, best first
-- number                   12 finds 12, then 12a, 12-1, 120
-- lon, lat                 as for names
-- cost                     one range of address_door a street
SELECT found.id, found.kind, found.name, found.name_en, '' AS code, above.name, above.name_en,
       upper.name, upper.name_en, ST_X(found.place::geometry), ST_Y(found.place::geometry),
       NULL, NULL, NULL, NULL, found.distance_m, found.synthetic
FROM (
    SELECT a.*, asked.n,
           CASE WHEN near.place IS NOT NULL THEN ST_Distance(a.place, near.place) END AS distance_m
    FROM unnest(%(streets)s::text[]) WITH ORDINALITY AS asked(street, n)
    JOIN gis_data_address AS a
      ON a.kind = 'door' AND a.district_code = %(district_code)s AND a.street = asked.street
     AND starts_with(a.number, %(number)s)
     AND coalesce(a.valid_from, '-infinity') <= %(today)s::date
     AND coalesce(a.valid_to, 'infinity') > %(today)s::date
    CROSS JOIN (
        SELECT ST_SetSRID(ST_MakePoint(%(lon)s::float8, %(lat)s::float8), %(store)s)::geography AS place
    ) AS near
    ORDER BY asked.n, a.number <> %(number)s, length(a.number), a.number, a.id
    LIMIT %(at_most)s
) AS found
LEFT JOIN LATERAL (
    SELECT area.name, area.name_en, area.parent_id
    FROM gis_data_area AS area
    JOIN gis_data_generation AS generation ON generation.id = area.generation_id AND generation.state = 'active'
    WHERE area.code = found.area_code
) AS above ON true
LEFT JOIN gis_data_area AS upper ON upper.id = above.parent_id
ORDER BY found.n, found.number <> %(number)s, length(found.number), found.number, found.id

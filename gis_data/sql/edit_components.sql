-- Components that stand in a box, as one JSON list of {code, class_code, name, name_en, lon, lat, state, owner}.
--
-- district_code; west, south, east, north in degrees of crs.STORE; at_most rows
-- cost   one probe of component_place
SELECT coalesce(json_agg(json_build_object(
    'code', found.code, 'class_code', class.code, 'name', class.name, 'name_en', class.name_en,
    'lon', ST_X(found.place), 'lat', ST_Y(found.place), 'state', found.state, 'owner', found.owner_code
)), '[]'::json)::text
FROM (
    SELECT c.code, c.place, c.state, c.owner_code, c.problem_class_id
    FROM gis_data_component AS c
    WHERE c.place && ST_MakeEnvelope(%(west)s, %(south)s, %(east)s, %(north)s, %(store)s)
      AND c.district_code = %(district_code)s AND c.retired_on IS NULL
    LIMIT %(at_most)s
) AS found
JOIN gis_data_problemclass AS class ON class.id = found.problem_class_id

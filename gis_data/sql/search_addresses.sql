-- Names of a district by what somebody typed, best first.
--
-- district_code   whose names
-- forms           what was typed, as it stands and closed up
-- patterns        the same and its sound, for LIKE over `spelt` (gis_data.spelling.asked)
-- like_words, like_sound   names that only look like it, a slip of the finger apart; null: none of them
-- lon, lat        nearer names come first among equals; null: no place is given
-- today           the date on which a name must be in force
-- at_most         how many; cap: how many candidates are weighed at all
--
-- order   0 exactly it, 1 begins with it, 2 a word of it begins so, 3 the rest; areas before streets before points
-- cost    one bitmap scan of address_spelt, then at most `cap` rows
SELECT found.id, found.kind, found.name, found.name_en, '' AS code, above.name, above.name_en,
       upper.name, upper.name_en, ST_X(found.place::geometry), ST_Y(found.place::geometry),
       ST_XMin(found.outline), ST_YMin(found.outline), ST_XMax(found.outline), ST_YMax(found.outline),
       found.distance_m, found.synthetic
FROM (
    SELECT weighed.*,
           row_number() OVER (
               ORDER BY likeness DESC, rank, array_position(ARRAY['area', 'street', 'poi', 'landmark'], kind::text),
                        distance_m, length(name), name, id
           ) AS turn
    FROM (
        SELECT a.*,
               CASE WHEN near.place IS NOT NULL THEN ST_Distance(a.place, near.place) END AS distance_m,
               coalesce((
                   SELECT min(CASE
                       WHEN strpos(a.spelt, '| ' || form || ' |') > 0 THEN 0
                       WHEN strpos(a.spelt, '| ' || form) > 0 THEN 1
                       WHEN strpos(a.spelt, ' ' || form) > 0 THEN 2
                   END) FROM unnest(%(forms)s::text[]) AS form
               ), 3) AS rank,
               coalesce(greatest(
                   word_similarity(%(like_words)s, a.spelt), word_similarity(%(like_sound)s, a.spelt)
               ), 1) AS likeness
        FROM (
            SELECT *
            FROM gis_data_address
            WHERE district_code = %(district_code)s
              AND kind <> 'door'
              AND coalesce(valid_from, '-infinity') <= %(today)s::date
              AND coalesce(valid_to, 'infinity') > %(today)s::date
              AND (spelt LIKE ANY (%(patterns)s::text[]) OR spelt %%> %(like_words)s OR spelt %%> %(like_sound)s)
            LIMIT %(cap)s
        ) AS a
        CROSS JOIN (
            SELECT ST_SetSRID(ST_MakePoint(%(lon)s::float8, %(lat)s::float8), %(store)s)::geography AS place
        ) AS near
    ) AS weighed
    ORDER BY turn
    LIMIT %(at_most)s
) AS found
LEFT JOIN LATERAL (
    SELECT area.name, area.name_en, area.parent_id
    FROM gis_data_area AS area
    JOIN gis_data_generation AS generation ON generation.id = area.generation_id AND generation.state = 'active'
    WHERE area.code = found.area_code AND found.kind <> 'area'
) AS above ON true
LEFT JOIN gis_data_area AS upper ON upper.id = above.parent_id
ORDER BY found.turn

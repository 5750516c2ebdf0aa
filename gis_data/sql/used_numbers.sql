-- Of each class with new components: how many codes must be made, and the highest number used by now, in the city
-- or in the file. After examine_components.sql; fills the temporary table used_numbers for add_components.sql.
-- Arguments as there.
DROP TABLE IF EXISTS used_numbers;

CREATE TEMP TABLE used_numbers ON COMMIT DROP AS
SELECT wanted.class_id, wanted.class_code, wanted.to_make, greatest(wanted.given, held.highest, 0) AS highest
FROM (
    SELECT class_id, class_code, sum(to_make)::bigint AS to_make, max(given) AS given
    FROM tally WHERE change = 'new' GROUP BY class_id, class_code
) AS wanted
CROSS JOIN LATERAL (
    SELECT max(right(code, %(width)s)::bigint) AS highest FROM gis_data_component
    WHERE length(code) = 16
      AND code BETWEEN %(district_code)s || wanted.class_code || repeat('0', %(width)s)
               AND %(district_code)s || wanted.class_code || repeat('9', %(width)s)
) AS held;

ANALYZE used_numbers

-- What the whole file and the city show of staged rows. STAGED is the table of the delivery; fills temporary tables:
--
-- found_fault  number, kind, detail: duplicates, codes taken, places in no cell
-- matched      number → components of the same inventory and id: `same` (that class, standing or retired),
--              `leaving` (standing under another class; its code cannot stay)
-- tally        how many of each verdict in each class
-- verdict      a view: number of each good row → cell_code, component (null: new), change: new, changed, returned, same
-- gone         standing components of the inventory that the file does not name, not even in a refused row
--
-- district_code, source   whose components
-- generation_id           the active generation
-- width                   digits of a sequence number: 16 less district and class
-- partial                 the file holds only some of the rows: nothing is gone
DROP VIEW IF EXISTS verdict;
DROP TABLE IF EXISTS found_fault, matched, tally, gone;

ANALYZE STAGED (number, source_id, code, class_id);

CREATE TEMP TABLE found_fault (number integer NOT NULL, kind text NOT NULL, detail text NOT NULL) ON COMMIT DROP;

INSERT INTO found_fault
SELECT staged.number,
       CASE WHEN ST_Intersects(district.border, staged.place) THEN 'no_cell' ELSE 'stray' END,
       round(ST_Distance(district.border::geography, staged.place::geography))::bigint::text
FROM STAGED AS staged
JOIN gis_data_area AS district
    ON district.generation_id = %(generation_id)s AND district.code = %(district_code)s
WHERE staged.place IS NOT NULL AND staged.cell_code IS NULL
  AND NOT ST_DWithin(staged.place, ST_SetSRID(ST_MakePoint(0, 0), %(store)s), 0.000001); -- said already

WITH twice AS (
    SELECT source_id FROM STAGED WHERE source_id <> '' GROUP BY source_id HAVING count(*) > 1
), named AS (
    SELECT source_id, (array_agg(number ORDER BY number))[1:5] AS numbers
    FROM STAGED JOIN twice USING (source_id) GROUP BY source_id
)
INSERT INTO found_fault
SELECT staged.number, 'duplicate', array_to_string(array_remove(named.numbers, staged.number), ', ')
FROM STAGED AS staged JOIN named USING (source_id);

WITH twice AS (
    SELECT code FROM STAGED WHERE code <> source_id GROUP BY code HAVING count(*) > 1
), named AS (
    SELECT code, (array_agg(number ORDER BY number))[1:5] AS numbers
    FROM STAGED JOIN twice USING (code) GROUP BY code
)
INSERT INTO found_fault
SELECT staged.number, 'duplicate_code', array_to_string(array_remove(named.numbers, staged.number), ', ')
FROM STAGED AS staged JOIN named USING (code);

CREATE TEMP TABLE matched ON COMMIT DROP AS
SELECT staged.number,
       coalesce(
           max(held.id) FILTER (WHERE held.problem_class_id = staged.class_id AND held.retired_on IS NULL),
           max(held.id) FILTER (WHERE held.problem_class_id = staged.class_id)
       ) AS same,
       max(held.id) FILTER (WHERE held.problem_class_id <> staged.class_id AND held.retired_on IS NULL) AS leaving
FROM STAGED AS staged
JOIN gis_data_component AS held
    ON held.district_code = %(district_code)s AND held.source = %(source)s AND held.source_id = staged.source_id
WHERE staged.source_id <> ''
GROUP BY staged.number;

INSERT INTO found_fault
SELECT staged.number, 'taken', held.code
FROM STAGED AS staged
JOIN gis_data_component AS held ON held.code = staged.code
LEFT JOIN matched ON matched.number = staged.number
WHERE held.id IS DISTINCT FROM matched.same;

INSERT INTO found_fault
SELECT staged.number, 'other_code', held.code
FROM STAGED AS staged
JOIN matched ON matched.number = staged.number
JOIN gis_data_component AS held ON held.id = matched.same
WHERE held.code <> staged.code;

ANALYZE found_fault;
ANALYZE matched;

CREATE TEMP VIEW verdict AS
SELECT staged.number, staged.class_id, staged.class_code, staged.code AS given_code, staged.cell_code,
       matched.same AS component_id, matched.leaving AS leaving_id,
       CASE
           WHEN held.id IS NULL THEN 'new'
           WHEN held.retired_on IS NOT NULL THEN 'returned'
           WHEN (held.place, held.outline, held.cell_code, held.authority_code, held.owner_code, held.maintainer_code,
                 held.state, held.initial_on, held.changed_on, held.data_source, held.note)
               IS DISTINCT FROM
                (staged.place, staged.outline, staged.cell_code,
                 coalesce(staged.authority_code, held.authority_code), coalesce(staged.owner_code, held.owner_code),
                 coalesce(staged.maintainer_code, held.maintainer_code), coalesce(staged.state, held.state),
                 coalesce(staged.initial_on, held.initial_on), coalesce(staged.changed_on, held.changed_on),
                 coalesce(staged.data_source, held.data_source), coalesce(staged.note, held.note))
               THEN 'changed'
           ELSE 'same'
       END AS change
FROM STAGED AS staged
LEFT JOIN matched ON matched.number = staged.number
LEFT JOIN gis_data_component AS held ON held.id = matched.same
WHERE staged.faults IS NULL
  AND NOT EXISTS (SELECT FROM found_fault WHERE found_fault.number = staged.number);

CREATE TEMP TABLE tally ON COMMIT DROP AS
SELECT class_id, max(class_code) AS class_code, change, leaving_id IS NOT NULL AS leaving,
       count(*) AS rows, count(*) FILTER (WHERE given_code IS NULL) AS to_make,
       max(right(given_code, %(width)s)::bigint) AS given
FROM verdict GROUP BY class_id, change, leaving_id IS NOT NULL;

CREATE TEMP TABLE gone ON COMMIT DROP AS
SELECT held.id, held.code
FROM gis_data_component AS held
WHERE held.district_code = %(district_code)s AND held.source = %(source)s AND held.source_id <> ''
  AND held.retired_on IS NULL AND NOT %(partial)s
  AND NOT EXISTS (SELECT FROM STAGED AS staged WHERE staged.source_id = held.source_id);

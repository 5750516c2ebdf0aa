-- Loads what examine_components.sql found good. STAGED is the table of the delivery.
--
-- district_code, source    whose components
-- width                    digits of a sequence number: 16 less district and class
-- retire                   also retire what is gone, and what changed its class (its new code comes in its stead)
-- today                    the day of retirement
--
-- Codes: the given one, else district + class + the number after the highest that the city or the file has used;
-- retired components keep theirs, so that no number is ever used twice.
UPDATE gis_data_component SET retired_on = %(today)s
WHERE %(retire)s AND id IN (
    SELECT id FROM gone UNION ALL SELECT leaving_id FROM verdict WHERE leaving_id IS NOT NULL
);

UPDATE gis_data_component AS held SET
    retired_on = NULL, place = staged.place, outline = staged.outline, cell_code = verdict.cell_code,
    authority_code = coalesce(staged.authority_code, held.authority_code),
    owner_code = coalesce(staged.owner_code, held.owner_code),
    maintainer_code = coalesce(staged.maintainer_code, held.maintainer_code),
    state = coalesce(staged.state, held.state),
    initial_on = coalesce(staged.initial_on, held.initial_on),
    changed_on = coalesce(staged.changed_on, held.changed_on),
    data_source = coalesce(staged.data_source, held.data_source),
    note = coalesce(staged.note, held.note)
FROM verdict JOIN STAGED AS staged USING (number)
WHERE held.id = verdict.component_id AND verdict.change IN ('changed', 'returned')
  AND (verdict.leaving_id IS NULL OR %(retire)s);

INSERT INTO gis_data_component (
    code, district_code, problem_class_id, place, outline, cell_code, authority_code, owner_code, maintainer_code,
    state, initial_on, changed_on, data_source, note, source, source_id, synthetic
)
SELECT coalesce(numbered.given_code,
                %(district_code)s || numbered.class_code
                || lpad((used.highest + numbered.n)::text, %(width)s, '0')),
       %(district_code)s, staged.class_id, staged.place, staged.outline, numbered.cell_code,
       coalesce(staged.authority_code, ''), coalesce(staged.owner_code, ''), coalesce(staged.maintainer_code, ''),
       coalesce(staged.state, ''), staged.initial_on, staged.changed_on, coalesce(staged.data_source, ''),
       coalesce(staged.note, ''), %(source)s, staged.source_id, false
FROM (
    SELECT number, class_code, given_code, cell_code,
           row_number() OVER (PARTITION BY class_code, given_code IS NULL ORDER BY number) AS n
    FROM verdict
    WHERE change = 'new' AND (leaving_id IS NULL OR %(retire)s)
) AS numbered
JOIN used_numbers AS used ON used.class_code = numbered.class_code
JOIN STAGED AS staged ON staged.number = numbered.number

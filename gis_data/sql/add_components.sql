-- Adds the new components that examine_components.sql found good. STAGED is the table of the delivery.
--
-- district_code, source    whose components
-- width                    digits of a sequence number: 16 less district and class
-- retire                   also those whose old code was retired because they changed their class
--
-- Codes: the given one, else district + class + the number after the highest that the city or the file has used
-- (used_numbers.sql); retired components keep theirs, so that no number is ever used twice.
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
    SELECT number, class_id, class_code, given_code, cell_code,
           row_number() OVER (PARTITION BY class_id, given_code IS NULL ORDER BY number) AS n
    FROM verdict
    WHERE change = 'new' AND (leaving_id IS NULL OR %(retire)s)
) AS numbered
JOIN used_numbers AS used ON used.class_id = numbered.class_id
JOIN STAGED AS staged ON staged.number = numbered.number

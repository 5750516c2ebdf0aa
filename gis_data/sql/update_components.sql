-- Brings standing components up to date with what examine_components.sql found. STAGED is the table of the delivery.
--
-- retire                   also retire what is gone, and what changed its class (its new code comes in its stead)
-- today                    the day of retirement
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
  AND (verdict.leaving_id IS NULL OR %(retire)s)

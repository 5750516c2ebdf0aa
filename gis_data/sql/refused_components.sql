-- Rows that are refused, in the order of the file: number, id, code, faults of the row as JSON, faults that the file
-- and the city show as JSON of [kind, detail]. After examine_components.sql. STAGED: as there.
SELECT staged.number, staged.source_id, staged.code, coalesce(staged.faults, '[]'), coalesce(found.faults::text, '[]')
FROM STAGED AS staged
LEFT JOIN (
    SELECT number, json_agg(json_build_array(kind, detail) ORDER BY kind) AS faults FROM found_fault GROUP BY number
) AS found ON found.number = staged.number
WHERE staged.faults IS NOT NULL OR found.number IS NOT NULL
ORDER BY staged.number

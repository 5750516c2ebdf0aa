-- Bring the incoming names and addresses into the table; one row: how many are new, how many changed.
--
-- incoming   the temporary table address_incoming, each key once a district
-- names      a name that changed is kept among the former ones, and is still found
-- cost       one probe of address_once a row; rows that say the same are not written
WITH merged AS (
    INSERT INTO gis_data_address AS kept (
        district_code, key, code, kind, name, name_en, alias, former, street, number, pinyin, initials, spelt,
        place, outline, area_code, cell_code, source, valid_from, valid_to, synthetic
    )
    SELECT district_code, key, code, kind, name, name_en, alias, '', street, number, pinyin, initials, spelt,
           place, outline, area_code, cell_code, source, valid_from, valid_to, false
    FROM address_incoming
    ON CONFLICT (district_code, key) DO UPDATE SET
        kind = excluded.kind, name = excluded.name, name_en = excluded.name_en, alias = excluded.alias,
        street = excluded.street, number = excluded.number, pinyin = excluded.pinyin,
        initials = excluded.initials,
        former = CASE
            WHEN kept.name = excluded.name THEN kept.former
            ELSE concat_ws('；', nullif(kept.former, ''), kept.name)
        END,
        spelt = CASE
            WHEN kept.name = excluded.name THEN excluded.spelt
            ELSE concat_ws(' ', nullif(excluded.spelt, ''), nullif(kept.spelt, ''))
        END,
        place = excluded.place, outline = excluded.outline, area_code = excluded.area_code,
        cell_code = excluded.cell_code, source = excluded.source, valid_from = excluded.valid_from,
        valid_to = excluded.valid_to, synthetic = false
    WHERE (kept.kind, kept.name, kept.name_en, kept.alias, kept.street, kept.number, kept.pinyin,
           kept.area_code, kept.cell_code, kept.source, kept.valid_from, kept.valid_to, kept.synthetic)
          IS DISTINCT FROM
          (excluded.kind, excluded.name, excluded.name_en, excluded.alias, excluded.street, excluded.number,
           excluded.pinyin, excluded.area_code, excluded.cell_code, excluded.source, excluded.valid_from,
           excluded.valid_to, false)
       OR NOT ST_Equals(kept.place::geometry, excluded.place::geometry)
       OR ST_AsBinary(kept.outline) IS DISTINCT FROM ST_AsBinary(excluded.outline)
    RETURNING xmax = 0 AS is_new
)
SELECT count(*) FILTER (WHERE is_new), count(*) FILTER (WHERE NOT is_new) FROM merged

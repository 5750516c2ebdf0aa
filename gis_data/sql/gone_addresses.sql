-- Names and addresses of a source that its newer file no longer has; with `retire` they end today.
--
-- source, districts   whose; incoming: the temporary table address_incoming
-- today               their last day is yesterday; the rows stay
WITH gone AS (
    SELECT kept.id
    FROM gis_data_address AS kept
    WHERE kept.source = %(source)s AND kept.district_code = ANY (%(districts)s)
      AND coalesce(kept.valid_to, 'infinity') > %(today)s::date
      AND NOT EXISTS (
          SELECT FROM address_incoming AS came
          WHERE came.district_code = kept.district_code AND came.key = kept.key
      )
), ended AS (
    UPDATE gis_data_address SET valid_to = %(today)s::date
    WHERE %(retire)s AND id IN (SELECT id FROM gone)
)
SELECT count(*) FROM gone

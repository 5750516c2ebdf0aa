-- The journal: one append-only table, partitioned by month of recording. See casework/journal.py.

CREATE TABLE casework_entry (
    stream_id   varchar(12) NOT NULL REFERENCES casework_stream (code),
    seq         bigint      NOT NULL CHECK (seq > 0),
    recorded_at timestamptz NOT NULL,
    case_id     uuid        NOT NULL REFERENCES casework_case (id),
    case_seq    integer     NOT NULL CHECK (case_seq > 0),
    kind        varchar(12) NOT NULL,
    verb        varchar(24) NOT NULL,
    at          timestamptz NOT NULL,
    actor_id    bigint      REFERENCES casework_person (id),
    post_id     bigint      REFERENCES casework_post (id),
    state_from  varchar(16) NOT NULL,
    state_to    varchar(16) NOT NULL,
    facts       jsonb       NOT NULL,
    card        jsonb       NOT NULL,
    prev_hash   bytea       NOT NULL,
    hash        bytea       NOT NULL CHECK (length(hash) = 32),
    PRIMARY KEY (stream_id, seq, recorded_at)
) PARTITION BY RANGE (recorded_at);

CREATE INDEX casework_entry_of_case ON casework_entry (case_id, case_seq);
CREATE INDEX casework_entry_by_time ON casework_entry USING brin (at);

-- Nothing is turned away because a month was forgotten; ensure_partitions() works ahead.
CREATE TABLE casework_entry_other PARTITION OF casework_entry DEFAULT;

CREATE FUNCTION casework_journal_is_final() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the journal is append-only: % refused', TG_OP USING ERRCODE = 'insufficient_privilege';
END $$;

CREATE TRIGGER casework_entry_final BEFORE UPDATE OR DELETE ON casework_entry
    FOR EACH ROW EXECUTE FUNCTION casework_journal_is_final();
CREATE TRIGGER casework_entry_kept BEFORE TRUNCATE ON casework_entry
    FOR EACH STATEMENT EXECUTE FUNCTION casework_journal_is_final();

CREATE FUNCTION casework_ensure_partitions(first date, last date) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    month date := date_trunc('month', first)::date;
    part  text;
    made  integer := 0;
BEGIN
    -- one maker at a time; two would both find the month missing
    PERFORM pg_advisory_xact_lock(hashtext('casework_ensure_partitions'));
    WHILE month <= last LOOP
        part := format('casework_entry_%s', to_char(month, 'YYYYMM'));
        -- a month that the catch-all has begun to hold stays there: a partition would have to take its rows
        IF to_regclass(part) IS NULL AND NOT EXISTS (
            SELECT FROM casework_entry_other
            WHERE recorded_at >= (month::timestamp AT TIME ZONE 'UTC')
              AND recorded_at < ((month + interval '1 month') AT TIME ZONE 'UTC')) THEN
            EXECUTE format(
                'CREATE TABLE %I PARTITION OF casework_entry FOR VALUES FROM (%L) TO (%L)',
                part, (month::timestamp AT TIME ZONE 'UTC'), ((month + interval '1 month') AT TIME ZONE 'UTC'));
            EXECUTE format(
                'CREATE TRIGGER casework_entry_kept BEFORE TRUNCATE ON %I
                 FOR EACH STATEMENT EXECUTE FUNCTION casework_journal_is_final()', part);
            made := made + 1;
        END IF;
        month := (month + interval '1 month')::date;
    END LOOP;
    RETURN made;
END $$;

CREATE TRIGGER casework_entry_kept BEFORE TRUNCATE ON casework_entry_other
    FOR EACH STATEMENT EXECUTE FUNCTION casework_journal_is_final();

SELECT casework_ensure_partitions(current_date, current_date + 93);

-- Case numbers: gap-tolerant, never waited for. Six digits a day a district are more than a city makes.
CREATE SEQUENCE casework_case_number MAXVALUE 999999 CYCLE CACHE 1;

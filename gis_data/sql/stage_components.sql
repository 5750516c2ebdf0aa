-- Where checked rows of one file of components wait. STAGED is the table of the delivery.
-- Unlogged: after a crash of the server it is empty and the file is read again. faults: JSON.
CREATE UNLOGGED TABLE IF NOT EXISTS STAGED (
    number integer NOT NULL,
    source_id text NOT NULL,
    code text,
    class_id bigint,
    class_code text,
    place geometry(Point, %(store)s),
    outline geometry(Geometry, %(store)s),
    cell_code text,
    authority_code text,
    owner_code text,
    maintainer_code text,
    state text,
    initial_on date,
    changed_on date,
    data_source text,
    note text,
    faults text
)

-- How many components stand in each square of the map, and when one there changed last. Used by migration 0010.
--
-- Squares are those of tiles: zoom z parts the world into 2^z by 2^z. The row of a tile's own square carries the version
-- by which kept copies of that tile are known to be good; the rows four zooms further in are what the tile counts.
-- A change raises the version of every square in whose tile it is seen, which is a little more than the square: dots at
-- the edge are drawn in both tiles.
CREATE TABLE gis_data_componentsquare (
    zoom smallint NOT NULL, x integer NOT NULL, y integer NOT NULL,
    count integer NOT NULL DEFAULT 0, version bigint NOT NULL,
    PRIMARY KEY (zoom, x, y)
);
CREATE SEQUENCE gis_data_square_version;

CREATE FUNCTION gis_data_square_x(place geometry) RETURNS double precision LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (ST_X(place) + 180) / 360;
CREATE FUNCTION gis_data_square_y(place geometry) RETURNS double precision LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (1 - asinh(tan(radians(greatest(-85.05, least(85.05, ST_Y(place)))))) / pi()) / 2;

-- Rows were written, changed or taken away: +1 and -1 in their squares.
CREATE FUNCTION gis_data_change_squares() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    source text := CASE TG_OP
        WHEN 'INSERT' THEN 'SELECT place, 1 AS n FROM new_rows WHERE retired_on IS NULL'
        WHEN 'DELETE' THEN 'SELECT place, -1 AS n FROM old_rows WHERE retired_on IS NULL'
        ELSE 'SELECT place, 1 AS n FROM new_rows WHERE retired_on IS NULL
              UNION ALL SELECT place, -1 FROM old_rows WHERE retired_on IS NULL' END;
    many bigint;
BEGIN
    -- A bulk load sees most squares: counting all anew is cheaper than finding which it touched, and as true.
    EXECUTE format('SELECT count(*) FROM (%s) AS rows', source) INTO many;
    IF many > 5000 THEN
        PERFORM gis_data_count_squares();
        RETURN NULL;
    END IF;
    EXECUTE format($q$
        WITH changed AS (
            SELECT gis_data_square_x(place) AS x, gis_data_square_y(place) AS y, n FROM (%s) AS rows
        ),
        seen AS (
            SELECT zoom, floor((x + east * reach) * side)::int AS x, floor((y + south * reach) * side)::int AS y,
                   sum(CASE WHEN east = 0 AND south = 0 THEN n ELSE 0 END)::int AS n
            FROM changed,
                 LATERAL (SELECT zoom, 2.0 ^ zoom AS side, 16.0 / 4096 / 2 ^ zoom AS reach
                          FROM generate_series(8, 19) AS zoom) AS zooms,
                 (VALUES (0, 0), (-1, -1), (-1, 1), (1, -1), (1, 1)) AS corner (east, south)
            GROUP BY 1, 2, 3
        )
        INSERT INTO gis_data_componentsquare AS held (zoom, x, y, count, version)
        SELECT zoom, x, y, n, nextval('gis_data_square_version') FROM seen ORDER BY zoom, x, y
        ON CONFLICT (zoom, x, y) DO UPDATE
            SET count = held.count + excluded.count, version = excluded.version $q$, source);
    RETURN NULL;
END $$;

-- Counts everything anew; for bulk loads that silence triggers, and for the first time.
CREATE FUNCTION gis_data_count_squares() RETURNS void LANGUAGE plpgsql AS $$
DECLARE stamp bigint := nextval('gis_data_square_version');
BEGIN
    LOCK TABLE gis_data_componentsquare IN EXCLUSIVE MODE;
    DELETE FROM gis_data_componentsquare;
    INSERT INTO gis_data_componentsquare (zoom, x, y, count, version)
    SELECT 19, floor(gis_data_square_x(place) * 524288)::int, floor(gis_data_square_y(place) * 524288)::int, count(*), stamp
    FROM gis_data_component WHERE retired_on IS NULL GROUP BY 2, 3;
    FOR coarse IN REVERSE 18 .. 8 LOOP
        INSERT INTO gis_data_componentsquare (zoom, x, y, count, version)
        SELECT coarse, finer.x >> 1, finer.y >> 1, sum(finer.count), stamp
        FROM gis_data_componentsquare AS finer WHERE finer.zoom = coarse + 1 GROUP BY 2, 3;
    END LOOP;
END $$;

CREATE FUNCTION gis_data_forget_squares() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM gis_data_componentsquare;
    RETURN NULL;
END $$;

CREATE TRIGGER change_squares_in AFTER INSERT ON gis_data_component
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION gis_data_change_squares();
CREATE TRIGGER change_squares_on AFTER UPDATE ON gis_data_component
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION gis_data_change_squares();
CREATE TRIGGER change_squares_out AFTER DELETE ON gis_data_component
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION gis_data_change_squares();
CREATE TRIGGER change_squares_all AFTER TRUNCATE ON gis_data_component
    FOR EACH STATEMENT EXECUTE FUNCTION gis_data_forget_squares();

SELECT gis_data_count_squares();

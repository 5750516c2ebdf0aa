-- Components that stand, as points with class and state.
--
-- z, x, y   the tile
-- at_most   rows of a tile, so that no tile can grow without end
-- cost      index scan of component_place
WITH tile AS (
    SELECT ST_TileEnvelope(%(z)s, %(x)s, %(y)s) AS frame,
           ST_Transform(ST_TileEnvelope(%(z)s, %(x)s, %(y)s, margin => 16.0 / 4096), %(store)s) AS reach
)
SELECT coalesce(ST_AsMVT(s, 'components', 4096, 'shape'), '') FROM (
    SELECT c.code, class.code AS class_code, c.state,
           ST_AsMVTGeom(ST_Transform(c.place, %(tile)s), tile.frame, 4096, 16, true) AS shape
    FROM gis_data_component AS c JOIN gis_data_problemclass AS class ON class.id = c.problem_class_id, tile
    WHERE c.place && tile.reach AND c.retired_on IS NULL
    LIMIT %(at_most)s
) AS s WHERE shape IS NOT NULL

-- Communities with the number of their cells, where cells are too small to be told apart.
--
-- z, x, y   the tile; cost: index scan of area_border, and one range of the cells of each community seen
WITH tile AS (
    SELECT ST_TileEnvelope(%(z)s, %(x)s, %(y)s) AS frame,
           ST_Transform(ST_TileEnvelope(%(z)s, %(x)s, %(y)s, margin => 64.0 / 4096), %(store)s) AS reach
)
SELECT coalesce(ST_AsMVT(s, 'communities', 4096, 'shape'), '') FROM (
    SELECT a.code, held.count,
           ST_AsMVTGeom(ST_Transform(a.border, %(tile)s), tile.frame, 4096, 64, true) AS shape
    FROM tile
    JOIN gis_data_area AS a ON a.border && tile.reach AND a.level = 'community'
    JOIN gis_data_generation AS g ON g.id = a.generation_id AND g.state = 'active',
    LATERAL (SELECT count(*)::int AS count FROM gis_data_cell AS c WHERE c.community_id = a.id) AS held
    WHERE held.count > 0
    ORDER BY a.code
) AS s WHERE shape IS NOT NULL

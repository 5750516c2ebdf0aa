-- Unit grid cells in force. z, x, y: the tile; cost: index scan of cell_border_in_force.
WITH tile AS (
    SELECT ST_TileEnvelope(%(z)s, %(x)s, %(y)s) AS frame,
           ST_Transform(ST_TileEnvelope(%(z)s, %(x)s, %(y)s, margin => 64.0 / 4096), %(store)s) AS reach
)
SELECT coalesce(ST_AsMVT(s, 'cells', 4096, 'shape'), '') FROM (
    SELECT c.code, ST_AsMVTGeom(ST_Transform(c.border, %(tile)s), tile.frame, 4096, 64, true) AS shape
    FROM gis_data_cell AS c, tile
    WHERE c.active AND c.border && tile.reach
    ORDER BY c.code
) AS s WHERE shape IS NOT NULL

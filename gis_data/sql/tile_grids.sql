-- Responsibility grids in force, each drawn as the union of those of its cells that the tile touches.
--
-- z, x, y   the tile
-- today     the date on which a grid must be in force
-- cost      index scan of cell_border_in_force; the union grows with the cells in the tile
WITH tile AS (
    SELECT ST_TileEnvelope(%(z)s, %(x)s, %(y)s) AS frame,
           ST_Transform(ST_TileEnvelope(%(z)s, %(x)s, %(y)s, margin => 64.0 / 4096), %(store)s) AS reach
)
SELECT coalesce(ST_AsMVT(s, 'grids', 4096, 'shape'), '') FROM (
    SELECT g.code, g.name, ST_AsMVTGeom(ST_Transform(ST_Union(c.border), %(tile)s), tile.frame, 4096, 64, true) AS shape
    FROM tile
    JOIN gis_data_cell AS c ON c.active AND c.border && tile.reach
    JOIN gis_data_responsibilitygrid_cells AS link ON link.cell_id = c.id
    JOIN gis_data_responsibilitygrid AS g ON g.id = link.responsibilitygrid_id
    WHERE coalesce(g.valid_from, '-infinity') <= %(today)s::date
      AND coalesce(g.valid_to, 'infinity') >= %(today)s::date
    GROUP BY g.id, tile.frame
    ORDER BY g.code
) AS s WHERE shape IS NOT NULL

-- Borders of districts, streets and communities of the active generations, and where their names stand.
--
-- z, x, y   the tile
-- detail    communities from 12 on; a name is a point of its own layer, so that it is not cut at tile edges
-- cost      index scan of area_border
WITH tile AS (
    SELECT ST_TileEnvelope(%(z)s, %(x)s, %(y)s) AS frame,
           ST_Transform(ST_TileEnvelope(%(z)s, %(x)s, %(y)s, margin => 64.0 / 4096), %(store)s) AS reach
),
area AS (
    SELECT a.id, a.level, a.code, a.name, a.name_en,
           ST_AsMVTGeom(ST_Transform(a.border, %(tile)s), tile.frame, 4096, 64, true) AS shape,
           ST_AsMVTGeom(ST_Transform(ST_PointOnSurface(a.border), %(tile)s), tile.frame, 4096, 0, true) AS spot
    FROM gis_data_area AS a JOIN gis_data_generation AS g ON g.id = a.generation_id, tile
    WHERE a.border && tile.reach AND g.state = 'active' AND (a.level <> 'community' OR %(z)s >= 12)
)
SELECT coalesce((SELECT ST_AsMVT(s, 'areas', 4096, 'shape') FROM
                    (SELECT shape, level, code FROM area WHERE shape IS NOT NULL ORDER BY code) AS s), '')
    || coalesce((SELECT ST_AsMVT(s, 'names', 4096, 'spot') FROM
                    (SELECT spot, level AS kind, name, nullif(name_en, '') AS name_en
                     FROM area WHERE spot IS NOT NULL ORDER BY code) AS s), '')

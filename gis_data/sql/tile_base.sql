-- The paper map as a vector tile: layers streets, water, green, buildings, labels.
--
-- z, x, y   the tile; its own zoom (a 512-pixel tile of a map at zoom n + 1)
-- detail    streets grow in from rank 1 to 4; from 14 on blocks (buildings of rank 1), from 15 on single
--           buildings (rank 2) instead, since one painted over the other would cut holes
-- cost      index scans of base_feature_shape
WITH tile AS (
    SELECT ST_TileEnvelope(%(z)s, %(x)s, %(y)s) AS frame,
           ST_Transform(ST_TileEnvelope(%(z)s, %(x)s, %(y)s, margin => 64.0 / 4096), %(store)s) AS reach
),
feature AS (
    SELECT f.id, f.kind, f.rank, f.name, f.name_en,
           ST_AsMVTGeom(ST_Transform(f.shape, %(tile)s), tile.frame, 4096, 64, true) AS shape
    FROM gis_data_basefeature AS f, tile
    WHERE f.shape && tile.reach
      AND CASE f.kind
          WHEN 'street' THEN f.rank <= CASE WHEN %(z)s < 11 THEN 1 WHEN %(z)s < 12 THEN 2 WHEN %(z)s < 13 THEN 3 ELSE 4 END
          WHEN 'building' THEN CASE WHEN f.name <> '' THEN %(z)s >= 12
                                    WHEN f.rank = 1 THEN %(z)s = 14 ELSE %(z)s >= 15 END
          WHEN 'place' THEN f.rank = 1 OR %(z)s >= 13
          ELSE true END
)
SELECT coalesce((SELECT ST_AsMVT(s, 'water', 4096, 'shape') FROM
                    (SELECT shape, nullif(name, '') AS name, nullif(name_en, '') AS name_en
                     FROM feature WHERE kind = 'water' AND shape IS NOT NULL ORDER BY id) AS s), '')
    || coalesce((SELECT ST_AsMVT(s, 'green', 4096, 'shape') FROM
                    (SELECT shape, nullif(name, '') AS name, nullif(name_en, '') AS name_en
                     FROM feature WHERE kind = 'green' AND shape IS NOT NULL ORDER BY id) AS s), '')
    || coalesce((SELECT ST_AsMVT(s, 'buildings', 4096, 'shape') FROM
                    (SELECT shape, nullif(name, '') AS name, nullif(name_en, '') AS name_en
                     FROM feature WHERE kind = 'building' AND shape IS NOT NULL ORDER BY id) AS s), '')
    || coalesce((SELECT ST_AsMVT(s, 'streets', 4096, 'shape') FROM
                    (SELECT shape, rank, nullif(name, '') AS name, nullif(name_en, '') AS name_en
                     FROM feature WHERE kind = 'street' AND shape IS NOT NULL ORDER BY rank DESC, id) AS s), '')
    || coalesce((SELECT ST_AsMVT(s, 'labels', 4096, 'shape') FROM
                    (SELECT shape, kind, rank, name, nullif(name_en, '') AS name_en
                     FROM feature WHERE kind = 'place' AND shape IS NOT NULL ORDER BY rank, id) AS s), '')

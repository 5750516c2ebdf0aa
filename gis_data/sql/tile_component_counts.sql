-- How many components stand in each of the 16 by 16 squares of a tile, where they are too many to be told apart.
--
-- z, x, y   the tile; its squares are those four zooms further in
-- cost      one range of the squares' primary key; nothing of the components is read
SELECT coalesce(ST_AsMVT(s, 'counts', 4096, 'shape'), '') FROM (
    SELECT count, ST_MakeEnvelope((x - %(x)s * 16) * 256, (y - %(y)s * 16) * 256,
                                  (x - %(x)s * 16 + 1) * 256, (y - %(y)s * 16 + 1) * 256) AS shape
    FROM gis_data_componentsquare
    WHERE zoom = %(z)s + 4 AND x BETWEEN %(x)s * 16 AND %(x)s * 16 + 15 AND y BETWEEN %(y)s * 16 AND %(y)s * 16 + 15
      AND count > 0
    ORDER BY y, x
) AS s

-- The base map of a box, cut to it and simplified: what a phone draws without a network.
--
-- west, south, east, north   degrees in crs.STORE
-- tolerance                  of the simplification, in degrees
-- at_most                    shapes: streets first, the widest first
SELECT kind, rank, name, name_en, ST_AsBinary(part.geom)
FROM (
    SELECT f.id, f.kind, f.rank, f.name, f.name_en,
           ST_Simplify(ST_ClipByBox2D(f.shape,
               ST_MakeEnvelope(%(west)s, %(south)s, %(east)s, %(north)s, %(store)s)::box2d), %(tolerance)s) AS shape
    FROM gis_data_basefeature AS f
    WHERE f.shape && ST_MakeEnvelope(%(west)s, %(south)s, %(east)s, %(north)s, %(store)s)
    ORDER BY f.kind <> 'street', f.rank, f.id
    LIMIT %(at_most)s
) AS cut
CROSS JOIN LATERAL ST_Dump(cut.shape) AS part
WHERE NOT ST_IsEmpty(part.geom)
ORDER BY cut.kind <> 'street', cut.rank, cut.id

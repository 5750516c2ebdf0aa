-- The cells that an inspector walks, and those that touch them.
--
-- codes     of the cells that are walked
-- at_most   cells, the walked ones first
SELECT c.code, c.code = ANY(%(codes)s), ST_AsBinary(c.border), ST_X(ST_PointOnSurface(c.border)),
    ST_Y(ST_PointOnSurface(c.border))
FROM gis_data_cell AS c
WHERE c.active AND (c.code = ANY(%(codes)s) OR EXISTS (
    SELECT FROM gis_data_cell AS own
    WHERE own.active AND own.code = ANY(%(codes)s) AND own.border && c.border
        AND ST_Intersects(own.border, c.border)))
ORDER BY c.code = ANY(%(codes)s) DESC, c.code
LIMIT %(at_most)s

-- Cells and areas of one generation that reach into a box, as one JSON text; cells only where they are not too many.
--
-- generation_id                  whose
-- west, south, east, north       the box, degrees in crs.STORE
-- at_most                        with more cells in the box there are none, and `truncated` says so
--
-- answers   {"cells": [{code, community, area_m2, shape}], "areas": [{code, level, name, name_en, area_m2,
--           shape}], "truncated"}; shapes are GeoJSON with nine decimals, a tenth of a millimetre
-- cost      one probe each of cell_border_in_draft (cell_border_in_force) and area_border
WITH box AS (
    SELECT ST_MakeEnvelope(%(west)s, %(south)s, %(east)s, %(north)s, %(store)s) AS shape
), cell AS MATERIALIZED (
    SELECT c.code, c.area_m2, c.border, c.community_id
    FROM gis_data_cell AS c, box
    WHERE c.generation_id = %(generation_id)s AND c.active = %(active)s AND c.border && box.shape
    LIMIT %(at_most)s + 1
), enough AS (
    SELECT count(*) > %(at_most)s AS many FROM cell
)
SELECT json_build_object(
    'truncated', enough.many,
    'cells', CASE WHEN enough.many THEN '[]'::json ELSE coalesce((
        SELECT json_agg(json_build_object(
            'code', cell.code, 'area_m2', round(cell.area_m2), 'community', left(cell.code, 12),
            'grids', (
                SELECT coalesce(json_agg(g.code ORDER BY g.code), '[]'::json)
                FROM gis_data_responsibilitygrid_cells AS link
                JOIN gis_data_responsibilitygrid AS g ON g.id = link.responsibilitygrid_id
                JOIN gis_data_cell AS c ON c.id = link.cell_id
                WHERE c.generation_id = %(generation_id)s AND c.code = cell.code
                  AND coalesce(g.valid_to, 'infinity') > %(today)s::date
            ),
            'shape', ST_AsGeoJSON(cell.border, 9)::json
        )) FROM cell
    ), '[]'::json) END,
    'areas', coalesce((
        SELECT json_agg(json_build_object(
            'code', a.code, 'level', a.level, 'name', a.name, 'name_en', a.name_en, 'area_m2', round(a.area_m2),
            'shape', ST_AsGeoJSON(a.border, 9)::json
        ))
        FROM gis_data_area AS a, box
        WHERE a.generation_id = %(generation_id)s AND a.border && box.shape
    ), '[]'::json)
)::text
FROM enough

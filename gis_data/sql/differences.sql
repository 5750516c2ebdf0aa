-- What two generations do not have in common, by level and code.
--
-- base_id, draft_id   the generations
-- answers   table, level, code, name, new | gone | changed, square metres before and after, bounds
-- cost      one scan of both
SELECT 'area', coalesce(n.level, o.level), coalesce(n.code, o.code), coalesce(n.name, o.name),
       CASE WHEN o.id IS NULL THEN 'new' WHEN n.id IS NULL THEN 'gone' ELSE 'changed' END,
       o.area_m2, n.area_m2, box.xmin, box.ymin, box.xmax, box.ymax
FROM (SELECT * FROM gis_data_area WHERE generation_id = %(base_id)s) AS o
FULL JOIN (SELECT * FROM gis_data_area WHERE generation_id = %(draft_id)s) AS n USING (code)
CROSS JOIN LATERAL (
    SELECT ST_XMin(b) AS xmin, ST_YMin(b) AS ymin, ST_XMax(b) AS xmax, ST_YMax(b) AS ymax
    FROM (SELECT coalesce(n.border, o.border) AS b) AS one
) AS box
WHERE o.id IS NULL OR n.id IS NULL OR o.name <> n.name OR o.name_en <> n.name_en
   OR NOT ST_OrderingEquals(o.border, n.border)
UNION ALL
SELECT 'cell', 'cell', coalesce(n.code, o.code), '',
       CASE WHEN o.id IS NULL THEN 'new' WHEN n.id IS NULL THEN 'gone' ELSE 'changed' END,
       o.area_m2, n.area_m2, box.xmin, box.ymin, box.xmax, box.ymax
FROM (SELECT * FROM gis_data_cell WHERE generation_id = %(base_id)s) AS o
FULL JOIN (SELECT * FROM gis_data_cell WHERE generation_id = %(draft_id)s) AS n USING (code)
CROSS JOIN LATERAL (
    SELECT ST_XMin(b) AS xmin, ST_YMin(b) AS ymin, ST_XMax(b) AS xmax, ST_YMax(b) AS ymax
    FROM (SELECT coalesce(n.border, o.border) AS b) AS one
) AS box
WHERE o.id IS NULL OR n.id IS NULL OR NOT ST_OrderingEquals(o.border, n.border)
ORDER BY 1, 3

-- Parents against the union of their parts: what no part covers (gap) and what lies outside (crossing).
--
-- generation_id   the generation to check
-- metric          the system in which areas are measured; tolerance_m2: below it nothing is reported
-- cost            one union per area; seconds for a district
WITH part AS (
    SELECT c.community_id AS parent_id, c.border FROM gis_data_cell AS c WHERE c.generation_id = %(generation_id)s
    UNION ALL
    SELECT a.parent_id, a.border FROM gis_data_area AS a
    WHERE a.generation_id = %(generation_id)s AND a.parent_id IS NOT NULL
),
whole AS (
    SELECT parent_id, ST_Union(border) AS border FROM part GROUP BY parent_id
),
measured AS (
    SELECT p.code,
           ST_Area(ST_Transform(coalesce(ST_Difference(p.border, whole.border), p.border), %(metric)s)) AS gap_m2,
           coalesce(ST_Area(ST_Transform(ST_Difference(whole.border, p.border), %(metric)s)), 0) AS outside_m2
    FROM gis_data_area AS p LEFT JOIN whole ON whole.parent_id = p.id
    WHERE p.generation_id = %(generation_id)s
)
SELECT 'gap', code, round(gap_m2::numeric, 3)::text FROM measured WHERE gap_m2 > %(tolerance_m2)s
UNION ALL
SELECT 'crossing', code, round(outside_m2::numeric, 3)::text FROM measured WHERE outside_m2 > %(tolerance_m2)s
ORDER BY 1, 2

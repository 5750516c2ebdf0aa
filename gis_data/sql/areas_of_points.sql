-- For each point the street (in force or in a draft) in which it lies, or the district; null outside all.
-- lons, lats: degrees in crs.STORE. Cost: one probe of area_border a point.
SELECT (
    SELECT a.name || ' ' || a.code FROM gis_data_area AS a JOIN gis_data_generation AS g ON g.id = a.generation_id
    WHERE g.state <> 'retired' AND a.level IN ('district', 'street') AND ST_Intersects(a.border, given.place)
    ORDER BY length(a.code) DESC, a.code LIMIT 1
)
FROM (
    SELECT n, ST_SetSRID(ST_MakePoint(lon, lat), %(store)s) AS place
    FROM unnest(%(lons)s::float8[], %(lats)s::float8[]) WITH ORDINALITY AS pair(lon, lat, n)
) AS given
ORDER BY given.n

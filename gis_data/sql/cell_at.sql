-- The code of the cell in force that covers a place; null outside every city. To stand inside a statement.
--
-- lon, lat  degrees in crs.STORE
-- border    a point on a shared edge belongs to the cell with the smaller code, as in locate.sql
-- cost      one probe of cell_border_in_force
SELECT c.code
FROM gis_data_cell AS c
WHERE c.active AND ST_Intersects(c.border, ST_SetSRID(ST_MakePoint(%(lon)s::float8, %(lat)s::float8), %(store)s))
ORDER BY c.code
LIMIT 1

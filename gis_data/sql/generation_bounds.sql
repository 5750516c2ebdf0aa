-- West, south, east, north of a generation's areas; nulls without any. Argument: generation_id.
SELECT min(ST_XMin(border)), min(ST_YMin(border)), max(ST_XMax(border)), max(ST_YMax(border))
FROM gis_data_area WHERE generation_id = %(generation_id)s

-- When components of a square of the map changed last.
SELECT version FROM gis_data_componentsquare WHERE zoom = %(z)s AND x = %(x)s AND y = %(y)s

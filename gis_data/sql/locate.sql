-- Points → cell, responsibility grid, community, street, district and nearest components.
--
-- lons, lats   arrays of the same length, degrees in crs.STORE; one row comes back for each, in order
-- class_id     only components of this class; null: of any class
-- radius_m     how far to look for components; 0: do not look
-- at_most      how many components a point
-- today        the date on which responsibility grids must be in force
--
-- border   a point on a shared edge belongs to the cell with the smaller code
-- cost     per point: one probe of cell_border_in_force, one of component_class_place or component_place
SELECT point.n, cell.id, cell.code,
       grid.code, grid.name,
       community.code, community.name, community.name_en,
       street.code, street.name, street.name_en,
       district.code, district.name, district.name_en,
       near.components
FROM (
    SELECT n, ST_SetSRID(ST_MakePoint(lon, lat), %(store)s) AS place,
           -- a box that surely holds the circle: a degree of latitude is nowhere under 110,574 m
           %(radius_m)s::float8 / 110500 AS reach_lat,
           %(radius_m)s::float8 / (110500 * greatest(cos(radians(lat)), 0.01)) AS reach_lon
    FROM unnest(%(lons)s::float8[], %(lats)s::float8[]) WITH ORDINALITY AS given(lon, lat, n)
) AS point
LEFT JOIN LATERAL (
    SELECT c.id, c.code, c.community_id
    FROM gis_data_cell AS c
    WHERE c.active AND ST_Intersects(c.border, point.place)
    ORDER BY c.code
    LIMIT 1
) AS cell ON true
LEFT JOIN gis_data_area AS community ON community.id = cell.community_id
LEFT JOIN gis_data_area AS street ON street.id = community.parent_id
LEFT JOIN gis_data_area AS district ON district.id = street.parent_id
LEFT JOIN LATERAL (
    SELECT g.code, g.name
    FROM gis_data_responsibilitygrid_cells AS link
    JOIN gis_data_responsibilitygrid AS g ON g.id = link.responsibilitygrid_id
    WHERE link.cell_id = cell.id
      AND coalesce(g.valid_from, '-infinity') <= %(today)s::date
      AND coalesce(g.valid_to, 'infinity') >= %(today)s::date
    ORDER BY g.code
    LIMIT 1
) AS grid ON true
LEFT JOIN LATERAL (
    SELECT json_agg(json_build_object(
               'id', found.id, 'code', found.code, 'class_id', found.problem_class_id,
               'class_code', class.code, 'name', class.name, 'name_en', class.name_en,
               'owner_code', found.owner_code, 'distance_m', found.distance_m,
               'lon', ST_X(found.place), 'lat', ST_Y(found.place)
           ) ORDER BY found.distance_m, found.code) AS components
    FROM (
        SELECT c.id, c.code, c.problem_class_id, c.owner_code, c.place,
               ST_Distance(c.place::geography, point.place::geography) AS distance_m
        FROM gis_data_component AS c
        WHERE c.place && ST_Expand(point.place, point.reach_lon, point.reach_lat)
          AND (%(class_id)s::bigint IS NULL OR c.problem_class_id = %(class_id)s::bigint)
          AND c.retired_on IS NULL
          AND ST_DWithin(c.place::geography, point.place::geography, %(radius_m)s::float8)
        ORDER BY distance_m, c.code
        LIMIT %(at_most)s
    ) AS found
    JOIN gis_data_problemclass AS class ON class.id = found.problem_class_id
) AS near ON %(radius_m)s::float8 > 0 AND cell.id IS NOT NULL
ORDER BY point.n

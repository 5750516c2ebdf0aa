-- What became of the areas or cells of one generation in another: pairs with common ground.
--
-- old_id, new_id   generations
-- metric           the system in which ground is measured
-- least_m2         common ground of no more is none (borders of two surveys never agree to the millimetre)
-- cost             one intersection per pair that meets, none where a border stayed the same
INSERT INTO gis_data_{noun}lineage (old_id, new_id, overlap_m2, share)
SELECT pair.old_id, pair.new_id, pair.m2, least(1, pair.m2 / nullif(pair.old_m2, 0))
FROM (
    SELECT old.id AS old_id, new.id AS new_id, old.area_m2 AS old_m2,
           CASE WHEN ST_OrderingEquals(old.border, new.border) THEN old.area_m2
                ELSE ST_Area(ST_Transform(ST_CollectionExtract(ST_Intersection(old.border, new.border), 3), %(metric)s))
           END AS m2
    FROM gis_data_{noun} AS old
    JOIN gis_data_{noun} AS new ON new.border && old.border AND {alike} AND ST_Intersects(new.border, old.border)
    WHERE old.generation_id = %(old_id)s AND new.generation_id = %(new_id)s
) AS pair
WHERE pair.m2 > %(least_m2)s

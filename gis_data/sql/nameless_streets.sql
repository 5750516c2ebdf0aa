-- Streets that only doors speak of: district, name and the door in the middle of them.
--
-- incoming   the temporary table address_incoming
SELECT came.district_code, came.street, middle.place, middle.area_code, middle.cell_code
FROM (
    SELECT DISTINCT district_code, street FROM address_incoming WHERE kind = 'door'
) AS came
CROSS JOIN LATERAL (
    SELECT door.place, door.area_code, door.cell_code
    FROM gis_data_address AS door
    WHERE door.kind = 'door' AND door.district_code = came.district_code AND door.street = came.street
    ORDER BY length(door.number), door.number, door.id
    OFFSET (
        SELECT count(*) / 2 FROM gis_data_address AS d
        WHERE d.kind = 'door' AND d.district_code = came.district_code AND d.street = came.street
    )
    LIMIT 1
) AS middle
WHERE NOT EXISTS (
    SELECT FROM gis_data_address AS street
    WHERE street.kind = 'street' AND street.district_code = came.district_code AND street.name = came.street
)
ORDER BY came.district_code, came.street

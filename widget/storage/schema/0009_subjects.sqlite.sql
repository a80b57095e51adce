-- What a policy insures is told by the names of its line. Before, it could only be a trip.

CREATE TEMP TABLE told AS
SELECT 'offers' AS place, partner_code, id AS key, purchase_json FROM offers
UNION ALL SELECT 'bookings', partner_code, id, purchase_json FROM bookings
UNION ALL SELECT 'amendments', partner_code, id, purchase_json FROM amendments;

UPDATE told SET purchase_json = json_set(purchase_json, '$.items', json((
  SELECT json_group_array(json_patch(
    json_remove(item.value, '$.trip'),
    json_object('subject', json_object(
      'line', 'travel',
      'starts_at', item.value ->> '$.trip.starts_at',
      'ends_at', item.value ->> '$.trip.ends_at',
      'value', item.value -> '$.trip.cost',
      'facts', json_object(
        'words', json_object(
          'departure_country', item.value ->> '$.trip.departure_country',
          'destination_country', item.value ->> '$.trip.destination_country'),
        'counts', json_object(
          'number_of_adults', item.value ->> '$.trip.adults',
          'number_of_children', item.value ->> '$.trip.children',
          'number_of_infants', item.value ->> '$.trip.infants'),
        'amounts', json_object('total_tickets_price', item.value -> '$.trip.cost'),
        'moments', json_object(
          'trip_start_date', item.value ->> '$.trip.starts_at',
          'trip_end_date', item.value ->> '$.trip.ends_at'),
        'legs', item.value -> '$.trip.legs')))))
  FROM json_each(purchase_json, '$.items') AS item)));

UPDATE offers SET purchase_json = told.purchase_json FROM told
WHERE place = 'offers' AND told.partner_code = offers.partner_code AND told.key = offers.id;
UPDATE bookings SET purchase_json = told.purchase_json FROM told
WHERE place = 'bookings' AND told.partner_code = bookings.partner_code AND told.key = bookings.id;
UPDATE amendments SET purchase_json = told.purchase_json FROM told
WHERE place = 'amendments' AND told.partner_code = amendments.partner_code
  AND told.key = amendments.id;

DROP TABLE told;

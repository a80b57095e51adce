-- What each reported instalment came to is kept with its report: an update must not change it. Until
-- now it was worked out from the premium. Premiums were paid in four parts by the plan `quarterly`,
-- and in twelve by the only other one.

UPDATE bookings SET payments_json = (
  SELECT json_group_array(json_set(payment.value, '$.amount', json_object(
    'minor', premium / parts + (json_extract(payment.value, '$.number') <= premium % parts),
    'currency', bookings.currency
  )))
  FROM json_each(bookings.payments_json) AS payment
  JOIN (
    SELECT quote_id, json_extract(quote_json, '$.premium.minor') AS premium,
      iif(json_extract(bookings.plans_json, '$."' || quote_id || '"') = 'quarterly', 4, 12) AS parts
    FROM policies
    WHERE policies.partner_code = bookings.partner_code AND policies.booking_id = bookings.id
  ) AS policy ON policy.quote_id = json_extract(payment.value, '$.quote_id')
)
WHERE payments_json <> '[]';

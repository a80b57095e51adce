-- Amendments that a remote platform was asked to make, and whose outcome is not known yet.

ALTER TABLE amendments ADD COLUMN begun_at INTEGER; -- null before, and when it was refused

-- One at a time for a booking.
CREATE UNIQUE INDEX amendments_under_way ON amendments (partner_code, booking_id)
  WHERE begun_at IS NOT NULL AND applied_at IS NULL;

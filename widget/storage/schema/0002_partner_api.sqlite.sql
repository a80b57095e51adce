-- What a partner may do with an offer and a booking after it was made. Tables whose checks grew are
-- made anew and filled from the old ones; foreign keys are checked when all of it is done.

ALTER TABLE partners ADD COLUMN clock_window_s INTEGER NOT NULL DEFAULT 900;
ALTER TABLE partners ADD COLUMN requires_digest INTEGER NOT NULL DEFAULT 0;
ALTER TABLE partners ADD COLUMN webhooks_json TEXT NOT NULL DEFAULT '[]';

CREATE TABLE offers_new (
  partner_code  TEXT    NOT NULL REFERENCES partners (code),
  id            TEXT    NOT NULL,
  mode          TEXT    NOT NULL CHECK (mode IN ('live', 'test')),
  purchase_json TEXT    NOT NULL,
  purchase_hash TEXT    NOT NULL,
  quotes_json   TEXT    NOT NULL,
  created_at    INTEGER NOT NULL,
  expires_at    INTEGER NOT NULL,
  status        TEXT    NOT NULL CHECK (status IN
    ('RECEIVED', 'OPTED_OUT', 'PENDING', 'PENDING_PAYMENT', 'CONFIRMED', 'CANCELLED', 'FAILED')),
  choice        TEXT    NOT NULL CHECK (choice IN ('open', 'opted_in', 'opted_out')),
  chosen_json   TEXT    NOT NULL,
  chosen_at     INTEGER,            -- null until the customer first answers
  chosen_locale TEXT,               -- null until the customer first answers
  revision      INTEGER NOT NULL,   -- counts the changes; a change names the one it saw
  upstream_id   TEXT,               -- null when the house priced it
  metadata_json TEXT    NOT NULL,   -- the partner's own facts
  PRIMARY KEY (partner_code, id)
) STRICT, WITHOUT ROWID;

INSERT INTO offers_new
SELECT partner_code, id, mode, purchase_json, purchase_hash, quotes_json, created_at, expires_at,
  status, choice, chosen_json, chosen_at, chosen_locale, revision, NULL, '{}'
FROM offers;

CREATE TABLE bookings_new (
  partner_code        TEXT    NOT NULL,
  id                  TEXT    NOT NULL,
  mode                TEXT    NOT NULL,
  status              TEXT    NOT NULL CHECK (status IN
    ('PENDING', 'PENDING_PAYMENT', 'CONFIRMED', 'CANCELLED', 'FAILED')),
  transaction_id      TEXT,             -- null when the partner named none
  currency            TEXT    NOT NULL,
  premium             INTEGER NOT NULL, -- of the policies in force; before that, of what was chosen
  tax                 INTEGER NOT NULL, -- the part of it that is tax
  booked_at           INTEGER NOT NULL,
  confirmed_at        INTEGER,          -- null until the policies are issued
  purchase_json       TEXT    NOT NULL, -- what is insured now; offers has what was sold
  metadata_json       TEXT    NOT NULL,
  plans_json          TEXT    NOT NULL, -- agreed instalment plans by quote id
  payments_json       TEXT    NOT NULL, -- instalments that the partner reported
  renewal_declined_at INTEGER,          -- null unless the customer refused to renew
  problem             TEXT    NOT NULL, -- why the upstream refused; empty unless FAILED
  revision            INTEGER NOT NULL, -- counts the changes; a change names the one it saw
  PRIMARY KEY (partner_code, id),       -- one booking for an offer
  FOREIGN KEY (partner_code, id) REFERENCES offers (partner_code, id)
) STRICT, WITHOUT ROWID;

INSERT INTO bookings_new
SELECT b.partner_code, b.id, b.mode, b.status, b.transaction_id, b.currency, b.premium, b.tax,
  b.confirmed_at, b.confirmed_at, o.purchase_json, '{}', '{}', '[]', NULL, '', 0
FROM bookings AS b JOIN offers AS o ON o.partner_code = b.partner_code AND o.id = b.id;

CREATE TABLE policies_new (
  number          TEXT    NOT NULL PRIMARY KEY,
  partner_code    TEXT    NOT NULL,
  booking_id      TEXT    NOT NULL,
  quote_id        TEXT    NOT NULL,
  position        INTEGER NOT NULL,   -- the order in which they were issued
  quote_json      TEXT    NOT NULL,   -- the terms as they are now
  status          TEXT    NOT NULL CHECK (status IN ('CONFIRMED', 'CANCELLED', 'RENEWED')),
  issued_at       INTEGER NOT NULL,
  cancelled_at    INTEGER,            -- null unless cancelled
  refund          INTEGER,            -- null unless cancelled
  certificate_url TEXT,               -- null when we serve the certificate
  upstream_id     TEXT,               -- the remote platform's id of the booking; null for the house
  UNIQUE (partner_code, booking_id, quote_id),
  FOREIGN KEY (partner_code, booking_id) REFERENCES bookings (partner_code, id)
) STRICT, WITHOUT ROWID;

INSERT INTO policies_new
SELECT p.number, p.partner_code, p.booking_id, p.quote_id, quote.key, quote.value, 'CONFIRMED',
  b.confirmed_at, NULL, NULL, NULL, NULL
FROM policies AS p
JOIN bookings AS b ON b.partner_code = p.partner_code AND b.id = p.booking_id
JOIN offers AS o ON o.partner_code = p.partner_code AND o.id = p.booking_id
JOIN json_each(o.quotes_json) AS quote ON json_extract(quote.value, '$.id') = p.quote_id;

CREATE TABLE messages_new (
  id           TEXT    NOT NULL PRIMARY KEY,
  partner_code TEXT    NOT NULL,
  mode         TEXT    NOT NULL,
  offer_id     TEXT    NOT NULL,
  kind         TEXT    NOT NULL,
  lane         TEXT    NOT NULL,    -- whom it goes to; a slow receiver holds up its own lane only
  due_at       INTEGER NOT NULL,
  body         TEXT    NOT NULL,    -- empty when the content is the booking, as it is when sent
  sequence     INTEGER NOT NULL,    -- of the booking's change; a lane keeps this order
  failures     INTEGER NOT NULL,
  leased_until INTEGER,             -- null, or until when a sender works on it
  sent_at      INTEGER,             -- null until it was taken
  gave_up_at   INTEGER,             -- null unless all tries failed
  last_problem TEXT,
  FOREIGN KEY (partner_code, offer_id) REFERENCES offers (partner_code, id)
) STRICT, WITHOUT ROWID;

INSERT INTO messages_new
SELECT m.id, m.partner_code, b.mode, m.booking_id, m.kind, 'mail', m.due_at, '', 1, m.failures,
  m.leased_until, m.sent_at, m.gave_up_at, m.last_problem
FROM messages AS m
JOIN bookings AS b ON b.partner_code = m.partner_code AND b.id = m.booking_id;

DROP TABLE messages;
DROP TABLE policies;
DROP TABLE bookings;
DROP TABLE offers;
ALTER TABLE offers_new RENAME TO offers;
ALTER TABLE bookings_new RENAME TO bookings;
ALTER TABLE policies_new RENAME TO policies;
ALTER TABLE messages_new RENAME TO messages;

-- One booking for a payment.
CREATE UNIQUE INDEX bookings_by_payment ON bookings (partner_code, mode, transaction_id);
CREATE INDEX bookings_by_time ON bookings (partner_code, mode, booked_at);
CREATE INDEX bookings_pending ON bookings (booked_at) WHERE status = 'PENDING';
CREATE INDEX messages_waiting ON messages (due_at) WHERE sent_at IS NULL AND gave_up_at IS NULL;
CREATE INDEX messages_in_order ON messages (partner_code, offer_id, lane, sequence)
  WHERE sent_at IS NULL AND gave_up_at IS NULL;
CREATE INDEX messages_by_kind ON messages (partner_code, mode, kind, due_at);

-- Personal data, as the policyholder's: by quote id.
ALTER TABLE policyholders ADD COLUMN insured_json TEXT NOT NULL DEFAULT '{}';

-- Updates, cancellations and renewals that were priced, and may be confirmed until they expire.
CREATE TABLE amendments (
  partner_code  TEXT    NOT NULL,
  booking_id    TEXT    NOT NULL,
  id            TEXT    NOT NULL,
  kind          TEXT    NOT NULL CHECK (kind IN ('UPD', 'CCL', 'RNW')),
  revision      INTEGER NOT NULL,   -- of the booking that it was priced for
  purchase_json TEXT    NOT NULL,
  policies_json TEXT    NOT NULL,
  person_json   TEXT,               -- a changed policyholder, personal data; null once it is applied
  reason        TEXT,
  created_at    INTEGER NOT NULL,
  expires_at    INTEGER NOT NULL,
  upstream_id   TEXT,
  applied_at    INTEGER,            -- null until it was made
  PRIMARY KEY (partner_code, booking_id, id),
  FOREIGN KEY (partner_code, booking_id) REFERENCES bookings (partner_code, id)
) STRICT, WITHOUT ROWID;

-- XCover's older way to confirm a renewal names the amendment alone.
CREATE INDEX amendments_by_id ON amendments (partner_code, id);
CREATE INDEX amendments_with_people ON amendments (expires_at) WHERE person_json IS NOT NULL;

-- First answers by idempotency key, kept for 48 hours. Their bodies may hold personal data.
CREATE TABLE replies (
  partner_code TEXT    NOT NULL,
  mode         TEXT    NOT NULL,
  key          TEXT    NOT NULL,
  fingerprint  TEXT    NOT NULL,
  status       INTEGER NOT NULL,
  body         BLOB    NOT NULL,
  offer_id     TEXT    NOT NULL,
  created_at   INTEGER NOT NULL,
  PRIMARY KEY (partner_code, mode, key),
  FOREIGN KEY (partner_code, offer_id) REFERENCES offers (partner_code, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX replies_by_time ON replies (created_at);

-- Times are microseconds since 1970 in UTC. Money is in the smallest unit of its currency.
-- Texts named *_json are JSON that only this package reads.

CREATE TABLE partners (
  code         TEXT    NOT NULL PRIMARY KEY,
  name         TEXT    NOT NULL,
  origins_json TEXT    NOT NULL,
  created_at   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- No secret is stored: it is derived from a root key that the database never sees.
CREATE TABLE partner_keys (
  key_id       TEXT    NOT NULL PRIMARY KEY,
  partner_code TEXT    NOT NULL REFERENCES partners (code),
  mode         TEXT    NOT NULL CHECK (mode IN ('live', 'test')),
  root_id      TEXT    NOT NULL,
  created_at   INTEGER NOT NULL,
  revoked_at   INTEGER             -- null while the key is good
) STRICT, WITHOUT ROWID;

CREATE INDEX partner_keys_by_partner ON partner_keys (partner_code);

CREATE TABLE offers (
  partner_code  TEXT    NOT NULL REFERENCES partners (code),
  id            TEXT    NOT NULL,
  mode          TEXT    NOT NULL CHECK (mode IN ('live', 'test')),
  purchase_json TEXT    NOT NULL,
  purchase_hash TEXT    NOT NULL,
  quotes_json   TEXT    NOT NULL,
  created_at    INTEGER NOT NULL,
  expires_at    INTEGER NOT NULL,
  status        TEXT    NOT NULL CHECK (status IN ('RECEIVED', 'OPTED_OUT', 'CONFIRMED')),
  choice        TEXT    NOT NULL CHECK (choice IN ('open', 'opted_in', 'opted_out')),
  chosen_json   TEXT    NOT NULL,
  chosen_at     INTEGER,            -- null until the customer first answers
  chosen_locale TEXT,               -- null until the customer first answers
  revision      INTEGER NOT NULL,   -- counts the answers; a change names the one it saw
  PRIMARY KEY (partner_code, id)
) STRICT, WITHOUT ROWID;

-- The offer that a purchase leads to, so that opening it twice is opening it once.
CREATE TABLE open_purchases (
  partner_code  TEXT    NOT NULL,
  mode          TEXT    NOT NULL,
  reference     TEXT    NOT NULL,
  purchase_hash TEXT    NOT NULL,
  offer_id      TEXT    NOT NULL,
  expires_at    INTEGER NOT NULL,
  is_booked     INTEGER NOT NULL CHECK (is_booked IN (0, 1)),  -- a booked purchase stays booked
  PRIMARY KEY (partner_code, mode, reference, purchase_hash),
  FOREIGN KEY (partner_code, offer_id) REFERENCES offers (partner_code, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE bookings (
  partner_code   TEXT    NOT NULL,
  id             TEXT    NOT NULL,
  mode           TEXT    NOT NULL,
  status         TEXT    NOT NULL CHECK (status IN ('CONFIRMED')),
  transaction_id TEXT,              -- null when the partner named none
  currency       TEXT    NOT NULL,
  premium        INTEGER NOT NULL,
  tax            INTEGER NOT NULL,
  confirmed_at   INTEGER NOT NULL,
  PRIMARY KEY (partner_code, id),   -- one booking for an offer
  FOREIGN KEY (partner_code, id) REFERENCES offers (partner_code, id)
) STRICT, WITHOUT ROWID;

-- One booking for a payment.
CREATE UNIQUE INDEX bookings_by_payment ON bookings (partner_code, mode, transaction_id);

CREATE TABLE policies (
  number       TEXT NOT NULL PRIMARY KEY,
  partner_code TEXT NOT NULL,
  booking_id   TEXT NOT NULL,
  quote_id     TEXT NOT NULL,
  UNIQUE (partner_code, booking_id, quote_id),
  FOREIGN KEY (partner_code, booking_id) REFERENCES bookings (partner_code, id)
) STRICT, WITHOUT ROWID;

-- Personal data stand here and nowhere else.
CREATE TABLE policyholders (
  partner_code TEXT NOT NULL,
  booking_id   TEXT NOT NULL,
  person_json  TEXT NOT NULL,
  PRIMARY KEY (partner_code, booking_id),
  FOREIGN KEY (partner_code, booking_id) REFERENCES bookings (partner_code, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE evidence (
  position     INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  partner_code TEXT    NOT NULL,
  offer_id     TEXT    NOT NULL,
  kind         TEXT    NOT NULL,
  at           INTEGER NOT NULL,
  body         TEXT    NOT NULL,
  digest       BLOB    NOT NULL UNIQUE,
  FOREIGN KEY (partner_code, offer_id) REFERENCES offers (partner_code, id)
) STRICT;

CREATE INDEX evidence_by_offer ON evidence (partner_code, offer_id);

CREATE TRIGGER evidence_is_never_changed BEFORE UPDATE ON evidence
BEGIN SELECT RAISE (ABORT, 'evidence is append-only'); END;

CREATE TRIGGER evidence_is_never_removed BEFORE DELETE ON evidence
BEGIN SELECT RAISE (ABORT, 'evidence is append-only'); END;

-- One row that is written to find out whether writing works.
CREATE TABLE checks (
  id         INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
  checked_at INTEGER NOT NULL
) STRICT;

-- The outbox: written with the booking, emptied by delivering.
CREATE TABLE messages (
  id           TEXT    NOT NULL PRIMARY KEY,
  partner_code TEXT    NOT NULL,
  booking_id   TEXT    NOT NULL,
  kind         TEXT    NOT NULL,
  due_at       INTEGER NOT NULL,
  failures     INTEGER NOT NULL,
  leased_until INTEGER,             -- null, or until when a sender works on it
  sent_at      INTEGER,             -- null until it was taken
  gave_up_at   INTEGER,             -- null unless all tries failed
  last_problem TEXT,
  FOREIGN KEY (partner_code, booking_id) REFERENCES bookings (partner_code, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX messages_waiting ON messages (due_at) WHERE sent_at IS NULL AND gave_up_at IS NULL;

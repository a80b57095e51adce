-- The pages that shoppers were shown, each at the place of its leaf `offer_shown`.

CREATE TABLE pages (
  position INTEGER NOT NULL PRIMARY KEY REFERENCES evidence (position),
  packed   BLOB    NOT NULL   -- compressed HTML, with blanks for what differs in each answer
) STRICT;

CREATE TRIGGER pages_are_never_changed BEFORE UPDATE ON pages
BEGIN SELECT RAISE (ABORT, 'evidence is append-only'); END;

CREATE TRIGGER pages_are_never_removed BEFORE DELETE ON pages
BEGIN SELECT RAISE (ABORT, 'evidence is append-only'); END;

-- Where a shown page led back to: an address of the partner, which may hold personal data. The
-- leaf has its salted digest only, so that it can be erased.
CREATE TABLE ways_back (
  position INTEGER NOT NULL PRIMARY KEY REFERENCES pages (position),
  salt     BLOB    NOT NULL,
  address  TEXT    NOT NULL
) STRICT;

-- The size of the root before, so that none can be taken out unseen; null in roots of before.
ALTER TABLE roots ADD COLUMN previous INTEGER;

-- The roots of the evidence: each seals all leaves up to its size, and is never changed.

CREATE TABLE roots (
  size          INTEGER NOT NULL PRIMARY KEY, -- how many leaves it seals, from the first
  frontier_json TEXT    NOT NULL,             -- the complete subtrees, which the root is made of
  signed_at     INTEGER NOT NULL,
  key_id        TEXT    NOT NULL,
  signature     BLOB    NOT NULL
) STRICT;

CREATE TRIGGER roots_are_never_changed BEFORE UPDATE ON roots
BEGIN SELECT RAISE (ABORT, 'evidence is append-only'); END;

CREATE TRIGGER roots_are_never_removed BEFORE DELETE ON roots
BEGIN SELECT RAISE (ABORT, 'evidence is append-only'); END;

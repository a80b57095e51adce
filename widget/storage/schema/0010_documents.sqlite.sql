-- Documents as they were published: bytes under their own hash, kept for ever and never changed.

CREATE TABLE documents (
  digest     TEXT    NOT NULL PRIMARY KEY,  -- SHA-256 of the body, in hexadecimal digits
  media_type TEXT    NOT NULL,
  body       BLOB    NOT NULL,
  stored_at  INTEGER NOT NULL
) STRICT;

CREATE TRIGGER documents_are_never_changed BEFORE UPDATE ON documents
BEGIN SELECT RAISE (ABORT, 'documents are kept as they are'); END;

CREATE TRIGGER documents_are_never_removed BEFORE DELETE ON documents
BEGIN SELECT RAISE (ABORT, 'documents are kept as they are'); END;

-- A replacement would remove without a word; what is there stays.
CREATE TRIGGER documents_are_never_replaced BEFORE INSERT ON documents
WHEN EXISTS (SELECT 1 FROM documents WHERE digest = NEW.digest)
BEGIN SELECT RAISE (IGNORE); END;

-- Which lists of documents there are: one for a product version and all that its documents were
-- made of.
CREATE TABLE editions (
  digest          TEXT    NOT NULL PRIMARY KEY REFERENCES documents (digest),
  product_code    TEXT    NOT NULL,
  product_version INTEGER NOT NULL,
  source          TEXT    NOT NULL,
  published_at    INTEGER NOT NULL,
  UNIQUE (product_code, product_version, source)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER editions_are_never_changed BEFORE UPDATE ON editions
BEGIN SELECT RAISE (ABORT, 'documents are kept as they are'); END;

CREATE TRIGGER editions_are_never_removed BEFORE DELETE ON editions
BEGIN SELECT RAISE (ABORT, 'documents are kept as they are'); END;

CREATE TRIGGER editions_are_never_replaced BEFORE INSERT ON editions
WHEN EXISTS (
  SELECT 1 FROM editions WHERE digest = NEW.digest OR (
    product_code = NEW.product_code AND product_version = NEW.product_version
    AND source = NEW.source
  )
)
BEGIN SELECT RAISE (IGNORE); END;

ALTER TABLE policies ADD COLUMN certificate_pdf_url TEXT; -- null when a platform names none, or we serve it

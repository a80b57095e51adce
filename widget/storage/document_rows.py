"""Published documents in a SQLite database: bytes under their own hash, and lists of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import apsw

from widget.editions import Edition, File, edition_from, file_of
from widget.errors import StorageUnavailable
from widget.storage import rows
from widget.storage.connections import insert_new, select


def save_edition(
    db: apsw.Connection, edition: Edition, files: Sequence[File], now: datetime
) -> Edition:
    """Store an edition with its files, unless the same was published already."""
    row = {
        "product_code": edition.product_code,
        "product_version": edition.product_version,
        "source": edition.source,
    }
    published = select(
        db,
        "SELECT documents.* FROM editions JOIN documents USING (digest)"
        " WHERE product_code = :product_code AND product_version = :product_version"
        " AND source = :source",
        row,
    )
    if published:
        return edition_from(file_from(published[0]).body)
    listed = edition.file()
    for file in (*files, listed):
        insert_new(db, "documents", _file_row(file, now))
    published_at = rows.micros(edition.published_at)
    insert_new(db, "editions", {**row, "digest": listed.digest, "published_at": published_at})
    return edition


def list_editions(db: apsw.Connection) -> list[Edition]:
    """Return all editions, oldest first."""
    found = select(
        db,
        "SELECT documents.* FROM editions JOIN documents USING (digest)"
        " ORDER BY published_at, digest",
    )
    return [edition_from(file_from(row).body) for row in found]


def file_from(row: rows.Row) -> File:
    """Return the file in a row, if it is still what its name says.

    Raises:
        StorageUnavailable: Somebody has changed it; it is not shown to anybody.
    """
    file = file_of(row["media_type"], row["body"])
    if file.digest != row["digest"]:
        raise StorageUnavailable(f"Document {row['digest']} is not what was published.")
    return file


def _file_row(file: File, now: datetime) -> rows.Row:
    return {
        "digest": file.digest,
        "media_type": file.media_type,
        "body": file.body,
        "stored_at": rows.micros(now),
    }

"""Connections to one SQLite file, and the few ways in which they are used."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import apsw

from widget.errors import StorageUnavailable
from widget.storage import rows
from widget.storage.migrations import migrations_for

#: How long to wait for another process, such as the command line, to finish its write.
BUSY_TIMEOUT_MS = 5_000


def unavailable(error: apsw.Error) -> StorageUnavailable:
    """Return a driver's error as ours."""
    problem = StorageUnavailable(f"The database did not take part: {type(error).__name__}.")
    problem.__cause__ = error
    return problem


@contextlib.contextmanager
def translated() -> Iterator[None]:
    """Turn the driver's and the file system's errors into ours."""
    try:
        yield
    except apsw.Error as error:
        raise unavailable(error) from error
    except OSError as error:
        raise StorageUnavailable(f"The database file cannot be used: {error.strerror}.") from error


def connect(path: Path) -> apsw.Connection:
    """Open the file so that what is committed survives a power loss; a new one is its owner's."""
    # It holds personal data; SQLite gives the files beside it the same mode.
    path.touch(mode=0o600)
    connection = apsw.Connection(str(path))
    connection.set_busy_timeout(BUSY_TIMEOUT_MS)
    _write_ahead(connection)
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    # Erased personal data must not stay readable in the file; apsw's SQLite has this off.
    connection.execute("PRAGMA secure_delete = ON")
    return connection


def _write_ahead(connection: apsw.Connection) -> None:
    """Switch to the write-ahead log; when others do so too, SQLite refuses where it could wait."""
    deadline = time.monotonic() + BUSY_TIMEOUT_MS / 1_000
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except apsw.BusyError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return


def migrate(db: apsw.Connection, now: datetime) -> list[str]:
    """Apply the steps of the schema that are missing, and return their names.

    Raises:
        StorageUnavailable: The database is ahead of this version, or a step was edited.
    """
    with _alone(db):
        db.execute(
            "CREATE TABLE IF NOT EXISTS migrations (number INTEGER NOT NULL PRIMARY KEY,"
            " name TEXT NOT NULL, digest TEXT NOT NULL, applied_at INTEGER NOT NULL) STRICT"
        )
        applied = {row["number"]: row["digest"] for row in select(db, "SELECT * FROM migrations")}
        known = migrations_for("sqlite")
        if newer := applied.keys() - {step.number for step in known}:
            raise StorageUnavailable(f"The database has step {max(newer)}; this version lacks it.")
        for step in known:
            if applied.get(step.number, step.digest) != step.digest:
                raise StorageUnavailable(f"Step {step.name} was edited after it was applied.")
        missing = [step for step in known if step.number not in applied]
        for step in missing:
            db.execute(step.sql)
            insert(db, "migrations", {**step.row(), "applied_at": rows.micros(now)})
    return [step.name for step in missing]


@contextlib.contextmanager
def _alone(db: apsw.Connection) -> Iterator[None]:
    """Hold the file from the first look on: of two that start at once, the second finds it done.

    A step may make a table anew that others refer to, so references are checked at the end.
    """
    db.execute("PRAGMA foreign_keys = OFF")
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
        _check_references(db)
    except BaseException:
        db.execute("ROLLBACK")
        raise
    else:
        db.execute("COMMIT")
    finally:
        db.execute("PRAGMA foreign_keys = ON")


def _check_references(db: apsw.Connection) -> None:
    if broken := select(db, "PRAGMA foreign_key_check"):
        table, place = broken[0]["table"], broken[0]["rowid"]
        which = "A row" if place is None else f"Row {place}"
        raise StorageUnavailable(f"{which} of {table} refers to nothing.")


def select(
    db: apsw.Connection, sql: str, values: Mapping[str, Any] | None = None
) -> list[rows.Row]:
    """Return the rows of a query, each by the names of its columns."""
    cursor = db.execute(sql, dict(values or {}))
    names: list[str] = []
    found: list[rows.Row] = []
    for row in cursor:
        # apsw tells the columns only while there are rows.
        names = names or [column[0] for column in cursor.get_description()]
        found.append(dict(zip(names, row, strict=True)))
    return found


def apply(db: apsw.Connection, sql: str, values: Mapping[str, Any]) -> bool:
    """Run a change, and tell whether it changed anything."""
    db.execute(sql, dict(values))
    return db.changes() > 0


def insert(db: apsw.Connection, table: str, row: rows.Row) -> None:
    """Insert a row that must be new."""
    db.execute(_insertion(table, row), dict(row))


def insert_new(db: apsw.Connection, table: str, row: rows.Row) -> bool:
    """Insert a row; False when one of its unique values is taken."""
    return apply(db, f"{_insertion(table, row)} ON CONFLICT DO NOTHING", row)


def _insertion(table: str, row: rows.Row) -> str:
    names = ", ".join(row)
    places = ", ".join(f":{name}" for name in row)
    # The names come from `rows`, never from a request.
    return f"INSERT INTO {table} ({names}) VALUES ({places})"

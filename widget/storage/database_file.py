"""A SQLite file: opened, locked, read from this loop, and written by one thread."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import apsw

from widget.errors import StorageUnavailable
from widget.storage import rows
from widget.storage.connections import apply, connect, migrate, select, translated
from widget.storage.writer import Writer

Result = TypeVar("Result")


def utc_now() -> datetime:
    """Return the machine's clock: with SQLite, that is the database's clock."""
    return datetime.now(UTC)


class DatabaseFile:
    """What a storage in one file does apart from what it keeps; see `base.Storage`."""

    def __init__(self, path: str, *, clock: Callable[[], datetime] = utc_now) -> None:
        self._path = Path(path)
        self._clock = clock
        self._lock: int | None = None
        self._reader: apsw.Connection | None = None
        self._writer: Writer | None = None
        self._writing: apsw.Connection | None = None

    # -- life

    def lock(self) -> None:
        """Take the file for this serving process alone, until `close`.

        Two processes would gain nothing and wait for each other; a second one is a mistake.

        Raises:
            StorageUnavailable: Another process serves from it, or it cannot be used.
        """
        with translated():
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._lock = os.open(f"{self._path}.lock", os.O_CREAT | os.O_RDWR, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(self._lock)
            self._lock = None
            raise StorageUnavailable(f"Another process is serving from {self._path}.") from error

    async def open(self) -> None:
        """Connect and bring the schema up to date."""
        with translated():
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._writing = connect(self._path)
            migrate(self._writing, self._clock())
            self._reader = connect(self._path)
            self._writer = Writer(self._writing)

    async def close(self) -> None:
        """Commit what is queued, and let go of the file."""
        if self._writer is not None:
            self._writer.stop()
        for connection in (self._reader, self._writing):
            if connection is not None:
                connection.close()
        self._reader = self._writing = self._writer = None
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    async def applied_steps(self) -> list[str]:
        """Return the names of the schema's steps, in order."""
        found = self._all("SELECT name FROM migrations ORDER BY number")
        return [row["name"] for row in found]

    async def check(self) -> None:
        """Read a row, and write one durably: a full disk shows only then."""
        self._all("SELECT 1 FROM partners LIMIT 1")
        values = {"now": rows.micros(self.now())}
        sql = (
            "INSERT INTO checks VALUES (1, :now)"
            " ON CONFLICT (id) DO UPDATE SET checked_at = excluded.checked_at"
        )
        await self._do(lambda db: apply(db, sql, values))

    async def compact(self) -> None:
        """Write the file anew and empty the log beside it: what was erased is in neither.

        SQLite overwrites what is deleted, but not each copy that a page keeps when its rows move
        to another one. Writers wait meanwhile.

        Raises:
            StorageUnavailable: Others use the files; do it again.
        """
        with translated(), contextlib.closing(connect(Path(self._reading.filename))) as db:
            db.execute("VACUUM")
            ((is_busy, *_),) = db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        if is_busy:
            raise StorageUnavailable("Somebody reads from the database; its log was not emptied.")

    def size_bytes(self) -> int:
        """Return how large the file is."""
        with translated():
            return Path(self._reading.filename).stat().st_size

    def now(self) -> datetime:
        """Return the time."""
        return self._clock()

    # -- how

    @property
    def _reading(self) -> apsw.Connection:
        if self._reader is None:
            raise StorageUnavailable("The database is not open.")
        return self._reader

    async def _do(self, work: Callable[[apsw.Connection], Result]) -> Result:
        if self._writer is None:
            raise StorageUnavailable("The database is not open.")
        return await self._writer.do(work)

    def _one(self, sql: str, values: Mapping[str, Any]) -> rows.Row | None:
        found = self._all(sql, values)
        return found[0] if found else None

    def _all(self, sql: str, values: Mapping[str, Any] | None = None) -> list[rows.Row]:
        with translated():
            return select(self._reading, sql, values or {})

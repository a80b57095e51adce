"""The schema's steps: each once, in order, and never edited."""

from __future__ import annotations

import asyncio
import re
import shutil
from datetime import timedelta
from pathlib import Path
from threading import Barrier, Thread

import apsw
import pytest

from tests.builders import NOON
from widget.errors import StorageUnavailable
from widget.storage import migrations
from widget.storage.connections import connect, migrate, select
from widget.storage.migrations import migrations_for
from widget.storage.sqlite import SqliteStorage

SECOND = "CREATE TABLE seconds (id INTEGER NOT NULL PRIMARY KEY) STRICT;"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "test.db"


@pytest.fixture
def schema(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the steps, to which a test may add."""
    folder = tmp_path / "schema"
    shutil.copytree(migrations.SCHEMA_DIR, folder)
    monkeypatch.setattr(migrations, "SCHEMA_DIR", folder)
    return folder


def migrated(path: Path) -> list[str]:
    """Bring a file up to date, and return the steps that were missing."""
    connection = connect(path)
    try:
        return migrate(connection, NOON)
    finally:
        connection.close()


def tables(path: Path) -> set[str]:
    connection = apsw.Connection(str(path))
    found = {row[0] for row in connection.execute("SELECT name FROM sqlite_schema")}
    connection.close()
    return found


def test_steps_are_numbered_from_one_without_a_gap() -> None:
    steps = migrations_for("sqlite")

    assert [step.number for step in steps] == list(range(1, len(steps) + 1))
    assert all(re.fullmatch(r"\d{4}_[a-z_]+", step.name) for step in steps)


def test_a_new_file_gets_every_step(path: Path) -> None:
    assert migrated(path) == [step.name for step in migrations_for("sqlite")]

    assert {"offers", "bookings", "evidence", "messages"} <= tables(path)


def test_a_file_that_is_up_to_date_gets_nothing(path: Path) -> None:
    migrated(path)

    assert migrated(path) == []


def test_the_file_tells_which_steps_it_has_and_since_when(path: Path) -> None:
    migrated(path)

    connection = connect(path)
    rows = select(connection, "SELECT * FROM migrations")
    connection.close()
    first = migrations_for("sqlite")[0]
    since_1970_us = int(NOON.timestamp()) * 1_000_000
    assert rows[0] == {**first.row(), "applied_at": since_1970_us}


def test_a_storage_tells_the_steps_in_order(path: Path, schema: Path) -> None:
    (schema / "0099_seconds.sqlite.sql").write_text(SECOND)

    async def steps() -> list[str]:
        storage = SqliteStorage(str(path))
        await storage.open()
        try:
            return await storage.applied_steps()
        finally:
            await storage.close()

    assert asyncio.run(steps()) == [step.name for step in migrations_for("sqlite")]


def test_a_file_of_an_older_version_gets_what_it_lacks(path: Path, schema: Path) -> None:
    migrated(path)
    (schema / "0099_seconds.sqlite.sql").write_text(SECOND)

    assert migrated(path) == ["0099_seconds"]

    assert "seconds" in tables(path)


def test_steps_of_other_databases_are_left_alone(schema: Path) -> None:
    (schema / "0099_seconds.postgres.sql").write_text(SECOND)

    assert "0099_seconds" not in [step.name for step in migrations_for("sqlite")]


def test_a_file_that_is_ahead_of_this_version_is_refused(path: Path, schema: Path) -> None:
    step = schema / "0099_seconds.sqlite.sql"
    step.write_text(SECOND)
    migrated(path)
    step.unlink()

    with pytest.raises(StorageUnavailable, match="step 99"):
        migrated(path)


def test_a_step_that_was_edited_after_it_was_applied_is_refused(path: Path, schema: Path) -> None:
    migrated(path)
    step = schema / "0001_journey.sqlite.sql"
    step.write_text(step.read_text() + "-- A last word.\n")

    with pytest.raises(StorageUnavailable, match="0001_journey was edited"):
        migrated(path)


def test_a_step_that_fails_leaves_the_file_as_it_was(path: Path, schema: Path) -> None:
    (schema / "0099_seconds.sqlite.sql").write_text(f"{SECOND}\nINSERT INTO nowhere VALUES (1);")

    with pytest.raises(apsw.SQLError):
        migrated(path)

    assert tables(path) == set()


def test_a_storage_whose_schema_fails_is_unavailable(path: Path, schema: Path) -> None:
    (schema / "0099_seconds.sqlite.sql").write_text("INSERT INTO nowhere VALUES (1);")

    with pytest.raises(StorageUnavailable):
        asyncio.run(SqliteStorage(str(path)).open())


def test_processes_that_start_at_once_apply_a_step_once(path: Path, schema: Path) -> None:
    migrated(path)
    (schema / "0099_seconds.sqlite.sql").write_text(SECOND)
    together = Barrier(6, timeout=timedelta(seconds=30).total_seconds())
    applied: list[list[str]] = []

    def start() -> None:
        connection = connect(path)
        together.wait()
        applied.append(migrate(connection, NOON))
        connection.close()

    threads = [Thread(target=start) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(applied) == [*[[]] * 5, ["0099_seconds"]]

"""What most tests need: a service in this process, on a database of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.builders import a_partner
from tests.fakes import Clock, Postbox
from tests.service import Service, running_service
from widget.storage.sqlite import SqliteStorage

# A machine that is busy is slow, not wrong.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the browser last: it is the slowest, and its loop stays in this thread to the end."""
    items.sort(key=lambda item: "browser" in item.path.parts)


@pytest.fixture
def anyio_backend() -> str:
    """The loop of tests that are coroutines."""
    return "asyncio"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def postbox() -> Postbox:
    return Postbox()


@pytest.fixture
def storage(tmp_path: Path, clock: Clock) -> SqliteStorage:
    """A SQLite storage that is not open yet."""
    return SqliteStorage(str(tmp_path / "test.db"), clock=clock)


@pytest.fixture
async def opened(storage: SqliteStorage) -> AsyncIterator[SqliteStorage]:
    """The storage, open, with the partner `acme`."""
    await storage.open()
    await storage.save_partner(a_partner())
    yield storage
    await storage.close()


@pytest.fixture
def service(storage: SqliteStorage, postbox: Postbox) -> Iterator[Service]:
    """The whole service, with one partner, `acme`, that has a test key."""
    with running_service(storage, delivery=postbox) as service:
        yield service

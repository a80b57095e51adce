"""What most tests need: a service in this process, on a database of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from starlette.testclient import TestClient

from tests.builders import PARTNER_KEY, a_key, a_partner, some_settings
from tests.fakes import Clock, Postbox
from tests.service import Service
from widget.app import build_app
from widget.partners import secret_of
from widget.storage.sqlite import SqliteStorage

# A machine that is busy is slow, not wrong.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")


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
    settings = some_settings()
    app = build_app(settings, storage=storage, delivery=postbox)
    with TestClient(app, base_url=settings.public_url) as client:
        secret = secret_of(a_key(), [PARTNER_KEY.encode()])
        assert secret is not None
        service = Service(client, storage, a_key(), secret)
        service.add(a_partner(), a_key())
        yield service

"""A second instance of the service, which the first one sells for: real HTTP, its own database."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.builders import NOON, PARTNER_KEY, some_settings
from tests.fakes import Clock, Postbox
from tests.ports import on_a_port
from widget.app import build_app
from widget.bookings import Booking
from widget.partners import Mode, Partner, key_named, secret_of
from widget.storage.sqlite import SqliteStorage

#: Who we are to the platform.
CODE = "reseller"
KEY = key_named("r" * 16, CODE, Mode.TEST, root=PARTNER_KEY.encode(), now=NOON)


@dataclass
class Platform:
    """A platform that others sell for."""

    origin: str
    storage: SqliteStorage
    postbox: Postbox

    @property
    def url(self) -> str:
        """Where we call it."""
        return url_at(self.origin)

    def bookings(self) -> list[Booking]:
        """Return what was booked there."""

        async def read() -> list[Booking]:
            page = await self.storage.list_bookings(CODE, Mode.TEST, limit=10_000, offset=0)
            return list(page.bookings)

        # Where a test has a loop already, another thread has none.
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(asyncio.run, read()).result()


def url_at(origin: str) -> str:
    """Return our address at a platform, or at a gate in front of it."""
    return f"{origin}/x/partners/{CODE}"


def bearer() -> str:
    """Return our secret there."""
    secret = secret_of(KEY, [PARTNER_KEY.encode()])
    assert secret is not None
    return secret


def signing() -> str:
    """Return our key there, to sign with."""
    return f"{KEY.key_id}:{bearer()}"


@contextmanager
def running_platform(
    folder: Path, clock: Clock | None = None, **settings: Any
) -> Iterator[Platform]:
    """Run a platform until the test is over; without a clock of the test's, by the machine's."""
    postbox = Postbox()
    path = str(folder / "platform.db")
    storage = SqliteStorage(path, clock=clock) if clock else SqliteStorage(path)
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, _register(storage)).result()
    app = build_app(some_settings(**settings), storage=storage, delivery=postbox)
    with on_a_port(app) as origin:
        yield Platform(origin, storage, postbox)


async def _register(storage: SqliteStorage) -> None:
    await storage.open()
    await storage.save_partner(Partner(CODE, "The first instance", ("https://first.test",), NOON))
    await storage.add_key(KEY)
    await storage.close()

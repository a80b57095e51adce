"""What the tests of the contract run on: each storage that there is.

A new database is a new entry in `OPENERS`; no test of the contract may know which one it has.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from tests.builders import a_partner
from tests.fakes import Clock
from tests.storage.contract import Opener
from widget.storage.base import Storage
from widget.storage.sqlite import SqliteStorage

OPENERS: dict[str, Callable[[Path, Clock], Storage]] = {
    "sqlite": lambda folder, clock: SqliteStorage(str(folder / "contract.db"), clock=clock),
}


@pytest.fixture(params=OPENERS)
async def opener(
    request: pytest.FixtureRequest, tmp_path: Path, clock: Clock
) -> AsyncIterator[Opener]:
    opened: list[Storage] = []

    async def open_one() -> Storage:
        storage = OPENERS[request.param](tmp_path, clock)
        await storage.open()
        opened.append(storage)
        return storage

    yield open_one
    for storage in opened:
        await storage.close()


@pytest.fixture
async def storage(opener: Opener) -> Storage:
    """A storage that is open and knows the partners `acme` and `globex`."""
    storage = await opener()
    await storage.save_partner(a_partner("acme"))
    await storage.save_partner(a_partner("globex"))
    return storage

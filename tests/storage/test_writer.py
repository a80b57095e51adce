"""The one writer: what waits together is committed together, and nobody pays for another."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from threading import Event
from typing import NoReturn

import apsw
import pytest

from widget.errors import PaymentAlreadyUsed, StorageUnavailable
from widget.storage.connections import connect
from widget.storage.writer import MAX_GROUP, Writer

pytestmark = pytest.mark.anyio


class Ledger:
    """A table of numbers, a writer on it, and a count of the commits."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.connection = connect(path)
        self.connection.execute("CREATE TABLE numbers (number INTEGER PRIMARY KEY) STRICT")
        self.commits = 0
        self.connection.set_commit_hook(self._count)
        self.writer = Writer(self.connection)
        self._free = Event()
        self._busy = asyncio.Event()

    def _count(self) -> bool:
        self.commits += 1
        return False  # let it happen

    async def add(self, number: int) -> int:
        return await self.writer.do(lambda db: _insert(db, number))

    async def hold(self) -> asyncio.Task[None]:
        """Keep the writer busy, so that what comes now gathers; `release` lets it go on."""
        loop = asyncio.get_running_loop()

        def wait(_: apsw.Connection) -> None:
            loop.call_soon_threadsafe(self._busy.set)
            assert self._free.wait(timeout=10)

        held = asyncio.create_task(self.writer.do(wait))
        await self._busy.wait()
        self.commits = -1  # the commit of what holds it does not count
        return held

    def release(self) -> None:
        self._free.set()

    def stored(self) -> list[int]:
        """Return what somebody else finds in the file."""
        other = apsw.Connection(str(self.path))
        found = [row[0] for row in other.execute("SELECT number FROM numbers ORDER BY number")]
        other.close()
        return found


def _insert(db: apsw.Connection, number: int) -> int:
    db.execute("INSERT INTO numbers VALUES (?)", (number,))
    return number


def _insert_and_fail(db: apsw.Connection) -> NoReturn:
    _insert(db, 1000)
    raise PaymentAlreadyUsed("ORDER-1")


def _insert_and_crash(db: apsw.Connection) -> NoReturn:
    _insert(db, 1000)
    raise ZeroDivisionError


def _insert_and_find_the_disk_broken(db: apsw.Connection) -> NoReturn:
    _insert(db, 1000)
    raise apsw.IOError("disk I/O error")


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    ledger = Ledger(tmp_path / "numbers.db")
    yield ledger
    ledger.release()
    ledger.writer.stop()
    ledger.connection.close()


async def begin(*calls: asyncio.Task[int]) -> None:
    """Let each of the tasks hand over its change."""
    await asyncio.sleep(0)
    assert not any(call.done() for call in calls)


async def test_a_change_is_in_the_file_when_its_caller_goes_on(ledger: Ledger) -> None:
    assert await ledger.add(7) == 7

    assert ledger.stored() == [7]


async def test_changes_that_wait_together_share_one_commit(ledger: Ledger) -> None:
    held = await ledger.hold()
    adding = [asyncio.create_task(ledger.add(number)) for number in range(50)]
    await begin(*adding)

    ledger.release()
    await asyncio.gather(held, *adding)

    assert ledger.commits == 1
    assert ledger.stored() == list(range(50))


async def test_a_group_has_an_end(ledger: Ledger) -> None:
    held = await ledger.hold()
    adding = [asyncio.create_task(ledger.add(number)) for number in range(2 * MAX_GROUP + 1)]
    await begin(*adding)

    ledger.release()
    await asyncio.gather(held, *adding)

    assert ledger.commits == 3


async def test_changes_are_made_in_the_order_in_which_they_came(ledger: Ledger) -> None:
    order: list[int] = []
    held = await ledger.hold()
    adding = [
        asyncio.create_task(ledger.writer.do(lambda _, n=number: order.append(n)))  # type: ignore[misc]
        for number in range(50)
    ]
    await asyncio.sleep(0)

    ledger.release()
    await asyncio.gather(held, *adding)

    assert order == list(range(50))


async def test_a_change_that_fails_undoes_only_itself(ledger: Ledger) -> None:
    held = await ledger.hold()
    before, failing, after = (
        asyncio.create_task(ledger.add(1)),
        asyncio.create_task(ledger.writer.do(_insert_and_fail)),
        asyncio.create_task(ledger.add(2)),
    )
    await begin(before, failing, after)

    ledger.release()
    results = await asyncio.gather(held, before, failing, after, return_exceptions=True)

    assert isinstance(results[2], PaymentAlreadyUsed)
    assert ledger.commits == 1
    assert ledger.stored() == [1, 2]


async def test_a_change_that_the_database_refuses_undoes_only_itself(ledger: Ledger) -> None:
    held = await ledger.hold()
    first, same, after = (asyncio.create_task(ledger.add(number)) for number in (1, 1, 2))
    await begin(first, same, after)

    ledger.release()
    results = await asyncio.gather(held, first, same, after, return_exceptions=True)

    assert isinstance(results[2], StorageUnavailable)
    assert isinstance(results[2].__cause__, apsw.ConstraintError)
    assert ledger.stored() == [1, 2]


async def test_a_fault_of_ours_reaches_its_caller_and_nobody_else(ledger: Ledger) -> None:
    held = await ledger.hold()
    before, crashing, after = (
        asyncio.create_task(ledger.add(1)),
        asyncio.create_task(ledger.writer.do(_insert_and_crash)),
        asyncio.create_task(ledger.add(2)),
    )
    await begin(before, crashing, after)

    ledger.release()
    results = await asyncio.wait_for(
        asyncio.gather(held, before, crashing, after, return_exceptions=True), 10
    )

    assert isinstance(results[2], ZeroDivisionError)
    assert ledger.stored() == [1, 2]


async def test_when_the_disk_fails_everybody_in_the_group_is_told(ledger: Ledger) -> None:
    held = await ledger.hold()
    before, breaking, after = (
        asyncio.create_task(ledger.add(1)),
        asyncio.create_task(ledger.writer.do(_insert_and_find_the_disk_broken)),
        asyncio.create_task(ledger.add(2)),
    )
    await begin(before, breaking, after)

    ledger.release()
    results = await asyncio.gather(held, before, breaking, after, return_exceptions=True)

    assert all(isinstance(result, StorageUnavailable) for result in results[1:])
    assert ledger.stored() == []
    assert await ledger.add(3) == 3  # and the next group begins anew


async def test_a_commit_that_is_refused_keeps_nothing_of_the_group(ledger: Ledger) -> None:
    ledger.connection.set_commit_hook(lambda: True)
    results = await asyncio.gather(ledger.add(1), ledger.add(2), return_exceptions=True)

    ledger.connection.set_commit_hook(None)

    assert all(isinstance(result, StorageUnavailable) for result in results)
    assert ledger.stored() == []
    assert await ledger.add(3) == 3


async def test_a_caller_who_no_longer_waits_disturbs_nobody(ledger: Ledger) -> None:
    held = await ledger.hold()
    leaving, staying = asyncio.create_task(ledger.add(1)), asyncio.create_task(ledger.add(2))
    await begin(leaving, staying)

    leaving.cancel()
    ledger.release()
    results = await asyncio.gather(held, leaving, staying, return_exceptions=True)

    assert isinstance(results[1], asyncio.CancelledError)
    assert results[2] == 2
    assert ledger.stored() == [1, 2]  # it was handed over, so it is made


async def test_stopping_first_makes_the_changes_that_wait(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "stopped.db")
    held = await ledger.hold()
    adding = [asyncio.create_task(ledger.add(number)) for number in range(5)]
    await begin(*adding)

    ledger.release()
    ledger.writer.stop()

    assert ledger.stored() == list(range(5))
    assert await asyncio.gather(*adding) == list(range(5))
    await held
    ledger.connection.close()


def test_a_change_is_kept_when_the_loop_of_its_caller_has_ended(tmp_path: Path) -> None:
    async def leave_at_once() -> Ledger:
        ledger = Ledger(tmp_path / "left.db")
        await ledger.hold()
        task = asyncio.create_task(ledger.add(1))
        await begin(task)
        return ledger

    ledger = asyncio.run(leave_at_once())

    ledger.release()
    ledger.writer.stop()

    assert ledger.stored() == [1]
    ledger.connection.close()

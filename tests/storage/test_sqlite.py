"""What only SQLite promises: durability on one file, and the driver's errors as ours."""

from __future__ import annotations

import asyncio
import os
import stat
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import apsw
import pytest
from pydantic import ValidationError

from tests.builders import (
    NOON,
    a_booking,
    a_partner,
    a_policyholder,
    a_purchase,
    an_offer,
    an_opted_in_offer,
    mails_of,
    offer_of,
)
from tests.fakes import Clock
from tests.storage.contract import a_file, an_edition
from widget.bookings import Booking, InstalmentPayment
from widget.errors import StorageUnavailable
from widget.evidence import offer_confirmed, offer_made
from widget.money import Money
from widget.offers import Offer
from widget.storage import connections
from widget.storage.database_file import utc_now
from widget.storage.migrations import migrations_for
from widget.storage.sqlite import SqliteStorage

pytestmark = pytest.mark.anyio


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "test.db"


@pytest.fixture
def storage(path: Path, clock: Clock) -> SqliteStorage:
    """A storage of a known kind, in place of the contract's."""
    return SqliteStorage(str(path), clock=clock)


@pytest.fixture
async def stranger(opened: SqliteStorage, path: Path) -> AsyncIterator[apsw.Connection]:
    """A connection of somebody else on the file of a storage that is open."""
    await opened.check()
    connection = apsw.Connection(str(path))
    yield connection
    connection.close()


def offer_number(number: int) -> Offer:
    purchase = a_purchase(reference=f"CHK-{number}")
    return an_offer(id=f"AAAAA-{number:05}-INS", purchase=purchase)


async def keep(storage: SqliteStorage, offer: Offer) -> Offer:
    return await storage.save_offer(offer, offer_made(offer, texts_version="texts-1"))


async def a_sale(storage: SqliteStorage, **person: str) -> None:
    offer = await keep(storage, an_opted_in_offer())
    booking = replace(a_booking(offer=offer), policyholder=a_policyholder(**person))
    await storage.save_booking(
        offer_of(booking),
        booking,
        [offer_confirmed(booking, at=booking.booked_at)],
        mails_of(booking),
    )


# -- what survives


async def test_the_file_is_written_ahead_and_every_commit_reaches_the_disk(
    opened: SqliteStorage,
) -> None:
    assert opened._writing is not None

    assert opened._writing.pragma("journal_mode") == "wal"
    assert opened._writing.pragma("synchronous") == 2  # FULL
    assert opened._writing.pragma("foreign_keys") == 1


async def test_only_the_owner_can_read_what_holds_personal_data(
    storage: SqliteStorage, path: Path
) -> None:
    before = os.umask(0)
    try:
        storage.lock()
        await storage.open()
        await storage.check()
    finally:
        os.umask(before)

    modes = {file.name: stat.filemode(file.stat().st_mode) for file in path.parent.iterdir()}
    await storage.close()

    names = ("test.db", "test.db-wal", "test.db-shm", "test.db.lock")
    assert modes == dict.fromkeys(names, "-rw-------")


async def test_erased_personal_data_do_not_stay_in_the_file(
    opened: SqliteStorage, path: Path
) -> None:
    await a_sale(opened, first_name="Xanthippe-the-canary")
    assert opened._writing is not None
    opened._writing.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    before = path.read_bytes()

    opened._writing.execute("DELETE FROM policyholders")
    opened._writing.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    assert b"Xanthippe-the-canary" in before
    assert b"Xanthippe-the-canary" not in path.read_bytes()


async def test_personal_data_stand_in_one_table_only(
    opened: SqliteStorage, stranger: apsw.Connection
) -> None:
    await a_sale(opened, first_name="Xanthippe-the-canary", email="canary@customer.example")

    tables = [row[0] for row in stranger.execute("SELECT name FROM sqlite_schema WHERE sql > ''")]
    holding = {
        table
        for table in tables
        if stranger.execute("SELECT 1 FROM pragma_table_info(?)", (table,)).fetchall()
        and "canary" in str(stranger.execute(f'SELECT * FROM "{table}"').fetchall())  # noqa: S608
    }

    assert holding == {"policyholders"}


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE evidence SET body = '{}'",
        "UPDATE evidence SET at = 0",
        "DELETE FROM evidence",
    ],
)
async def test_evidence_cannot_be_changed_or_removed(
    opened: SqliteStorage, stranger: apsw.Connection, sql: str
) -> None:
    offer = await keep(opened, an_offer())

    with pytest.raises(apsw.ConstraintError, match="append-only"):
        stranger.execute(sql)

    kept = await opened.list_evidence("acme", offer.id)
    assert kept == [offer_made(offer, texts_version="texts-1")]


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE documents SET body = x'00'",
        "UPDATE documents SET stored_at = 0",
        "DELETE FROM documents",
        "UPDATE editions SET source = ''",
        "DELETE FROM editions",
    ],
)
async def test_published_documents_cannot_be_changed_or_removed(
    opened: SqliteStorage, stranger: apsw.Connection, sql: str
) -> None:
    edition = await opened.save_edition(an_edition(a_file()), [a_file()])

    with pytest.raises(apsw.ConstraintError):
        stranger.execute(sql)

    assert await opened.list_editions() == [edition]
    assert await opened.find_file(a_file().digest) == a_file()


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT OR REPLACE INTO documents SELECT digest, media_type, x'00', 0 FROM documents",
        "INSERT OR REPLACE INTO editions SELECT digest, 'x', 9, 'x', 0 FROM editions",
        "INSERT OR REPLACE INTO editions SELECT '0', 'travel_protection', 1, 'source-1', 0",
    ],
)
async def test_published_documents_cannot_be_replaced(
    opened: SqliteStorage, stranger: apsw.Connection, sql: str
) -> None:
    edition = await opened.save_edition(an_edition(a_file()), [a_file()])
    before = list(stranger.execute("SELECT * FROM documents, editions ORDER BY 1"))

    stranger.execute(sql)

    assert list(stranger.execute("SELECT * FROM documents, editions ORDER BY 1")) == before
    assert await opened.list_editions() == [edition]


async def test_a_document_that_somebody_changed_all_the_same_is_shown_to_nobody(
    opened: SqliteStorage, stranger: apsw.Connection
) -> None:
    await opened.save_edition(an_edition(a_file()), [a_file()])
    stranger.execute("DROP TRIGGER documents_are_never_changed")
    stranger.execute("UPDATE documents SET body = x'25504446' WHERE media_type LIKE '%pdf'")

    with pytest.raises(StorageUnavailable, match="is not what was published"):
        await opened.find_file(a_file().digest)


async def test_closing_first_stores_what_is_queued(opened: SqliteStorage, path: Path) -> None:
    offers = [offer_number(number) for number in range(50)]
    saving = [asyncio.ensure_future(keep(opened, offer)) for offer in offers]
    await asyncio.sleep(0)  # each has handed over its change and waits

    await opened.close()

    assert await asyncio.gather(*saving) == offers
    again = SqliteStorage(str(path))
    await again.open()
    assert [await again.find_offer("acme", offer.id) for offer in offers] == offers
    await again.close()


async def test_a_storage_that_is_closed_may_be_closed_again(opened: SqliteStorage) -> None:
    await opened.close()
    await opened.close()

    with pytest.raises(StorageUnavailable):
        await opened.check()


def test_no_booking_that_was_acknowledged_is_lost_when_the_process_is_killed(path: Path) -> None:
    told: list[str] = []
    for name in ("AAAAA", "BBBBB", "CCCCC"):
        told += _told_until_killed(path, name)

    connection = apsw.Connection(str(path))
    kept = {row[0] for row in connection.execute("SELECT id FROM bookings")}
    owed = {row[0] for row in connection.execute("SELECT offer_id FROM messages")}
    insured = {row[0] for row in connection.execute("SELECT booking_id FROM policies")}
    proved = {
        row[0]
        for row in connection.execute(
            "SELECT offer_id FROM evidence WHERE kind = 'offer_confirmed'"
        )
    }
    checked = connection.pragma("integrity_check")
    connection.close()
    assert len(told) >= 120
    assert set(told) <= kept
    assert kept == owed == insured == proved  # and none is there by half
    assert checked == "ok"


def _told_until_killed(path: Path, name: str) -> list[str]:
    """Let a process sell, kill it in the middle, and return what it had acknowledged."""
    command = [sys.executable, "-m", "tests.storage.seller", str(path), name]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        told = [process.stdout.readline() for _ in range(40)]
        process.kill()
        told += process.stdout.readlines()
    # The kill may have come in the middle of a line.
    return [line.strip() for line in told if line.endswith("\n")]


# -- one serving process


def test_a_second_serving_process_is_refused(path: Path) -> None:
    first, second = SqliteStorage(str(path)), SqliteStorage(str(path))
    first.lock()

    with pytest.raises(StorageUnavailable, match="Another process is serving"):
        second.lock()

    asyncio.run(first.close())


def test_the_lock_is_free_again_when_its_holder_has_closed(path: Path) -> None:
    first, second = SqliteStorage(str(path)), SqliteStorage(str(path))
    first.lock()

    asyncio.run(first.close())

    second.lock()
    asyncio.run(second.close())


def test_a_lock_file_that_cannot_be_opened_is_said_as_our_error(path: Path) -> None:
    path.with_name("test.db.lock").mkdir()

    with pytest.raises(StorageUnavailable):
        SqliteStorage(str(path)).lock()


# -- the driver's errors


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait a moment only for somebody else's lock."""
    monkeypatch.setattr(connections, "BUSY_TIMEOUT_MS", 20)


@pytest.mark.usefixtures("impatient")
async def test_a_database_that_another_process_holds_is_unavailable_until_it_lets_go(
    opened: SqliteStorage, stranger: apsw.Connection
) -> None:
    stranger.execute("BEGIN EXCLUSIVE")
    with pytest.raises(StorageUnavailable):
        await keep(opened, an_offer())
    with pytest.raises(StorageUnavailable):
        await opened.check()
    read_meanwhile = await opened.find_partner("acme")

    stranger.execute("ROLLBACK")

    assert read_meanwhile == a_partner()
    assert await keep(opened, an_offer()) == an_offer()


@pytest.fixture
async def read_only(opened: SqliteStorage) -> SqliteStorage:
    # Not by the file's mode: tests may run as root, whom no mode stops.
    assert opened._writing is not None
    opened._writing.execute("PRAGMA query_only = ON")
    return opened


async def test_a_database_that_cannot_be_written_is_unavailable(read_only: SqliteStorage) -> None:
    with pytest.raises(StorageUnavailable):
        await keep(read_only, an_offer())

    assert await read_only.find_partner("acme") == a_partner()
    assert await read_only.find_offer("acme", an_offer().id) is None


async def test_a_full_disk_loses_only_what_was_refused(opened: SqliteStorage) -> None:
    assert opened._writing is not None
    pages = opened._writing.pragma("page_count")
    opened._writing.pragma("max_page_count", pages + 8)
    results = await asyncio.gather(
        *(keep(opened, offer_number(number)) for number in range(200)), return_exceptions=True
    )
    kept = [offer for offer in results if isinstance(offer, Offer)]
    refused = [error for error in results if isinstance(error, StorageUnavailable)]

    opened._writing.pragma("max_page_count", 1_000_000)

    assert refused
    assert len(kept) + len(refused) == 200
    assert [await opened.find_offer("acme", offer.id) for offer in kept] == kept
    assert await keep(opened, offer_number(201)) == offer_number(201)


async def test_changes_one_by_one_on_a_full_disk_are_whole_or_not_there(
    opened: SqliteStorage, stranger: apsw.Connection
) -> None:
    assert opened._writing is not None
    opened._writing.pragma("max_page_count", opened._writing.pragma("page_count") + 4)
    kept = []

    async def fill() -> None:
        for number in range(200):
            kept.extend([await keep(opened, offer_number(number))])

    with pytest.raises(StorageUnavailable):
        await fill()

    assert kept
    offers = {row[0] for row in stranger.execute("SELECT id FROM offers")}
    shown = {row[0] for row in stranger.execute("SELECT offer_id FROM evidence")}
    assert offers == shown == {offer.id for offer in kept}


async def test_a_file_that_is_no_database_is_unavailable(path: Path) -> None:
    path.write_bytes(b"This is a letter to my aunt. " * 100)

    with pytest.raises(StorageUnavailable):
        await SqliteStorage(str(path)).open()


async def test_a_folder_in_place_of_the_file_is_unavailable(path: Path) -> None:
    path.mkdir()

    with pytest.raises(StorageUnavailable):
        await SqliteStorage(str(path)).open()


async def test_a_file_in_place_of_the_folder_is_unavailable(path: Path) -> None:
    path.write_text("A file.")

    with pytest.raises(StorageUnavailable):
        await SqliteStorage(str(path / "deeper" / "test.db")).open()


async def test_a_folder_that_is_missing_is_made(tmp_path: Path) -> None:
    storage = SqliteStorage(str(tmp_path / "some" / "where" / "test.db"))

    await storage.open()

    await storage.check()
    await storage.close()


async def test_a_row_that_cannot_be_read_harms_only_who_asked_for_it(
    opened: SqliteStorage, stranger: apsw.Connection
) -> None:
    await keep(opened, an_offer())
    stranger.execute("UPDATE offers SET quotes_json = '[{}]'")

    # Somebody has written into our file: that is a fault, and the others are served.
    with pytest.raises(ValidationError):
        await asyncio.wait_for(keep(opened, an_offer(id="SECND-SECND-INS")), 5)

    assert await asyncio.wait_for(keep(opened, offer_number(2)), 5) == offer_number(2)


async def test_many_processes_may_start_on_a_new_file_at_once(path: Path, clock: Clock) -> None:
    def start() -> str:
        async def run() -> str:
            storage = SqliteStorage(str(path), clock=clock)
            await storage.open()
            await storage.save_partner(a_partner())
            steps = await storage.applied_steps()
            await storage.close()
            return steps[0]

        return asyncio.run(run())

    steps = await asyncio.gather(*(asyncio.to_thread(start) for _ in range(8)))

    assert steps == ["0001_journey"] * 8


def test_the_clock_of_the_machine_is_aware_and_in_utc() -> None:
    offset = utc_now().utcoffset()

    assert offset is not None
    assert not offset


@pytest.mark.parametrize(
    ("plan", "amounts"), [("monthly", (408, 408, 407)), ("quarterly", (1223, 1223, 1223))]
)
async def test_instalments_of_an_older_version_get_the_amounts_that_they_had(
    opened: SqliteStorage, path: Path, plan: str, amounts: tuple[int, ...]
) -> None:
    numbers = (1, 8, 9) if plan == "monthly" else (1, 2, 4)
    payments = tuple(
        InstalmentPayment(
            "q-1", number, is_paid=True, attempted_at=NOON, amount=Money(minor, "EUR")
        )
        for number, minor in zip(numbers, amounts, strict=True)
    )
    booking = a_booking(instalment_plans={"q-1": plan}, instalment_payments=payments)
    await _sell(opened, booking)
    step = next(s for s in migrations_for("sqlite") if s.name.endswith("_instalment_amounts"))
    connection = apsw.Connection(str(path))
    connection.execute(
        "UPDATE bookings SET payments_json = (SELECT json_group_array(json_remove(value,"
        " '$.amount')) FROM json_each(payments_json))"
    )

    connection.execute(step.sql)
    connection.close()

    found = await opened.find_booking("acme", booking.id)
    assert found is not None
    assert found.instalment_payments == payments


async def _sell(storage: SqliteStorage, booking: Booking) -> None:
    offer = await storage.save_offer(
        offer_of(booking), offer_made(offer_of(booking), texts_version="t")
    )
    leaves = [offer_confirmed(booking, at=booking.booked_at)]
    assert await storage.save_booking(offer, booking, leaves, mails_of(booking)) is not None

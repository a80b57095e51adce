"""What is unknown is asked for again, until there is an answer: every booking gets its turn."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from tests.builders import (
    NOON,
    a_pending_booking,
    a_product,
    a_purchase,
    an_opted_in_offer,
    offer_of,
)
from tests.fakes import Clock, SilentUpstream
from widget import reconciling
from widget.app import load_markets
from widget.bookings import Booking, Policy
from widget.errors import StorageUnavailable, UpstreamRefused, UpstreamUnavailable
from widget.evidence import offer_booked, offer_made
from widget.offers import Status
from widget.partners import Mode
from widget.products import Catalogue
from widget.reconciling import PATIENCE, reconcile_due, reconcile_forever
from widget.storage.sqlite import SqliteStorage

pytestmark = pytest.mark.anyio

CATALOGUE = Catalogue({("travel_protection", 1): a_product()}, load_markets())

UNKNOWN = UpstreamUnavailable("No answer could be had in time.")
REFUSED = UpstreamRefused("It is not insured.")


@dataclass
class Remote(SilentUpstream):
    """A remote upstream that answers for each booking as a test says; by default it issues."""

    is_remote = True
    sends_mail = True
    answers: dict[str, Exception] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    #: Called for each question.
    on_ask: Callable[[], None] = lambda: None

    async def issue(self, booking: Booking, *, now: datetime) -> tuple[Policy, ...]:
        self.asked.append(booking.id)
        self.on_ask()
        if booking.id in self.answers:
            raise self.answers[booking.id]
        (quote,) = booking.offer.chosen_quotes
        return (Policy(f"TRV-{booking.id[6:11]}", quote, issued_at=now),)


async def pend(storage: SqliteStorage, number: int, **changes: Any) -> Booking:
    """Store a booking that was left without an answer at noon and as many seconds."""
    offer = an_opted_in_offer(
        id=f"AAAAA-{number:05}-INS", purchase=a_purchase(reference=f"CHK-{number}")
    )
    await storage.save_offer(offer, offer_made(offer, texts_version="texts-1"))
    booking = a_pending_booking(
        offer=offer.booked(Status.PENDING),
        transaction_id=f"ORDER-{number}",
        booked_at=NOON + timedelta(seconds=number),
        **changes,
    )
    await storage.save_booking(offer_of(booking), booking, [offer_booked(booking)], ())
    return booking


async def reconcile(storage: SqliteStorage, upstream: Remote) -> int:
    return await reconcile_due(
        storage=storage, upstreams=dict.fromkeys(Mode, upstream), catalogue=CATALOGUE
    )


async def status_of(storage: SqliteStorage, booking: Booking) -> Status:
    found = await storage.find_booking("acme", booking.id)
    assert found is not None
    return found.status


@pytest.fixture(autouse=True)
def later(clock: Clock) -> None:
    """Whoever has confirmed has given up waiting."""
    clock.time = NOON + timedelta(hours=1)


async def test_an_answer_settles_a_booking(opened: SqliteStorage) -> None:
    booking = await pend(opened, 1)

    assert await reconcile(opened, Remote()) == 1

    assert await status_of(opened, booking) is Status.CONFIRMED


async def test_a_refusal_settles_a_booking_too(opened: SqliteStorage) -> None:
    booking = await pend(opened, 1)

    assert await reconcile(opened, Remote(answers={booking.id: REFUSED})) == 1

    assert await status_of(opened, booking) is Status.FAILED


async def test_what_has_no_answer_is_asked_for_again(opened: SqliteStorage) -> None:
    booking = await pend(opened, 1)
    upstream = Remote(answers={booking.id: UNKNOWN})

    first = await reconcile(opened, upstream)
    upstream.answers.clear()
    second = await reconcile(opened, upstream)

    assert (first, second) == (0, 1)
    assert upstream.asked == [booking.id] * 2


async def test_what_was_settled_is_not_asked_for_again(opened: SqliteStorage) -> None:
    await pend(opened, 1)
    upstream = Remote()

    await reconcile(opened, upstream)
    await reconcile(opened, upstream)

    assert len(upstream.asked) == 1


async def test_whoever_confirms_asks_first(opened: SqliteStorage, clock: Clock) -> None:
    booking = await pend(opened, 1)
    clock.time = booking.booked_at + PATIENCE

    assert await reconcile(opened, Remote()) == 0


async def test_bookings_that_stay_unknown_take_nobodys_turn(
    opened: SqliteStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reconciling, "BATCH", 2)
    bookings = [await pend(opened, number) for number in range(7)]
    unknown = {booking.id: UNKNOWN for booking in bookings[:5]}

    assert await reconcile(opened, Remote(answers=dict(unknown))) == 2

    statuses = [await status_of(opened, booking) for booking in bookings]
    assert statuses == [Status.PENDING] * 5 + [Status.CONFIRMED] * 2


async def test_a_fault_with_one_booking_stops_no_other(opened: SqliteStorage) -> None:
    first, second = await pend(opened, 1), await pend(opened, 2)

    with capture_logs() as lines:
        settled = await reconcile(opened, Remote(answers={first.id: ZeroDivisionError("canary")}))

    assert settled == 1
    assert await status_of(opened, second) is Status.CONFIRMED
    assert [line["event"] for line in lines] == ["reconciling_failed"]


async def test_two_that_ask_at_once_settle_it_once(opened: SqliteStorage) -> None:
    booking = await pend(opened, 1)

    await asyncio.gather(*(reconcile(opened, Remote()) for _ in range(4)))

    found = await opened.find_booking("acme", booking.id)
    assert found is not None
    assert (found.status, found.revision) == (Status.CONFIRMED, 1)
    leaves = await opened.list_evidence("acme", booking.id)
    assert [leaf.kind for leaf in leaves].count("offer_confirmed") == 1


async def test_it_goes_on_when_the_database_was_away(opened: SqliteStorage) -> None:
    await pend(opened, 1)
    has_asked = asyncio.Event()
    upstream = Remote(on_ask=has_asked.set)
    faults = [StorageUnavailable("The database did not take part.")]
    find = opened.list_pending

    async def list_pending(**wanted: Any) -> list[Booking]:
        if faults:
            raise faults.pop()
        return await find(**wanted)

    opened.list_pending = list_pending  # type: ignore[method-assign]
    task = asyncio.create_task(
        reconcile_forever(
            storage=opened,
            upstreams=dict.fromkeys(Mode, upstream),
            catalogue=CATALOGUE,
            poll_s=0.01,
        )
    )

    await asyncio.wait_for(has_asked.wait(), 10)

    task.cancel()
    with suppress(asyncio.CancelledError):
        await task

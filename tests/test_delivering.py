"""Confirmed and not delivered is never: tried for 75 hours, once at a time, over every failure."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

import pytest
from jinja2 import DictLoader, Environment
from structlog.testing import capture_logs

from tests.builders import (
    NOON,
    TOKEN_KEY,
    a_booking,
    a_message,
    a_purchase,
    an_opted_in_offer,
    mails_of,
    offer_of,
    some_settings,
)
from tests.fakes import Clock, Postbox, SilentUpstream, enclose_nothing
from widget.app import load_catalogue, load_texts
from widget.bookings import Booking, Policy
from widget.delivering import HANGS_AFTER_S, LEASE_S, Dispatch, deliver_forever
from widget.delivery.base import Delivery
from widget.delivery.letters import Letters
from widget.delivery.mail import MailDelivery, read_server
from widget.errors import (
    DeliveryFailed,
    StorageUnavailable,
    UpstreamRefused,
    UpstreamUnavailable,
)
from widget.evidence import offer_confirmed, offer_made
from widget.lanes import PER_LANE, ROOM
from widget.links import Links
from widget.logs import name_places
from widget.messages import WAITS, Kind, Message
from widget.offers import Offer
from widget.partners import Mode, Partner
from widget.storage.sqlite import SqliteStorage

pytestmark = pytest.mark.anyio

REFUSED = DeliveryFailed("The mail server failed.")
FINAL = DeliveryFailed("The recipient was refused.", is_final=True)


class Failing(SqliteStorage):
    """Fails in one of its methods as often as a test says."""

    def __init__(self, path: str, *, clock: Clock) -> None:
        super().__init__(path, clock=clock)
        self.failing: list[str] = []

    def _fail(self, name: str) -> None:
        if name in self.failing:
            self.failing.remove(name)
            raise StorageUnavailable("The database did not take part.")

    async def claim_messages(
        self,
        *,
        limit: int,
        lease_s: int,
        per_lane: int,
        busy: Collection[str] = (),
        only: Collection[str] | None = None,
    ) -> list[Message]:
        self._fail("claim_messages")
        return await super().claim_messages(
            limit=limit, lease_s=lease_s, per_lane=per_lane, busy=busy, only=only
        )

    async def mark_sent(self, message: Message) -> None:
        self._fail("mark_sent")
        await super().mark_sent(message)

    async def mark_failed(
        self, message: Message, *, next_try_at: datetime | None, problem: str
    ) -> None:
        self._fail("mark_failed")
        await super().mark_failed(message, next_try_at=next_try_at, problem=problem)


class Announcing(Postbox):
    """A postbox that tells when it has taken something."""

    def __init__(self) -> None:
        super().__init__()
        self.has_taken = asyncio.Event()

    async def deliver(self, message: Message, booking: Booking, partner: Partner) -> None:
        await super().deliver(message, booking, partner)
        self.has_taken.set()

    async def has_taken_all(self, number: int) -> None:
        """Wait until so many have been taken."""
        while len(self.taken) < number:
            self.has_taken.clear()
            await self.has_taken.wait()


@pytest.fixture
def storage(tmp_path: Path, clock: Clock) -> Failing:
    return Failing(str(tmp_path / "test.db"), clock=clock)


async def sell(storage: SqliteStorage, *numbers: int) -> list[Booking]:
    """Sell one offer for each number; its message is due at noon and as many seconds."""
    return [await _sell(storage, number) for number in numbers or (0,)]


async def _sell(storage: SqliteStorage, number: int) -> Booking:
    purchase = a_purchase(reference=f"CHK-{number}")
    offer = an_opted_in_offer(id=f"AAAAA-{number:05}-INS", purchase=purchase)
    await storage.save_offer(offer, offer_made(offer, texts_version="texts-1"))
    booking = a_booking(
        offer=offer,
        transaction_id=f"ORDER-{number}",
        policies=(Policy(f"TRV-{number:05}", offer.chosen_quotes[0], issued_at=NOON),),
        booked_at=NOON + timedelta(seconds=number),
    )
    await storage.save_booking(
        offer_of(booking),
        booking,
        [offer_confirmed(booking, at=booking.booked_at)],
        mails_of(booking),
    )
    return booking


def dispatch_of(storage: SqliteStorage, delivery: Delivery) -> Dispatch:
    upstreams = dict.fromkeys(Mode, SilentUpstream())
    return Dispatch(storage, dict.fromkeys(Kind, delivery), upstreams)


async def deliver(storage: SqliteStorage, delivery: Delivery, *, spread: float = 0) -> int:
    """Send what is due now, and return how many tries that took."""
    dispatch = dispatch_of(storage, delivery)
    dispatch.spread = lambda: spread
    tries = 0
    while begun := await dispatch.send_due():
        await dispatch.finish()
        tries += begun
    return tries


def problems(storage: SqliteStorage) -> Sequence[tuple[int, bool, str | None]]:
    rows = storage._all("SELECT failures, gave_up_at, last_problem FROM messages")
    return [(row["failures"], row["gave_up_at"] is not None, row["last_problem"]) for row in rows]


async def test_a_message_is_delivered_with_its_booking_and_its_partner(
    opened: SqliteStorage, postbox: Postbox
) -> None:
    (booking,) = await sell(opened)

    assert await deliver(opened, postbox) == 1

    ((message, delivered, partner),) = postbox.taken
    assert message == mails_of(booking)[0]
    assert delivered == booking
    assert partner == await opened.find_partner("acme")


async def test_a_message_that_was_delivered_is_not_delivered_again(
    opened: SqliteStorage, postbox: Postbox, clock: Clock
) -> None:
    await sell(opened)
    await deliver(opened, postbox)
    clock.move(days=30)

    assert await deliver(opened, postbox) == 0

    assert len(postbox.taken) == 1


async def test_a_message_leaves_when_it_is_due_and_not_before(
    opened: SqliteStorage, postbox: Postbox, clock: Clock
) -> None:
    await sell(opened, 9)

    before = await deliver(opened, postbox)
    clock.move(seconds=9)
    after = await deliver(opened, postbox)

    assert (before, after) == (0, 1)


async def test_no_more_of_a_lane_than_its_share_is_under_way(
    opened: SqliteStorage, clock: Clock
) -> None:
    bookings = await sell(opened, *range(2 * PER_LANE))
    await call_webhooks(opened, bookings)
    clock.move(minutes=1)
    postbox = Holding()
    dispatch = dispatch_of(opened, postbox)
    postbox.is_let_go.set()
    await dispatch.send_due()
    await dispatch.finish()
    postbox.is_let_go.clear()

    begun = [await dispatch.send_due() for _ in range(3)]
    await asyncio.wait_for(postbox.holds(PER_LANE), 10)
    held = postbox.held
    postbox.is_let_go.set()
    await dispatch.finish()

    assert begun == [2 * PER_LANE, 0, 0]
    assert held == PER_LANE


async def test_a_receiver_that_has_not_yet_answered_gets_one_message_at_a_time(
    opened: SqliteStorage, clock: Clock
) -> None:
    await call_webhooks(opened, await sell(opened, *range(5)))
    clock.move(minutes=1)
    postbox = Holding()
    dispatch = dispatch_of(opened, postbox)

    begun = await dispatch.send_due()
    await postbox.holds(1)
    for _ in range(5):
        await dispatch.send_due()
    held = postbox.held
    postbox.is_let_go.set()
    await dispatch.finish()

    assert begun == 2
    assert held == 1


async def test_one_message_that_fails_does_not_hold_up_the_others(
    opened: SqliteStorage, postbox: Postbox, clock: Clock
) -> None:
    await sell(opened, *range(5))
    postbox.failures = [REFUSED, FINAL]
    clock.move(minutes=1)

    await deliver(opened, postbox)

    assert len(postbox.taken) == 3


async def test_a_message_is_tried_for_75_hours_on_its_schedule_and_then_given_up(
    opened: SqliteStorage, postbox: Postbox, clock: Clock
) -> None:
    await sell(opened)
    postbox.failures = [REFUSED] * 11
    tries = [clock.time]
    await deliver(opened, postbox)

    for wait in WAITS:
        clock.time += wait - timedelta(microseconds=1)
        assert await deliver(opened, postbox) == 0, f"tried again within {wait}"
        clock.time += timedelta(microseconds=1)
        assert await deliver(opened, postbox) == 1, f"not tried again after {wait}"
        tries.append(clock.time)

    assert len(tries) == 10
    assert tries[-1] - tries[0] == timedelta(hours=75, minutes=35, seconds=5)
    clock.move(days=365)
    assert await deliver(opened, postbox) == 0
    assert problems(opened) == [(10, True, "The mail server failed.")]


@pytest.mark.parametrize(("spread", "wait_s"), [(0, 5), (0.5, 5.5), (1, 6)])
async def test_what_failed_together_does_not_come_back_together(
    opened: SqliteStorage, postbox: Postbox, clock: Clock, spread: float, wait_s: float
) -> None:
    await sell(opened)
    postbox.failures = [REFUSED]
    await deliver(opened, postbox, spread=spread)

    clock.move(seconds=wait_s, microseconds=-1)
    before = await deliver(opened, postbox)
    clock.move(microseconds=1)
    after = await deliver(opened, postbox)

    assert (before, after) == (0, 1)


async def test_by_default_the_waits_are_spread(
    opened: SqliteStorage, postbox: Postbox, clock: Clock
) -> None:
    await sell(opened, *range(PER_LANE))
    postbox.failures = [REFUSED] * PER_LANE
    clock.move(minutes=1)
    dispatch = dispatch_of(opened, postbox)

    await dispatch.send_due()
    await dispatch.finish()

    waits = [row["due_at"] for row in opened._all("SELECT due_at FROM messages")]
    assert len(set(waits)) == PER_LANE


async def test_a_message_arrives_on_a_later_try(
    opened: SqliteStorage, postbox: Postbox, clock: Clock
) -> None:
    await sell(opened)
    postbox.failures = [REFUSED, REFUSED]

    for wait in WAITS[:3]:
        await deliver(opened, postbox)
        clock.time += wait

    assert [message.failures for message, _, _ in postbox.taken] == [2]
    assert problems(opened) == [(2, False, None)]


async def test_a_final_refusal_is_given_up_at_once(
    opened: SqliteStorage, postbox: Postbox, clock: Clock
) -> None:
    await sell(opened)
    postbox.failures = [FINAL]
    await deliver(opened, postbox)
    clock.move(days=30)

    assert await deliver(opened, postbox) == 0

    assert problems(opened) == [(1, True, "The recipient was refused.")]


# -- lanes


class Holding(Announcing):
    """A delivery whose webhooks hang until they are let go."""

    def __init__(self) -> None:
        super().__init__()
        self.is_let_go = asyncio.Event()
        #: How many hang.
        self.held = 0
        self._is_held = asyncio.Event()

    async def deliver(self, message: Message, booking: Booking, partner: Partner) -> None:
        if message.kind is Kind.WEBHOOK:
            self.held += 1
            self._is_held.set()
            await self.is_let_go.wait()
            self.held -= 1
        await super().deliver(message, booking, partner)

    async def holds(self, number: int) -> None:
        """Wait until so many hang."""
        while self.held < number:
            self._is_held.clear()
            await self._is_held.wait()


async def call_webhooks(storage: SqliteStorage, bookings: Sequence[Booking]) -> None:
    """Owe a call of the partner's webhook for each booking, due before all mail."""
    await storage.add_messages(
        [
            a_message(
                id=f"evt_{booking.id}",
                offer_id=booking.id,
                kind=Kind.WEBHOOK,
                lane="webhook:acme:test",
                due_at=NOON - timedelta(minutes=1),
            )
            for booking in bookings
        ]
    )


async def test_a_receiver_that_hangs_holds_up_no_other(opened: SqliteStorage, clock: Clock) -> None:
    bookings = await sell(opened, *range(2 * PER_LANE))
    await call_webhooks(opened, bookings)
    clock.move(minutes=1)
    postbox = Holding()

    async with delivering(opened, postbox, asyncio.Event(), 3600):
        await asyncio.wait_for(postbox.has_taken_all(len(bookings)), 10)
        kinds = {message.kind for message, _, _ in postbox.taken}
        postbox.is_let_go.set()

    assert kinds == {Kind.POLICY_CONFIRMATION}


DEAD = 250


async def some_dead(storage: SqliteStorage, bookings: Sequence[Booking]) -> None:
    """Owe every booking's event to each of a great many receivers that hang."""
    await storage.add_messages(
        [
            a_message(
                id=f"evt_{number}_{booking.id}",
                offer_id=booking.id,
                kind=Kind.WEBHOOK,
                lane=f"webhook:dead-{number}:test",
                due_at=NOON - timedelta(minutes=1),
            )
            for number in range(DEAD)
            for booking in bookings
        ]
    )


async def test_however_many_receivers_hang_one_that_answers_is_not_held_up(
    opened: SqliteStorage, clock: Clock
) -> None:
    clock.move(minutes=1)
    bookings = await sell(opened, *range(12))
    postbox, wake = Holding(), asyncio.Event()
    async with delivering(opened, postbox, wake, 3600):
        wake.set()
        await asyncio.wait_for(postbox.has_taken_all(len(bookings)), 10)
        await some_dead(opened, bookings)
        wake.set()
        await asyncio.wait_for(postbox.holds(ROOM), 10)

        await sell(opened, 30)
        wake.set()
        # Sooner than the first that hangs is known to hang.
        await asyncio.wait_for(postbox.has_taken_all(len(bookings) + 1), 0.9 * HANGS_AFTER_S)
        postbox.is_let_go.set()


async def test_however_many_receivers_hang_one_that_is_new_is_heard_of_soon(
    opened: SqliteStorage, clock: Clock
) -> None:
    clock.move(minutes=1)
    await some_dead(opened, await sell(opened, *range(2)))
    await sell(opened, 30)
    postbox, wake = Holding(), asyncio.Event()
    dispatch = dispatch_of(opened, postbox)
    dispatch.hangs_after_s = 0.01
    task = asyncio.create_task(deliver_forever(dispatch, wake=wake, poll_s=3600))

    await asyncio.wait_for(postbox.has_taken_all(3), 10)
    await asyncio.wait_for(postbox.holds(DEAD), 10)
    held = postbox.held
    postbox.is_let_go.set()
    task.cancel()
    await asyncio.wait([task])

    assert held == DEAD


async def test_what_is_under_way_when_it_is_told_to_stop_is_finished(
    opened: SqliteStorage,
) -> None:
    await call_webhooks(opened, await sell(opened))
    postbox = Holding()
    dispatch = dispatch_of(opened, postbox)
    await dispatch.send_due()

    asyncio.get_running_loop().call_soon(postbox.is_let_go.set)
    await dispatch.finish(10)

    assert len(postbox.taken) == 2


async def test_what_takes_too_long_when_it_is_told_to_stop_is_sent_after_the_lease(
    opened: SqliteStorage, clock: Clock
) -> None:
    await call_webhooks(opened, await sell(opened))
    dispatch = dispatch_of(opened, Holding())
    await dispatch.send_due()
    await dispatch.finish(0.01)
    clock.move(seconds=LEASE_S)
    postbox = Postbox()

    await deliver(opened, postbox)

    assert [message.kind for message, _, _ in postbox.taken] == [Kind.WEBHOOK]


async def test_the_messages_of_a_booking_keep_their_order_in_a_lane(
    opened: SqliteStorage, postbox: Postbox, clock: Clock
) -> None:
    (booking,) = await sell(opened)
    later = [a_message(id=f"m-{place}", offer_id=booking.id, sequence=place) for place in (4, 3, 2)]
    await opened.add_messages(later)
    postbox.failures = [REFUSED, REFUSED]

    await deliver(opened, postbox)
    before = len(postbox.taken)
    clock.move(minutes=10)
    await deliver(opened, postbox)
    clock.move(minutes=10)
    await deliver(opened, postbox)

    assert before == 0
    assert [message.sequence for message, _, _ in postbox.taken] == [1, 2, 3, 4]


async def test_what_was_given_up_holds_up_nothing(opened: SqliteStorage, postbox: Postbox) -> None:
    (booking,) = await sell(opened)
    await opened.add_messages([a_message(id="m-2", offer_id=booking.id, sequence=2, due_at=NOON)])
    postbox.failures = [FINAL]

    await deliver(opened, postbox)

    assert [message.id for message, _, _ in postbox.taken] == ["m-2"]


async def test_a_receiver_that_asks_for_patience_is_left_alone_for_so_long(
    opened: SqliteStorage, postbox: Postbox, clock: Clock
) -> None:
    await sell(opened)
    postbox.failures = [DeliveryFailed("The webhook answered 429.", patience_s=600)]
    await deliver(opened, postbox)

    clock.move(seconds=599)
    before = await deliver(opened, postbox)
    clock.move(seconds=1)
    after = await deliver(opened, postbox)

    assert (before, after) == (0, 1)


# -- declines


class Listening(SilentUpstream):
    """An upstream that hears of declines, or fails as it is told."""

    def __init__(self, *failures: Exception) -> None:
        self.heard: list[str] = []
        self._failures = list(failures)

    async def decline(self, offer: Offer) -> None:
        if self._failures:
            raise self._failures.pop(0)
        self.heard.append(offer.id)


async def decline(storage: SqliteStorage, upstream: Listening) -> Dispatch:
    """Report a decline to an upstream, and return who brings it."""
    offer = an_opted_in_offer()
    await storage.save_offer(offer, offer_made(offer, texts_version="texts-1"))
    report = a_message(
        id="m-decline", offer_id=offer.id, kind=Kind.DECLINE, lane="upstream", due_at=NOON
    )
    await storage.add_messages([report])
    dispatch = dispatch_of(storage, Postbox())
    dispatch.upstreams = dict.fromkeys(Mode, upstream)
    await dispatch.send_due()
    await dispatch.finish()
    return dispatch


async def test_an_upstream_hears_of_a_decline(opened: SqliteStorage) -> None:
    upstream = Listening()

    await decline(opened, upstream)

    assert upstream.heard == ["AAAAA-BBBBB-INS"]


async def test_an_upstream_that_is_away_hears_of_it_later(
    opened: SqliteStorage, clock: Clock
) -> None:
    upstream = Listening(UpstreamUnavailable("No answer."))
    dispatch = await decline(opened, upstream)
    clock.move(seconds=10)

    await dispatch.send_due()
    await dispatch.finish()

    assert upstream.heard == ["AAAAA-BBBBB-INS"]


async def test_an_upstream_that_does_not_want_to_hear_is_left_alone(
    opened: SqliteStorage,
) -> None:
    await decline(opened, Listening(UpstreamRefused("Sold already.")))

    assert problems(opened) == [(1, True, "Sold already.")]


# -- deaths and faults


class Stumbling(Postbox):
    """A delivery with a fault of ours, for one of the bookings."""

    async def deliver(self, message: Message, booking: Booking, partner: Partner) -> None:
        if booking.transaction_id == "ORDER-1":
            raise ZeroDivisionError("canary")
        await asyncio.sleep(0)
        await super().deliver(message, booking, partner)


async def test_a_fault_with_one_message_is_noted_and_stops_no_other(
    opened: SqliteStorage, clock: Clock
) -> None:
    await sell(opened, *range(5))
    postbox = Stumbling()
    clock.move(minutes=1)

    with capture_logs() as lines:
        await deliver(opened, postbox)

    assert len(postbox.taken) == 4
    assert (1, False, "A fault of ours: ZeroDivisionError.") in problems(opened)
    (line,) = [line for line in lines if line["event"] == "delivery_failed"]
    assert line["message_id"] == "acme:AAAAA-00001-INS:0:policy_confirmation"
    assert name_places(None, "warning", line)["fault"]["type"] == "ZeroDivisionError"


async def test_a_letter_that_cannot_be_written_is_tried_again(
    opened: SqliteStorage,
) -> None:
    await sell(opened)
    settings = some_settings()
    broken = Letters(
        Environment(loader=DictLoader({}), autoescape=True),
        catalogue=load_catalogue(settings),
        links=Links(settings.public_url, [TOKEN_KEY.encode()]),
        texts=load_texts(),
    )
    mail = MailDelivery(
        read_server(settings.smtp_url),
        broken,
        sender=settings.mail_from,
        test_recipient=settings.test_mail_to,
        enclose=enclose_nothing,
    )

    await deliver(opened, mail)

    assert problems(opened) == [(1, False, "A fault of ours: TemplateNotFound.")]


async def test_when_the_database_goes_away_what_is_under_way_is_finished(
    opened: Failing, postbox: Postbox, clock: Clock
) -> None:
    await sell(opened, *range(5))
    opened.failing = ["mark_sent"]
    clock.move(minutes=1)

    await deliver(opened, postbox)

    sent = opened._all("SELECT id FROM messages WHERE sent_at IS NOT NULL")
    assert len(postbox.taken) == 5
    assert len(sent) == 4


async def test_what_a_dead_sender_had_taken_is_sent_by_another_after_the_lease(
    opened: SqliteStorage, postbox: Postbox, clock: Clock
) -> None:
    await sell(opened)
    await opened.claim_messages(limit=1, lease_s=LEASE_S, per_lane=1)  # and then it died

    clock.move(seconds=LEASE_S, microseconds=-1)
    while_it_runs = await deliver(opened, postbox)
    clock.move(microseconds=1)
    when_it_ran_out = await deliver(opened, postbox)

    assert (while_it_runs, when_it_ran_out) == (0, 1)
    assert len(postbox.taken) == 1


async def test_two_senders_never_send_the_same_message(
    opened: SqliteStorage, postbox: Postbox, clock: Clock
) -> None:
    await sell(opened, *range(30))
    clock.move(minutes=1)

    await asyncio.gather(*(deliver(opened, postbox) for _ in range(4)))

    sent = [message.id for message, _, _ in postbox.taken]
    assert len(sent) == len(set(sent)) == 30


async def test_a_message_that_was_sent_and_not_marked_is_sent_once_more_as_the_same(
    opened: Failing, postbox: Postbox, clock: Clock
) -> None:
    await sell(opened)
    opened.failing = ["mark_sent"]
    await deliver(opened, postbox)

    clock.move(seconds=LEASE_S)
    await deliver(opened, postbox)
    clock.move(seconds=LEASE_S)
    await deliver(opened, postbox)

    first, second = postbox.taken
    assert first[0].id == second[0].id


async def test_a_failure_that_was_not_marked_is_tried_again_after_the_lease(
    opened: Failing, postbox: Postbox, clock: Clock
) -> None:
    await sell(opened)
    postbox.failures = [REFUSED]
    opened.failing = ["mark_failed"]
    await deliver(opened, postbox)

    clock.move(seconds=LEASE_S)

    assert await deliver(opened, postbox) == 1
    assert len(postbox.taken) == 1


# -- for ever


@asynccontextmanager
async def delivering(
    storage: SqliteStorage, postbox: Postbox, wake: asyncio.Event, poll_s: float
) -> AsyncIterator[asyncio.Task[None]]:
    task = asyncio.create_task(
        deliver_forever(dispatch_of(storage, postbox), wake=wake, poll_s=poll_s)
    )
    yield task
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


class Watched(asyncio.Event):
    """An event that tells when somebody waits for it."""

    def __init__(self) -> None:
        super().__init__()
        self.is_awaited = asyncio.Event()

    async def wait(self) -> Literal[True]:
        self.is_awaited.set()
        return await super().wait()


async def test_it_stops_when_told_even_in_the_moment_of_a_wake_up(opened: SqliteStorage) -> None:
    wake = Watched()
    task = asyncio.create_task(deliver_forever(dispatch_of(opened, Postbox()), wake=wake))
    await wake.is_awaited.wait()

    wake.set()
    task.cancel()

    done, _ = await asyncio.wait([task], timeout=5)
    assert done


async def test_a_message_that_is_announced_leaves_at_once(opened: SqliteStorage) -> None:
    postbox, wake = Announcing(), asyncio.Event()
    an_hour = 3600
    async with delivering(opened, postbox, wake, an_hour):
        await asyncio.sleep(0)  # it has looked, found nothing, and waits
        await sell(opened)

        wake.set()

        await asyncio.wait_for(postbox.has_taken.wait(), 5)


async def test_a_message_that_nobody_announced_is_found(opened: SqliteStorage) -> None:
    postbox = Announcing()
    async with delivering(opened, postbox, asyncio.Event(), 0.01):
        await asyncio.sleep(0)
        await sell(opened)

        await asyncio.wait_for(postbox.has_taken.wait(), 5)


async def test_everything_that_waits_leaves_without_a_pause(
    opened: SqliteStorage, clock: Clock
) -> None:
    await sell(opened, *range(3 * PER_LANE))
    clock.move(minutes=2)
    postbox = Announcing()
    an_hour = 3600

    async with delivering(opened, postbox, asyncio.Event(), an_hour):
        await asyncio.wait_for(postbox.has_taken_all(3 * PER_LANE), 10)


async def test_delivering_goes_on_when_the_database_was_away(opened: Failing) -> None:
    postbox = Announcing()
    opened.failing = ["claim_messages", "claim_messages"]
    await sell(opened)

    async with delivering(opened, postbox, asyncio.Event(), 0.01) as task:
        await asyncio.wait_for(postbox.has_taken.wait(), 5)

        assert not task.done()

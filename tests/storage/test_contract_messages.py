"""What every storage promises of messages."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.builders import (
    NOON,
    a_partner,
    mails_of,
)
from tests.fakes import Clock
from tests.storage.contract import (
    Opener,
    booking_of,
    offer_number,
    sell,
    shown,
)
from widget.messages import Message
from widget.storage.base import Storage

pytestmark = pytest.mark.anyio


# -- messages


async def some_messages(storage: Storage, count: int) -> list[Message]:
    """Store bookings that owe one message each, due one second after the other."""
    bookings = []
    for number in range(count):
        offer = await storage.save_offer(offer_number(number), shown(offer_number(number)))
        late = {"booked_at": NOON + timedelta(seconds=number)}
        booking = replace(booking_of(offer, f"ORDER-{number}"), **late)  # type: ignore[arg-type]
        await sell(storage, booking)
        bookings.append(booking)
    return [mails_of(booking)[0] for booking in bookings]


async def test_a_message_is_claimed_when_it_is_due_and_not_before(
    storage: Storage, clock: Clock
) -> None:
    messages = await some_messages(storage, 2)

    at_noon = await storage.claim_messages(limit=10, lease_s=60, per_lane=10)
    clock.move(seconds=1)
    later = await storage.claim_messages(limit=10, lease_s=60, per_lane=10)

    assert at_noon == messages[:1]
    assert later == messages[1:]


async def test_messages_are_claimed_oldest_first_up_to_the_limit(
    storage: Storage, clock: Clock
) -> None:
    messages = await some_messages(storage, 5)
    clock.move(minutes=1)

    claims = [await storage.claim_messages(limit=2, lease_s=60, per_lane=2) for _ in range(4)]

    assert claims == [messages[:2], messages[2:4], messages[4:], []]


async def test_a_claimed_message_is_free_again_when_the_lease_has_run_out(
    storage: Storage, clock: Clock
) -> None:
    messages = await some_messages(storage, 1)
    await storage.claim_messages(limit=1, lease_s=60, per_lane=1)

    clock.move(seconds=59)
    while_it_runs = await storage.claim_messages(limit=1, lease_s=60, per_lane=1)
    clock.move(seconds=1)
    when_it_ran_out = await storage.claim_messages(limit=1, lease_s=60, per_lane=1)

    assert while_it_runs == []
    assert when_it_ran_out == messages


async def test_a_message_that_was_sent_is_never_claimed_again(
    storage: Storage, clock: Clock
) -> None:
    await some_messages(storage, 1)
    (message,) = await storage.claim_messages(limit=1, lease_s=60, per_lane=1)

    await storage.mark_sent(message)

    clock.move(days=400)
    assert await storage.claim_messages(limit=1, lease_s=60, per_lane=1) == []


async def test_a_message_that_failed_is_due_again_at_its_next_try(
    storage: Storage, clock: Clock
) -> None:
    await some_messages(storage, 1)
    (message,) = await storage.claim_messages(limit=1, lease_s=60, per_lane=1)
    again = NOON + timedelta(seconds=5)

    await storage.mark_failed(message, next_try_at=again, problem="The mail server failed.")

    assert await storage.claim_messages(limit=1, lease_s=60, per_lane=1) == []
    clock.move(seconds=5)
    claimed = await storage.claim_messages(limit=1, lease_s=60, per_lane=1)
    assert claimed == [replace(message, due_at=again, failures=1)]


async def test_a_message_that_was_given_up_is_never_claimed_again(
    storage: Storage, clock: Clock
) -> None:
    await some_messages(storage, 1)
    (message,) = await storage.claim_messages(limit=1, lease_s=60, per_lane=1)

    await storage.mark_failed(message, next_try_at=None, problem="The recipient was refused.")

    clock.move(days=400)
    assert await storage.claim_messages(limit=1, lease_s=60, per_lane=1) == []


async def test_claims_of_several_senders_never_overlap(opener: Opener, clock: Clock) -> None:
    storages = [await opener(), await opener(), await opener()]
    await storages[0].save_partner(a_partner())
    messages = await some_messages(storages[0], 40)
    clock.move(minutes=1)

    claims = await asyncio.gather(
        *(storages[n % 3].claim_messages(limit=3, lease_s=60, per_lane=3) for n in range(18))
    )

    claimed = [message for claim in claims for message in claim]
    assert sorted(claimed, key=lambda m: m.due_at) == messages

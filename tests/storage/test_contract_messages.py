"""What every storage promises of messages."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.builders import (
    NOON,
    a_message,
    a_partner,
    mails_of,
)
from tests.fakes import Clock
from tests.storage.contract import (
    Opener,
    a_sold_offer,
    booking_of,
    offer_number,
    sell,
    shown,
)
from widget.errors import StorageUnavailable
from widget.messages import Message
from widget.partners import Mode
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


# -- lanes


async def in_lanes(storage: Storage, *lanes: str) -> list[Message]:
    """Store one message for each lane that is named, due one second after the other."""
    booking = await a_sold_offer(storage, 99)
    messages = [
        replace(
            a_message(),
            id=f"m-{number}",
            offer_id=booking.id,
            lane=lane,
            due_at=NOON + timedelta(seconds=number),
            body=f"{number}",
        )
        for number, lane in enumerate(lanes)
    ]
    await storage.add_messages(messages)
    return messages


async def test_a_lane_that_is_full_leaves_room_for_the_others(
    storage: Storage, clock: Clock
) -> None:
    messages = await in_lanes(storage, "slow", "slow", "slow", "quick", "slow", "quick")
    clock.move(minutes=1)

    claimed = await storage.claim_messages(limit=10, lease_s=60, per_lane=2)

    assert claimed == [messages[0], messages[1], messages[3], messages[5]]


async def test_the_limit_counts_across_lanes_and_the_oldest_come_first(
    storage: Storage, clock: Clock
) -> None:
    messages = await in_lanes(storage, "a", "b", "a", "b", "c")
    clock.move(minutes=1)

    claims = [await storage.claim_messages(limit=3, lease_s=60, per_lane=2) for _ in range(3)]

    assert claims == [messages[:3], messages[3:], []]


async def test_nothing_is_taken_of_a_lane_that_is_busy(storage: Storage, clock: Clock) -> None:
    messages = await in_lanes(storage, "a", "b", "a", "c")
    clock.move(minutes=1)

    busy = await storage.claim_messages(limit=10, lease_s=60, per_lane=9, busy={"a", "c"})
    rest = await storage.claim_messages(limit=10, lease_s=60, per_lane=9, busy=["b"])

    assert busy == [messages[1]]
    assert rest == [messages[0], messages[2], messages[3]]


async def test_when_every_lane_is_busy_there_is_nothing_to_take(
    storage: Storage, clock: Clock
) -> None:
    await in_lanes(storage, "a", "b")
    clock.move(minutes=1)

    assert await storage.claim_messages(limit=9, lease_s=60, per_lane=9, busy={"a", "b"}) == []


async def test_something_is_taken_of_those_lanes_only_that_are_named(
    storage: Storage, clock: Clock
) -> None:
    messages = await in_lanes(storage, "a", "b", "c")
    clock.move(minutes=1)

    of_none = await storage.claim_messages(limit=9, lease_s=60, per_lane=9, only=())
    of_two = await storage.claim_messages(
        limit=9, lease_s=60, per_lane=9, only={"a", "b"}, busy={"b"}
    )

    assert of_none == []
    assert of_two == [messages[0]]


# -- messages by themselves


async def test_a_message_whose_id_is_there_stays_as_it_is(storage: Storage, clock: Clock) -> None:
    (message,) = await in_lanes(storage, "a")

    await storage.add_messages([replace(message, body="another"), replace(message, id="m-new")])

    clock.move(minutes=1)
    claimed = await storage.claim_messages(limit=9, lease_s=60, per_lane=9)
    assert {(m.id, m.body) for m in claimed} == {("m-0", "0"), ("m-new", "0")}


async def test_messages_of_no_offer_are_refused_together(storage: Storage) -> None:
    (message,) = await in_lanes(storage, "a")
    good, bad = replace(message, id="m-1"), replace(message, id="m-2", offer_id="NOBODYS")

    with pytest.raises(StorageUnavailable):
        await storage.add_messages([good, bad])

    assert await storage.claim_messages(limit=9, lease_s=60, per_lane=9) == [message]


# -- what became of them


async def listed(storage: Storage, **changes: Any) -> list[tuple[str, str]]:
    """Return the ids and the outcomes of what is listed."""
    wanted = {"partner_code": "acme", "mode": Mode.TEST, "kind": a_message().kind, "limit": 9}
    found = await storage.list_messages(**{**wanted, **changes})
    return [(progress.message.id, progress.outcome) for progress in found]


async def test_messages_are_listed_newest_first_with_what_became_of_them(
    storage: Storage, clock: Clock
) -> None:
    await in_lanes(storage, "a", "a", "a")
    clock.move(seconds=2)
    sent, given_up, _ = await storage.claim_messages(limit=9, lease_s=60, per_lane=9)
    await storage.mark_sent(sent)
    await storage.mark_failed(given_up, next_try_at=None, problem="It was refused.")

    own = [line for line in await listed(storage) if line[0].startswith("m-")]

    assert own == [("m-2", "waiting"), ("m-1", "gave_up"), ("m-0", "sent")]


async def test_a_message_stays_in_its_place_however_often_it_is_tried(
    storage: Storage, clock: Clock
) -> None:
    await in_lanes(storage, "a", "a")
    clock.move(seconds=2)
    first, _ = [
        message
        for message in await storage.claim_messages(limit=9, lease_s=60, per_lane=9)
        if message.id.startswith("m-")
    ]

    await storage.mark_failed(
        first, next_try_at=NOON + timedelta(days=1), problem="It was refused."
    )
    await storage.send_again("acme", Mode.TEST, "m-0", kind=a_message().kind)

    own = [line for line in await listed(storage) if line[0].startswith("m-")]
    assert own == [("m-1", "waiting"), ("m-0", "waiting")]


async def test_messages_are_listed_up_to_the_limit(storage: Storage) -> None:
    await in_lanes(storage, *"aaaa")

    assert len(await listed(storage, limit=2)) == 2


@pytest.mark.parametrize(
    "other", [{"partner_code": "globex"}, {"mode": Mode.LIVE}, {"kind": "another"}]
)
async def test_messages_of_another_are_not_listed(storage: Storage, other: dict[str, Any]) -> None:
    await in_lanes(storage, "a")

    assert await listed(storage, **other) == []


@pytest.mark.parametrize("outcome", ["sent", "gave_up", "waiting"])
async def test_a_message_that_is_sent_again_is_due_with_all_its_tries(
    storage: Storage, clock: Clock, outcome: str
) -> None:
    (message,) = await in_lanes(storage, "a")
    await storage.claim_messages(limit=1, lease_s=60, per_lane=1)
    if outcome == "sent":
        await storage.mark_sent(message)
    else:
        later = None if outcome == "gave_up" else NOON + timedelta(days=1)
        await storage.mark_failed(message, next_try_at=later, problem="It was refused.")
    clock.move(minutes=1)

    is_found = await storage.send_again("acme", Mode.TEST, message.id, kind=message.kind)

    assert is_found is True
    claimed = await storage.claim_messages(limit=1, lease_s=60, per_lane=1)
    assert claimed == [replace(message, due_at=clock.time, failures=0)]


async def test_a_message_of_another_is_not_sent_again(storage: Storage, clock: Clock) -> None:
    (message,) = await in_lanes(storage, "a")
    await storage.claim_messages(limit=1, lease_s=600, per_lane=1)
    await storage.mark_sent(message)
    clock.move(minutes=1)

    found = [
        await storage.send_again("globex", Mode.TEST, message.id, kind=message.kind),
        await storage.send_again("acme", Mode.LIVE, message.id, kind=message.kind),
        await storage.send_again("acme", Mode.TEST, "m-9", kind=message.kind),
        await storage.send_again("acme", Mode.TEST, message.id, kind="another"),
    ]

    assert found == [False] * 4
    assert await storage.claim_messages(limit=1, lease_s=60, per_lane=1) == []


async def test_the_messages_of_an_offer_keep_their_order_in_a_lane(
    storage: Storage, clock: Clock
) -> None:
    (first,) = await in_lanes(storage, "a")
    later = [
        replace(first, id="m-2", sequence=first.sequence + 1, due_at=first.due_at),
        replace(first, id="m-3", sequence=first.sequence + 1, due_at=first.due_at, lane="b"),
    ]
    await storage.add_messages(later)
    clock.move(minutes=1)

    before = await storage.claim_messages(limit=9, lease_s=60, per_lane=9)
    await storage.mark_failed(first, next_try_at=None, problem="It was refused.")
    after = await storage.claim_messages(limit=9, lease_s=60, per_lane=9)

    assert [message.id for message in before if message.id.startswith("m-")] == ["m-0", "m-3"]
    assert [message.id for message in after] == ["m-2"]

"""What every storage promises of replies: with the change that they tell of, or not at all."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

from tests.builders import NOON, a_message, a_partner, a_reply, an_amendment, mails_of, offer_of
from tests.fakes import Clock
from tests.storage.contract import Opener, a_sold_offer, booking_of, chosen, offer_number, shown
from widget.errors import ReplyTaken, StorageUnavailable
from widget.evidence import booking_noted, offer_confirmed
from widget.partners import Mode
from widget.replies import Reply
from widget.storage.base import Storage

pytestmark = pytest.mark.anyio


@dataclass(frozen=True)
class Saving:
    """A method that keeps a reply."""

    #: Stores what the method takes for granted.
    given: Callable[[Storage], Awaitable[object]]
    #: Stores something, and a reply with it.
    save: Callable[[Storage, Reply | None], Awaitable[object]]
    #: Returns what there is to see of it.
    seen: Callable[[Storage], Awaitable[object]]


OFFER = offer_number(1)
BOOKING = booking_of(OFFER)
OUT = OFFER.opt_out(at=NOON + timedelta(minutes=3), locale="en")
NOTED = BOOKING.noted(renewal_declined_at=NOON)
PRICED = replace(an_amendment(), booking_id=BOOKING.id)
MESSAGE = replace(a_message(), offer_id=OFFER.id)
KIND = MESSAGE.kind


async def nothing(_: Storage) -> None:
    """Take nothing for granted."""


async def an_offer_stored(storage: Storage) -> None:
    await storage.save_offer(OFFER, shown(OFFER))


SAVINGS = {
    "save_offer": Saving(
        given=nothing,
        save=lambda s, reply: s.save_offer(OFFER, shown(OFFER), reply),
        seen=lambda s: s.find_offer("acme", OFFER.id),
    ),
    "change_offer": Saving(
        given=an_offer_stored,
        save=lambda s, reply: s.change_offer(OFFER, OUT, chosen(OUT), reply=reply),
        seen=lambda s: s.find_offer("acme", OFFER.id),
    ),
    "save_booking": Saving(
        given=an_offer_stored,
        save=lambda s, reply: s.save_booking(
            offer_of(BOOKING),
            BOOKING,
            [offer_confirmed(BOOKING, at=NOON)],
            mails_of(BOOKING),
            reply,
        ),
        seen=lambda s: s.find_booking("acme", BOOKING.id),
    ),
    "change_booking": Saving(
        given=a_sold_offer,
        save=lambda s, reply: s.change_booking(
            BOOKING, NOTED, booking_noted(NOTED, "renewal_declined", at=NOON), reply=reply
        ),
        seen=lambda s: s.find_booking("acme", BOOKING.id),
    ),
    "save_amendment": Saving(
        given=a_sold_offer,
        save=lambda s, reply: s.save_amendment(PRICED, reply),
        seen=lambda s: s.find_amendment("acme", BOOKING.id, PRICED.id),
    ),
    "add_messages": Saving(
        given=an_offer_stored,
        save=lambda s, reply: s.add_messages([MESSAGE], reply),
        seen=lambda s: s.list_messages("acme", Mode.TEST, kind=KIND, limit=9),
    ),
}


@pytest.fixture(params=list(SAVINGS.values()), ids=list(SAVINGS))
async def saving(request: pytest.FixtureRequest, storage: Storage) -> Saving:
    """One of the methods that keep a reply, with what it takes for granted."""
    saving: Saving = request.param
    await saving.given(storage)
    return saving


async def found(storage: Storage, **changes: object) -> Reply | None:
    """Return what is found under the key of `a_reply`, or under another."""
    key = {"partner_code": "acme", "mode": Mode.TEST, "key": "key-1", **changes}
    return await storage.find_reply(**key)  # type: ignore[arg-type]  # the test's own facts


def test_every_method_that_takes_a_reply_is_tried() -> None:
    methods = {name: getattr(Storage, name) for name in vars(Storage) if name[0] != "_"}
    taking = {name for name, method in methods.items() if "reply" in method.__annotations__}

    assert taking == SAVINGS.keys()


async def test_a_reply_comes_back_as_it_was_stored(storage: Storage, saving: Saving) -> None:
    reply = replace(a_reply(), offer_id=OFFER.id, body="Zoë\x00".encode(), status=202)

    await saving.save(storage, reply)

    assert await found(storage) == reply


async def test_what_needs_no_reply_keeps_none(storage: Storage, saving: Saving) -> None:
    await saving.save(storage, None)

    assert await found(storage) is None


async def test_with_a_key_that_is_taken_nothing_is_stored(storage: Storage, saving: Saving) -> None:
    other = offer_number(9)
    first = replace(a_reply(), offer_id=other.id)
    await storage.save_offer(other, shown(other), first)
    before = await saving.seen(storage)

    with pytest.raises(ReplyTaken):
        await saving.save(storage, replace(a_reply(), offer_id=OFFER.id, body=b"second"))

    assert await saving.seen(storage) == before
    assert await found(storage) == first


async def test_what_a_request_has_begun_makes_room_for_its_answer(
    storage: Storage, saving: Saving
) -> None:
    other = offer_number(9)
    answer = replace(a_reply(), offer_id=other.id)
    begun = replace(answer.under_way(), created_at=NOON - timedelta(minutes=1))
    await storage.save_offer(other, shown(other), begun)
    before = await found(storage)

    await saving.save(storage, answer)

    assert before == begun
    assert await found(storage) == answer


@pytest.mark.parametrize("changes", [{"fingerprint": "0" * 64}, {"offer_id": OFFER.id}])
async def test_what_a_request_has_begun_makes_no_room_for_another(
    storage: Storage, saving: Saving, changes: dict[str, Any]
) -> None:
    other = offer_number(9)
    begun = replace(a_reply(), offer_id=other.id).under_way()
    await storage.save_offer(other, shown(other), begun)
    before = await saving.seen(storage)

    with pytest.raises(ReplyTaken):
        await saving.save(storage, replace(a_reply(), **{"offer_id": other.id, **changes}))

    assert await saving.seen(storage) == before
    assert await found(storage) == begun


async def test_a_reply_that_cannot_be_kept_undoes_the_change(
    storage: Storage, saving: Saving
) -> None:
    before = await saving.seen(storage)

    with pytest.raises(StorageUnavailable):
        await saving.save(storage, replace(a_reply(), offer_id="NOBODYS"))

    assert await saving.seen(storage) == before
    assert await found(storage) is None


@pytest.mark.parametrize("name", ["save_offer", "change_offer", "save_booking", "change_booking"])
async def test_what_is_not_stored_keeps_no_reply(storage: Storage, name: str) -> None:
    saving = SAVINGS[name]
    await saving.given(storage)
    await saving.save(storage, None)

    await saving.save(storage, replace(a_reply(), offer_id=OFFER.id))

    assert await found(storage) is None


@pytest.mark.parametrize("other", [{"partner_code": "globex"}, {"mode": Mode.LIVE}, {"key": "k"}])
async def test_a_reply_of_another_is_not_found(storage: Storage, other: dict[str, object]) -> None:
    await storage.save_offer(OFFER, shown(OFFER), replace(a_reply(), offer_id=OFFER.id))

    assert await found(storage, **other) is None


async def test_partners_and_modes_may_use_the_same_key(storage: Storage) -> None:
    for changes in ({}, {"partner_code": "globex"}, {"mode": Mode.LIVE}):
        offer = offer_number(len(changes) + 3, **changes) if changes else OFFER
        offer = replace(offer, id=f"{offer.partner_code}-{offer.mode}")
        reply = replace(a_reply(), offer_id=offer.id, **changes)
        await storage.save_offer(offer, shown(offer), reply)

        assert await found(storage, **changes) == reply


async def test_a_reply_is_kept_for_48_hours_and_its_key_is_free_then(
    storage: Storage, clock: Clock
) -> None:
    first = replace(a_reply(), offer_id=OFFER.id)
    await storage.save_offer(OFFER, shown(OFFER), first)

    clock.time = NOON + timedelta(hours=48) - timedelta(microseconds=1)
    before = await found(storage)
    clock.time = NOON + timedelta(hours=48)
    after = await found(storage)
    again = replace(first, body=b"again", created_at=clock.time)
    await storage.change_offer(OFFER, OUT, chosen(OUT), reply=again)

    assert (before, after) == (first, None)
    assert await found(storage) == again


async def test_of_many_changes_with_one_key_at_once_one_is_stored(opener: Opener) -> None:
    storages = [await opener(), await opener()]
    await storages[0].save_partner(a_partner())
    offers = [offer_number(number) for number in range(32)]

    results = await asyncio.gather(
        *(
            storages[n % 2].save_offer(o, shown(o), replace(a_reply(), offer_id=o.id))
            for n, o in enumerate(offers)
        ),
        return_exceptions=True,
    )

    winners = [offer for offer in offers if offer in results]
    stored = [await storages[0].find_offer("acme", offer.id) for offer in offers]
    reply = await found(storages[0])
    assert sum(isinstance(result, ReplyTaken) for result in results) == 31
    assert [offer for offer in stored if offer] == winners
    assert reply is not None
    assert reply.offer_id == winners[0].id

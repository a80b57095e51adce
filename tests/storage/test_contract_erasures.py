"""What every storage promises of erasing: the people go, and everything else stays as it is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.builders import (
    NOON,
    a_message,
    a_policyholder,
    a_reply,
    a_showing,
    an_amendment,
    an_offer,
)
from tests.storage.contract import (
    a_sold_offer,
    booking_of,
    kinds_of_evidence,
    offer_number,
    sell,
    shown,
)
from widget.bookings import Insured
from widget.erasures import Erasure
from widget.evidence import Leaf, booking_noted, people_erased
from widget.messages import Kind
from widget.showings import Filling
from widget.storage.base import Storage

pytestmark = pytest.mark.anyio


def erased(offer_id: str) -> Leaf:
    return people_erased(an_offer(id=offer_id), at=NOON, is_forced=False)


async def test_the_people_go_and_the_booking_stays(storage: Storage) -> None:
    booking = await a_sold_offer(storage)

    erasure = await storage.erase_people("acme", booking.id, erased(booking.id))

    found = await storage.find_booking("acme", booking.id)
    assert found == replace(booking.erased(), revision=booking.revision + 1)
    assert found.is_erased
    assert (erasure.people, erasure.messages) == (1, 1)
    assert (await kinds_of_evidence(storage, booking.offer))[-1] == "people_erased"


async def test_a_change_that_was_begun_before_is_refused(storage: Storage) -> None:
    booking = await a_sold_offer(storage)
    await storage.erase_people("acme", booking.id, erased(booking.id))

    changed = booking.noted(policyholder=a_policyholder(first_name="Back"))

    leaf = booking_noted(changed, "late", at=NOON)
    assert not await storage.change_booking(booking, changed, leaf)


async def test_what_beside_the_booking_may_name_somebody_goes_too(storage: Storage) -> None:
    booking = await a_sold_offer(storage)
    key = {"booking_id": booking.id}
    person = a_policyholder(last_name="Other")
    await storage.save_amendment(an_amendment(**key, policyholder=person, reason="ill"))
    await storage.add_messages(
        [a_message(id="evt_1", kind=Kind.WEBHOOK, offer_id=booking.id, body='{"name":"Ada"}')],
        a_reply(offer_id=booking.id),
    )
    back = Filling("n", 1, "https://shop.test/?ada")
    await storage.save_showing(a_showing(booking.offer, filling=back))

    erasure = await storage.erase_people("acme", booking.id, erased(booking.id))

    counts = {"people": 1, "texts": 0, "amendments": 1, "messages": 2, "replies": 1, "ways_back": 1}
    assert erasure == Erasure("acme", booking.id, **counts)
    amendment = await storage.find_amendment("acme", booking.id, an_amendment().id)
    assert amendment is not None
    assert (amendment.policyholder, amendment.reason) == (None, None)
    assert await storage.find_reply("acme", booking.mode, "key-1") is None
    assert [page.way_back for page in await storage.list_pages(after=0, limit=9)] == [None]


async def test_nothing_is_sent_any_more_and_no_webhook_again(storage: Storage) -> None:
    booking = await a_sold_offer(storage)
    webhook = a_message(id="evt_1", kind=Kind.WEBHOOK, offer_id=booking.id, body="{}")
    await storage.add_messages([webhook])
    under_way = await storage.claim_messages(limit=1, lease_s=60, per_lane=9)

    await storage.erase_people("acme", booking.id, erased(booking.id))
    for message in under_way:
        await storage.mark_failed(message, next_try_at=NOON, problem="The mail server failed.")

    assert await storage.claim_messages(limit=9, lease_s=60, per_lane=9) == []
    assert not await storage.send_again("acme", booking.mode, "evt_1", kind=Kind.WEBHOOK)


async def test_where_there_is_nothing_to_erase_no_leaf_is_written(storage: Storage) -> None:
    await storage.save_offer(an_offer(), shown(an_offer()))

    erasure = await storage.erase_people("acme", an_offer().id, erased(an_offer().id))

    assert erasure.is_nothing
    assert await kinds_of_evidence(storage, an_offer()) == ["offer_made"]


async def test_others_lose_nothing(storage: Storage) -> None:
    one, other = await a_sold_offer(storage, 1), await a_sold_offer(storage, 2)

    await storage.erase_people("acme", one.id, erased(one.id))

    assert await storage.find_booking("acme", other.id) == other


async def test_bookings_are_found_by_the_address_of_whoever_they_name(storage: Storage) -> None:
    one, two = await a_sold_offer(storage, 1), await a_sold_offer(storage, 2)
    offer = await storage.save_offer(offer_number(3), shown(offer_number(3)))
    twin = Insured("Tweedle", "Dee", email="Twin@Customer.example")
    three = replace(booking_of(offer, "ORDER-3"), insured={"q-1": (twin,)})
    await sell(storage, three)
    person = replace(two.policyholder, email="twin@customer.example")
    await storage.save_amendment(an_amendment(booking_id=two.id, policyholder=person))

    twins = await storage.find_bookings_of(" twin@CUSTOMER.example ")
    everybody = await storage.find_bookings_of(one.policyholder.email)

    assert twins == [("acme", two.id), ("acme", three.id)]
    assert everybody == [("acme", one.id), ("acme", two.id), ("acme", three.id)]

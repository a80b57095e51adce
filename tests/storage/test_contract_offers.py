"""What every storage promises of offers, of choices and of evidence."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.builders import (
    NOON,
    a_leg,
    a_partner,
    a_purchase,
    a_trip,
    an_offer,
    an_opted_in_offer,
)
from tests.fakes import Clock
from tests.storage.contract import (
    Opener,
    a_sold_offer,
    booking_of,
    chosen,
    kinds_of_evidence,
    sell,
    shown,
)
from widget.errors import StorageUnavailable
from widget.evidence import offer_declined, offer_repriced
from widget.offers import Offer, Status
from widget.partners import Mode
from widget.storage.base import Storage

pytestmark = pytest.mark.anyio


# -- offers


async def test_an_offer_comes_back_as_it_was_stored(storage: Storage) -> None:
    trip = a_trip(legs=(a_leg(),))
    offer = an_opted_in_offer(purchase=a_purchase(trip=trip, language="de-AT"))

    await storage.save_offer(offer, shown(offer))

    assert await storage.find_offer("acme", offer.id) == offer


async def test_a_stored_purchase_still_has_its_hash(storage: Storage) -> None:
    offer = an_offer(purchase=a_purchase(trip=a_trip(legs=(a_leg(),))))
    await storage.save_offer(offer, shown(offer))

    found = await storage.find_offer("acme", offer.id)

    assert found is not None
    assert found.purchase.content_hash() == offer.purchase_hash


async def test_another_partners_offer_is_not_found(storage: Storage) -> None:
    await storage.save_offer(an_offer(), shown(an_offer()))

    assert await storage.find_offer("globex", an_offer().id) is None


async def test_two_partners_may_have_offers_with_the_same_id(storage: Storage) -> None:
    for offer in (an_offer(), an_offer(partner_code="globex")):
        await storage.save_offer(offer, shown(offer))

    found = await storage.find_offer("globex", an_offer().id)

    assert found == an_offer(partner_code="globex")


async def test_an_offer_is_stored_with_the_evidence_that_it_was_shown(storage: Storage) -> None:
    await storage.save_offer(an_offer(), shown(an_offer()))

    assert await storage.list_evidence("acme", an_offer().id) == [shown(an_offer())]


async def test_a_purchase_that_leads_to_an_offer_gets_that_one(storage: Storage) -> None:
    first, second = an_offer(), an_offer(id="SECND-SECND-INS")
    await storage.save_offer(first, shown(first))

    given = await storage.save_offer(second, shown(second))

    assert given == first
    assert await storage.find_offer("acme", second.id) is None
    assert await storage.list_evidence("acme", second.id) == []


async def test_a_purchase_without_a_reference_is_always_a_new_offer(storage: Storage) -> None:
    purchase = a_purchase(reference=None)
    offers = [an_offer(purchase=purchase), an_offer(id="SECND-SECND-INS", purchase=purchase)]

    given = [await storage.save_offer(offer, shown(offer)) for offer in offers]

    assert given == offers


@pytest.mark.parametrize(
    "other",
    [
        an_offer(id="SECND-SECND-INS", partner_code="globex"),
        an_offer(id="SECND-SECND-INS", mode=Mode.LIVE),
        an_offer(id="SECND-SECND-INS", purchase=a_purchase(reference="CHK-2")),
        an_offer(id="SECND-SECND-INS", purchase=a_purchase(trip=a_trip(adults=1))),
    ],
    ids=["partner", "mode", "reference", "purchase"],
)
async def test_an_offer_of_another(storage: Storage, other: Offer) -> None:
    await storage.save_offer(an_offer(), shown(an_offer()))

    assert await storage.save_offer(other, shown(other)) == other


async def test_an_expired_offer_makes_room_for_a_new_one(storage: Storage, clock: Clock) -> None:
    await storage.save_offer(an_offer(), shown(an_offer()))
    clock.move(minutes=30)
    later = {"created_at": clock.time, "expires_at": clock.time + timedelta(minutes=30)}
    second = an_offer(id="SECND-SECND-INS", **later)

    given = await storage.save_offer(second, shown(second))

    assert given == second
    assert await open_offer(storage) == second
    assert await storage.find_offer("acme", an_offer().id) == an_offer()


async def open_offer(storage: Storage, purchase_hash: str | None = None) -> Offer | None:
    purchase_hash = purchase_hash or an_offer().purchase_hash
    return await storage.find_open_offer("acme", Mode.TEST, "CHK-1", purchase_hash)


async def test_an_offer_is_open_until_the_moment_in_which_it_expires(
    storage: Storage, clock: Clock
) -> None:
    await storage.save_offer(an_offer(), shown(an_offer()))

    clock.time = an_offer().expires_at - timedelta(microseconds=1)
    before = await open_offer(storage)
    clock.time = an_offer().expires_at
    after = await open_offer(storage)

    assert before == an_offer()
    assert after is None


async def test_a_booked_purchase_leads_to_its_booking_for_good(
    storage: Storage, clock: Clock
) -> None:
    offer = an_opted_in_offer()
    await storage.save_offer(offer, shown(offer))
    await sell(storage, booking_of(offer))

    clock.move(days=400)
    second = an_offer(id="SECND-SECND-INS")

    assert await open_offer(storage) == offer.booked(Status.CONFIRMED)
    assert await storage.save_offer(second, shown(second)) == offer.booked(Status.CONFIRMED)


async def test_a_purchase_that_was_never_offered_leads_nowhere(storage: Storage) -> None:
    await storage.save_offer(an_offer(), shown(an_offer()))

    assert await open_offer(storage, "0" * 64) is None


async def test_of_many_openings_at_once_all_get_the_same_offer(opener: Opener) -> None:
    storages = [await opener(), await opener()]
    await storages[0].save_partner(a_partner())
    offers = [an_offer(id=f"AAAAA-{number:05}-INS") for number in range(64)]

    given = await asyncio.gather(
        *(storages[n % 2].save_offer(offer, shown(offer)) for n, offer in enumerate(offers))
    )

    assert len({offer.id for offer in given}) == 1
    stored = [await storages[0].find_offer("acme", offer.id) for offer in offers]
    assert [offer for offer in stored if offer] == [given[0]]


async def test_an_offer_whose_evidence_cannot_be_kept_is_not_stored(storage: Storage) -> None:
    of_no_offer = replace(shown(an_offer()), offer_id="OTHER-OTHER-INS")

    with pytest.raises(StorageUnavailable):
        await storage.save_offer(an_offer(), of_no_offer)

    assert await storage.find_offer("acme", an_offer().id) is None
    assert await open_offer(storage) is None


# -- other quotes


def for_one_adult(offer: Offer) -> Offer:
    """Return an offer for a changed purchase, with one quote left and a later expiry."""
    purchase = a_purchase(trip=a_trip(adults=1))
    return offer.repriced(
        purchase, offer.quotes[:1], upstream_id=None, expires_at=NOON + timedelta(hours=1)
    )


async def test_a_changed_purchase_leads_to_the_offer_and_the_one_before_nowhere(
    storage: Storage,
) -> None:
    offer = await storage.save_offer(an_offer(), shown(an_offer()))
    changed = for_one_adult(offer)
    leaf = offer_repriced(changed, at=NOON, texts_version="texts-1")

    assert await storage.change_offer(offer, changed, leaf) is True

    assert await storage.find_offer("acme", offer.id) == changed
    assert await open_offer(storage, changed.purchase_hash) == changed
    assert await open_offer(storage, offer.purchase_hash) is None
    assert await storage.list_evidence("acme", offer.id) == [shown(offer), leaf]


async def test_a_changed_offer_stands_as_long_as_its_new_premiums(
    storage: Storage, clock: Clock
) -> None:
    offer = await storage.save_offer(an_offer(), shown(an_offer()))
    changed = for_one_adult(offer)
    await storage.change_offer(
        offer, changed, offer_repriced(changed, at=NOON, texts_version="texts-1")
    )

    clock.time = changed.expires_at - timedelta(microseconds=1)
    before = await open_offer(storage, changed.purchase_hash)
    clock.time = changed.expires_at
    after = await open_offer(storage, changed.purchase_hash)

    assert (before, after) == (changed, None)


@pytest.fixture
async def small(storage: Storage) -> Offer:
    """An offer for one adult, opted in to, beside one for two that is changed to the same."""
    purchase = for_one_adult(an_offer()).purchase
    offer = an_opted_in_offer(id="AAAAA-00001-INS", purchase=purchase)
    await storage.save_offer(offer, shown(offer))
    other = await storage.save_offer(an_offer(), shown(an_offer()))
    await repriced(storage, other, for_one_adult(other))
    return offer


async def repriced(storage: Storage, seen: Offer, changed: Offer) -> None:
    leaf = offer_repriced(changed, at=NOON, texts_version="texts-1")
    assert await storage.change_offer(seen, changed, leaf) is True


async def test_a_purchase_stays_with_the_offer_that_is_still_open(
    storage: Storage, small: Offer
) -> None:
    assert await open_offer(storage, small.purchase_hash) == small


async def test_an_offer_that_has_expired_gives_its_purchase_to_one_that_is_changed(
    storage: Storage, small: Offer, clock: Clock
) -> None:
    seen = for_one_adult(an_offer())
    later = replace(seen, expires_at=small.expires_at + timedelta(hours=1), revision=2)
    clock.time = small.expires_at

    await repriced(storage, seen, later)

    assert await open_offer(storage, small.purchase_hash) == later


async def test_an_offer_can_be_booked_after_another_was_changed_to_it_and_back(
    storage: Storage, small: Offer
) -> None:
    await repriced(storage, for_one_adult(an_offer()), replace(an_offer(), revision=2))

    booking = await sell(storage, booking_of(small))

    assert booking is not None
    assert await open_offer(storage, small.purchase_hash) == booking.offer


async def test_an_offer_whose_purchase_leads_nowhere_can_be_booked(
    storage: Storage, clock: Clock
) -> None:
    offer = await storage.save_offer(an_opted_in_offer(), shown(an_offer()))
    clock.time = offer.expires_at
    other = an_offer(id="BBBBB-00002-INS", expires_at=offer.expires_at + timedelta(hours=1))
    await storage.save_offer(other, shown(other))
    await repriced(storage, other, for_one_adult(other))

    booking = await sell(storage, booking_of(offer))

    assert booking is not None
    assert await open_offer(storage, offer.purchase_hash) == booking.offer


# -- choices


async def test_a_choice_is_stored_with_its_evidence(storage: Storage) -> None:
    offer = await storage.save_offer(an_offer(), shown(an_offer()))
    changed = offer.opt_in({"q-2"}, at=NOON + timedelta(seconds=9), locale="de")

    assert await storage.change_offer(offer, changed, chosen(changed)) is True

    assert await storage.find_offer("acme", offer.id) == changed
    assert await storage.list_evidence("acme", offer.id) == [shown(offer), chosen(changed)]


async def test_a_decline_is_stored_with_its_evidence(storage: Storage) -> None:
    offer = await storage.save_offer(an_offer(), shown(an_offer()))
    leaf = offer_declined(offer.decline(), at=NOON)

    assert await storage.change_offer(offer, offer.decline(), leaf) is True

    assert await storage.find_offer("acme", offer.id) == offer.decline()
    assert await kinds_of_evidence(storage, offer) == ["offer_made", "offer_declined"]


async def test_a_choice_on_an_offer_that_has_changed_stores_nothing(storage: Storage) -> None:
    seen = await storage.save_offer(an_offer(), shown(an_offer()))
    first = seen.opt_in({"q-1"}, at=NOON, locale="en")
    await storage.change_offer(seen, first, chosen(first))
    late = seen.opt_out(at=NOON, locale="en")

    assert await storage.change_offer(seen, late, chosen(late)) is False

    assert await storage.find_offer("acme", seen.id) == first
    assert await kinds_of_evidence(storage, seen) == ["offer_made", "choice_made"]


async def test_a_choice_on_an_offer_that_was_declined_stores_nothing(storage: Storage) -> None:
    seen = await storage.save_offer(an_offer(), shown(an_offer()))
    await storage.change_offer(seen, seen.decline(), offer_declined(seen, at=NOON))
    late = seen.opt_in({"q-1"}, at=NOON, locale="en")

    assert await storage.change_offer(seen, late, chosen(late)) is False

    assert await storage.find_offer("acme", seen.id) == seen.decline()


async def test_a_choice_on_an_offer_that_was_booked_stores_nothing(storage: Storage) -> None:
    booking = await a_sold_offer(storage)
    seen = replace(booking.offer, status=Status.RECEIVED)
    late = seen.opt_out(at=NOON, locale="en")

    assert await storage.change_offer(seen, late, chosen(late)) is False

    found = await storage.find_booking("acme", booking.id)
    assert found == booking


async def test_a_choice_on_an_offer_that_does_not_exist_stores_nothing(storage: Storage) -> None:
    late = an_offer().opt_out(at=NOON, locale="en")

    assert await storage.change_offer(an_offer(), late, chosen(late)) is False


async def test_a_choice_leaves_the_offer_of_another_partner_alone(storage: Storage) -> None:
    twin = an_offer(partner_code="globex")
    for offer in (an_offer(), twin):
        await storage.save_offer(offer, shown(offer))
    changed = an_offer().opt_in({"q-1"}, at=NOON, locale="en")

    await storage.change_offer(an_offer(), changed, chosen(changed))

    assert await storage.find_offer("globex", twin.id) == twin


async def test_of_many_choices_at_once_one_is_stored(opener: Opener) -> None:
    storages = [await opener(), await opener()]
    await storages[0].save_partner(a_partner())
    seen = await storages[0].save_offer(an_offer(), shown(an_offer()))
    moves = [
        seen.opt_in({f"q-{n % 2 + 1}"}, at=NOON + timedelta(seconds=n), locale="en")
        for n in range(32)
    ]

    stored = await asyncio.gather(
        *(storages[n % 2].change_offer(seen, move, chosen(move)) for n, move in enumerate(moves))
    )

    assert stored.count(True) == 1
    assert await storages[0].find_offer("acme", seen.id) == moves[stored.index(True)]
    assert await kinds_of_evidence(storages[0], seen) == ["offer_made", "choice_made"]


async def test_a_choice_whose_evidence_cannot_be_kept_is_not_stored(storage: Storage) -> None:
    offer = await storage.save_offer(an_offer(), shown(an_offer()))
    changed = offer.opt_in({"q-1"}, at=NOON, locale="en")
    of_no_offer = replace(chosen(changed), offer_id="OTHER-OTHER-INS")

    with pytest.raises(StorageUnavailable):
        await storage.change_offer(offer, changed, of_no_offer)

    assert await storage.find_offer("acme", offer.id) == offer


# -- evidence


async def test_evidence_is_listed_oldest_first_and_exactly_as_it_was(storage: Storage) -> None:
    offer = await storage.save_offer(an_offer(), shown(an_offer()))
    leaves = [shown(offer)]
    for quote_id in ("q-1", "q-2", "q-1"):
        # All in one moment: the order is that of storing, not that of the clock.
        changed = offer.opt_in({quote_id}, at=NOON, locale="en")
        leaves.append(chosen(changed))
        await storage.change_offer(offer, changed, chosen(changed))
        offer = changed

    assert await storage.list_evidence("acme", offer.id) == leaves


async def test_another_partners_evidence_is_not_found(storage: Storage) -> None:
    await storage.save_offer(an_offer(), shown(an_offer()))

    assert await storage.list_evidence("globex", an_offer().id) == []

"""What every storage promises of bookings."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import cast

import pytest

from tests.builders import (
    NOON,
    a_leg,
    a_partner,
    a_pending_booking,
    a_policyholder,
    a_purchase,
    a_trip,
    an_offer,
    an_opted_in_offer,
    mails_of,
)
from tests.storage.contract import (
    Opener,
    a_sold_offer,
    booking_of,
    chosen,
    kinds_of_evidence,
    offer_number,
    sell,
    shown,
)
from widget.bookings import Booking
from widget.errors import PaymentAlreadyUsed, StorageUnavailable
from widget.evidence import booking_failed, offer_booked, offer_confirmed
from widget.offers import Choice, Offer, Status
from widget.partners import Mode
from widget.storage.base import Storage

pytestmark = pytest.mark.anyio


# -- bookings


async def test_a_booking_comes_back_as_it_was_stored(storage: Storage) -> None:
    offer = an_opted_in_offer(purchase=a_purchase(trip=a_trip(legs=(a_leg(),))))
    await storage.save_offer(offer, shown(offer))
    person = a_policyholder(first_name="Zoë", phone="+49 30 1234567", age=44, city="Köln")
    booking = replace(booking_of(offer), policyholder=person)

    stored = await sell(storage, booking)

    assert stored is booking
    assert await storage.find_booking("acme", offer.id) == booking
    assert await storage.find_offer("acme", offer.id) == offer.booked(Status.CONFIRMED)


async def test_another_partners_booking_is_not_found(storage: Storage) -> None:
    booking = await a_sold_offer(storage)

    assert await storage.find_booking("globex", booking.id) is None


async def test_a_booking_is_found_by_its_payment(storage: Storage) -> None:
    booking = await a_sold_offer(storage)

    assert await storage.find_paid("acme", Mode.TEST, "ORDER-1") == booking
    assert await storage.find_paid("acme", Mode.TEST, "ORDER-2") is None
    assert await storage.find_paid("acme", Mode.LIVE, "ORDER-1") is None
    assert await storage.find_paid("globex", Mode.TEST, "ORDER-1") is None


async def test_an_offer_alone_is_not_found_as_a_booking(storage: Storage) -> None:
    await storage.save_offer(an_opted_in_offer(), shown(an_offer()))

    assert await storage.find_booking("acme", an_offer().id) is None


async def test_an_offer_that_is_a_booking_gives_that_one(storage: Storage) -> None:
    first = await a_sold_offer(storage)
    again = booking_of(replace(first.offer, status=Status.RECEIVED), "ORDER-9", number="-B")

    assert await sell(storage, again) == first

    assert await kinds_of_evidence(storage, first.offer) == ["offer_made", "offer_confirmed"]
    assert (
        len(await storage.claim_messages(limit=10, lease_s=60, per_lane=10)) == 0
    )  # due two minutes later


@pytest.mark.parametrize(
    "stored",
    [
        an_offer(),
        an_offer().opt_out(at=NOON, locale="en"),
        an_opted_in_offer().decline(),
        an_opted_in_offer().opt_in({"q-2"}, at=NOON, locale="en"),
    ],
    ids=["open", "opted out", "declined by the partner", "chosen again"],
)
async def test_an_offer_that_is_no_longer_as_it_was_seen_is_not_booked(
    storage: Storage, stored: Offer
) -> None:
    await storage.save_offer(stored, shown(stored))

    assert await sell(storage, booking_of(an_opted_in_offer())) is None

    assert await storage.find_booking("acme", stored.id) is None
    assert await storage.find_offer("acme", stored.id) == stored
    assert await kinds_of_evidence(storage, stored) == ["offer_made"]


async def test_an_offer_that_does_not_exist_is_not_booked(storage: Storage) -> None:
    assert await sell(storage, booking_of(an_opted_in_offer())) is None

    assert await storage.find_booking("acme", an_offer().id) is None


async def test_a_payment_pays_for_one_booking(storage: Storage) -> None:
    for number in (1, 2):
        await storage.save_offer(offer_number(number), shown(offer_number(number)))
    await sell(storage, booking_of(offer_number(1), "ORDER-1"))

    with pytest.raises(PaymentAlreadyUsed) as error:
        await sell(storage, booking_of(offer_number(2), "ORDER-1"))

    assert error.value.transaction_id == "ORDER-1"
    assert await storage.find_booking("acme", offer_number(2).id) is None
    assert await storage.find_offer("acme", offer_number(2).id) == offer_number(2)


@pytest.mark.parametrize("changes", [{"partner_code": "globex"}, {"mode": Mode.LIVE}])
async def test_partners_and_modes_may_use_the_same_payment_reference(
    storage: Storage, changes: dict[str, object]
) -> None:
    await a_sold_offer(storage, 1)
    other = offer_number(2, **changes)
    await storage.save_offer(other, shown(other))

    assert await sell(storage, booking_of(other, "ORDER-1")) is not None


async def test_bookings_without_a_payment_reference_do_not_meet(storage: Storage) -> None:
    for number in (1, 2):
        await storage.save_offer(offer_number(number), shown(offer_number(number)))

    stored = [await sell(storage, booking_of(offer_number(n), None)) for n in (1, 2)]

    assert [booking.id for booking in stored if booking] == [offer_number(n).id for n in (1, 2)]


async def test_of_many_bookings_of_one_offer_at_once_there_is_one(opener: Opener) -> None:
    storages = [await opener(), await opener()]
    await storages[0].save_partner(a_partner())
    offer = await storages[0].save_offer(offer_number(1), shown(offer_number(1)))
    wishes = [booking_of(offer, f"ORDER-{n}", number=f"-{n}") for n in range(64)]

    stored = await asyncio.gather(*(sell(storages[n % 2], w) for n, w in enumerate(wishes)))

    winner = await storages[0].find_booking("acme", offer.id)
    assert winner in wishes
    assert all(booking == winner for booking in stored)
    assert sum(booking is wish for booking, wish in zip(stored, wishes, strict=True)) == 1
    assert await kinds_of_evidence(storages[0], offer) == ["offer_made", "offer_confirmed"]


async def test_of_many_bookings_with_one_payment_at_once_there_is_one(opener: Opener) -> None:
    storages = [await opener(), await opener()]
    await storages[0].save_partner(a_partner())
    offers = [offer_number(n) for n in range(64)]
    for offer in offers:
        await storages[0].save_offer(offer, shown(offer))

    results = await asyncio.gather(
        *(sell(storages[n % 2], booking_of(offer, "ORDER-1")) for n, offer in enumerate(offers)),
        return_exceptions=True,
    )

    refused = [result for result in results if isinstance(result, PaymentAlreadyUsed)]
    assert len(refused) == 63
    found = [await storages[0].find_booking("acme", offer.id) for offer in offers]
    assert len([booking for booking in found if booking]) == 1
    statuses = [await storages[0].find_offer("acme", offer.id) for offer in offers]
    assert [o.status for o in statuses if o].count(Status.RECEIVED) == 63


async def test_a_booking_of_which_a_part_cannot_be_kept_is_not_stored_at_all(
    storage: Storage,
) -> None:
    offer = await storage.save_offer(offer_number(1), shown(offer_number(1)))
    booking = booking_of(offer)
    message = mails_of(booking)[0]

    # The very last row of the transaction speaks of an offer that is not there.
    with pytest.raises(StorageUnavailable):
        await sell(storage, booking, (message, replace(message, id="m-2", offer_id="NOBODYS")))

    assert await storage.find_booking("acme", offer.id) is None
    assert await storage.find_offer("acme", offer.id) == offer
    assert await kinds_of_evidence(storage, offer) == ["offer_made"]
    assert await sell(storage, booking) is booking  # its payment and its number are still free


async def test_a_booking_with_a_policy_number_of_another_is_not_stored_at_all(
    storage: Storage,
) -> None:
    first = await a_sold_offer(storage, 1)
    offer = await storage.save_offer(offer_number(2), shown(offer_number(2)))
    same_number = replace(booking_of(offer, "ORDER-2"), policies=first.policies)

    with pytest.raises(StorageUnavailable):
        await sell(storage, same_number)

    assert await storage.find_booking("acme", offer.id) is None
    assert await storage.find_offer("acme", offer.id) == offer


async def test_a_choice_and_a_booking_at_once_never_both_happen(opener: Opener) -> None:
    storages = [await opener(), await opener()]
    await storages[0].save_partner(a_partner())
    offers = [offer_number(n) for n in range(20)]
    for offer in offers:
        await storages[0].save_offer(offer, shown(offer))
    outs = [offer.opt_out(at=NOON + timedelta(minutes=2), locale="en") for offer in offers]

    results = await asyncio.gather(
        *(
            asyncio.gather(
                storages[n % 2].change_offer(offer, out, chosen(out)),
                sell(storages[(n + 1) % 2], booking_of(offer, f"ORDER-{n}")),
            )
            for n, (offer, out) in enumerate(zip(offers, outs, strict=True))
        )
    )

    assert all(is_changed != (booking is not None) for is_changed, booking in results)
    for offer, (is_changed, _) in zip(offers, results, strict=True):
        found = cast(Offer, await storages[0].find_offer("acme", offer.id))
        assert found.choice is (Choice.OPTED_OUT if is_changed else Choice.OPTED_IN)
        assert found.status is (Status.RECEIVED if is_changed else Status.CONFIRMED)


# -- lists


async def sold_at(storage: Storage, number: int, minute: int, **changes: object) -> Booking:
    """Store a booking that was made so many minutes after noon."""
    offer = offer_number(number, **changes)
    await storage.save_offer(offer, shown(offer))
    at = NOON + timedelta(minutes=minute)
    booking = replace(booking_of(offer, f"ORDER-{number}"), booked_at=at)
    assert await sell(storage, booking) is booking
    return booking


async def test_bookings_are_listed_newest_first_page_by_page(storage: Storage) -> None:
    made = [await sold_at(storage, number, minute=number) for number in range(5)]

    pages = [
        await storage.list_bookings("acme", Mode.TEST, limit=2, offset=offset)
        for offset in (0, 2, 4, 6)
    ]

    newest = made[::-1]
    expected = [newest[:2], newest[2:4], newest[4:], []]
    assert [list(page.bookings) for page in pages] == expected
    assert {page.count for page in pages} == {5}


async def test_bookings_of_one_moment_are_each_on_one_page(storage: Storage) -> None:
    made = {(await sold_at(storage, number, minute=0)).id for number in range(5)}

    pages = [
        await storage.list_bookings("acme", Mode.TEST, limit=2, offset=offset)
        for offset in (0, 2, 4)
    ]

    listed = [booking.id for page in pages for booking in page.bookings]
    assert len(listed) == 5
    assert set(listed) == made


async def test_bookings_of_another_partner_or_mode_are_not_listed(storage: Storage) -> None:
    own = await sold_at(storage, 1, minute=1)
    await sold_at(storage, 2, minute=2, partner_code="globex")
    await sold_at(storage, 3, minute=3, mode=Mode.LIVE)
    await storage.save_offer(offer_number(4), shown(offer_number(4)))

    page = await storage.list_bookings("acme", Mode.TEST, limit=10, offset=0)

    assert (list(page.bookings), page.count) == ([own], 1)


async def pending_at(storage: Storage, number: int, minute: int, **changes: object) -> Booking:
    """Store a booking whose outcome is unknown since so many minutes after noon."""
    offer = offer_number(number, **changes)
    await storage.save_offer(offer, shown(offer))
    at = NOON + timedelta(minutes=minute)
    pending = a_pending_booking(offer=offer, transaction_id=f"ORDER-{number}", booked_at=at)
    leaf = offer_booked(pending)
    assert await storage.save_booking(offer, pending, [leaf], ()) is pending
    return pending


async def test_pending_bookings_of_all_partners_are_listed_oldest_first(storage: Storage) -> None:
    newer = await pending_at(storage, 1, minute=2)
    older = await pending_at(storage, 2, minute=1, partner_code="globex", mode=Mode.LIVE)
    await sold_at(storage, 3, minute=0)

    listed = await storage.list_pending(booked_before=NOON + timedelta(hours=1), limit=9)

    assert listed == [older, newer]


async def test_pending_bookings_are_listed_from_before_a_moment_up_to_a_limit(
    storage: Storage,
) -> None:
    made = [await pending_at(storage, number, minute=number) for number in range(4)]

    before = await storage.list_pending(booked_before=made[2].booked_at, limit=9)
    few = await storage.list_pending(booked_before=NOON + timedelta(hours=1), limit=3)

    assert before == made[:2]
    assert few == made[:3]


async def test_pending_bookings_are_listed_after_some_of_the_oldest(storage: Storage) -> None:
    made = [await pending_at(storage, number, minute=number) for number in range(4)]

    rest = await storage.list_pending(booked_before=NOON + timedelta(hours=1), limit=2, skip=1)

    assert rest == made[1:3]


async def test_a_booking_that_was_settled_is_pending_no_more(storage: Storage) -> None:
    issued, refused = [await pending_at(storage, number, minute=number) for number in (1, 2)]
    policies = booking_of(offer_number(1)).policies
    confirmed = issued.issued(policies, at=NOON)
    failed = refused.failed("They do not insure this.")

    await storage.change_booking(issued, confirmed, offer_confirmed(confirmed, at=NOON))
    await storage.change_booking(refused, failed, booking_failed(failed, at=NOON))

    assert await storage.list_pending(booked_before=NOON + timedelta(hours=1), limit=9) == []
    assert await storage.find_booking("acme", issued.id) == confirmed
    assert await storage.find_booking("acme", refused.id) == failed

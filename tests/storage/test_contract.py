"""What every storage promises: `widget/storage/base.py`, method by method.

A new database is a new entry in `OPENERS`; no test here may know which one it has.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import cast

import pytest

from tests.builders import (
    NOON,
    a_booking,
    a_key,
    a_leg,
    a_message,
    a_partner,
    a_policyholder,
    a_purchase,
    a_trip,
    an_amendment,
    an_offer,
    an_opted_in_offer,
    mails_of,
    offer_of,
)
from tests.fakes import Clock
from widget.bookings import Booking, Policy
from widget.errors import PaymentAlreadyUsed, StorageUnavailable
from widget.evidence import Leaf, choice_made, offer_confirmed, offer_declined, offer_made
from widget.messages import Message
from widget.offers import Choice, Offer, Status
from widget.partners import Mode
from widget.storage.base import Storage
from widget.storage.sqlite import SqliteStorage

pytestmark = pytest.mark.anyio

#: Opens one more storage on the test's one database, as another process would.
Opener = Callable[[], Awaitable[Storage]]

OPENERS: dict[str, Callable[[Path, Clock], Storage]] = {
    "sqlite": lambda folder, clock: SqliteStorage(str(folder / "contract.db"), clock=clock),
}


@pytest.fixture(params=OPENERS)
async def opener(
    request: pytest.FixtureRequest, tmp_path: Path, clock: Clock
) -> AsyncIterator[Opener]:
    opened: list[Storage] = []

    async def open_one() -> Storage:
        storage = OPENERS[request.param](tmp_path, clock)
        await storage.open()
        opened.append(storage)
        return storage

    yield open_one
    for storage in opened:
        await storage.close()


@pytest.fixture
async def storage(opener: Opener) -> Storage:
    """A storage that is open and knows the partners `acme` and `globex`."""
    storage = await opener()
    await storage.save_partner(a_partner("acme"))
    await storage.save_partner(a_partner("globex"))
    return storage


def shown(offer: Offer) -> Leaf:
    return offer_made(offer, texts_version="texts-1")


def chosen(offer: Offer) -> Leaf:
    return choice_made(offer, at=offer.chosen_at or NOON, texts_version="texts-1")


def offer_number(number: int, **changes: object) -> Offer:
    """Return an opted-in offer of a checkout of its own."""
    purchase = a_purchase(reference=f"CHK-{number}")
    return an_opted_in_offer(id=f"AAAAA-{number:05}-INS", purchase=purchase, **changes)


def booking_of(offer: Offer, transaction_id: str | None = "ORDER-1", number: str = "") -> Booking:
    """Return the booking of an offer, with a policy number that nobody else has."""
    number = f"TRV-{offer.partner_code}-{offer.id}{number}"
    policy = Policy(number, offer.chosen_quotes[0], issued_at=NOON)
    return a_booking(offer=offer, transaction_id=transaction_id, policies=(policy,))


async def sell(
    storage: Storage, booking: Booking, messages: tuple[Message, ...] | None = None
) -> Booking | None:
    """Store a booking with its evidence and, unless the test gives others, what it owes."""
    owed = mails_of(booking) if messages is None else messages
    leaves = [offer_confirmed(booking, at=booking.booked_at)]
    return await storage.save_booking(offer_of(booking), booking, leaves, owed)


async def a_sold_offer(storage: Storage, number: int = 1) -> Booking:
    """Store an offer and its booking."""
    offer = await storage.save_offer(offer_number(number), shown(offer_number(number)))
    booking = await sell(storage, booking_of(offer, f"ORDER-{number}"))
    assert booking is not None
    return booking


async def kinds_of_evidence(storage: Storage, offer: Offer) -> list[str]:
    return [leaf.kind for leaf in await storage.list_evidence(offer.partner_code, offer.id)]


# -- life


async def test_what_was_stored_is_there_when_the_storage_is_opened_again(opener: Opener) -> None:
    first = await opener()
    await first.save_partner(a_partner())
    await first.close()

    again = await opener()

    assert await again.find_partner("acme") == a_partner()


async def test_what_one_storage_has_stored_another_finds_at_once(opener: Opener) -> None:
    one, other = await opener(), await opener()

    await one.save_partner(a_partner())

    assert await other.find_partner("acme") == a_partner()


async def test_an_open_storage_passes_its_check(storage: Storage) -> None:
    await storage.check()


async def test_the_time_is_aware_and_in_utc(storage: Storage) -> None:
    assert storage.now().utcoffset() == timedelta(0)


CALLS: dict[str, Callable[[Storage], Awaitable[object]]] = {
    "check": lambda s: s.check(),
    "save_partner": lambda s: s.save_partner(a_partner()),
    "find_partner": lambda s: s.find_partner("acme"),
    "list_partners": lambda s: s.list_partners(),
    "add_key": lambda s: s.add_key(a_key()),
    "find_key": lambda s: s.find_key(a_key().key_id),
    "list_keys": lambda s: s.list_keys("acme"),
    "revoke_key": lambda s: s.revoke_key(a_key().key_id, at=NOON),
    "find_open_offer": lambda s: s.find_open_offer("acme", Mode.TEST, "CHK-1", "0" * 64),
    "save_offer": lambda s: s.save_offer(an_offer(), shown(an_offer())),
    "find_offer": lambda s: s.find_offer("acme", "AAAAA-BBBBB-INS"),
    "change_offer": lambda s: s.change_offer(an_offer(), an_offer(), shown(an_offer())),
    "save_booking": lambda s: sell(s, a_booking()),
    "find_booking": lambda s: s.find_booking("acme", "AAAAA-BBBBB-INS"),
    "list_evidence": lambda s: s.list_evidence("acme", "AAAAA-BBBBB-INS"),
    "claim_messages": lambda s: s.claim_messages(limit=1, lease_s=1, per_lane=1),
    "change_booking": lambda s: s.change_booking(a_booking(), a_booking(), shown(an_offer())),
    "list_bookings": lambda s: s.list_bookings("acme", Mode.TEST, limit=1, offset=0),
    "list_pending": lambda s: s.list_pending(booked_before=NOON, limit=1),
    "save_amendment": lambda s: s.save_amendment(an_amendment()),
    "find_amendment": lambda s: s.find_amendment("acme", "AAAAA-BBBBB-INS", "a-UPD"),
    "find_reply": lambda s: s.find_reply("acme", Mode.TEST, "key-1"),
    "add_messages": lambda s: s.add_messages([a_message()]),
    "list_messages": lambda s: s.list_messages("acme", Mode.TEST, kind="webhook", limit=1),
    "send_again": lambda s: s.send_again("acme", Mode.TEST, "m-1", kind="webhook"),
    "mark_sent": lambda s: s.mark_sent(a_message()),
    "mark_failed": lambda s: s.mark_failed(
        a_message(), next_try_at=None, problem="It was refused."
    ),
}


def test_every_method_of_the_contract_is_tried_on_a_closed_storage() -> None:
    methods = {name for name in vars(Storage) if not name.startswith("_")}

    assert methods - {"open", "close", "now"} == CALLS.keys()


@pytest.mark.parametrize("call", CALLS)
async def test_a_closed_storage_is_unavailable(storage: Storage, call: str) -> None:
    await storage.close()

    with pytest.raises(StorageUnavailable):
        await CALLS[call](storage)


# -- partners


async def test_a_partner_comes_back_as_it_was_stored(storage: Storage) -> None:
    partner = a_partner("initech", name="Initech Ünlimited", origins=("https://a.test", "http://b"))

    await storage.save_partner(partner)

    assert await storage.find_partner("initech") == partner


async def test_a_partner_that_exists_gets_the_new_name_and_origins(storage: Storage) -> None:
    changed = a_partner(name="Acme Holidays", origins=("https://new.test",))

    await storage.save_partner(replace(changed, created_at=NOON + timedelta(days=1)))

    assert await storage.find_partner("acme") == changed


async def test_a_partner_that_nobody_stored_is_not_found(storage: Storage) -> None:
    assert await storage.find_partner("initech") is None


async def test_partners_are_listed_by_code(storage: Storage) -> None:
    await storage.save_partner(a_partner("aaa"))

    codes = [partner.code for partner in await storage.list_partners()]

    assert codes == ["aaa", "acme", "globex"]


# -- keys


async def test_a_key_comes_back_as_it_was_stored(storage: Storage) -> None:
    await storage.add_key(a_key())

    assert await storage.find_key(a_key().key_id) == a_key()


async def test_a_key_of_a_partner_that_does_not_exist_is_refused(storage: Storage) -> None:
    with pytest.raises(StorageUnavailable):
        await storage.add_key(a_key("initech"))

    assert await storage.find_key(a_key("initech").key_id) is None


async def test_a_key_is_stored_once(storage: Storage) -> None:
    await storage.add_key(a_key("acme"))

    with pytest.raises(StorageUnavailable):
        await storage.add_key(a_key("globex"))

    assert await storage.find_key(a_key().key_id) == a_key("acme")


async def test_a_revoked_key_is_not_found_any_more(storage: Storage) -> None:
    await storage.add_key(a_key())

    assert await storage.revoke_key(a_key().key_id, at=NOON) is True

    assert await storage.find_key(a_key().key_id) is None


async def test_a_key_can_be_revoked_once(storage: Storage) -> None:
    await storage.add_key(a_key())
    await storage.revoke_key(a_key().key_id, at=NOON)

    assert await storage.revoke_key(a_key().key_id, at=NOON + timedelta(days=1)) is False

    assert [key.revoked_at for key in await storage.list_keys("acme")] == [NOON]


async def test_there_is_no_key_to_revoke_that_nobody_made(storage: Storage) -> None:
    assert await storage.revoke_key("pk_test_abcdefgh12345678", at=NOON) is False


async def test_a_partners_keys_are_listed_oldest_first_with_the_revoked_ones(
    storage: Storage,
) -> None:
    newer = replace(a_key(random="a" * 16), created_at=NOON + timedelta(days=1))
    older = a_key(random="z" * 16)
    for key in (newer, older, a_key("globex", random="g" * 16)):
        await storage.add_key(key)
    await storage.revoke_key(older.key_id, at=NOON)

    listed = await storage.list_keys("acme")

    assert listed == [replace(older, revoked_at=NOON), newer]


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

"""One payment, one booking: whatever is repeated, raced, changed or late."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.builders import (
    a_partner,
    a_policyholder,
    a_purchase,
    an_offer,
    an_opted_in_offer,
    some_settings,
)
from tests.fakes import Clock, SilentUpstream
from widget.app import load_catalogue
from widget.bookings import Booking
from widget.choosing import Answer, record_choice, record_decline
from widget.confirming import MAX_ROUNDS, Confirmation, Confirmed, Selling, confirm_offer
from widget.errors import (
    AlreadyConfirmed,
    ChoiceChanged,
    ChoiceMissing,
    NotFound,
    OfferDeclined,
    OfferExpired,
    PaymentAlreadyUsed,
    PremiumMismatch,
    PurchaseMismatch,
    RuleBroken,
    StorageUnavailable,
    UpstreamUnavailable,
)
from widget.evidence import offer_made
from widget.money import Money
from widget.offers import Choice, Offer, Status
from widget.partners import Mode
from widget.storage.sqlite import SqliteStorage
from widget.tokens import QuoteToken, quote_token_for
from widget.upstream.base import Upstream
from widget.upstream.house import House

pytestmark = pytest.mark.anyio

HOUSE = House(load_catalogue(some_settings()))

GRACE = timedelta(minutes=15)


class Interrupted(SqliteStorage):
    """Lets somebody else act between the deed's reading and its writing."""

    def __init__(self, path: str, *, clock: Clock) -> None:
        super().__init__(path, clock=clock)
        self.before_booking: list[Callable[[], Awaitable[object]]] = []

    async def save_booking(self, *facts: Any) -> Booking | None:
        if self.before_booking:
            await self.before_booking.pop(0)()
        return await super().save_booking(*facts)


class UnsureStorage(Interrupted):
    """Stores a booking, and loses the answer on the way back."""

    async def save_booking(self, *facts: Any) -> Booking | None:
        await super().save_booking(*facts)
        raise StorageUnavailable("The connection was lost.")


@pytest.fixture
def storage(tmp_path: Path, clock: Clock) -> Interrupted:
    return Interrupted(str(tmp_path / "test.db"), clock=clock)


async def keep(storage: SqliteStorage, offer: Offer) -> Offer:
    return await storage.save_offer(offer, offer_made(offer, texts_version="texts-1"))


def token_for(offer: Offer, **changes: Any) -> QuoteToken:
    return replace(quote_token_for(offer, now=offer.chosen_at or offer.created_at), **changes)


async def confirm(
    storage: SqliteStorage,
    offer: Offer,
    *,
    token: QuoteToken | None = None,
    upstream: Upstream = HOUSE,
    **facts: Any,
) -> Confirmed:
    known: dict[str, Any] = {"policyholder": a_policyholder(), "transaction_id": "ORDER-1"}
    confirmation = Confirmation(
        mode=(token or offer).mode,
        offer_id=offer.id,
        token=token or token_for(offer),
        **(known | facts),
    )
    selling = Selling(
        partner=a_partner((token or offer).partner_code),
        storage=storage,
        upstream=upstream,
        catalogue=load_catalogue(some_settings()),
        grace=GRACE,
        payment_lifetime=timedelta(days=7),
        texts_version="texts-1",
    )
    return await confirm_offer(confirmation, selling)


async def choose(storage: SqliteStorage, *quote_ids: str) -> Offer:
    choice = Choice.OPTED_IN if quote_ids else Choice.OPTED_OUT
    answer = Answer(choice, quote_ids)
    return await record_choice(
        "acme", an_offer().id, answer, storage=storage, texts_version="texts-1"
    )


async def nothing_was_sold(storage: SqliteStorage, offer: Offer) -> bool:
    """Tell that there is not even a part of a booking."""
    found = await storage.find_offer(offer.partner_code, offer.id)
    leaves = await storage.list_evidence(offer.partner_code, offer.id)
    return (
        found is not None
        and found.status is not Status.CONFIRMED
        and "offer_confirmed" not in {leaf.kind for leaf in leaves}
        and await storage.find_booking(offer.partner_code, offer.id) is None
        and storage._all("SELECT 1 FROM policies") == []
        and storage._all("SELECT 1 FROM policyholders") == []
        and storage._all("SELECT 1 FROM messages") == []
    )


# -- the way it goes


async def test_a_confirmed_offer_is_a_booking_with_policies_evidence_and_a_message(
    opened: SqliteStorage, clock: Clock
) -> None:
    offer = await keep(opened, an_opted_in_offer())
    clock.move(minutes=2)

    confirmed = await confirm(opened, offer)

    booking = confirmed.booking
    assert not confirmed.is_replay
    assert await opened.find_booking("acme", offer.id) == booking
    assert [policy.quote_id for policy in booking.policies] == ["q-1"]
    assert (booking.premium, booking.confirmed_at) == (Money(4892, "EUR"), clock.time)
    kinds = [leaf.kind for leaf in await opened.list_evidence("acme", offer.id)]
    assert kinds == ["offer_made", "offer_confirmed"]
    (message,) = await opened.claim_messages(limit=10, lease_s=60, per_lane=10)
    assert message.offer_id == booking.id


async def test_everything_that_the_partner_tells_may_agree(opened: SqliteStorage) -> None:
    offer = await keep(opened, an_opted_in_offer())

    confirmed = await confirm(
        opened,
        offer,
        paid=Money(4892, "EUR"),
        purchase_hash=offer.purchase_hash,
        quote_ids=frozenset({"q-1"}),
    )

    assert confirmed.booking.id == offer.id


async def test_a_payment_reference_is_not_needed(opened: SqliteStorage) -> None:
    offer = await keep(opened, an_opted_in_offer())

    confirmed = await confirm(opened, offer, transaction_id=None)

    assert confirmed.booking.transaction_id is None


# -- again


async def test_confirming_again_gives_the_same_booking(opened: SqliteStorage, clock: Clock) -> None:
    offer = await keep(opened, an_opted_in_offer())
    first = await confirm(opened, offer)
    clock.move(days=30)

    again = await confirm(opened, offer)

    assert again == Confirmed(first.booking, is_replay=True)


async def test_confirming_again_changes_nothing_however_it_is_worded(
    opened: SqliteStorage,
) -> None:
    offer = await keep(opened, an_opted_in_offer())
    first = await confirm(opened, offer)

    again = await confirm(
        opened, offer, policyholder=a_policyholder(first_name="Eve"), transaction_id=None
    )

    assert again.booking == first.booking


@pytest.mark.parametrize(
    ("facts", "error"),
    [
        ({"paid": Money(100, "EUR")}, PremiumMismatch),
        ({"quote_ids": frozenset({"q-2"})}, ChoiceChanged),
        ({"purchase_hash": "0" * 64}, PurchaseMismatch),
    ],
)
async def test_confirming_again_with_another_sale_is_refused(
    opened: SqliteStorage, facts: dict[str, Any], error: type[RuleBroken]
) -> None:
    offer = await keep(opened, an_opted_in_offer())
    first = await confirm(opened, offer)

    with pytest.raises(error):
        await confirm(opened, offer, **facts)

    assert await opened.find_booking("acme", offer.id) == first.booking


async def test_a_payment_that_outlasts_its_offer_books_the_purchase_once(
    opened: SqliteStorage, clock: Clock
) -> None:
    late = await keep(opened, an_opted_in_offer())
    clock.move(minutes=31)
    renewed = await keep(
        opened,
        an_opted_in_offer(
            id="CCCCC-DDDDD-INS", created_at=clock.time, expires_at=clock.time + GRACE
        ),
    )

    confirmed = await confirm(opened, late)
    with pytest.raises(AlreadyConfirmed) as error:
        await confirm(opened, renewed, transaction_id="ORDER-2")

    assert error.value.booking_id == late.id
    assert await opened.find_offer("acme", renewed.id) == renewed
    assert await opened.find_booking("acme", renewed.id) is None
    key = ("acme", late.mode, "CHK-1", late.purchase_hash)
    assert await opened.find_open_offer(*key) == confirmed.booking.offer


async def test_confirming_again_with_another_payment_is_refused(opened: SqliteStorage) -> None:
    offer = await keep(opened, an_opted_in_offer())
    first = await confirm(opened, offer)

    with pytest.raises(AlreadyConfirmed) as error:
        await confirm(opened, offer, transaction_id="ORDER-2")

    assert error.value.booking_id == first.booking.id


async def test_a_payment_that_was_not_named_cannot_be_named_later(opened: SqliteStorage) -> None:
    offer = await keep(opened, an_opted_in_offer())
    await confirm(opened, offer, transaction_id=None)

    with pytest.raises(AlreadyConfirmed):
        await confirm(opened, offer, transaction_id="ORDER-1")


async def test_a_confirmation_whose_answer_was_lost_can_be_repeated(
    tmp_path: Path, clock: Clock
) -> None:
    storage = UnsureStorage(str(tmp_path / "test.db"), clock=clock)
    await storage.open()
    await storage.save_partner(a_partner())
    offer = await keep(storage, an_opted_in_offer())
    with pytest.raises(StorageUnavailable):
        await confirm(storage, offer)

    again = await confirm(storage, offer)

    assert again.is_replay
    assert await storage.find_booking("acme", offer.id) == again.booking
    await storage.close()


# -- at once


async def test_of_many_confirmations_at_once_there_is_one_booking(opened: SqliteStorage) -> None:
    offer = await keep(opened, an_opted_in_offer())

    results = await asyncio.gather(*(confirm(opened, offer) for _ in range(64)))

    assert len({result.booking.policies for result in results}) == 1
    assert [result.is_replay for result in results].count(False) == 1


async def test_of_many_offers_with_one_payment_at_once_one_is_booked(
    opened: SqliteStorage,
) -> None:
    offers = [
        await keep(
            opened,
            an_opted_in_offer(
                id=f"AAAAA-{number:05}-INS", purchase=a_purchase(reference=f"CHK-{number}")
            ),
        )
        for number in range(64)
    ]

    results = await asyncio.gather(
        *(confirm(opened, offer) for offer in offers), return_exceptions=True
    )

    assert sum(isinstance(result, Confirmed) for result in results) == 1
    assert sum(isinstance(result, PaymentAlreadyUsed) for result in results) == 63
    assert len(opened._all("SELECT 1 FROM bookings")) == 1


async def test_confirmations_with_different_payments_at_once_make_one_booking(
    opened: SqliteStorage,
) -> None:
    offer = await keep(opened, an_opted_in_offer())

    results = await asyncio.gather(
        *(confirm(opened, offer, transaction_id=f"ORDER-{n}") for n in range(16)),
        return_exceptions=True,
    )

    assert sum(isinstance(result, Confirmed) for result in results) == 1
    assert sum(isinstance(result, AlreadyConfirmed) for result in results) == 15


async def test_a_choice_that_changes_between_reading_and_writing_is_respected(
    opened: Interrupted,
) -> None:
    offer = await keep(opened, an_opted_in_offer())
    opened.before_booking.append(lambda: choose(opened, "q-2"))

    with pytest.raises(ChoiceChanged):
        await confirm(opened, offer)

    assert await nothing_was_sold(opened, offer)


async def test_a_choice_that_changes_and_comes_back_is_confirmed(opened: Interrupted) -> None:
    offer = await keep(opened, an_opted_in_offer())

    async def waver() -> None:
        await choose(opened)
        await choose(opened, "q-1")

    opened.before_booking.append(waver)

    confirmed = await confirm(opened, offer)

    assert confirmed.booking.offer.revision == offer.revision + 2
    assert await opened.find_booking("acme", offer.id) == confirmed.booking


async def test_a_decline_between_reading_and_writing_is_respected(opened: Interrupted) -> None:
    offer = await keep(opened, an_opted_in_offer())
    opened.before_booking.append(
        lambda: record_decline("acme", offer.id, storage=opened, upstream=HOUSE)
    )

    with pytest.raises(OfferDeclined):
        await confirm(opened, offer)

    assert await nothing_was_sold(opened, offer)


async def test_a_booking_made_between_reading_and_writing_is_the_booking(
    opened: Interrupted,
) -> None:
    offer = await keep(opened, an_opted_in_offer())
    made: list[Confirmed] = []

    async def be_first() -> None:
        made.append(await confirm(opened, offer))

    opened.before_booking.append(be_first)

    confirmed = await confirm(opened, offer)

    assert confirmed == Confirmed(made[0].booking, is_replay=True)


async def test_an_offer_that_never_stands_still_is_given_up(opened: Interrupted) -> None:
    offer = await keep(opened, an_opted_in_offer())

    async def waver() -> None:
        await choose(opened)
        await choose(opened, "q-1")

    opened.before_booking += [waver] * MAX_ROUNDS

    with pytest.raises(StorageUnavailable):
        await confirm(opened, offer)

    assert await nothing_was_sold(opened, offer)


# -- what is refused


@pytest.mark.parametrize(
    ("offer", "changes", "error"),
    [
        (an_offer(), {}, ChoiceMissing),
        (an_offer(), {"choice": Choice.OPTED_IN, "quote_ids": ("q-1",)}, ChoiceChanged),
        (an_opted_in_offer(), {"choice": Choice.OPTED_OUT, "quote_ids": ()}, ChoiceMissing),
        (an_opted_in_offer(), {"quote_ids": ("q-2",)}, ChoiceChanged),
        (an_opted_in_offer(), {"quote_ids": ()}, ChoiceChanged),
        (an_opted_in_offer(), {"purchase_hash": "0" * 64}, PurchaseMismatch),
        (an_opted_in_offer(), {"terms_version": "travel_protection@2"}, PurchaseMismatch),
        (an_opted_in_offer(), {"premium_minor": 4891}, PremiumMismatch),
        (an_opted_in_offer(), {"currency": "USD"}, PremiumMismatch),
        (an_opted_in_offer(), {"tax_minor": 0}, PremiumMismatch),
        (an_opted_in_offer(), {"mode": Mode.LIVE}, NotFound),
        (an_opted_in_offer(), {"partner_code": "globex"}, NotFound),
        (an_opted_in_offer(), {"offer_id": "OTHER-OTHER-INS"}, PurchaseMismatch),
        (an_opted_in_offer().decline(), {}, OfferDeclined),
    ],
)
async def test_a_token_that_does_not_say_what_is_stored_sells_nothing(
    opened: SqliteStorage, offer: Offer, changes: dict[str, Any], error: type[Exception]
) -> None:
    await keep(opened, offer)

    with pytest.raises(error):
        await confirm(opened, offer, token=token_for(offer, **changes))

    assert await nothing_was_sold(opened, offer)


@pytest.mark.parametrize(
    ("facts", "error"),
    [
        ({"paid": Money(4891, "EUR")}, PremiumMismatch),
        ({"paid": Money(4892, "USD")}, PremiumMismatch),
        ({"paid": Money(0, "EUR")}, PremiumMismatch),
        ({"purchase_hash": "0" * 64}, PurchaseMismatch),
        ({"quote_ids": frozenset({"q-2"})}, ChoiceChanged),
        ({"quote_ids": frozenset({"q-1", "q-2"})}, ChoiceChanged),
        ({"quote_ids": frozenset()}, ChoiceChanged),
    ],
)
async def test_a_partner_that_sold_something_else_sells_nothing(
    opened: SqliteStorage, facts: dict[str, Any], error: type[RuleBroken]
) -> None:
    offer = await keep(opened, an_opted_in_offer())

    with pytest.raises(error):
        await confirm(opened, offer, **facts)

    assert await nothing_was_sold(opened, offer)


async def test_an_older_token_is_refused_when_the_customer_has_chosen_again(
    opened: SqliteStorage,
) -> None:
    offer = await keep(opened, an_opted_in_offer())
    await choose(opened, "q-2")

    with pytest.raises(ChoiceChanged):
        await confirm(opened, offer)

    assert await nothing_was_sold(opened, offer)


# -- time


async def test_a_payment_that_was_under_way_at_the_expiry_is_confirmed_a_little_later(
    opened: SqliteStorage, clock: Clock
) -> None:
    offer = await keep(opened, an_opted_in_offer())
    clock.time = offer.expires_at + GRACE - timedelta(microseconds=1)

    confirmed = await confirm(opened, offer)

    assert confirmed.booking.confirmed_at == clock.time


async def test_after_the_grace_it_is_too_late(opened: SqliteStorage, clock: Clock) -> None:
    offer = await keep(opened, an_opted_in_offer())
    clock.time = offer.expires_at + GRACE

    with pytest.raises(OfferExpired) as error:
        await confirm(opened, offer)

    assert error.value.expired_at == offer.expires_at
    assert await nothing_was_sold(opened, offer)


async def test_a_token_that_gives_itself_more_time_is_refused(
    opened: SqliteStorage, clock: Clock
) -> None:
    offer = await keep(opened, an_opted_in_offer())
    generous = token_for(offer, expires_at=clock.time + timedelta(days=1))

    with pytest.raises(PurchaseMismatch):
        await confirm(opened, offer, token=generous)


# -- when others fail


async def test_nothing_is_sold_when_no_policy_can_be_had(opened: SqliteStorage) -> None:
    offer = await keep(opened, an_opted_in_offer())

    with pytest.raises(UpstreamUnavailable):
        await confirm(opened, offer, upstream=SilentUpstream())

    assert await nothing_was_sold(opened, offer)


async def test_nothing_is_sold_when_nothing_can_be_stored(opened: Interrupted) -> None:
    offer = await keep(opened, an_opted_in_offer())
    assert opened._writing is not None
    opened._writing.execute("PRAGMA query_only = ON")

    with pytest.raises(StorageUnavailable):
        await confirm(opened, offer)

    assert await nothing_was_sold(opened, offer)

"""A customer ends policies, while others change the same booking."""

from __future__ import annotations

from typing import Any

import pytest

from tests.builders import a_partner, some_settings
from tests.storage.contract import a_sold_offer
from widget.amending import MAX_ROUNDS, Amending
from widget.app import load_catalogue
from widget.bookings import Booking
from widget.errors import StatusForbids, StorageUnavailable
from widget.evidence import booking_noted
from widget.offers import Status
from widget.partners import Mode
from widget.storage.sqlite import SqliteStorage
from widget.upstream.house import House
from widget.withdrawing import preview_withdrawal, withdraw
from widget.witnesses import Witness

pytestmark = pytest.mark.anyio


class Busy(House):
    """The house, while somebody notes a fact of the booking whenever a cancellation is priced."""

    storage: SqliteStorage
    notes = 0

    async def price_cancellation(self, booking: Booking, *args: Any, **options: Any) -> Any:
        """Price, and let the booking change behind it."""
        terms = await super().price_cancellation(booking, *args, **options)
        if self.notes:
            self.notes -= 1
            noted = booking.noted()
            leaf = booking_noted(noted, "renewal_declined", at=self.storage.now())
            assert await self.storage.change_booking(booking, noted, leaf)
        return terms


@pytest.fixture
def busy(opened: SqliteStorage) -> Busy:
    house = Busy(load_catalogue(some_settings()))
    house.storage = opened
    return house


def amending(opened: SqliteStorage, house: House) -> Amending:
    catalogue = load_catalogue(some_settings())
    return Amending(a_partner(), Mode.TEST, opened, house, catalogue, asked_by=Witness.SHOPPER)


async def found(storage: SqliteStorage, booking: Booking) -> Booking:
    stored = await storage.find_booking("acme", booking.id)
    assert stored is not None
    return stored


async def test_a_preview_leaves_everything_as_it_is(opened: SqliteStorage, busy: Busy) -> None:
    booking = await a_sold_offer(opened)
    ids = {policy.quote_id for policy in booking.policies}

    preview = await preview_withdrawal(booking.id, ids, amending(opened, busy))

    assert preview.refund == booking.premium
    assert not preview.is_made
    assert await found(opened, booking) == booking
    assert await opened.find_amendment("acme", booking.id, preview.amended.amendment.id) is None


async def test_a_booking_that_changes_meanwhile_is_priced_again_and_ended_once(
    opened: SqliteStorage, busy: Busy
) -> None:
    booking = await a_sold_offer(opened)
    ids = {policy.quote_id for policy in booking.policies}
    busy.notes = 2

    done = await withdraw(booking.id, ids, booking.premium.minor, amending(opened, busy))

    assert done.is_made
    assert (await found(opened, booking)).status is Status.CANCELLED
    with pytest.raises(StatusForbids):
        await withdraw(booking.id, ids, booking.premium.minor, amending(opened, busy))


async def test_a_booking_that_never_stops_changing_is_left_alone(
    opened: SqliteStorage, busy: Busy
) -> None:
    booking = await a_sold_offer(opened)
    ids = {policy.quote_id for policy in booking.policies}
    busy.notes = MAX_ROUNDS

    with pytest.raises(StorageUnavailable):
        await withdraw(booking.id, ids, booking.premium.minor, amending(opened, busy))

    assert (await found(opened, booking)).status is Status.CONFIRMED


async def test_another_refund_than_the_one_that_was_shown_ends_nothing(
    opened: SqliteStorage, busy: Busy
) -> None:
    booking = await a_sold_offer(opened)
    ids = {policy.quote_id for policy in booking.policies}

    asked = await withdraw(booking.id, ids, booking.premium.minor - 1, amending(opened, busy))

    assert not asked.is_made
    assert await found(opened, booking) == booking

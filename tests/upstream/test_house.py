"""The house alone: what only it can promise."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.builders import (
    NOON,
    a_booking,
    a_changed,
    a_pending_booking,
    a_purchase,
    a_trip,
    a_year,
    an_opted_in_offer,
    some_settings,
)
from widget.app import load_catalogue
from widget.bookings import Booking, Policy
from widget.editions import Edition, Shelf
from widget.money import Money
from widget.purchases import Item, Purchase
from widget.upstream.house import House

pytestmark = pytest.mark.anyio

CATALOGUE = load_catalogue(some_settings())

#: While `annual_travel` may be renewed for another year.
NEAR_THE_END = a_year().ends_at - timedelta(days=10)


def edition(product_code: str, source: str) -> Edition:
    return Edition(product_code, 1, source, NOON, ())


async def sold(house: House, purchase: Purchase) -> Booking:
    """Return a booking of the first plan that the house offers."""
    quote = (await house.price(purchase, now=NOON)).quotes[0]
    offer = replace(an_opted_in_offer(), purchase=purchase, quotes=(quote,), chosen=(quote.id,))
    policies = (Policy("TRV-1", quote, issued_at=NOON),)
    return replace(a_booking(offer=offer, policies=policies), purchase=purchase)


async def test_no_two_policies_have_the_same_number() -> None:
    house = House(CATALOGUE)
    booking = a_pending_booking(offer=an_opted_in_offer())

    numbers = {(await house.issue(booking, now=NOON))[0].number for _ in range(500)}

    assert len(numbers) == 500


async def test_every_quote_names_the_documents_that_are_shown_today() -> None:
    shelf = Shelf()
    house = House(CATALOGUE, shelf)
    names = []

    for source in ("source-1", "source-2"):
        shelf.show(edition("travel_protection", source))
        priced = await house.price(a_purchase(), now=NOON)
        names.append({quote.documents for quote in priced.quotes})

    assert names == [
        {edition("travel_protection", source).digest} for source in ("source-1", "source-2")
    ]


async def test_a_change_keeps_the_documents_of_the_sale() -> None:
    shelf = Shelf()
    house = House(CATALOGUE, shelf)
    shelf.show(edition("travel_protection", "source-1"))
    booking = await sold(house, a_purchase())
    shelf.show(edition("travel_protection", "source-2"))
    dearer = a_changed(a_trip(), cost=Money(200_000, "EUR"))
    changed = replace(booking.purchase, items=(replace(booking.purchase.items[0], subject=dearer),))

    terms = await house.price_update(booking, replace(booking, purchase=changed), now=NOON)

    (policy,) = terms.policies
    assert policy.quote.premium != booking.policies[0].quote.premium
    assert policy.quote.documents == edition("travel_protection", "source-1").digest


async def test_a_renewal_takes_the_documents_of_today() -> None:
    shelf = Shelf()
    house = House(CATALOGUE, shelf)
    shelf.show(edition("annual_travel", "source-1"))
    booking = await sold(house, a_purchase(items=(Item("annual_travel", None, a_year()),)))
    shelf.show(edition("annual_travel", "source-2"))

    terms = await house.price_renewal(booking, now=NEAR_THE_END)

    assert [policy.quote.documents for policy in terms.policies] == [
        edition("annual_travel", source).digest for source in ("source-1", "source-2")
    ]

"""What every upstream promises: `widget/upstream/base.py`. A new one is an entry in `UPSTREAMS`."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.builders import (
    NOON,
    a_leg,
    a_pending_booking,
    a_purchase,
    a_trip,
    a_year,
    an_offer,
    some_settings,
)
from widget.app import load_catalogue
from widget.bookings import Booking
from widget.errors import InputInvalid
from widget.offers import Offer, Status
from widget.purchases import Item, Purchase
from widget.upstream.base import Upstream
from widget.upstream.house import House

pytestmark = pytest.mark.anyio

UPSTREAMS: dict[str, Callable[[], Upstream]] = {
    "house": lambda: House(load_catalogue(some_settings())),
}


@pytest.fixture(params=UPSTREAMS)
def upstream(request: pytest.FixtureRequest) -> Upstream:
    return UPSTREAMS[request.param]()


async def test_each_plan_of_the_product_is_one_quote(upstream: Upstream) -> None:
    quotes = (await upstream.price(a_purchase(), now=NOON)).quotes

    assert [quote.plan_code for quote in quotes] == ["cancellation", "cancellation_medical"]
    assert len({quote.id for quote in quotes}) == 2
    assert {quote.item for quote in quotes} == {0}


async def test_a_quote_states_premium_tax_and_period(upstream: Upstream) -> None:
    purchase = a_purchase()

    for quote in (await upstream.price(purchase, now=NOON)).quotes:
        assert quote.premium.currency == quote.tax.currency == purchase.currency
        assert 0 < quote.tax.minor < quote.premium.minor
        assert quote.tax_code == "VERSST"
        assert (quote.starts_at, quote.ends_at) == (NOON, purchase.items[0].trip.ends_at)
        assert (quote.product_code, quote.product_version) == ("travel_protection", 1)


async def test_the_same_purchase_has_the_same_premiums_under_new_ids(upstream: Upstream) -> None:
    first = (await upstream.price(a_purchase(), now=NOON)).quotes
    second = (await upstream.price(a_purchase(), now=NOON)).quotes

    assert [quote.premium for quote in first] == [quote.premium for quote in second]
    assert not {quote.id for quote in first} & {quote.id for quote in second}


async def test_a_version_may_be_asked_for(upstream: Upstream) -> None:
    item = Item("travel_protection", 1, a_trip())

    quotes = (await upstream.price(a_purchase(items=(item,)), now=NOON)).quotes

    assert len(quotes) == 2


async def test_each_product_is_priced_by_its_own_rules(upstream: Upstream) -> None:
    items = (Item("travel_protection", None, a_trip()), Item("annual_travel", None, a_year()))

    quotes = (await upstream.price(a_purchase(items=items), now=NOON)).quotes

    assert [(quote.product_code, quote.plan_code) for quote in quotes] == [
        ("travel_protection", "cancellation"),
        ("travel_protection", "cancellation_medical"),
        ("annual_travel", "medical"),
        ("annual_travel", "medical_cancellation"),
    ]


async def test_each_item_of_a_purchase_has_its_own_quotes(upstream: Upstream) -> None:
    item = Item("travel_protection", None, a_trip())

    quotes = (await upstream.price(a_purchase(items=(item, item)), now=NOON)).quotes

    assert [quote.item for quote in quotes] == [0, 0, 1, 1]


def trip_purchase(**changes: Any) -> Purchase:
    return a_purchase(trip=a_trip(**changes))


REFUSED = {
    "a product that is not sold": (
        a_purchase(items=(Item("ticket_protection", None, a_trip()),)),
        ["request.0.policy_type"],
    ),
    "a version that is not on sale": (
        a_purchase(items=(Item("travel_protection", 9, a_trip()),)),
        ["request.0.policy_type_version"],
    ),
    "a country where it is not sold": (
        a_purchase(customer_country="JP"),
        ["customer_country"],
    ),
    "a currency without a rate": (
        a_purchase(currency="JPY"),
        ["currency"],
    ),
    "a trip that has begun": (
        trip_purchase(starts_at=NOON - timedelta(minutes=1)),
        ["request.0.trip_start_date"],
    ),
    "a trip that ends before it starts": (
        trip_purchase(ends_at=NOON + timedelta(days=1)),
        ["request.0.trip_end_date"],
    ),
    "a year that is none": (
        a_purchase(items=(Item("annual_travel", None, a_trip()),)),
        ["request.0.trip_end_date"],
    ),
    "a year that has begun": (
        a_purchase(
            items=(Item("annual_travel", None, a_year(starts_at=NOON - timedelta(days=1))),)
        ),
        ["request.0.trip_start_date"],
    ),
    "nobody": (
        trip_purchase(adults=0, children=0),
        ["request.0.number_of_adults"],
    ),
    "too many": (
        trip_purchase(adults=200),
        ["request.0.number_of_adults"],
    ),
    "a flight outside of the trip": (
        trip_purchase(legs=(a_leg(departs_at=NOON),)),
        ["request.0.flights"],
    ),
    "several faults": (
        a_purchase(customer_country="JP", trip=a_trip(adults=200)),
        ["customer_country", "request.0.number_of_adults"],
    ),
}


@pytest.mark.parametrize("case", REFUSED)
async def test_it_refuses(upstream: Upstream, case: str) -> None:
    purchase, fields = REFUSED[case]

    with pytest.raises(InputInvalid) as error:
        await upstream.price(purchase, now=NOON)

    assert sorted(error.value.problems) == fields
    assert all(sentence for texts in error.value.problems.values() for sentence in texts)


async def test_a_fault_of_the_second_item_names_the_second_item(upstream: Upstream) -> None:
    good = Item("travel_protection", None, a_trip())
    bad = replace(good, product_code="ticket_protection")

    with pytest.raises(InputInvalid) as error:
        await upstream.price(a_purchase(items=(good, bad)), now=NOON)

    assert list(error.value.problems) == ["request.1.policy_type"]


def pending(offer: Offer) -> Booking:
    """Return the booking of an offer that waits for its policies."""
    return a_pending_booking(offer=offer.booked(Status.PENDING), purchase=offer.purchase)


async def opted_in(upstream: Upstream) -> Offer:
    offer = replace(an_offer(), quotes=(await upstream.price(a_purchase(), now=NOON)).quotes)
    return offer.opt_in({offer.quotes[1].id}, at=NOON, locale="en")


async def test_each_chosen_quote_becomes_one_policy(upstream: Upstream) -> None:
    offer = await opted_in(upstream)

    policies = await upstream.issue(pending(offer), now=NOON)

    assert [policy.quote_id for policy in policies] == list(offer.chosen)


async def test_a_policy_has_a_number_that_can_be_read_aloud(upstream: Upstream) -> None:
    (policy,) = await upstream.issue(pending(await opted_in(upstream)), now=NOON)

    assert re.fullmatch(r"TRV-[2-9A-HJKMNP-TV-Z]{5}-[2-9A-HJKMNP-TV-Z]{5}", policy.number)


async def test_no_two_policies_have_the_same_number(upstream: Upstream) -> None:
    offer = await opted_in(upstream)

    numbers = {(await upstream.issue(pending(offer), now=NOON))[0].number for _ in range(500)}

    assert len(numbers) == 500

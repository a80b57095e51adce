"""What every upstream promises: `widget/upstream/base.py`. A new one is an entry in `UPSTREAMS`."""

from __future__ import annotations

import itertools
import re
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.builders import (
    NOON,
    a_changed,
    a_leg,
    a_pending_booking,
    a_purchase,
    a_trip,
    a_year,
    an_amendment,
    an_offer,
    cost_of,
    some_settings,
)
from tests.fakes import Clock
from tests.platform import Platform, bearer, running_platform, signing
from widget.amendments import Amendment, AmendmentKind, Terms
from widget.app import load_catalogue
from widget.bookings import Booking
from widget.errors import InputInvalid, NotAllowedByProduct
from widget.money import Money
from widget.offers import Offer, Status
from widget.purchases import Item, Purchase
from widget.upstream.base import Upstream
from widget.upstream.calls import Calls, Remote
from widget.upstream.families import FAMILIES
from widget.upstream.house import House
from widget.upstream.xcover import XCover

pytestmark = pytest.mark.anyio


#: No two bookings here are the same one.
NUMBERS = itertools.count()


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """Another instance, for the upstreams that call one."""
    with running_platform(tmp_path_factory.mktemp("platform"), Clock()) as platform:
        yield platform


def remote(platform: Platform, family: str, key: str) -> XCover:
    return XCover(
        Calls(Remote(platform.url, key), now=Clock()), FAMILIES[family], price_s=20, other_s=20
    )


UPSTREAMS: dict[str, Callable[[Platform], Upstream]] = {
    "house": lambda _: House(load_catalogue(some_settings())),
    "a platform's packages, signed": lambda it: remote(it, "quotes", signing()),
    "a platform's packages": lambda it: remote(it, "quotes", bearer()),
    "a platform's offers": lambda it: remote(it, "offers", bearer()),
}


@pytest.fixture(params=UPSTREAMS)
async def upstream(request: pytest.FixtureRequest, platform: Platform) -> AsyncIterator[Upstream]:
    upstream = UPSTREAMS[request.param](platform)
    yield upstream
    await upstream.close()


@pytest.fixture
def takes_several(upstream: Upstream) -> None:
    """XCover's offers are of one item each."""
    if isinstance(upstream, XCover) and upstream.family is FAMILIES["offers"]:
        pytest.skip("an offer of XCover's is of one item")


async def test_each_plan_of_the_product_is_one_quote(upstream: Upstream) -> None:
    quotes = (await upstream.price(a_purchase(), now=NOON)).quotes

    assert [quote.plan_code for quote in quotes] == [
        "cancellation",
        "cancellation_medical",
        "cancellation_medical_baggage",
    ]
    assert len({quote.id for quote in quotes}) == 3
    assert {quote.item for quote in quotes} == {0}


async def test_a_quote_states_premium_tax_and_period(upstream: Upstream) -> None:
    purchase = a_purchase()

    for quote in (await upstream.price(purchase, now=NOON)).quotes:
        assert quote.premium.currency == quote.tax.currency == purchase.currency
        assert 0 < quote.tax.minor < quote.premium.minor
        assert quote.tax_code == "VERSST"
        assert (quote.starts_at, quote.ends_at) == (NOON, purchase.items[0].subject.ends_at)
        assert (quote.product_code, quote.product_version) == ("travel_protection", 1)


async def test_the_same_purchase_has_the_same_premiums_under_new_ids(upstream: Upstream) -> None:
    first = (await upstream.price(a_purchase(), now=NOON)).quotes
    second = (await upstream.price(a_purchase(), now=NOON)).quotes

    assert [quote.premium for quote in first] == [quote.premium for quote in second]
    assert not {quote.id for quote in first} & {quote.id for quote in second}


async def test_a_version_may_be_asked_for(upstream: Upstream) -> None:
    item = Item("travel_protection", 1, a_trip())

    quotes = (await upstream.price(a_purchase(items=(item,)), now=NOON)).quotes

    assert len(quotes) == 3


@pytest.mark.usefixtures("takes_several")
async def test_each_product_is_priced_by_its_own_rules(upstream: Upstream) -> None:
    items = (Item("travel_protection", None, a_trip()), Item("annual_travel", None, a_year()))

    quotes = (await upstream.price(a_purchase(items=items), now=NOON)).quotes

    assert [(quote.product_code, quote.plan_code) for quote in quotes] == [
        ("travel_protection", "cancellation"),
        ("travel_protection", "cancellation_medical"),
        ("travel_protection", "cancellation_medical_baggage"),
        ("annual_travel", "medical"),
        ("annual_travel", "medical_cancellation"),
    ]


@pytest.mark.usefixtures("takes_several")
async def test_each_item_of_a_purchase_has_its_own_quotes(upstream: Upstream) -> None:
    item = Item("travel_protection", None, a_trip())

    quotes = (await upstream.price(a_purchase(items=(item, item)), now=NOON)).quotes

    assert [quote.item for quote in quotes] == [0, 0, 0, 1, 1, 1]


def trip_purchase(**changes: Any) -> Purchase:
    return a_purchase(trip=a_trip(**changes))


REFUSED = {
    "a product that is not sold": (
        a_purchase(items=(Item("cloud_cover", None, a_trip()),)),
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
        a_purchase(currency="JPY", trip=a_trip(cost=Money(128_460, "JPY"))),
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


@pytest.mark.usefixtures("takes_several")
async def test_a_fault_of_the_second_item_names_the_second_item(upstream: Upstream) -> None:
    good = Item("travel_protection", None, a_trip())
    bad = replace(good, product_code="cloud_cover")

    with pytest.raises(InputInvalid) as error:
        await upstream.price(a_purchase(items=(good, bad)), now=NOON)

    assert list(error.value.problems) == ["request.1.policy_type"]


def pending(offer: Offer) -> Booking:
    """Return the booking of an offer that waits for its policies."""
    return a_pending_booking(offer=offer.booked(Status.PENDING), purchase=offer.purchase)


async def opted_in(upstream: Upstream, purchase: Purchase | None = None) -> Offer:
    purchase = purchase or a_purchase()
    priced = await upstream.price(purchase, now=NOON)
    offer = an_offer(
        id=f"AAAAA-{next(NUMBERS):05}-INS",
        purchase=purchase,
        quotes=priced.quotes,
        upstream_id=priced.upstream_id,
    )
    return offer.opt_in({offer.quotes[1].id}, at=NOON, locale="en")


async def test_each_chosen_quote_becomes_one_policy(upstream: Upstream) -> None:
    offer = await opted_in(upstream)

    policies = await upstream.issue(pending(offer), now=NOON)

    assert [policy.quote_id for policy in policies] == list(offer.chosen)


async def test_a_policy_has_a_number_that_can_be_read_aloud(upstream: Upstream) -> None:
    (policy,) = await upstream.issue(pending(await opted_in(upstream)), now=NOON)

    assert re.fullmatch(r"TRV-[2-9A-HJKMNP-TV-Z]{5}-[2-9A-HJKMNP-TV-Z]{5}", policy.number)


# -- after the sale


async def sold(upstream: Upstream, purchase: Purchase | None = None) -> Booking:
    """Return a booking whose one policy was issued."""
    booking = pending(await opted_in(upstream, purchase))
    policies = await upstream.issue(booking, now=NOON)
    return booking.issued(policies, at=NOON)


def amended(booking: Booking, terms: Terms, **changes: Any) -> Amendment:
    """Return an amendment of a booking with terms that an upstream has priced."""
    facts: dict[str, Any] = {
        "id": f"aaaaa-bbbbb-{next(NUMBERS):05}-UPD",
        "booking_id": booking.id,
        "purchase": terms.purchase,
        "policies": terms.policies,
        "upstream_id": terms.upstream_id,
    }
    return an_amendment(**facts | changes)


def dearer(booking: Booking) -> Booking:
    """Return a booking as it is wanted: with tickets that cost twice as much."""
    (item,) = booking.purchase.items
    cost = cost_of(item.subject)
    trip = a_changed(item.subject, cost=cost + cost)
    purchase = replace(booking.purchase, items=(replace(item, subject=trip),))
    return replace(booking, purchase=purchase)


async def test_issuing_again_is_issuing_once(upstream: Upstream) -> None:
    if not upstream.is_remote:
        pytest.skip("what the house issues is not in force until it is stored")
    booking = pending(await opted_in(upstream))

    first = await upstream.issue(booking, now=NOON)
    second = await upstream.issue(booking, now=NOON)

    assert first == second


async def test_a_change_is_priced_under_the_same_quote(upstream: Upstream) -> None:
    booking = await sold(upstream)

    terms = await upstream.price_update(booking, dearer(booking), now=NOON)

    (before,), (after,) = booking.policies, terms.policies
    assert terms.purchase == dearer(booking).purchase
    assert after.quote_id == before.quote_id
    assert after.quote.premium.minor > before.quote.premium.minor
    assert 0 < after.quote.tax.minor < after.quote.premium.minor
    assert (after.number, after.status) == (before.number, Status.CONFIRMED)


async def test_a_change_that_the_product_does_not_allow_is_refused(upstream: Upstream) -> None:
    year = a_purchase(items=(Item("annual_travel", None, a_year()),))
    booking = await sold(upstream, year)

    with pytest.raises(NotAllowedByProduct):
        await upstream.price_update(booking, dearer(booking), now=NOON)


async def test_cancelling_early_pays_all_of_it_back(upstream: Upstream) -> None:
    booking = await sold(upstream)
    ids = {policy.quote_id for policy in booking.policies}

    terms = await upstream.price_cancellation(booking, ids, reason="No trip", now=NOON)

    (policy,) = terms.policies
    assert (policy.status, policy.cancelled_at) == (Status.CANCELLED, NOON)
    assert policy.refund == booking.premium


async def test_an_amendment_is_made_once_however_often(upstream: Upstream) -> None:
    booking = await sold(upstream)
    ids = {policy.quote_id for policy in booking.policies}
    terms = await upstream.price_cancellation(booking, ids, reason=None, now=NOON)
    amendment = amended(booking, terms, kind=AmendmentKind.CANCELLATION)

    await upstream.apply(booking, amendment)
    await upstream.apply(booking, amendment)


async def test_a_change_of_terms_and_policyholder_is_made(upstream: Upstream) -> None:
    booking = await sold(upstream)
    person = replace(booking.policyholder, last_name="Beispiel")
    wanted = replace(dearer(booking), policyholder=person)
    terms = await upstream.price_update(booking, wanted, now=NOON)

    await upstream.apply(booking, amended(booking, terms, policyholder=person))


async def test_a_decline_can_be_reported_again(upstream: Upstream) -> None:
    offer = await opted_in(upstream)

    await upstream.decline(offer)
    await upstream.decline(offer)

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.builders import CATALOGUE, NOON, a_leg, a_purchase, a_trip, problems_of, purchase_json
from widget.money import Money
from widget.purchases import Item, Purchase
from widget.wire import PurchaseBody, purchase_of, read_body, read_json

DAY = timedelta(days=1)

countries = st.sampled_from(["DE", "PT", "GB", "US"])
moments = st.datetimes(
    NOON.replace(tzinfo=None),
    (NOON + 365 * DAY).replace(tzinfo=None),
    timezones=st.sampled_from([UTC, timezone(2 * DAY / 24)]),
).map(lambda moment: moment.replace(fold=0))
trips = st.builds(
    a_trip,
    departure_country=countries,
    destination_country=countries,
    starts_at=moments,
    ends_at=moments,
    cost=st.builds(Money, st.integers(0, 10**6), st.sampled_from(["EUR", "GBP"])),
    adults=st.integers(0, 3),
    children=st.integers(0, 3),
    infants=st.integers(0, 3),
    legs=st.lists(
        st.builds(a_leg, flight_number=st.sampled_from(["ZZ 1", "ZZ 2"])), max_size=2
    ).map(tuple),
)
purchases = st.builds(
    Purchase,
    currency=st.sampled_from(["EUR", "GBP"]),
    customer_country=countries,
    language=st.sampled_from([None, "en", "de"]),
    reference=st.sampled_from([None, "CHK-1", "CHK-2"]),
    items=st.builds(Item, st.sampled_from(["a", "b"]), st.sampled_from([None, 1, 2]), trips).map(
        lambda item: (item,)
    ),
)


def read(text: str) -> Purchase:
    return purchase_of(read_body(PurchaseBody, read_json(text.encode()), CATALOGUE))


def test_a_trip_that_holds_together_has_no_problem() -> None:
    trip = a_trip(legs=(a_leg(),))

    assert problems_of(trip) == {}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"starts_at": NOON - timedelta(seconds=1)}, "trip_start_date"),
        ({"ends_at": a_trip().starts_at}, "trip_end_date"),
        ({"ends_at": a_trip().starts_at - DAY}, "trip_end_date"),
        ({"adults": 0, "children": 0, "infants": 1}, "number_of_adults"),
        ({"adults": 0, "children": 0, "infants": 0}, "number_of_adults"),
        ({"cost": Money(0, "EUR")}, "total_tickets_price"),
        ({"cost": Money(-1, "EUR")}, "total_tickets_price"),
    ],
)
def test_a_contradiction_is_told_under_the_name_of_its_field(
    changes: dict[str, Any], field: str
) -> None:
    trip = a_trip(**changes)

    problems = problems_of(trip)

    assert list(problems) == [field]
    assert len(problems[field]) == 1


def test_a_trip_that_begins_this_very_moment_can_be_covered() -> None:
    assert problems_of(a_trip(starts_at=NOON)) == {}


def test_whether_a_trip_has_begun_is_judged_on_the_clock_and_not_on_the_calendar() -> None:
    east = timezone(timedelta(hours=9))
    trip = a_trip(starts_at=datetime(2027, 3, 1, 20, 0, tzinfo=east))

    problems = problems_of(trip)

    assert list(problems) == ["trip_start_date"]


def test_children_may_travel_without_adults() -> None:
    assert problems_of(a_trip(adults=0, children=2)) == {}


def test_every_contradiction_of_a_trip_is_told_at_once() -> None:
    trip = a_trip(
        starts_at=NOON - DAY,
        ends_at=NOON - 2 * DAY,
        adults=0,
        children=0,
        cost=Money(0, "EUR"),
    )

    assert len(problems_of(trip)) == 4


@pytest.mark.parametrize(
    ("moves", "word"),
    [
        ([(timedelta(hours=3), timedelta(hours=3))], "arrives before it departs"),
        ([(timedelta(hours=-1), timedelta(hours=2))], "not within"),
        ([(timedelta(days=7), timedelta(days=7, hours=1))], "not within"),
        (
            [(timedelta(hours=1), timedelta(hours=3)), (timedelta(hours=2), timedelta(hours=4))],
            "before the flight ahead of it has landed",
        ),
    ],
)
def test_flights_that_contradict_the_trip_or_each_other_are_told(
    moves: list[tuple[timedelta, timedelta]], word: str
) -> None:
    start = a_trip().starts_at
    legs = tuple(
        a_leg(flight_number=f"ZZ {number}", departs_at=start + out, arrives_at=start + back)
        for number, (out, back) in enumerate(moves)
    )

    problems = problems_of(a_trip(legs=legs))

    (sentence,) = problems["flights"]
    assert word in sentence
    assert f"ZZ {len(legs) - 1}" in sentence


@pytest.mark.parametrize(
    ("starts", "ends", "days"),
    [
        ("2027-06-12T08:00:00+02:00", "2027-06-12T20:00:00+02:00", 1),
        ("2027-06-12T23:59:00+02:00", "2027-06-13T00:01:00+02:00", 2),
        ("2027-06-12T08:00:00+02:00", "2027-06-19T20:00:00+01:00", 8),
        # The clock of the place counts: in UTC this would be one day.
        ("2027-06-12T23:00:00-10:00", "2027-06-14T01:00:00+14:00", 3),
        # Eastward over the date line people land before the day on which they left.
        ("2027-06-13T01:00:00+13:00", "2027-06-12T03:00:00-11:00", 1),
        ("2027-06-14T00:00:00+23:59", "2027-06-12T00:03:00-23:59", 1),
    ],
)
def test_a_trip_lasts_as_many_days_as_it_touches(starts: str, ends: str, days: int) -> None:
    trip = a_trip(starts_at=datetime.fromisoformat(starts), ends_at=datetime.fromisoformat(ends))

    assert problems_of(trip) == {}
    assert trip.days == days


@pytest.mark.parametrize("year", [1, 1969, 2027, 9999])
@pytest.mark.parametrize("hours", [-23, -12, 0, 14, 23])
def test_no_moment_of_the_calendar_is_too_far_to_be_judged(year: int, hours: int) -> None:
    zone = timezone(timedelta(hours=hours))
    first, last = datetime(year, 1, 1, tzinfo=zone), datetime(year, 12, 31, 23, 59, tzinfo=zone)
    trip = a_trip(starts_at=first, ends_at=last)

    problems = problems_of(trip)

    assert ("trip_start_date" in problems) == (year <= 2027)
    assert trip.days >= 365


@given(purchases, purchases)
def test_two_purchases_have_the_same_hash_exactly_when_they_say_the_same(
    one: Purchase, other: Purchase
) -> None:
    same = repr(one) == repr(other)

    assert (one.content_hash() == other.content_hash()) == same
    assert one.content_hash() == replace(one).content_hash()


@pytest.mark.parametrize(
    "changes",
    [
        {"currency": "GBP"},
        {"customer_country": "AT"},
        {"language": "de"},
        {"language": None},
        {"reference": "CHK-2"},
        {"reference": None},
        {"items": ()},
        {"items": a_purchase().items * 2},
        {"items": (Item("other", None, a_trip()),)},
        {"items": (Item("travel_protection", 1, a_trip()),)},
    ],
)
def test_a_purchase_that_says_something_else_has_another_hash(changes: dict[str, Any]) -> None:
    purchase = a_purchase(**changes)

    assert purchase.content_hash() != a_purchase().content_hash()


@pytest.mark.parametrize(
    "changes",
    [
        {"departure_country": "AT"},
        {"destination_country": "ES"},
        {"starts_at": a_trip().starts_at + timedelta(microseconds=1)},
        {"starts_at": a_trip().starts_at.astimezone(timezone(timedelta(hours=1)))},
        {"ends_at": a_trip().ends_at + DAY},
        {"cost": Money(128461, "EUR")},
        {"cost": Money(128460, "GBP")},
        {"adults": 3},
        {"children": 0},
        {"infants": 1},
        {"legs": (a_leg(),)},
    ],
)
def test_a_trip_that_differs_anywhere_gives_another_hash(changes: dict[str, Any]) -> None:
    purchase = a_purchase(trip=a_trip(**changes))

    assert purchase.content_hash() != a_purchase().content_hash()


@given(st.randoms(use_true_random=False), st.sampled_from([None, 1, "\t"]))
def test_the_order_and_the_spacing_of_the_json_do_not_change_the_hash(
    random: Random, indent: int | str | None
) -> None:
    def shuffled(value: Any) -> Any:
        if isinstance(value, dict):
            keys = list(value)
            random.shuffle(keys)
            return {key: shuffled(value[key]) for key in keys}
        return [shuffled(part) for part in value] if isinstance(value, list) else value

    text = json.dumps(shuffled(purchase_json()), indent=indent)

    assert read(text).content_hash() == a_purchase().content_hash()


@pytest.mark.parametrize(
    "number", ["1284.6", "1284.60", "1284.600000000000000000000000000000", "1.2846e3", "12846E-1"]
)
def test_the_spelling_of_a_number_does_not_change_the_hash(number: str) -> None:
    text = json.dumps(purchase_json()).replace("1284.6", number)

    assert read(text).content_hash() == a_purchase().content_hash()


@pytest.mark.parametrize(
    "spelling",
    ["2027-05-30T12:00:00Z", "2027-05-30T12:00:00.000+00:00", "2027-05-30T12:00:00-00:00"],
)
def test_the_spelling_of_a_moment_does_not_change_the_hash(spelling: str) -> None:
    text = json.dumps(purchase_json(trip={"trip_start_date": spelling}))

    assert read(text).content_hash() == a_purchase().content_hash()


def test_the_escapes_of_a_text_do_not_change_the_hash() -> None:
    text = json.dumps(purchase_json()).replace("CHK-1", "\\u0043\\u0048K\\u002d1")

    assert read(text).content_hash() == a_purchase().content_hash()


@given(st.decimals("0.01", "99999.99", places=2), st.decimals("0.01", "99999.99", places=2))
def test_another_price_gives_another_hash(one: Decimal, other: Decimal) -> None:
    assume(one != other)

    hashes = {
        a_purchase(trip=a_trip(cost=Money.exactly(price, "EUR"))).content_hash()
        for price in (one, other)
    }

    assert len(hashes) == 2


def test_the_hash_of_a_purchase_never_changes_between_versions() -> None:
    # It is stored with every offer and signed into every token: it must be found again.
    assert a_purchase().content_hash() == (
        "02a844fba3bab4a34c643e90bde489091565ea616bb50488850ef09248762a47"
    )

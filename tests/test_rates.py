from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import (
    MARKETS,
    NOON,
    TRAVEL,
    a_changed,
    a_product,
    a_purchase,
    a_trip,
    a_year,
    cost_of,
)
from widget.money import Money
from widget.purchases import Subject
from widget.rates import premium_of
from widget.refusals import ineligibility
from widget.taxes import Charged
from widget.terms import next_term

PRODUCT = a_product()
CANCELLATION, MEDICAL, BAGGAGE = PRODUCT.plan
START = NOON + timedelta(days=90)

plans = st.sampled_from(PRODUCT.plan)
markets = st.sampled_from([MARKETS[country] for country in sorted(PRODUCT.sold_to)])
currencies = st.sampled_from(sorted(PRODUCT.currencies))
routes = st.sampled_from([("DE", "DE"), ("DE", "PT"), ("DE", "JP"), ("US", "US"), ("US", "GB")])


def journey(
    amount: str | Decimal, currency: str, days: int, route: tuple[str, str], people: tuple[int, ...]
) -> Subject:
    adults, children, infants = people
    return a_trip(
        cost=Money.exactly(Decimal(amount), currency),
        starts_at=START,
        ends_at=START + timedelta(days=days - 1, minutes=1),
        departure_country=route[0],
        destination_country=route[1],
        adults=adults,
        children=children,
        infants=infants,
    )


@st.composite
def journeys(draw: st.DrawFn) -> Subject:
    """Return any trip that the product takes."""
    currency = draw(currencies)
    rules = PRODUCT.eligibility.amount["total_tickets_price"]
    amount = draw(st.decimals(rules.least[currency], rules.most[currency], places=2), label="cost")
    adults = draw(st.integers(1, 8), label="adults")
    people = (adults, draw(st.integers(0, 6)), draw(st.integers(0, 6)))
    days = draw(st.integers(1, PRODUCT.eligibility.days_max or 1), label="days")
    return journey(amount, currency, days, draw(routes), people)


def net(premium: Charged) -> Money:
    return premium.total - premium.tax


# Worked out with pencil and paper from the product file, once for each plan:
#
#   net   = for each traveller: tickets / travellers * percent of the days
#           (medical: + day rate of the zone * days), at least the plan's minimum; then the sum
#   total = net * (1 + tax of the market), rounded up to the cent
#   tax   = total * tax / (1 + tax), rounded half up
#
#   With baggage: + a fixed amount of the zone for all but infants; the minimum is higher too.
#
# DE  428.20 * 3.2 % = 13.7024, * 3 = 41.1072, * 1.19 = 48.9176 → 48.92; tax 48.92 * 19/119 = 7.8107
#     2 * (13.7024 + 8 * 1.35) + 13.7024 + 8 * 0.80 = 69.1072, * 1.19 = 82.2376; tax 13.1307
#     69.1072 + 3 * 3.80 = 80.5072, * 1.19 = 95.8036; tax 15.2974
# DE  20 * 3.2 % = 0.64, so the minimum: 4.50 * 1.19 = 5.355 → 5.36; tax 0.8558
#     0.64 + 0.60 = 1.24, so the minimum: 6.50 * 1.19 = 7.735 → 7.74; tax 1.2358
#     1.24 + 2.20 = 3.44, so the minimum: 8.50 * 1.19 = 10.115; tax 1.6158
# AT  1000 / 3 * 3.2 % = 10.6667 (not rounded), * 3 = 32.00, * 1.11 = 35.52; tax 3.52
#     32.00 + 3 * 8 * 1.35 = 64.40, * 1.11 = 71.484 → 71.49; tax 71.49 * 11/111 = 7.0846
#     64.40 + 3 * 3.80 = 75.80, * 1.11 = 84.138; tax 8.3382
# FR  500 * 3.9 % = 19.50, * 1.09 = 21.255 → 21.26; tax 21.26 * 9/109 = 1.7554
#     19.50 + 22 * 0.60 = 32.70, * 1.09 = 35.643 → 35.65; tax 35.65 * 9/109 = 2.9436
#     32.70 + 2.20 = 34.90, * 1.09 = 38.041; tax 3.1417
# FR  500 * 4.8 % = 24.00, * 1.09 = 26.16; tax 2.16
#     24.00 + 23 * 0.60 = 37.80, * 1.09 = 41.202 → 41.21; tax 41.21 * 9/109 = 3.4026
#     37.80 + 2.20 = 40.00, * 1.09 = 43.60; tax 3.60
# NL  150 * 3.2 % = 4.80, * 2 = 9.60, * 1.21 = 11.616; tax 11.62 * 21/121 = 2.0167
#     2 * (4.80 + 8 * 1.75) = 37.60, * 1.21 = 45.496; tax 45.50 * 21/121 = 7.8967
#     37.60 + 2 * 5.60 = 48.80, * 1.21 = 59.048; tax 10.2483
# ES  100 * 3.2 % = 3.20, so twice the minimum: 9.00 * 1.0815 = 9.7335; tax 0.7340
#     3.20 + 3 * 0.60 = 5.00 and 3.20 + 0, so twice the minimum: 13 * 1.0815 = 14.0595; tax 1.0600
#     5.00 + 2.20 = 7.20 and 3.20, so twice the minimum: 17 * 1.0815 = 18.3855; tax 1.3858
# GB  1300 * 4.8 % = 62.40, * 20 = 1248.00, * 1.20 = 1497.60; tax 249.60
#     20 * (62.40 + 92 * 2.50) = 5848.00, * 1.20 = 7017.60; tax 1169.60
#     5848.00 + 20 * 4.80 = 5944.00, * 1.20 = 7132.80; tax 1188.80
# US  333.33 * 3.9 % = 12.99987, * 3 = 38.99961 → 39.00; no tax
#     2 * (12.99987 + 9 * 1.48) + 12.99987 + 9 * 0.44 = 69.59961 → 69.60; no tax
#     69.59961 + 2 * 4.20 = 77.99961 → 78.00; no tax
GOLDEN = [
    (
        "DE",
        journey("1284.60", "EUR", 8, ("DE", "PT"), (2, 1, 0)),
        ("48.92", "7.81"),
        ("82.24", "13.13"),
        ("95.81", "15.30"),
    ),
    (
        "DE",
        journey("20.00", "EUR", 1, ("DE", "DE"), (1, 0, 0)),
        ("5.36", "0.86"),
        ("7.74", "1.24"),
        ("10.12", "1.62"),
    ),
    (
        "AT",
        journey("1000.00", "EUR", 8, ("AT", "IT"), (3, 0, 0)),
        ("35.52", "3.52"),
        ("71.49", "7.08"),
        ("84.14", "8.34"),
    ),
    (
        "FR",
        journey("500.00", "EUR", 22, ("FR", "FR"), (1, 0, 0)),
        ("21.26", "1.76"),
        ("35.65", "2.94"),
        ("38.05", "3.14"),
    ),
    (
        "FR",
        journey("500.00", "EUR", 23, ("FR", "FR"), (1, 0, 0)),
        ("26.16", "2.16"),
        ("41.21", "3.40"),
        ("43.60", "3.60"),
    ),
    (
        "NL",
        journey("300.00", "EUR", 8, ("NL", "US"), (0, 2, 0)),
        ("11.62", "2.02"),
        ("45.50", "7.90"),
        ("59.05", "10.25"),
    ),
    (
        "ES",
        journey("200.00", "EUR", 3, ("ES", "ES"), (1, 0, 1)),
        ("9.74", "0.73"),
        ("14.06", "1.06"),
        ("18.39", "1.39"),
    ),
    (
        "GB",
        journey("26000.00", "GBP", 92, ("GB", "AU"), (20, 0, 0)),
        ("1497.60", "249.60"),
        ("7017.60", "1169.60"),
        ("7132.80", "1188.80"),
    ),
    (
        "US",
        journey("999.99", "USD", 9, ("US", "FR"), (2, 0, 1)),
        ("39.00", "0.00"),
        ("69.60", "0.00"),
        ("78.00", "0.00"),
    ),
]


@pytest.mark.parametrize(("country", "trip", "cancellation", "medical", "baggage"), GOLDEN)
def test_a_premium_is_what_paper_and_pencil_say(
    country: str,
    trip: Subject,
    cancellation: tuple[str, str],
    medical: tuple[str, str],
    baggage: tuple[str, str],
) -> None:
    market = MARKETS[country]

    premiums = [premium_of(plan, PRODUCT, trip, market) for plan in PRODUCT.plan]

    told = [(str(premium.total.amount), str(premium.tax.amount)) for premium in premiums]
    assert told == [cancellation, medical, baggage]
    assert {premium.total.currency for premium in premiums} == {trip.value.currency}


#   ages 71, 70 and 17, DE to PT as above: 41.1072 * 1.19 = 48.9176;
#   2 * (13.7024 + 8 * 2.50) + 13.7024 + 8 * 0.80 = 87.5072, * 1.19 = 104.1336; tax 16.6263
#   87.5072 + 3 * 3.80 = 98.9072, * 1.19 = 117.6996; tax 18.7924
def test_ages_that_are_told_decide_who_is_a_senior() -> None:
    trip = journey("1284.60", "EUR", 8, ("DE", "PT"), (2, 1, 0))
    aged = a_changed(trip, traveller_ages=(71, 17, 70))

    premiums = [premium_of(plan, PRODUCT, aged, MARKETS["DE"]) for plan in PRODUCT.plan]

    told = [(str(premium.total.amount), str(premium.tax.amount)) for premium in premiums]
    assert told == [("48.92", "7.81"), ("104.14", "16.63"), ("117.70", "18.79")]


def test_ages_up_to_69_change_nothing() -> None:
    trip = journey("1284.60", "EUR", 8, ("DE", "PT"), (2, 1, 0))
    aged = a_changed(trip, traveller_ages=(69, 18, 2))

    for plan in PRODUCT.plan:
        told, untold = (premium_of(plan, PRODUCT, one, MARKETS["DE"]) for one in (aged, trip))
        assert told == untold


def test_the_table_has_every_market_and_every_currency_of_the_product() -> None:
    countries = {country for country, *_ in GOLDEN}
    tickets = {trip.value.currency for _, trip, *_ in GOLDEN}

    assert countries == PRODUCT.sold_to
    assert tickets == PRODUCT.currencies


@given(plans, journeys(), markets)
def test_a_premium_is_more_than_nothing_and_its_tax_is_inside(
    plan: Any, trip: Subject, market: Any
) -> None:
    premium = premium_of(plan, PRODUCT, trip, market)

    assert 0 <= premium.tax.minor < premium.total.minor
    assert net(premium) + premium.tax == premium.total
    assert (premium.tax.minor == 0) == (market.tax_rate == 0)


@given(plans, journeys(), markets)
def test_the_tax_is_the_share_of_the_market_to_the_cent(
    plan: Any, trip: Subject, market: Any
) -> None:
    premium = premium_of(plan, PRODUCT, trip, market)

    assert abs(net(premium).minor * market.tax_rate - premium.tax.minor) <= 1


@given(plans, journeys(), markets)
def test_nobody_pays_less_than_the_minimum_of_the_plan(
    plan: Any, trip: Subject, market: Any
) -> None:
    premium = premium_of(plan, PRODUCT, trip, market)

    least = (
        plan.minimum[trip.value.currency] * sum(trip.facts.counts.values()) * (1 + market.tax_rate)
    )
    assert premium.total.amount >= least


@given(plans, journeys(), markets, st.integers(0, 10**6))
def test_dearer_tickets_never_cost_less_to_cover(
    plan: Any, trip: Subject, market: Any, more: int
) -> None:
    dearer = a_changed(trip, cost=cost_of(trip) + Money(more, trip.value.currency))

    before, after = (premium_of(plan, PRODUCT, any_trip, market) for any_trip in (trip, dearer))

    assert after.total.minor >= before.total.minor
    assert after.tax.minor >= before.tax.minor


# A further traveller takes nothing from the share of the tickets, and adds a day rate or lifts the
# sum of the minimums.
@given(plans, journeys(), markets, st.sampled_from(["adults", "children", "infants"]))
def test_one_more_traveller_on_the_same_tickets_never_makes_the_cover_cheaper(
    plan: Any, trip: Subject, market: Any, kind: str
) -> None:
    more = a_changed(trip, **{kind: trip.facts.counts[f"number_of_{kind}"] + 1})

    before, after = (premium_of(plan, PRODUCT, any_trip, market) for any_trip in (trip, more))

    assert after.total.minor >= before.total.minor


@given(plans, journeys(), markets)
def test_a_longer_trip_never_costs_less_to_cover(plan: Any, trip: Subject, market: Any) -> None:
    shorter = a_changed(trip, ends_at=trip.starts_at + timedelta(minutes=1))

    before, after = (premium_of(plan, PRODUCT, any_trip, market) for any_trip in (shorter, trip))

    assert after.total.minor >= before.total.minor


@given(journeys(), markets)
def test_more_cover_never_costs_less(trip: Subject, market: Any) -> None:
    totals = [premium_of(plan, PRODUCT, trip, market).total.minor for plan in PRODUCT.plan]

    assert totals == sorted(totals)


def test_a_premium_is_rounded_once_and_not_for_each_traveller() -> None:
    # Rounded for each traveller it would be 3 * 10.67 * 1.11 = 35.53.
    trip = journey("1000.00", "EUR", 8, ("AT", "IT"), (3, 0, 0))

    premium = premium_of(CANCELLATION, PRODUCT, trip, MARKETS["AT"])

    assert premium.total == Money(3552, "EUR")


@given(plans, journeys(), markets)
def test_the_same_trip_always_costs_the_same(plan: Any, trip: Subject, market: Any) -> None:
    assert premium_of(plan, PRODUCT, trip, market) == premium_of(plan, PRODUCT, trip, market)


@given(journeys())
def test_a_trip_within_the_rules_is_taken(trip: Subject) -> None:
    purchase = a_purchase(trip=trip, currency=trip.value.currency)

    assert ineligibility(PRODUCT, purchase, trip, days_ahead=90) == {}


@pytest.mark.parametrize(
    ("purchase", "trip", "days_ahead", "field", "words"),
    [
        ({"customer_country": "BR"}, {}, 90, "customer_country", "AT, DE, ES, FR, GB, NL, US"),
        ({"currency": "CHF"}, {}, 90, "currency", "EUR, GBP, USD"),
        ({}, {"cost": Money(1999, "EUR")}, 90, "total_tickets_price", "20.00 to 30000.00 EUR"),
        ({}, {"cost": Money(3_000_001, "EUR")}, 90, "total_tickets_price", "20.00 to 30000.00"),
        ({}, {"adults": 21, "children": 0}, 90, "number_of_adults", "20 travellers, not 21"),
        ({}, {"ends_at": START + timedelta(days=92)}, 90, "trip_end_date", "92 days, not 93"),
        ({}, {}, 549, "trip_start_date", "within 548 days"),
    ],
)
def test_a_trip_outside_the_rules_is_told_which_rule(
    purchase: dict[str, Any], trip: dict[str, Any], days_ahead: int, field: str, words: str
) -> None:
    tried = a_trip(**trip)

    problems = ineligibility(
        PRODUCT, a_purchase(trip=tried, **purchase), tried, days_ahead=days_ahead
    )

    assert list(problems) == [field]
    assert words in problems[field][0]


@pytest.mark.parametrize(
    ("trip", "days_ahead"),
    [
        ({"cost": Money(2000, "EUR")}, 90),
        ({"cost": Money(3_000_000, "EUR")}, 90),
        ({"adults": 20, "children": 0}, 90),
        ({"ends_at": START + timedelta(days=91)}, 90),
        ({}, 548),
        ({}, 0),
    ],
)
def test_the_limits_themselves_are_within_the_rules(trip: dict[str, Any], days_ahead: int) -> None:
    tried = a_trip(**trip)

    assert ineligibility(PRODUCT, a_purchase(trip=tried), tried, days_ahead=days_ahead) == {}


def test_every_broken_rule_is_told_at_once() -> None:
    trip = a_trip(cost=Money(1, "EUR"), adults=99, ends_at=START + timedelta(days=200), children=0)

    problems = ineligibility(
        PRODUCT, a_purchase(trip=trip, customer_country="BR"), trip, days_ahead=999
    )

    assert problems.keys() == {
        "customer_country",
        "total_tickets_price",
        "number_of_adults",
        "trip_end_date",
        "trip_start_date",
    }


# -- a year of trips


# Worked out the same way, for 367 days: from midnight to the midnight a year later, through a 29
# February.
#
#   DE to PT, 1 adult       367 * 0.105 = 38.535, * 1.19 = 45.8567
#                           2000 * 0.5 % + 367 * 0.125 = 55.875, * 1.19 = 66.4913
#   DE to JP, 1 adult       367 * 0.215 = 78.905, * 1.19 = 93.8970
#                           10 + 367 * 0.260 = 105.42, * 1.19 = 125.4498
#   DE to DE, with infant   367 * 0.060 + 6.00 (the minimum) = 28.02, * 1.19 = 33.3438
#                           5 + 367 * 0.070 + 9.00 (0.5 % of 1000 is less) = 39.69, * 1.19 = 47.2311
@pytest.mark.parametrize(
    ("destination", "infants", "medical", "cancellation"),
    [("PT", 0, 4586, 6650), ("JP", 0, 9390, 12545), ("DE", 1, 3335, 4724)],
)
def test_a_year_is_priced_by_the_widest_zone(
    destination: str, infants: int, medical: int, cancellation: int
) -> None:
    product = a_product("annual_travel")
    year = a_year(destination_country=destination, infants=infants)

    premiums = [premium_of(plan, product, year, MARKETS["DE"]) for plan in product.plan]

    assert [premium.total.minor for premium in premiums] == [medical, cancellation]


@pytest.mark.parametrize("country", sorted(MARKETS))
@pytest.mark.parametrize("destination", ["PT", "JP", "US", "DE"])
@pytest.mark.parametrize("currency", ["EUR", "GBP", "USD"])
def test_a_year_with_cancellation_never_costs_less_than_one_without(
    country: str, destination: str, currency: str
) -> None:
    product = a_product("annual_travel")
    year = a_year(
        departure_country=country,
        destination_country=destination,
        cost=Money.exactly(
            product.eligibility.amount["total_tickets_price"].least[currency], currency
        ),
        children=2,
        infants=1,
    )

    medical, cancellation = (
        premium_of(plan, product, year, MARKETS[country]).total for plan in product.plan
    )

    assert 0 < medical.minor < cancellation.minor


@pytest.mark.parametrize("year", [2026, 2027, 2028])
def test_every_year_is_a_term_of_annual_cover_and_so_is_its_renewal(year: int) -> None:
    product = a_product("annual_travel")
    starts_at = NOON.replace(year=year, month=2, day=28)
    running = a_year(starts_at=starts_at, ends_at=starts_at.replace(year=year + 1))

    for term in (running, next_term(running, TRAVEL)):
        assert ineligibility(product, a_purchase(trip=term), term, days_ahead=60) == {}


@pytest.mark.parametrize(
    ("ends_at", "words"),
    [
        (a_year().starts_at + timedelta(days=363), "at least 365 days, not 364"),
        (a_year().starts_at + timedelta(days=367), "up to 367 days, not 368"),
    ],
)
def test_a_year_is_not_shorter_and_not_longer(ends_at: datetime, words: str) -> None:
    year = a_year(ends_at=ends_at)

    problems = ineligibility(a_product("annual_travel"), a_purchase(trip=year), year, days_ahead=90)

    assert list(problems) == ["trip_end_date"]
    assert words in problems["trip_end_date"][0]

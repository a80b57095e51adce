from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from math import ceil
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

import widget
from tests.builders import CATALOGUE, a_market, a_product, a_trip
from widget.money import Money
from widget.places import Places
from widget.printouts import COLUMNS, exact, price_json, price_lines
from widget.products import Product
from widget.rates import premium_of
from widget.tariffs import Discount
from widget.workings import Explanation, explained

FILE = Path(widget.__file__).parent / "catalogue" / "travel_protection.v1.toml"
PLACES = Places(FILE.read_text(encoding="utf-8"))


def explanation(product: Product, plan: str = "cancellation_medical") -> Explanation:
    trip = a_trip(cost=Money(128_460, "EUR"), adults=2, children=1)
    return explained(product.plan_named(plan), product, trip, a_market("DE"))


def test_the_steps_lead_to_the_premium() -> None:
    told = explanation(a_product())

    assert [(unit.kind, unit.times) for unit in told.units] == [("adult", 2), ("child", 1)]
    for unit in told.units:
        assert unit.sum == sum(step.amount for step in unit.charges)
        assert unit.net == max(unit.sum, unit.minimum) * unit.times
    assert told.sum == sum(unit.net for unit in told.units)
    assert told.net == told.sum - told.discount
    assert told.exact == told.net + sum(step.amount for step in told.taxes)
    assert told.premium.total == Money(ceil(told.exact * 100), "EUR")


def test_each_charge_names_the_row_of_the_file_that_it_comes_from() -> None:
    lines = FILE.read_text(encoding="utf-8").splitlines()

    told = explanation(a_product())

    tickets, days = told.units[0].charges
    assert tickets.base == Fraction(128_460, 300)
    assert f'percent = "{tickets.percent}"' in lines[PLACES.line_of(tickets.place) - 1]
    assert 'unit = "adult"' in lines[PLACES.line_of(days.place) - 1]
    assert f'EUR = "{days.fixed}"' in lines[PLACES.line_of(days.place) - 1]


def test_a_minimum_that_is_more_takes_the_place_of_the_charges() -> None:
    product = a_product()
    trip = a_trip(cost=Money(2_000, "EUR"), adults=1, children=0)

    told = explained(product.plan_named("cancellation"), product, trip, a_market("DE"))

    assert told.units[0].sum < told.units[0].minimum == told.net
    assert any("minimum, which is more" in line for line in price_lines(told, PLACES))


def test_an_explanation_is_readable_at_100_columns() -> None:
    lines = list(price_lines(explanation(a_product()), PLACES))

    assert max(len(line) for line in lines) <= COLUMNS
    assert lines[0] == (
        f"travel_protection@1, plan cancellation_medical: "
        f"{explanation(a_product()).premium.total} for a customer in DE, class travel"
    )


def test_what_a_machine_reads_is_exact() -> None:
    told = price_json(explanation(a_product()), PLACES)

    net = Fraction(told["net"])
    assert net + sum(Fraction(tax["amount"]) for tax in told["taxes"]) == Fraction(
        told["exact_premium"]
    )
    charged = [Fraction(step["charged"]) for unit in told["units"] for step in unit["charges"]]
    assert charged == [
        step.amount for unit in explanation(a_product()).units for step in unit.charges
    ]


#: Those whose fields a trip has.
TRIPS = sorted({one.code for one in CATALOGUE.products.values() if one.line.code == "travel"})


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(TRIPS),
    st.builds(Money, st.integers(3_000, 2_000_000), st.sampled_from(["EUR", "GBP", "USD"])),
    st.integers(1, 9),
    st.integers(0, 5),
    st.sampled_from(["DE", "AT", "ES", "GB", "NL"]),
)
def test_whatever_is_priced_its_explanation_ends_with_its_premium(
    code: str, cost: Money, adults: int, children: int, country: str
) -> None:
    product, market = a_product(code), a_market(country)
    trip = a_trip(cost=cost, adults=adults, children=children)

    for plan in product.plan:
        told = explained(plan, product, trip, market)

        assert told.premium == premium_of(plan, product, trip, market)
        assert Money(ceil(told.exact * 100), cost.currency) == told.premium.total


@given(st.fractions(), st.integers(0, 3))
def test_a_number_is_told_with_all_of_its_digits(number: Fraction, digits: int) -> None:
    assert Fraction(exact(number, digits)) == number


def test_a_number_without_an_end_is_told_as_a_fraction() -> None:
    assert exact(Fraction(1284, 7)) == "1284/7"
    assert exact(Fraction(27, 2), 2) == "13.50"
    assert exact(Fraction(4)) == "4"


def test_an_endless_number_is_told_with_its_fraction_and_about_how_much_it_is() -> None:
    product = a_product()
    trip = a_trip(cost=Money(100_000, "EUR"), adults=2, children=1)

    told = list(price_lines(explained(product.plan[0], product, trip, a_market("DE")), PLACES))

    assert any("1000/3 (total_tickets_price)" in line for line in told)
    assert any("32/3 ≈ 10.6667" in line for line in told)
    assert max(len(line) for line in told) <= COLUMNS


def test_what_is_taken_off_for_many_is_a_step() -> None:
    discount = Discount(units_from=2, percent=Decimal(10))
    product = a_product().model_copy(update={"discount": (discount,)})

    told = explanation(product)

    assert 0 < told.discount == told.sum - told.net
    assert any(
        line.startswith("  discount, the dearest being no. 1: 10 % off each")
        for line in price_lines(told, PLACES)
    )

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction

import pytest
from babel.numbers import get_currency_precision
from hypothesis import given
from hypothesis import strategies as st

from widget.money import CURRENCIES, MAX_MINOR, Money, exponent

currencies = st.sampled_from(sorted(CURRENCIES))
minors = st.integers(-MAX_MINOR, MAX_MINOR)


@pytest.mark.parametrize(
    ("currency", "digits"), [("EUR", 2), ("USD", 2), ("JPY", 0), ("KRW", 0), ("KWD", 3), ("TND", 3)]
)
def test_a_currency_has_the_digits_of_iso_4217(currency: str, digits: int) -> None:
    assert exponent(currency) == digits


def test_a_currency_never_has_fewer_digits_than_people_use() -> None:
    # CLDR says what is common in prices, ISO 4217 what exists: that may be more, never less.
    short = {code for code in CURRENCIES if exponent(code) < get_currency_precision(code)}

    assert short == set()


@given(minors, currencies)
def test_an_amount_comes_back_from_its_major_units(minor: int, currency: str) -> None:
    money = Money(minor, currency)

    again = Money.exactly(money.amount, currency)

    assert again == money


@given(minors, currencies)
def test_a_json_number_is_exact(minor: int, currency: str) -> None:
    money = Money(minor, currency)

    spelled = repr(money.as_number())

    assert Decimal(spelled) == money.amount


def test_a_currency_without_decimals_is_a_whole_json_number() -> None:
    number = Money(1500, "JPY").as_number()

    assert repr(number) == "1500"


@pytest.mark.parametrize(
    ("amount", "currency"),
    [
        ("0.001", "EUR"),
        ("0.5", "JPY"),
        ("1.0001", "KWD"),
        # More digits than decimal arithmetic keeps by itself.
        ("1." + "0" * 40 + "1", "EUR"),
        ("1E-9999", "EUR"),
    ],
)
def test_an_amount_with_more_decimals_than_its_currency_is_refused(
    amount: str, currency: str
) -> None:
    with pytest.raises(ValueError, match="more decimals"):
        Money.exactly(Decimal(amount), currency)


@pytest.mark.parametrize("amount", ["NaN", "-NaN", "sNaN", "Infinity", "-Infinity"])
def test_what_is_no_number_is_no_amount(amount: str) -> None:
    with pytest.raises(ValueError, match="EUR"):
        Money.exactly(Decimal(amount), "EUR")


def test_trailing_zeros_are_no_decimals() -> None:
    money = Money.exactly(Decimal("19.990000"), "EUR")

    assert money == Money(1999, "EUR")


@pytest.mark.parametrize("currency", ["", "eur", "EURO", "XXX", "XAU", "BTC"])
def test_an_unknown_currency_has_no_amounts(currency: str) -> None:
    with pytest.raises(ValueError, match="ISO 4217"):
        Money.exactly(Decimal(1), currency)


@pytest.mark.parametrize(
    ("amount", "currency", "minor"),
    [
        ("1/200", "EUR", 1),
        ("-1/200", "EUR", -1),
        ("49/10000", "EUR", 0),
        ("5/2", "JPY", 3),
        ("-5/2", "JPY", -3),
        ("1/2000", "KWD", 1),
        ("1/3", "EUR", 33),
        ("2/3", "EUR", 67),
    ],
)
def test_rounding_is_half_away_from_zero(amount: str, currency: str, minor: int) -> None:
    assert Money.rounded(Fraction(amount), currency) == Money(minor, currency)


@given(st.decimals(-(10**9), 10**9, places=6), currencies)
def test_rounding_agrees_with_decimal_arithmetic(amount: Decimal, currency: str) -> None:
    with localcontext() as context:
        context.prec = 50
        unit = Decimal(1).scaleb(-exponent(currency))
        expected = amount.quantize(unit, ROUND_HALF_UP)

    assert Money.rounded(Fraction(amount), currency).amount == expected


@given(st.lists(minors))
def test_a_total_is_the_sum_of_its_parts(parts: list[int]) -> None:
    total = Money.total((Money(part, "EUR") for part in parts), "EUR")

    assert total == Money(sum(parts), "EUR")


@given(minors, minors)
def test_taking_away_undoes_adding(first: int, second: int) -> None:
    one, other = Money(first, "EUR"), Money(second, "EUR")

    assert one + other - other == one


def test_currencies_do_not_mix() -> None:
    with pytest.raises(ValueError, match="cannot add USD to EUR"):
        Money(1, "EUR") + Money(1, "USD")
    with pytest.raises(ValueError, match="USD"):
        Money(1, "EUR") - Money(1, "USD")
    with pytest.raises(ValueError, match="USD"):
        Money.total([Money(1, "USD")], "EUR")


def test_money_shows_all_the_digits_of_its_currency() -> None:
    shown = [str(money) for money in (Money(1900, "EUR"), Money(1900, "JPY"), Money(1900, "KWD"))]

    assert shown == ["19.00 EUR", "1900 JPY", "1.900 KWD"]

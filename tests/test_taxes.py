from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from widget.money import Money, exponent
from widget.taxes import Tax, TaxPart, charged

SINCE = date(2020, 1, 1)

CURRENCIES = "AUD CAD CHF CLP EUR GBP JPY KWD NOK SGD TND USD".split()

currencies = st.sampled_from(CURRENCIES)
nets = st.fractions(min_value=0, max_value=10**7, max_denominator=10**6)


def a_tax(code: str = "IPT", share: str = "0", **changes: Any) -> Tax:
    return Tax(code, "an act", SINCE, Decimal(share), **changes)


@st.composite
def laws(draw: st.DrawFn, currency: str | None = None) -> tuple[tuple[Tax, ...], str]:
    """Return up to four taxes, some fixed and some on others, and the currency they are in."""
    currency = currency or draw(currencies)
    taxes = st.builds(
        a_tax,
        st.sampled_from(["IPT", "STAMP", "LEVY"]),
        st.decimals(0, "0.4", places=4).map(str),
        fixed=st.none() | st.builds(Money, st.integers(0, 2000), st.just(currency)),
        on=st.sampled_from(["net", "net_and_taxes"]),
    )
    return tuple(draw(st.lists(taxes, max_size=4))), currency


def exactly(net: Fraction, taxes: tuple[Tax, ...]) -> Fraction:
    """Return net premium and taxes, not rounded: the law, told in the plainest way."""
    total = net
    for tax in taxes:
        base = total if tax.on == "net_and_taxes" else net
        total += base * Fraction(tax.share) + Fraction(tax.fixed.amount if tax.fixed else 0)
    return total


@given(nets, laws())
def test_net_and_taxes_add_up_to_what_the_customer_pays(net: Fraction, law: Any) -> None:
    taxes, currency = law

    paid = charged(net, taxes, currency)

    assert Money.total((part.amount for part in paid.parts), currency) == paid.tax
    assert 0 <= paid.tax.minor <= paid.total.minor
    assert all(part.amount.minor >= 0 for part in paid.parts)
    assert [part.code for part in paid.parts] == [tax.code for tax in taxes]


@given(nets, laws())
def test_a_total_is_the_exact_one_rounded_up_to_the_smallest_unit(net: Fraction, law: Any) -> None:
    taxes, currency = law

    paid = charged(net, taxes, currency)

    more = paid.total.minor - exactly(net, taxes) * 10 ** exponent(currency)
    assert 0 <= more < 1


@given(nets, laws())
def test_each_tax_is_its_share_to_the_smallest_unit(net: Fraction, law: Any) -> None:
    taxes, currency = law

    paid = charged(net, taxes, currency)

    for position, part in enumerate(paid.parts):
        before, upto = (exactly(net, taxes[:end]) for end in (position, position + 1))
        exact = (upto - before) * 10 ** exponent(currency)
        # One unit from rounding, and the tax on less than one unit from rounding the total up.
        assert abs(part.amount.minor - exact) < 2


@given(nets, nets, laws())
def test_a_higher_net_premium_lowers_neither_the_total_nor_the_tax(
    one: Fraction, other: Fraction, law: Any
) -> None:
    taxes, currency = law

    less, more = (charged(net, taxes, currency) for net in sorted((one, other)))

    assert less.total.minor <= more.total.minor
    assert less.tax.minor <= more.tax.minor


@given(st.lists(nets, min_size=1, max_size=5), laws())
def test_splitting_a_purchase_gains_nothing(parts: list[Fraction], law: Any) -> None:
    taxes, currency = law

    whole = charged(sum(parts, start=Fraction(0)), taxes, currency)
    split = [charged(part, taxes, currency) for part in parts]

    assert Money.total((each.total for each in split), currency).minor >= whole.total.minor


@given(nets, currencies)
def test_without_taxes_there_is_only_the_net_premium(net: Fraction, currency: str) -> None:
    paid = charged(net, (), currency)

    assert (paid.tax, paid.parts) == (Money.zero(currency), ())


# 100.00 * 10 % = 10.00, and 9 % of 110.00 is 9.90: the duty is on the premium with its tax.
def test_a_duty_may_be_on_the_premium_with_the_taxes_before_it() -> None:
    duty = a_tax("DUTY", "0.09", on="net_and_taxes")

    paid = charged(Fraction(100), (a_tax("GST", "0.10"), duty), "AUD")

    assert paid.total == Money(11990, "AUD")
    assert paid.parts == (TaxPart("GST", Money(1000, "AUD")), TaxPart("DUTY", Money(990, "AUD")))


def test_the_order_of_the_taxes_decides_what_a_duty_is_on() -> None:
    duty = a_tax("DUTY", "0.09", on="net_and_taxes")

    paid = charged(Fraction(100), (duty, a_tax("GST", "0.10")), "AUD")

    assert paid.total == Money(11900, "AUD")


# 20.00 * 3 % = 0.60, and 1.00 for the policy.
def test_a_fixed_duty_is_charged_once_for_each_policy() -> None:
    stamp = a_tax("STAMP", fixed=Money(100, "EUR"))

    paid = charged(Fraction(20), (a_tax("LEVY", "0.03"), stamp), "EUR")

    assert paid.total == Money(2160, "EUR")
    assert [part.amount.minor for part in paid.parts] == [60, 100]


@pytest.mark.parametrize(
    ("net", "currency", "total", "tax"),
    [
        ("1000.1", "JPY", 1101, 100),  # 1100.11; 1101 / 11 = 100.09
        ("1.0005", "KWD", 1101, 100),  # 1.10055; 1.101 / 11 = 0.10009
        ("0", "EUR", 0, 0),
    ],
)
def test_the_smallest_unit_is_that_of_the_currency(
    net: str, currency: str, total: int, tax: int
) -> None:
    paid = charged(Fraction(net), (a_tax(share="0.10"),), currency)

    assert (paid.total.minor, paid.tax.minor) == (total, tax)


# Three taxes of a little more than half a cent each: their running sums round to 1, 1 and 2.
def test_what_rounding_leaves_over_goes_by_the_written_order() -> None:
    taxes = tuple(a_tax(code, "0.005") for code in ("A", "B", "C"))

    paid = charged(Fraction(1), taxes, "EUR")

    assert paid.total == Money(102, "EUR")
    assert [part.amount.minor for part in paid.parts] == [1, 0, 1]


def test_a_net_premium_is_not_below_zero() -> None:
    with pytest.raises(ValueError, match="cannot be -1"):
        charged(Fraction(-1), (), "EUR")


def test_a_fixed_duty_has_one_currency() -> None:
    stamp = a_tax("STAMP", fixed=Money(100, "EUR"))

    with pytest.raises(ValueError, match="STAMP is charged in EUR, not in GBP"):
        charged(Fraction(20), (stamp,), "GBP")

"""Taxes on a premium: insurance premium tax, stamp duty and levies, in the order of the law.

A total is rounded once, up to the next smallest unit: then two policies for the halves of a
purchase never cost less than one for the whole, and a tax office never gets less than its share.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from itertools import accumulate, pairwise
from math import ceil, floor
from typing import Literal

from widget.money import Money, exponent


@dataclass(frozen=True, slots=True)
class Tax:
    """One tax or levy that the customer pays on top of the net premium."""

    #: A stable code for the wire.
    code: str
    #: The law that it comes from.
    source: str
    #: From when on it has been as it is here.
    since: date
    #: 0.19 is 19 % of what it is on.
    share: Decimal = Decimal(0)
    #: What each policy pays besides, in the one currency that it can be charged in.
    fixed: Money | None = None
    #: The net premium alone; or the net premium and every tax before this one, as the stamp duty
    #: of the Australian states, which is on the premium with its goods and services tax.
    on: Literal["net", "net_and_taxes"] = "net"


@dataclass(frozen=True, slots=True)
class TaxPart:
    """How much of a premium is one tax."""

    code: str
    amount: Money


@dataclass(frozen=True, slots=True)
class Charged:
    """A net premium with its taxes, as the customer pays it; `total` less `tax` is the net part."""

    total: Money
    #: The part of `total` that is tax: the sum of `parts`.
    tax: Money
    #: In the written order of the taxes.
    parts: tuple[TaxPart, ...]


def charged(net: Fraction, taxes: tuple[Tax, ...], currency: str) -> Charged:
    """Return what the customer pays for a net premium, given in major units and not rounded.

    The total is rounded up to the next smallest unit of the currency. The parts are then those of
    the net premium that leads to exactly this total; each running sum of them, in the written
    order, is rounded half up. So they add up, none is below zero, and a higher net premium lowers
    neither the total nor the tax.

    Raises:
        ValueError: The net premium is below zero, or a fixed tax is in another currency.
    """
    if net < 0:
        raise ValueError(f"a net premium cannot be {net}")
    unit = 10 ** exponent(currency)
    levies, fixed, rate = _law(taxes, currency)
    total = ceil((net * rate + fixed) * unit)
    exact = (Fraction(total, unit) - fixed) / rate
    sums = [0, *(floor(upto * unit + Fraction(1, 2)) for upto in accumulate(_each(exact, levies)))]
    parts = tuple(
        TaxPart(tax.code, Money(upto - before, currency))
        for tax, (before, upto) in zip(taxes, pairwise(sums), strict=True)
    )
    return Charged(Money(total, currency), Money(sums[-1], currency), parts)


def unrounded(net: Fraction, taxes: tuple[Tax, ...], currency: str) -> tuple[Fraction, ...]:
    """Return the exact amount of each tax on a net premium, in major units and written order.

    Raises:
        ValueError: A fixed tax is in another currency.
    """
    return tuple(_each(net, _law(taxes, currency)[0]))


#: The share, the fixed amount in major units, and whether it is on the taxes before it too.
_Levy = tuple[Fraction, Fraction, bool]


@lru_cache(maxsize=1024)
def _law(taxes: tuple[Tax, ...], currency: str) -> tuple[tuple[_Levy, ...], Fraction, Fraction]:
    """Return the taxes, what they are on nothing, and what a net premium of 1 grows to by them."""
    levies = tuple(_levied(tax, currency) for tax in taxes)
    fixed = sum(_each(Fraction(0), levies), start=Fraction(0))
    rate = 1 + sum(_each(Fraction(1), levies), start=Fraction(0)) - fixed
    return levies, fixed, rate


def _levied(tax: Tax, currency: str) -> _Levy:
    if tax.fixed is not None and tax.fixed.currency != currency:
        raise ValueError(f"{tax.code} is charged in {tax.fixed.currency}, not in {currency}")
    fixed = Fraction(tax.fixed.amount) if tax.fixed else Fraction(0)
    return Fraction(tax.share), fixed, tax.on == "net_and_taxes"


def _each(net: Fraction, levies: tuple[_Levy, ...]) -> Iterator[Fraction]:
    """Yield the exact amount of each tax on `net`."""
    before = Fraction(0)
    for share, fixed, is_on_taxes in levies:
        amount = share * (net + before if is_on_taxes else net) + fixed
        before += amount
        yield amount

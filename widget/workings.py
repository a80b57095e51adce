"""Workings: a premium explained step by step, with the row of the product's file behind each step.

`rates` computes; here its steps are put beside the tables that they come from. Every number is
exact: a fraction, in major units.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from widget.bundles import Bundle
from widget.markets import Market
from widget.places import Place
from widget.products import Plan, Product
from widget.purchases import Subject
from widget.rates import UnitNet, rate_for, worked_out
from widget.tariffs import Charge, Rate
from widget.taxes import Charged, Tax, unrounded


@dataclass(frozen=True, slots=True)
class ChargeStep:
    """One charge of one unit."""

    code: str
    #: Where its row stands in the product's file.
    place: Place
    #: Why it is that row: each word that holds, and each number that is not passed.
    when: Mapping[str, str | int]
    amount: Fraction
    #: The share in per cent, and the unit's part of the amount that it is of.
    percent: Decimal | None = None
    of: str = ""
    base: Fraction = Fraction(0)
    #: Or the fixed amount, and for how many days; None: for the unit.
    fixed: Decimal | None = None
    days: int | None = None


@dataclass(frozen=True, slots=True)
class UnitStep:
    """What units that are alike cost before tax."""

    kind: str
    times: int
    charges: tuple[ChargeStep, ...]
    #: The sum of the charges of one.
    sum: Fraction
    #: What one costs at least.
    minimum: Fraction
    #: All of them together.
    net: Fraction


@dataclass(frozen=True, slots=True)
class TaxStep:
    """One tax, in the written order."""

    tax: Tax
    #: What its share is of: the net premium, or that with the taxes before it.
    base: Fraction
    amount: Fraction
    #: Whether its figures are ours to be confirmed.
    is_assumed: bool


@dataclass(frozen=True, slots=True)
class Explanation:
    """How the premium of one plan comes about."""

    product: Product
    plan: Plan
    market: Market
    currency: str
    units: tuple[UnitStep, ...]
    #: Of all units.
    sum: Fraction
    #: What is taken off because they are so many.
    discount: Fraction
    #: In which bundle it is bought, if any, and what is taken off for that.
    bundle: Bundle | None
    bundle_discount: Fraction
    net: Fraction
    taxes: tuple[TaxStep, ...]
    #: Net premium and taxes, before they are rounded.
    exact: Fraction
    premium: Charged


def explained(
    plan: Plan,
    product: Product,
    subject: Subject,
    market: Market,
    *,
    bundle: Bundle | None = None,
) -> Explanation:
    """Return each step to the premium of one plan for what `ineligibility` has nothing against."""
    alone = worked_out(plan, product, subject, market)
    working = alone
    if bundle is not None:
        working = worked_out(plan, product, subject, market, percent_off=bundle.percent)
    units = tuple(_unit_step(one, plan, product, subject) for one in working.units)
    total = sum((one.net for one in units), Fraction(0))
    taxes = tuple(_tax_steps(working.net, market, subject.value.currency))
    return Explanation(
        product=product,
        plan=plan,
        market=market,
        currency=subject.value.currency,
        units=units,
        sum=total,
        discount=total - alone.net,
        bundle=bundle,
        bundle_discount=alone.net - working.net,
        net=working.net,
        taxes=taxes,
        exact=working.net + sum((step.amount for step in taxes), Fraction(0)),
        premium=working.premium,
    )


def _unit_step(one: UnitNet, plan: Plan, product: Product, subject: Subject) -> UnitStep:
    charges = tuple(
        _charge_step(number, charge, amount, one, plan=plan, product=product, subject=subject)
        for number, (charge, (_, amount)) in enumerate(zip(plan.charge, one.charges, strict=True))
    )
    total = sum((step.amount for step in charges), Fraction(0))
    return UnitStep(one.unit.kind, one.unit.times, charges, total, one.minimum, one.net)


def _charge_step(
    number: int,
    charge: Charge,
    amount: Fraction,
    one: UnitNet,
    *,
    plan: Plan,
    product: Product,
    subject: Subject,
) -> ChargeStep:
    rate = rate_for(charge, one.unit, product, subject)
    row = next(index for index, other in enumerate(charge.rate) if other is rate)
    place = ("plan", product.plan.index(plan), "charge", number, "rate", row)
    if rate.percent is not None:
        of = charge.of or ""
        base = one.unit.amounts.get(of, Fraction(0))
        return ChargeStep(charge.code, place, rate.when, amount, rate.percent, of, base)
    days = subject.days if charge.each == "day" else None
    return ChargeStep(charge.code, place, rate.when, amount, fixed=_fixed(rate, subject), days=days)


def _fixed(rate: Rate, subject: Subject) -> Decimal | None:
    return rate.amount[subject.value.currency] if rate.amount is not None else None


def _tax_steps(net: Fraction, market: Market, currency: str) -> Iterator[TaxStep]:
    before = net
    amounts = unrounded(net, market.taxes, currency)
    for tax, amount in zip(market.taxes, amounts, strict=True):
        base = net if tax.on == "net" else before
        yield TaxStep(tax, base, amount, is_assumed=tax.code in market.assumed)
        before += amount

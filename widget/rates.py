"""Premium and tax for what is insured: pure and exact.

The order is fixed, and `Working` has each step of it.

1. For each unit (a traveller, a parcel, or the thing as a whole): the sum of the plan's charges,
   but not less than the plan's minimum.
2. The sum of all units, less the discount: from the unit on that makes them so many, the dearest
   being the first, each costs less. Of that, less what a bundle takes off.
3. Tax, levies and duties by the customer's market, and the result rounded once: see `taxes`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cached_property

from widget.markets import Market
from widget.products import Plan, Product
from widget.purchases import Part, Subject
from widget.tariffs import Charge, Rate
from widget.taxes import Charged, charged

_NOTHING = Fraction(0)


@dataclass(frozen=True, slots=True)
class Unit:
    """One of those that are priced each by itself."""

    #: Its kind, such as `adult`; the name of the list for a part; `whole` for a thing as a whole.
    kind: str
    #: What it bears of each amount.
    amounts: Mapping[str, Fraction]
    words: Mapping[str, str]
    counts: Mapping[str, int]
    #: How many of them are the same.
    times: int = 1


@dataclass(frozen=True)
class UnitNet:
    """What a unit costs before tax, step by step, in major units."""

    unit: Unit
    #: By charge, in the order of the plan.
    charges: tuple[tuple[str, Fraction], ...]
    minimum: Fraction

    @cached_property
    def each(self) -> Fraction:
        """The sum of the charges, or the minimum if that is more, of one."""
        return max(sum((amount for _, amount in self.charges), _NOTHING), self.minimum)

    @property
    def net(self) -> Fraction:
        """The same, of all that are alike."""
        return self.each * self.unit.times


@dataclass(frozen=True, slots=True)
class Working:
    """How a premium comes about."""

    units: tuple[UnitNet, ...]
    #: What is taken off of their sum because they are so many.
    discount: Fraction
    #: Before tax, in major units.
    net: Fraction
    premium: Charged


def premium_of(
    plan: Plan,
    product: Product,
    subject: Subject,
    market: Market,
    *,
    percent_off: Decimal = Decimal(0),
) -> Charged:
    """Return the premium of one plan for what `ineligibility` has nothing against.

    Args:
        percent_off: What a bundle takes off the net premium.
    """
    return worked_out(plan, product, subject, market, percent_off=percent_off).premium


def worked_out(
    plan: Plan,
    product: Product,
    subject: Subject,
    market: Market,
    *,
    percent_off: Decimal = Decimal(0),
) -> Working:
    """Return the premium of one plan and each step to it."""
    currency = subject.value.currency
    units = tuple(_unit_net(unit, plan, product, subject) for unit in units_of(product, subject))
    discount = _discount(product, units) if product.discount else _NOTHING
    net = sum((one.net for one in units), _NOTHING) - discount
    net = net * (100 - Fraction(percent_off)) / 100
    return Working(units, discount, net, charged(net, market.taxes, currency))


def discount_at(product: Product, place: int) -> Fraction:
    """Return the share that is taken off of the unit in this place; the dearest has the first."""
    reached = (one.share for one in product.discount if place >= one.units_from)
    return max(reached, default=_NOTHING)


def units_of(product: Product, subject: Subject) -> tuple[Unit, ...]:
    """Return what is priced each by itself; like ones together."""
    line, facts = product.line, subject.facts
    if line.priced_by is not None:
        parts = facts.parts.get(line.priced_by, ())
        return tuple(_part_unit(line.priced_by, part, subject, len(parts)) for part in parts)
    kinds = _counted(product, subject) if line.unit else {"whole": 1}
    number = sum(kinds.values())
    shares = {name: money.exact / number for name, money in facts.amounts.items()}
    return tuple(
        Unit(kind, shares, facts.words, facts.counts, times)
        for kind, times in kinds.items()
        if times
    )


def _counted(product: Product, subject: Subject) -> dict[str, int]:
    """Return how many there are of each kind: by their ages where these are told and matter."""
    line, facts = product.line, subject.facts
    ages = facts.ages.get(line.ages or "", ())
    if not (product.age and ages):
        return {unit.code: facts.counts.get(unit.count, 0) for unit in line.unit}
    kinds = dict.fromkeys(product.age, 0)
    for age in ages:
        kinds[next(kind for kind, oldest in product.age.items() if age <= oldest)] += 1
    return kinds


def _part_unit(name: str, part: Part, subject: Subject, number: int) -> Unit:
    facts = subject.facts
    shares = {n: money.exact / number for n, money in facts.amounts.items()}
    own = {f"{name}.{n}": money.exact for n, money in part.amounts.items()}
    return Unit(
        kind=name,
        amounts=shares | own,
        words={**facts.words, **{f"{name}.{n}": word for n, word in part.words.items()}},
        counts={**facts.counts, **{f"{name}.{n}": count for n, count in part.counts.items()}},
    )


def _discount(product: Product, units: Iterable[UnitNet]) -> Fraction:
    """Return what is taken off: of each unit by its place, of which the dearest has the first.

    Whatever is added comes in behind what is dearer, so it never takes more off of the others than
    it costs itself; and in a part of them none has a better place than among all.
    """
    dearest_first = sorted(units, key=lambda one: one.each, reverse=True)
    costs = (one.each for one in dearest_first for _ in range(one.unit.times))
    shares = (discount_at(product, place) * cost for place, cost in enumerate(costs, start=1))
    return sum(shares, _NOTHING)


def _unit_net(unit: Unit, plan: Plan, product: Product, subject: Subject) -> UnitNet:
    currency = subject.value.currency
    charges = tuple(
        (charge.code, _amount(charge, unit, product, subject)) for charge in plan.charge
    )
    return UnitNet(unit, charges, plan.minimums[currency])


def _amount(charge: Charge, unit: Unit, product: Product, subject: Subject) -> Fraction:
    rate = rate_for(charge, unit, product, subject)
    if rate.amount is None:
        return unit.amounts.get(charge.of or "", _NOTHING) * rate.share
    fixed = rate.amounts[subject.value.currency]
    return fixed * subject.days if charge.each == "day" else fixed


def rate_for(charge: Charge, unit: Unit, product: Product, subject: Subject) -> Rate:
    """Return the row of a charge's table that a unit pays by: the first that holds for it."""
    place = {name: _coordinate(name, unit, product, subject) for name in charge.by}
    return next(rate for rate in charge.rate if holds(rate, place))


def _coordinate(name: str, unit: Unit, product: Product, subject: Subject) -> str | int:
    """Return where a unit stands on one dimension of a table."""
    if name == "unit":
        return unit.kind
    if name == "days":
        return subject.days
    if name == "zone":
        line, words = product.line, unit.words
        return product.zone_of(words.get(line.origin or ""), words.get(line.destination or ""))
    return unit.words[name] if name in unit.words else unit.counts.get(name, 0)


def holds(rate: Rate, place: Mapping[str, str | int]) -> bool:
    """Tell whether a rate is for this place: the word itself, and not more than the number."""
    for name, bound in rate.when.items():
        here = place[name]
        if isinstance(bound, int) and isinstance(here, int):
            if here > bound:
                return False
        elif here != bound:
            return False
    return True

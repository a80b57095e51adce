"""Gaps in rate tables: a place without a rate, and a rate without a place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product as every

from widget.lines import Kind
from widget.places import Gap, Place
from widget.products import Plan, Product
from widget.rates import holds
from widget.tariffs import Charge, Rate

#: What a dimension can be: words, the most of a number, or anything.
Words = frozenset[str]
Domain = Words | int | None

#: A word that no table names: whatever else there may be.
_ANY_OTHER = "anything else"


def gaps_in_rates(product: Product) -> Iterator[Gap]:
    """Yield each place of a table that has no rate, or that no rate can reach."""
    for index, plan in enumerate(product.plan):
        for number, charge in enumerate(plan.charge):
            place: Place = ("plan", index, "charge", number)
            name = f"plan {plan.code}: charge {charge.code}"
            for gap in _gaps(charge, product):
                yield Gap((*place, *gap.place), f"{name}: {gap.sentence}")
        for key, sentence in _gaps_in_plan(plan, product):
            yield Gap(("plan", index, key), f"plan {plan.code}: {sentence}")
    from_ = [one.units_from for one in product.discount]
    percents = [one.percent for one in product.discount]
    if from_ != sorted(set(from_)) or percents != sorted(set(percents)):
        yield Gap(("discount",), "discount: units_from and percent must rise together")


def _gaps(charge: Charge, product: Product) -> Iterator[Gap]:
    domains: dict[str, Domain] = {}
    for index, name in enumerate(charge.by):
        if name not in _known(product):
            known = ", ".join(_known(product))
            yield Gap(("by", index), f"by names {name!r}, which is not a dimension: {known}")
            return
        domains[name] = _domain(name, product)
    amounts = product.line.paths({Kind.AMOUNT})
    if charge.of is not None and charge.of not in amounts:
        known = ", ".join(sorted(amounts))
        yield Gap(("of",), f"of is {charge.of!r}, which is not an amount: {known}")
    elif charge.of is not None and not product.must_be_told(charge.of):
        yield Gap(("of",), f"of is {charge.of!r}, so eligibility.needs must name that")
    if charge.of is None and any(rate.percent for rate in charge.rate):
        yield Gap(("rate",), "there are percentages, so `of` must say of which amount")
    if charge.each == "day" and any(rate.percent is not None for rate in charge.rate):
        yield Gap(("each",), "a percentage is not for each day")
    strangers = [
        Gap(("rate", index, "when", name), sentence)
        for index, rate in enumerate(charge.rate)
        for name, sentence in _strangers(rate, domains)
    ]
    # A rate for a place that does not exist leaves a hole where it was meant to be.
    holes = [] if strangers else [*_holes(charge, domains)]
    yield from [*strangers, *holes] or _falls(charge, domains)


def _strangers(rate: Rate, domains: Mapping[str, Domain]) -> Iterator[tuple[str, str]]:
    for name, bound in rate.when.items():
        if name not in domains:
            yield name, f"a rate depends on {name!r}, which `by` does not name"
            continue
        domain = domains[name]
        if isinstance(domain, int) != isinstance(bound, int):
            kind = "a number" if isinstance(domain, int) else "a word"
            yield name, f"a rate has {name} = {bound!r}, and must have {kind}"
        elif isinstance(domain, frozenset) and bound not in domain:
            yield name, f"a rate is for the {name} {bound!r}, which does not exist"


def _holes(charge: Charge, domains: Mapping[str, Domain]) -> Iterator[Gap]:
    unused = set(range(len(charge.rate)))
    points = {name: _points(name, domain, charge) for name, domain in domains.items()}
    for coordinates in every(*points.values()):
        place = dict(zip(points, coordinates, strict=True))
        found = next((i for i, rate in enumerate(charge.rate) if holds(rate, place)), None)
        if found is None:
            where = ", ".join(f"{name} {value}" for name, value in place.items())
            yield Gap(("rate",), f"there is no rate for {where}")
            return
        unused.discard(found)
    for index in sorted(unused):
        where = ", ".join(f"{name} {value}" for name, value in charge.rate[index].when.items())
        yield Gap(("rate", index), f"the rate for {where or 'everything'} is never reached")


def _falls(charge: Charge, domains: Mapping[str, Domain]) -> Iterator[Gap]:
    """Yield where a day more costs less. Only of a table without a hole."""
    points = {name: _points(name, domain, charge) for name, domain in domains.items()}
    days = [one for one in points.pop("days", []) if isinstance(one, int)]
    for coordinates in every(*points.values()):
        place = dict(zip(points, coordinates, strict=True))
        rates = [_held(charge, {**place, "days": number}) for number in days]
        for last, shorter, longer in zip(days, rates, rates[1:], strict=False):
            if _costs_less(charge.rate[longer], charge.rate[shorter], charge, last):
                sentence = f"{last + 1} days cost less than {last}, and must not"
                yield Gap(("rate", longer), sentence)
                return


def _held(charge: Charge, place: Mapping[str, str | int]) -> int:
    return next(index for index, rate in enumerate(charge.rate) if holds(rate, place))


def _costs_less(longer: Rate, shorter: Rate, charge: Charge, last: int) -> bool:
    """Tell whether the day after the last of a shorter band costs less than that; in any currency.

    A share and a fixed amount cannot be compared.
    """
    if longer.amount is None or shorter.amount is None:
        return longer.amount is shorter.amount is None and longer.share < shorter.share
    before, after = (last, last + 1) if charge.each == "day" else (1, 1)
    return any(
        longer.amounts[currency] * after < amount * before
        for currency, amount in shorter.amounts.items()
        if currency in longer.amounts
    )


def _points(name: str, domain: Domain, charge: Charge) -> list[str | int]:
    """Return the values of a dimension between which a table could differ."""
    if isinstance(domain, frozenset):
        return sorted(domain)
    bounds = {rate.when[name] for rate in charge.rate if name in rate.when}
    if domain is None:
        return [*sorted(bound for bound in bounds if isinstance(bound, str)), _ANY_OTHER]
    numbers = {bound for bound in bounds if isinstance(bound, int) and bound <= domain}
    return [0, *sorted(numbers | {domain})]


def _known(product: Product) -> tuple[str, ...]:
    fields = product.line.paths({Kind.CODE, Kind.COUNTRY, Kind.COUNT})
    return ("unit", "zone", "days", *sorted(fields))


def _domain(name: str, product: Product) -> Domain:
    line, rules = product.line, product.eligibility
    if name == "unit":
        counted = (unit.code for unit in line.unit)
        return frozenset({*product.age, *counted} or {line.priced_by or "whole"})
    if name == "zone":
        return frozenset({"home", *product.zones, "world"})
    if name == "days":
        return rules.days_max or 1
    if name in rules.count:
        return rules.count[name].most
    return _words(name, product)


def _words(name: str, product: Product) -> Words | None:
    """Return every word that a field may hold where the product takes it; None: any at all."""
    rule = product.eligibility.word.get(name)
    if rule is not None and rule.one_of is not None:
        return rule.one_of
    listed, _, own = name.rpartition(".")
    fields = product.line.fields[listed].part if listed else product.line.field
    choices = next(field.one_of for field in fields if field.name == own)
    return frozenset(choices) or None


def _gaps_in_plan(plan: Plan, product: Product) -> Iterator[tuple[str, str]]:
    line = product.line
    if plan.months is None and not line.has_own_end:
        yield "months", f"it needs months, because a {line.code} has no end of its own"
    if plan.months is not None and line.has_own_end:
        yield "months", f"it has months, and a {line.code} ends by itself"
    waits = plan.begins_after
    if waits is not None and (waits not in line.fields or line.fields[waits].kind != Kind.COUNT):
        yield "begins_after", f"begins_after is {waits!r}, which is not a count"
    elif waits is not None and not product.must_be_told(waits):
        yield "begins_after", f"it begins after {waits}, so eligibility.needs must name that"
    if waits is not None and plan.months is None:
        yield "begins_after", "it begins later, so it needs months"

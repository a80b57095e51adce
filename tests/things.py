"""Things to insure, made at random: for any product, whatever its line, and in any currency."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from random import Random
from typing import Any

from tests.builders import CATALOGUE, NOON
from widget.lines import Kind, Line, LineField, PartField
from widget.money import CURRENCIES, Money, exponent
from widget.products import Product
from widget.purchases import Facts, Part, Subject, subject_of
from widget.rates import premium_of
from widget.wire.subjects import bodies_of, told_by

#: What a euro is about worth; among them two without decimals and two with three.
WORTH = {
    "EUR": "1",
    "GBP": "0.86",
    "USD": "1.1",
    "AUD": "1.65",
    "SGD": "1.45",
    "CAD": "1.5",
    "CHF": "0.95",
    "SEK": "11",
    "JPY": "160",
    "KRW": "1500",
    "KWD": "0.33",
    "BHD": "0.41",
}

_PLACES = ("DE", "DE", "AT", "PT", "GB", "US", "JP", "BR")
_CODES = ("post", "express", "freight")


def in_every_currency(product: Product) -> Product:
    """Return a product that is sold in every currency of `WORTH`, at its prices in euro."""
    told = _widened(product.model_dump())
    return Product.model_validate({**told, "currencies": list(WORTH), "line": product.line})


def _widened(value: Any) -> Any:
    if isinstance(value, dict) and "EUR" in value and value.keys() <= CURRENCIES:
        return {currency: _converted(value["EUR"], currency) for currency in WORTH}
    if isinstance(value, dict):
        return {name: _widened(one) for name, one in value.items()}
    if isinstance(value, tuple | list):
        return [_widened(one) for one in value]
    return value


def _converted(euros: Decimal, currency: str) -> Decimal:
    digits = Decimal(1).scaleb(-exponent(currency))
    return (euros * Decimal(WORTH[currency])).quantize(digits)


def a_thing(product: Product, currency: str, random: Random) -> Subject:
    """Return something that the product takes, with every amount anywhere between its bounds."""
    line = product.line
    starts_at = NOON + timedelta(days=random.randint(3, 30), minutes=random.randint(0, 1439))
    days = random.randint(product.eligibility.days_min, product.eligibility.days_max or 1)
    moments = {line.starts: starts_at}
    if line.ends:
        moments[line.ends] = starts_at + timedelta(days=days - 1, minutes=1)
    counts, ages = _people(product, random)
    fields = [field for field in line.field if field.used]
    words = {field.name: _word(field, field.name, product, random) for field in _words(fields)}
    parts = {
        field.name: _parts(field, product, currency, random)
        for field in fields
        if field.kind is Kind.PARTS and field.required
    }
    amounts = {
        field.name: _amount(field.name, product, currency, random)
        for field in fields
        if field.name in product.eligibility.amount
    }
    facts = Facts(
        words=words, counts=counts, ages=ages, amounts=amounts, moments=moments, parts=parts
    )
    return subject_of(line, facts, currency)


def dearer(subject: Subject, line: Line, minor: int, random: Random) -> Subject:
    """Return the same thing, worth so many of the smallest unit more."""
    more = Money(minor, subject.value.currency)
    listed, _, own = line.value.rpartition(".")
    if not listed:
        amounts = {**subject.facts.amounts, own: subject.facts.amounts[own] + more}
        return _with(subject, line, amounts=amounts)
    parts = list(subject.facts.parts[listed])
    index = random.randrange(len(parts))
    amounts = {**parts[index].amounts, own: parts[index].amounts[own] + more}
    parts[index] = replace(parts[index], amounts=amounts)
    return _with(subject, line, parts={listed: tuple(parts)})


def one_more(subject: Subject, line: Line, part: Part) -> Subject:
    """Return the same thing with one part more."""
    name = line.priced_by or ""
    return _with(subject, line, parts={name: (*subject.facts.parts[name], part)})


def halves(subject: Subject, line: Line, random: Random) -> tuple[Subject, Subject] | None:
    """Return the same in two: parts apart, or people with their share of the amounts.

    None when it cannot be taken apart.
    """
    if line.priced_by:
        parts = subject.facts.parts[line.priced_by]
        if len(parts) < 2:
            return None
        cut = random.randint(1, len(parts) - 1)
        shuffled = random.sample(parts, len(parts))
        first, second = tuple(shuffled[:cut]), tuple(shuffled[cut:])
        name = line.priced_by
        return _with(subject, line, parts={name: first}), _with(subject, line, parts={name: second})
    if not line.unit or sum(subject.facts.counts.values()) < 2:
        return None
    return _people_apart(subject, line, random)


def even(subject: Subject, line: Line) -> Subject:
    """Return the same with amounts that everybody bears the same number of smallest units of."""
    number = sum(subject.facts.counts.get(unit.count, 0) for unit in line.unit) or 1
    amounts = {
        name: Money(money.minor // number * number, money.currency)
        for name, money in subject.facts.amounts.items()
    }
    return _with(subject, line, amounts=amounts)


def _people_apart(subject: Subject, line: Line, random: Random) -> tuple[Subject, Subject]:
    facts = subject.facts
    number = sum(facts.counts.values())
    told = line.ages or ""
    if told in facts.ages:
        ages = random.sample(facts.ages[told], number)
        cut = random.randint(1, number - 1)
        groups = [{told: tuple(ages[:cut])}, {told: tuple(ages[cut:])}]
        first, *rest = (unit.count for unit in line.unit)
        zero = dict.fromkeys(rest, 0)
        counts = [{first: cut, **zero}, {first: number - cut, **zero}]
    else:
        one = {name: random.randint(0, count) for name, count in facts.counts.items()}
        if sum(one.values()) in {0, number}:
            one = dict.fromkeys(facts.counts, 0)
            one[next(name for name, count in facts.counts.items() if count)] = 1
        counts = [one, {name: count - one[name] for name, count in facts.counts.items()}]
        groups = [{}, {}]
    first_half, second_half = (
        _with(
            subject,
            line,
            counts=count,
            ages=group,
            amounts={
                name: Money(money.minor // number * sum(count.values()), money.currency)
                for name, money in facts.amounts.items()
            },
        )
        for count, group in zip(counts, groups, strict=True)
    )
    return first_half, second_half


def _with(subject: Subject, line: Line, **facts: Any) -> Subject:
    return subject_of(line, replace(subject.facts, **facts), subject.value.currency)


def _people(product: Product, random: Random) -> tuple[dict[str, int], dict[str, tuple[int, ...]]]:
    line, rules = product.line, product.eligibility
    counts = {name: random.randint(rule.least, rule.most) for name, rule in rules.count.items()}
    left = rules.units_max
    for unit in line.unit:
        counts[unit.count] = random.randint(1 if left == rules.units_max else 0, max(left // 3, 1))
        left -= counts[unit.count]
    if not (product.age and line.ages and random.random() < 0.5):
        return counts, {}
    number = sum(counts[unit.count] for unit in line.unit)
    oldest = max(product.age.values())
    return counts, {line.ages: tuple(random.randint(0, oldest) for _ in range(number))}


def _words(fields: list[LineField]) -> list[LineField]:
    kinds = {Kind.CODE, Kind.COUNTRY, Kind.TEXT}
    return [field for field in fields if field.kind in kinds]


def _word(field: PartField, path: str, product: Product, random: Random) -> str:
    rule = product.eligibility.word.get(path)
    if field.kind is Kind.TEXT:
        return "Example"
    allowed = (rule.one_of if rule else None) or field.one_of
    if not allowed:
        allowed = _PLACES if field.kind is Kind.COUNTRY else _CODES
    return random.choice(sorted(allowed))


def _amount(path: str, product: Product, currency: str, random: Random) -> Money:
    rule = product.eligibility.amount[path]
    least = Money.exactly(rule.least[currency], currency)
    most = Money.exactly(rule.most[currency], currency)
    # Small amounts are as likely as large ones: that is where minimums hold.
    top = random.choice((least.minor * 20, most.minor))
    return Money(random.randint(least.minor, min(top, most.minor)), currency)


def _parts(field: LineField, product: Product, currency: str, random: Random) -> tuple[Part, ...]:
    number = random.randint(1, random.choice((3, min(product.eligibility.units_max, 30))))
    return tuple(a_part(field, product, currency, random) for _ in range(number))


def a_part(field: LineField, product: Product, currency: str, random: Random) -> Part:
    """Return one part that the product takes."""
    words: dict[str, str] = {}
    amounts: dict[str, Money] = {}
    for part in field.part:
        path = f"{field.name}.{part.name}"
        if part.kind in {Kind.CODE, Kind.COUNTRY} and part.name != "category":
            words[part.name] = _word(part, path, product, random)
        elif path in product.eligibility.amount:
            amounts[part.name] = _amount(path, product, currency, random)
    return Part(words=words, amounts=amounts)


def told(code: str, currency: str, **fields: Any) -> Subject:
    """Return what a partner tells of a thing, as the product's line reads it."""
    product = CATALOGUE.on_sale(code)
    assert product is not None
    body = bodies_of(product.line).entry.model_validate({"policy_type": code, **fields})
    return told_by(product.line, body, currency, path="request.0")


def prices(code: str, thing: Subject, place: str) -> list[tuple[str, str]]:
    """Return premium and tax by each plan of a product, for a customer in `DE` or `US-NY`."""
    product = CATALOGUE.on_sale(code)
    assert product is not None
    region = place if "-" in place else None
    market = CATALOGUE.markets.get(place[:2], region, product.insurance_class)
    premiums = [premium_of(plan, product, thing, market) for plan in product.plan]
    return [(str(one.total.amount), str(one.tax.amount)) for one in premiums]

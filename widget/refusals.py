"""Refusals: why a product does not take a thing, in sentences that a developer can act on."""

from __future__ import annotations

from collections.abc import Iterator

from widget.errors import Problems
from widget.money import Money
from widget.products import Product
from widget.purchases import Part, Purchase, Subject
from widget.rates import units_of


def ineligibility(
    product: Product, purchase: Purchase, subject: Subject, *, days_ahead: int
) -> Problems:
    """Return why the product does not take this, by the field names of the wire.

    Args:
        days_ahead: Whole days from now until it begins; negative if it has begun.
    """
    faults: dict[str, list[str]] = {}
    if purchase.customer_country not in product.sold_to:
        countries = ", ".join(sorted(product.sold_to))
        faults["customer_country"] = [f"It is sold to customers who live in {countries}."]
    if purchase.currency not in product.currencies:
        faults["currency"] = [f"Premiums are in {', '.join(sorted(product.currencies))}."]
        return faults
    for field, sentence in _faults(product, subject, days_ahead):
        faults.setdefault(field, []).append(sentence)
    return faults


def _faults(product: Product, subject: Subject, days_ahead: int) -> Iterator[tuple[str, str]]:
    yield from _amount_faults(product, subject)
    yield from _unit_faults(product, subject)
    yield from _time_faults(product, subject, days_ahead)
    yield from _word_faults(product, subject)
    yield from _count_faults(product, subject)
    for name in sorted(product.eligibility.needs - subject.facts.by_name().keys()):
        yield name, f"{product.code} cannot be priced without it."
    for name in sorted(product.eligibility.never):
        if subject.facts.flags.get(name):
            yield name, "It does not cover this."


def _amount_faults(product: Product, subject: Subject) -> Iterator[tuple[str, str]]:
    for name, rule in product.eligibility.amount.items():
        for path, amount in _amounts(name, subject):
            least, most = rule.least[amount.currency], rule.most[amount.currency]
            if not least <= amount.amount <= most:
                yield path, f"It covers {least} to {most} {amount.currency}."


def _amounts(name: str, subject: Subject) -> Iterator[tuple[str, Money]]:
    for path, holder in _holders(name, subject):
        amount = holder.amounts.get(path.rpartition(".")[2])
        if amount is not None:
            yield path, amount


def _unit_faults(product: Product, subject: Subject) -> Iterator[tuple[str, str]]:
    line, rules = product.line, product.eligibility
    oldest = max(product.age.values(), default=None)
    too_old = [age for age in subject.facts.ages.get(line.ages or "", ()) if age > (oldest or age)]
    if too_old:
        yield line.ages or "", f"It covers people up to {oldest} years old, not {max(too_old)}."
        return
    count = sum(unit.times for unit in units_of(product, subject))
    if count > rules.units_max:
        field = line.unit[0].count if line.unit else line.priced_by or line.value_field
        yield field, f"It covers up to {rules.units_max} {line.units}, not {count}."


def _time_faults(product: Product, subject: Subject, days_ahead: int) -> Iterator[tuple[str, str]]:
    line, rules = product.line, product.eligibility
    ends = line.ends or line.starts
    if subject.days < rules.days_min:
        yield ends, f"It covers at least {rules.days_min} days, not {subject.days}."
    if rules.days_max is not None and subject.days > rules.days_max:
        yield ends, f"It covers up to {rules.days_max} days, not {subject.days}."
    if days_ahead > rules.days_ahead_max:
        yield line.starts, f"It covers what begins within {rules.days_ahead_max} days."
    if 0 <= days_ahead < rules.days_ahead_min:
        yield line.starts, f"It is sold up to {rules.days_ahead_min} days before that."
    if days_ahead < 0 and not rules.days_past_max:
        yield line.starts, "That has passed, and it is sold before."
    elif -days_ahead > rules.days_past_max:
        yield line.starts, f"It is sold up to {rules.days_past_max} days after that."


def _word_faults(product: Product, subject: Subject) -> Iterator[tuple[str, str]]:
    for name, rule in product.eligibility.word.items():
        for path, holder in _holders(name, subject):
            word = holder.words.get(path.rpartition(".")[2])
            if word is None:
                continue
            if rule.one_of is not None and word not in rule.one_of:
                yield path, f"It covers {', '.join(sorted(rule.one_of))}, not {word}."
            if word in rule.none_of:
                yield path, f"It does not cover {word}."


def _count_faults(product: Product, subject: Subject) -> Iterator[tuple[str, str]]:
    for name, rule in product.eligibility.count.items():
        for path, holder in _holders(name, subject):
            count = holder.counts.get(path.rpartition(".")[2])
            if count is not None and not rule.least <= count <= rule.most:
                range_ = f"{rule.least} to {rule.most}" if rule.least < rule.most else rule.most
                yield path, f"It covers {range_}, not {count}."


def _holders(name: str, subject: Subject) -> Iterator[tuple[str, Part]]:
    """Return what holds a field, with the path to it: the thing itself, or each of its parts."""
    listed, _, own = name.rpartition(".")
    facts = subject.facts
    if not listed:
        yield name, Part(facts.words, facts.counts, facts.amounts)
    for index, part in enumerate(facts.parts.get(listed, ())):
        yield f"{listed}.{index}.{own}", part

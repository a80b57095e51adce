"""Purchases: what a customer buys from a partner, and could protect.

A purchase has no names and no addresses: it is what is needed to price cover, and nothing that
identifies a person.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from enum import StrEnum

from widget.errors import Problems
from widget.lines import Line, LineField
from widget.money import Money


@dataclass(frozen=True, slots=True)
class Leg:
    """One flight between two airports."""

    flight_number: str
    departure_airport: str
    arrival_airport: str
    #: Aware, with the offset of the airport's own clock.
    departs_at: datetime
    arrives_at: datetime


@dataclass(frozen=True, slots=True)
class Part:
    """One of several like things: a parcel, a ticket."""

    words: Mapping[str, str] = field(default_factory=dict)
    counts: Mapping[str, int] = field(default_factory=dict)
    amounts: Mapping[str, Money] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Facts:
    """What a partner tells of a thing, by the field names of its line, which are the wire's."""

    #: Countries, codes and texts.
    words: Mapping[str, str] = field(default_factory=dict)
    flags: Mapping[str, bool] = field(default_factory=dict)
    counts: Mapping[str, int] = field(default_factory=dict)
    ages: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    amounts: Mapping[str, Money] = field(default_factory=dict)
    #: Aware, with the offset that the partner sent.
    moments: Mapping[str, datetime] = field(default_factory=dict)
    parts: Mapping[str, tuple[Part, ...]] = field(default_factory=dict)
    legs: tuple[Leg, ...] = ()

    def by_name(self) -> Mapping[str, object]:
        """Return every fact by its name; the legs of a journey are `flights`."""
        legs: Mapping[str, object] = {"flights": self.legs} if self.legs else {}
        places = (self.words, self.flags, self.counts, self.ages, self.amounts, self.moments)
        return {k: v for place in (*places, self.parts, legs) for k, v in place.items()}

    def changed_from(self, other: Facts) -> frozenset[str]:
        """Return the names of the facts that are not the same as those of another."""
        mine, theirs = self.by_name(), other.by_name()
        names = mine.keys() | theirs.keys()
        return frozenset(name for name in names if mine.get(name) != theirs.get(name))


@dataclass(frozen=True, slots=True)
class Subject:
    """What one policy insures: a trip, a shipment, a laptop, tickets."""

    #: The code of its line.
    line: str
    #: Aware, with the offset that the partner sent.
    starts_at: datetime
    #: The same as `starts_at` where the plan says for how long.
    ends_at: datetime
    #: What it is worth.
    value: Money
    facts: Facts

    @property
    def days(self) -> int:
        """How many calendar days it touches, each counted on the clock of its place."""
        # Eastward over the date line, people land on the day before the one on which they left.
        return max((self.ends_at.date() - self.starts_at.date()).days + 1, 1)

    def problems(self, line: Line, *, now: datetime) -> Problems:
        """Return what contradicts itself or cannot be true, by the field names of the wire."""
        problems: dict[str, list[str]] = {}
        for name, sentence in self._faults(line, now):
            problems.setdefault(name, []).append(sentence)
        return problems

    def _faults(self, line: Line, now: datetime) -> Iterator[tuple[str, str]]:
        if line.ends is not None and self.starts_at < now:
            yield line.starts, f"That has passed: it is {now:%Y-%m-%dT%H:%M:%SZ} here."
        if line.ends is not None and self.ends_at <= self.starts_at:
            yield line.ends, f"It must be after {line.starts}."
        yield from self._unit_faults(line)
        if self.value.minor <= 0:
            yield line.value_field, "It must be worth something."
        for told in line.field:
            yield from self._disagreement(told)
        yield from self._leg_faults(line)

    def _unit_faults(self, line: Line) -> Iterator[tuple[str, str]]:
        counts = {unit: self.facts.counts.get(unit.count, 0) for unit in line.unit}
        if counts and not any(count for unit, count in counts.items() if unit.alone):
            kinds = " or ".join(unit.code for unit in line.unit if unit.alone)
            yield line.unit[0].count, f"There must be at least one {kinds}."
        for name, ages in self.facts.ages.items():
            if name == line.ages and len(ages) != sum(counts.values()):
                sentence = f"Tell {sum(counts.values())} ages, one for each of the {line.units}."
                yield name, sentence

    def _disagreement(self, told: LineField) -> Iterator[tuple[str, str]]:
        """Say where a field does not agree with the list that it sums up."""
        name, facts = told.name, self.facts
        number = len(facts.parts.get(told.counts or "", ()))
        if number and name in facts.counts and facts.counts[name] != number:
            yield name, f"There are {number} {told.counts}, not {facts.counts[name]}."
        listed, _, own = (told.within or "").partition(".")
        amounts = [one.amounts[own] for one in facts.parts.get(listed, ()) if own in one.amounts]
        if amounts and name in facts.amounts:
            most = Money.total(amounts, self.value.currency)
            if facts.amounts[name].minor > most.minor:
                yield name, f"It is above the sum of {told.within}, {most}."

    def _leg_faults(self, line: Line) -> Iterator[tuple[str, str]]:
        arrived = None
        for leg in self.facts.legs:
            name = f"flights: {leg.flight_number}"
            if leg.arrives_at <= leg.departs_at:
                yield "flights", f"{name} arrives before it departs."
            if arrived is not None and leg.departs_at < arrived:
                yield "flights", f"{name} departs before the flight ahead of it has landed."
            if leg.departs_at < self.starts_at or leg.arrives_at > self.ends_at:
                yield "flights", f"{name} is not within {line.starts} and {line.ends}."
            arrived = leg.arrives_at


def subject_of(line: Line, facts: Facts, currency: str) -> Subject:
    """Return what `facts` tell of a thing of a line; each field that the line requires is there.

    Args:
        currency: Of its amounts.
    """
    starts_at = facts.moments[line.starts]
    if line.ends is not None:
        ends_at = facts.moments[line.ends]
    else:
        ends_at = starts_at + timedelta(days=line.ends_after_days or 0)
    return Subject(line.code, starts_at, ends_at, _value_of(line, facts, currency), facts)


def _value_of(line: Line, facts: Facts, currency: str) -> Money:
    name, _, part = line.value.partition(".")
    if part:
        amounts = (one.amounts.get(part) for one in facts.parts.get(name, ()))
        return Money.total((amount for amount in amounts if amount is not None), currency)
    return facts.amounts.get(name, Money.zero(currency))


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to protect, and the product that is asked for it."""

    product_code: str
    #: None asks for the version on sale.
    product_version: int | None
    subject: Subject
    #: None asks for every plan.
    plan_code: str | None = None

    def spelled(self) -> list[object]:
        """Return the item in one fixed spelling; its facts say all that is told of the thing."""
        facts = {name: _spelled(value) for name, value in self.subject.facts.by_name().items()}
        return [self.product_code, self.product_version, self.plan_code, self.subject.line, facts]


def _spelled(value: object) -> object:
    """Return a fact as JSON has it."""
    if isinstance(value, Money):
        return str(value)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, tuple):
        return [_spelled(one) for one in value]
    if isinstance(value, Part):
        told = (value.words, value.counts, value.amounts)
        return [{name: _spelled(one) for name, one in place.items()} for place in told]
    if isinstance(value, Leg):
        return [_spelled(getattr(value, one.name)) for one in fields(value)]
    return value


class Answering(StrEnum):
    """How the customer answers for a purchase of several things."""

    EACH = "each"
    #: One answer for all of them, where they have the same plans; otherwise for each.
    TOGETHER = "together"


@dataclass(frozen=True, slots=True)
class Purchase:
    """Everything that is priced together: one checkout of one customer."""

    currency: str
    #: Where the customer lives; decides the market, hence law, tax and texts.
    customer_country: str
    #: A language tag such as `en` or `de-AT`; None leaves it to the partner's page.
    language: str | None
    #: The partner's own id of this checkout, unique per shopper. It keeps two shoppers who buy the
    #: same thing apart, and one shopper who opens it twice together. None: always a new offer.
    reference: str | None
    items: tuple[Item, ...]
    #: ISO 3166-2, such as `US-NY`; only where the law differs by region.
    customer_region: str | None = None

    answering: Answering = Answering.EACH

    def content_hash(self) -> str:
        """Return the SHA-256 of the purchase in one fixed spelling, as 64 hexadecimal digits.

        Two purchases have the same hash exactly when they say the same, however the JSON that they
        came in was ordered, spaced or escaped.
        """
        told = {
            "currency": self.currency,
            "country": self.customer_country,
            "region": self.customer_region,
            "language": self.language,
            "reference": self.reference,
            "answering": None if self.answering is Answering.EACH else self.answering,
            "items": [item.spelled() for item in self.items],
        }
        text = json.dumps(told, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

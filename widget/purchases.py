"""Purchases: what a customer buys from a partner, and could protect.

A purchase has no names and no addresses: it is what is needed to price cover, and nothing that
identifies a person.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal

from widget.countries import COUNTRIES
from widget.errors import Problems
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
class Trip:
    """A journey to insure, with all who travel."""

    departure_country: str
    destination_country: str
    #: Aware, with the offset that the partner sent.
    starts_at: datetime
    ends_at: datetime
    cost: Money
    adults: int
    children: int
    infants: int
    legs: tuple[Leg, ...] = ()

    @property
    def travellers(self) -> int:
        """How many people travel."""
        return self.adults + self.children + self.infants

    @property
    def days(self) -> int:
        """How many calendar days the trip touches, each counted on the clock of its place."""
        # Eastward over the date line, people land on the day before the one on which they left.
        return max((self.ends_at.date() - self.starts_at.date()).days + 1, 1)

    def problems(self, *, now: datetime) -> Problems:
        """Return what contradicts itself or cannot be true, by the field names of the wire."""
        return dict(_collect(self._faults(now)))

    def _faults(self, now: datetime) -> Iterator[tuple[str, str]]:
        for field in ("departure_country", "destination_country"):
            if getattr(self, field) not in COUNTRIES:
                yield field, f"{getattr(self, field)!r} is not an ISO 3166-1 country code."
        if self.starts_at < now:
            yield "trip_start_date", f"The trip has begun: it is {now:%Y-%m-%dT%H:%M:%SZ} here."
        if self.ends_at <= self.starts_at:
            yield "trip_end_date", "The trip must end after it starts."
        if self.adults + self.children < 1:
            yield "number_of_adults", "Somebody must travel: infants do not travel alone."
        if self.cost.minor <= 0:
            yield "total_tickets_price", "The tickets must cost something."
        yield from self._leg_faults()

    def _leg_faults(self) -> Iterator[tuple[str, str]]:
        arrived = None
        for leg in self.legs:
            name = f"flights: {leg.flight_number}"
            if leg.arrives_at <= leg.departs_at:
                yield "flights", f"{name} arrives before it departs."
            if arrived is not None and leg.departs_at < arrived:
                yield "flights", f"{name} departs before the flight ahead of it has landed."
            if leg.departs_at < self.starts_at or leg.arrives_at > self.ends_at:
                yield "flights", f"{name} is not within trip_start_date and trip_end_date."
            arrived = leg.arrives_at


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to protect, and the product that is asked for it."""

    product_code: str
    #: None asks for the version on sale.
    product_version: int | None
    trip: Trip
    #: None asks for every plan.
    plan_code: str | None = None


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

    def content_hash(self) -> str:
        """Return the SHA-256 of the purchase in one fixed spelling, as 64 hexadecimal digits.

        Two purchases have the same hash exactly when they say the same, however the JSON that they
        came in was ordered, spaced or escaped.
        """
        facts = asdict(self)
        if self.customer_region is None:
            del facts["customer_region"]
        for item in facts["items"]:
            # Named later than the others: a purchase without it keeps the hash that it had.
            if item["plan_code"] is None:
                del item["plan_code"]
        text = json.dumps(facts, sort_keys=True, separators=(",", ":"), default=_spell)
        return hashlib.sha256(text.encode()).hexdigest()


def _spell(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value.normalize())
    raise TypeError(f"{type(value).__name__} has no canonical spelling")


def _collect(faults: Iterator[tuple[str, str]]) -> dict[str, list[str]]:
    problems: dict[str, list[str]] = {}
    for field, sentence in faults:
        problems.setdefault(field, []).append(sentence)
    return problems

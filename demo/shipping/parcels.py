"""What is sent: parcels, their carriers, and how the insurance service is told of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

SATURDAY = 5


@dataclass(frozen=True, slots=True)
class Carrier:
    """Who carries parcels, and in which of the insurance service's words."""

    name: str
    code: str


POST = Carrier("Landpost", "post")
EXPRESS = Carrier("Skyhook Express", "express")
COURIER = Carrier("Rider & Sons", "courier")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a parcel goes."""

    city: str
    country: str
    country_name: str


@dataclass(frozen=True, slots=True)
class Parcel:
    """One outgoing parcel."""

    #: The merchant's own order number.
    reference: str
    to: Place
    contents: str
    category: str
    carrier: Carrier
    grams: int
    #: What the label costs, and what the contents are worth, in the currency's smallest unit.
    label_cents: int
    value_cents: int

    @property
    def tracking_number(self) -> str:
        """The number under the barcode."""
        digits = "".join(str(ord(letter) % 10) for letter in self.reference)
        return f"FP {digits[:4]} {digits[-4:]} {self.grams:05} {self.to.country}"


def next_pickup(today: date, zone: ZoneInfo) -> datetime:
    """Return when the carriers come next: at five in the afternoon of the next working day."""
    day = today + timedelta(days=1)
    while day.weekday() >= SATURDAY:
        day += timedelta(days=1)
    return datetime.combine(day, time(17), zone)


def describe_parcel(parcel: Parcel, *, origin: str, ships_at: datetime) -> dict[str, Any]:
    """Return one parcel in the words of the insurance service, for a policy of its own."""
    return {
        "policy_type": "parcel_insurance",
        "parcel_reference": parcel.reference,
        "from_country": origin,
        "to_country": parcel.to.country,
        "carrier": parcel.carrier.code,
        "ship_date": ships_at.isoformat(),
        **describe_value(parcel),
    }


def describe_value(parcel: Parcel) -> dict[str, Any]:
    """Return what one parcel is worth in the words of the insurance service."""
    value = _number(parcel.value_cents)
    contents = {"sku": parcel.reference, "value": value, "category": parcel.category}
    return {"cover_amount": value, "parcel_products": [contents]}


def describe_shipment(
    parcels: Iterable[Parcel], *, reference: str, origin: str, ships_at: datetime
) -> dict[str, Any]:
    """Return parcels in the words of the insurance service, for one policy for all of them."""
    return {
        "policy_type": "shipment_insurance",
        "shipment_reference": reference,
        "from_country": origin,
        "ship_date": ships_at.isoformat(),
        **describe_contents(parcels),
    }


def describe_contents(parcels: Iterable[Parcel]) -> dict[str, Any]:
    """Return the parcels of a shipment in the words of the insurance service."""
    return {
        "parcels": [
            {
                "parcel_reference": parcel.reference,
                "to_country": parcel.to.country,
                "carrier": parcel.carrier.code,
                "cover_amount": _number(parcel.value_cents),
                "category": parcel.category,
            }
            for parcel in parcels
        ]
    }


def _number(cents: int) -> float:
    # A number as JSON spells it; the shop itself counts in cents.
    return cents / 100

"""What cancelling pays back, for each line in two markets, by paper and pencil.

Sold at noon of 1 March 2027. Where a law gives 14 days, the fifteenth ends them on every clock.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from tests.builders import NOON, policyholder_json
from tests.fakes import Clock, Postbox
from tests.service import Service
from widget.messages import Kind


def after(days: int) -> str:
    """Return the moment so many days from noon, as the wire spells it."""
    return (NOON + timedelta(days=days)).isoformat()


@dataclass(frozen=True)
class Sold:
    """One policy, and what it costs."""

    premium: float
    currency: str
    country: str
    plan: str
    thing: Mapping[str, Any]
    region: str | None = None

    @property
    def purchase(self) -> dict[str, Any]:
        """What is bought, as the wire has it."""
        region = {"customer_region": self.region} if self.region else {}
        return {
            "currency": self.currency,
            "customer_country": self.country,
            "request": [{**self.thing, "policy_code": self.plan}],
            **region,
        }


def a_trip(departure: str, price: float, **travellers: int) -> dict[str, Any]:
    """Return a week in 90 days."""
    return {
        "policy_type": "travel_protection",
        "departure_country": departure,
        "destination_country": "PT",
        "trip_start_date": after(90),
        "trip_end_date": after(97),
        "total_tickets_price": price,
        **travellers,
    }


def a_parcel(home: str, there: str, carrier: str, value: float) -> dict[str, Any]:
    """Return a parcel that leaves in 30 days."""
    return {
        "policy_type": "parcel_insurance",
        "from_country": home,
        "to_country": there,
        "carrier": carrier,
        "ship_date": after(30),
        "cover_amount": value,
    }


def a_thing(product: str, category: str, price: float, **more: Any) -> dict[str, Any]:
    """Return something that is bought now."""
    facts = {"name": "A thing", "category": category, "price": price, "purchase_date": after(0)}
    return {"policy_type": product, **facts, **more}


def an_evening(country: str, *prices: float) -> dict[str, Any]:
    """Return tickets for an event in 60 days."""
    return {
        "policy_type": "ticket_protection",
        "event_name": "Lantern Night",
        "event_location": "The Hall",
        "event_country": country,
        "event_datetime": after(60),
        "tickets": [{"price": price} for price in prices],
    }


#: 200 by post in the country: 0.70 % is 1.40 each; with 12 % tax 3 * 1.40 * 1.12 = 4.704 -> 4.71.
BOXES = {
    "policy_type": "shipment_insurance",
    "from_country": "GB",
    "ship_date": after(30),
    "parcels": [{"to_country": "GB", "carrier": "post", "cover_amount": 200}] * 3,
}

# 3.2 % of 1,284.60 with 19 % tax; and of 500, where the customer pays no tax.
TRAVEL_DE = Sold(
    48.92,
    "EUR",
    "DE",
    "cancellation",
    a_trip("DE", 1284.6, number_of_adults=2, number_of_children=1),
)
TRAVEL_US = Sold(16.00, "USD", "US", "cancellation", a_trip("US", 500, number_of_adults=1), "US-IN")
# 1.10 % of 250 with 19 %; 1.30 % of 600 with 10 % and then 9 %.
PARCEL_DE = Sold(3.28, "EUR", "DE", "loss_and_damage", a_parcel("DE", "FR", "post", 250))
PARCEL_AU = Sold(
    9.36, "AUD", "AU", "loss_and_damage", a_parcel("AU", "NZ", "express", 600), "AU-NSW"
)
SHIPMENT_GB = Sold(4.71, "GBP", "GB", "loss_and_damage", BOXES)
# 11.5 % of 1,200 with 19 %, for 731 days, as 2028 is a leap year; 4.9 % of 149 with 20 %, 366 days.
GOODS_DE = Sold(164.22, "EUR", "DE", "months_24", a_thing("product_protection", "laptop", 1200))
GOODS_GB = Sold(8.77, "GBP", "GB", "months_12", a_thing("product_protection", "audio", 149))
# From 1 March 2028, 366 days on, to 1 March 2030: 730 days. 9.5 % of 1,200; 6.9 % of 900.
WARRANTY_DE = Sold(
    135.66,
    "EUR",
    "DE",
    "months_24",
    a_thing("extended_warranty", "laptop", 1200, manufacturer_duration=12),
)
WARRANTY_GB = Sold(
    74.52,
    "GBP",
    "GB",
    "months_24",
    a_thing("extended_warranty", "television", 900, manufacturer_duration=12),
)
# 6.5 % of 89 and of 59, and 1.80 for each, with 19 %; 6.5 % of 4 * 120 with 9 %.
EVENT_DE = Sold(15.74, "EUR", "DE", "ticket_and_journey", an_evening("DE", 89, 59))
EVENT_SG = Sold(34.01, "SGD", "SG", "ticket", an_evening("SG", *[120] * 4))

CASES = {
    "a trip within the withdrawal": (TRAVEL_DE, 14.99, 48.92),
    "a trip after the withdrawal": (TRAVEL_DE, 15, 0),
    "a trip on the day before": (TRAVEL_DE, 89.99, 0),
    "a trip in Indiana, with 30 days": (TRAVEL_US, 30.99, 16.00),
    "a trip in Indiana, after them": (TRAVEL_US, 31, 0),
    "a parcel after the withdrawal": (PARCEL_DE, 20, 3.28),
    "a parcel in another market, a minute before it leaves": (PARCEL_AU, 29.999, 9.36),
    "a shipment after the withdrawal": (SHIPMENT_GB, 29, 4.71),
    # One day is used up: 164.22 * 730 / 731 = 163.995; 631 left: 141.7549.
    "a laptop on the first day": (GOODS_DE, 0.5, 164.00),
    "a laptop after the withdrawal": (GOODS_DE, 100, 141.75),
    "a laptop with less than a day left": (GOODS_DE, 730.5, 0),
    "headphones after half of the year": (GOODS_GB, 183, 4.39),
    "a warranty that has not begun": (WARRANTY_DE, 365, 135.66),
    "a warranty in another market, half of it over": (WARRANTY_GB, 366 + 365, 37.26),
    "tickets within the withdrawal": (EVENT_DE, 14.99, 15.74),
    "tickets after the withdrawal": (EVENT_DE, 15, 0),
    "tickets in another market within the withdrawal": (EVENT_SG, 14.99, 34.01),
    "tickets in another market on the day before": (EVENT_SG, 59, 0),
}

TOO_LATE = {
    "a trip that has begun": (TRAVEL_DE, 90),
    "a trip in another market that has begun": (TRAVEL_US, 90),
    "a parcel on its way": (PARCEL_DE, 30),
    "a parcel on its way in another market": (PARCEL_AU, 30),
    "a shipment on its way": (SHIPMENT_GB, 30),
    "a laptop whose cover has ended": (GOODS_DE, 731),
    "headphones whose cover has ended": (GOODS_GB, 366),
    "a warranty that has ended": (WARRANTY_GB, 366 + 730),
    "an event that has begun": (EVENT_DE, 60),
    "an event in another market that has begun": (EVENT_SG, 60),
}


def booked(service: Service, sold: Sold) -> dict[str, Any]:
    """Return the booking of a policy, which costs what it must."""
    package = service.call("POST", "quotes/", json=sold.purchase).json()
    quotes = [{"id": quote["id"]} for quote in package["quotes"].values()]
    body = {"quotes": quotes, "policyholder": policyholder_json(country=sold.country)}
    booking: dict[str, Any] = service.call("POST", f"bookings/{package['id']}/", json=body).json()
    assert booking["total_price"] == sold.premium
    return booking


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_cancelling_pays_back_what_the_law_and_the_product_say(
    service: Service, clock: Clock, postbox: Postbox, case: tuple[Sold, float, float]
) -> None:
    sold, days, refund = case
    booking = booked(service, sold)
    path = f"bookings/{booking['id']}/cancel"
    clock.move(days=days)

    preview = service.call("POST", path, json={"preview": True}).json()
    cancelled = service.call("POST", path, json={}).json()

    assert preview["total_refund"] == refund
    assert cancelled["total_refund"] == refund
    assert [quote["status"] for quote in cancelled["quotes"]] == ["CANCELLED"]
    _, told, _ = postbox.wait_for_kind(Kind.POLICY_CANCELLATION)
    (policy,) = told.policies
    assert policy.refund is not None
    assert float(policy.refund.amount) == refund
    assert policy.refund.currency == sold.currency


@pytest.mark.parametrize(("sold", "days"), TOO_LATE.values(), ids=TOO_LATE)
def test_what_has_run_its_course_is_not_cancelled(
    service: Service, clock: Clock, sold: Sold, days: int
) -> None:
    booking = booked(service, sold)
    path = f"bookings/{booking['id']}/cancel"
    clock.move(days=days)

    preview = service.call("POST", path, json={"preview": True})
    refused = service.call("POST", path, json={})

    assert preview.json()["code"] == "not_allowed_by_product"
    assert refused.json()["code"] == "not_allowed_by_product"
    still = service.call("GET", f"bookings/{booking['id']}/").json()
    assert [quote["status"] for quote in still["quotes"]] == ["CONFIRMED"]

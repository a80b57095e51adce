"""A bundle that another instance sells: the customer pays what it costs there, no more."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.builders import CATALOGUE, NOON, purchase_json, some_settings
from tests.fakes import Clock
from tests.platform import Platform, bearer, running_platform, url_at
from tests.service import Service, running_service
from widget.errors import UpstreamUnavailable
from widget.storage.sqlite import SqliteStorage
from widget.upstream.reading import quotes_of, table
from widget.wire import PurchaseBody, purchase_of, read_body, read_json

LAPTOP = {
    "policy_type": "product_protection",
    "policy_code": "months_24",
    "name": "Laptop",
    "category": "laptop",
    "price": 1199,
    "purchase_date": NOON.isoformat(),
}
TICKETS = {
    "policy_type": "ticket_protection",
    "event_name": "Chamber music",
    "event_location": "Town hall",
    "event_country": "DE",
    "event_datetime": (NOON + timedelta(days=90)).isoformat(),
    "tickets": [{"price": 58}, {"price": 58}],
}


@pytest.fixture
def platform(tmp_path: Path, clock: Clock) -> Iterator[Platform]:
    with running_platform(tmp_path, clock) as platform:
        yield platform


@pytest.fixture
def service(platform: Platform, storage: SqliteStorage) -> Iterator[Service]:
    """The first instance, whose test sales go to the second."""
    settings = some_settings(
        upstream_test_url=url_at(platform.origin),
        upstream_test_key=bearer(),
        upstream_price_ms=20_000,
        upstream_other_ms=20_000,
    )
    with running_service(storage, settings=settings) as service:
        yield service


def answered(service: Service, *, with_tickets: bool) -> dict[str, Any]:
    """Return a package of a laptop and tickets that the customer has answered."""
    cart = purchase_json(request=[LAPTOP, TICKETS])
    package: dict[str, Any] = service.call("POST", "quotes/", json=cart).json()
    first, second = package["quotes"]["0"]["id"], package["quotes"]["1"]["id"]
    told = {"choice-0": first, "choice-1": second if with_tickets else "opted_out"}
    address = f"/offer/{package['offer_token']}/choice"
    answer = service.client.post(address, data=told, follow_redirects=False)
    assert answer.status_code == 303, answer.text
    return package


def test_together_they_cost_here_what_they_cost_there(service: Service, platform: Platform) -> None:
    package = answered(service, with_tickets=True)

    booking = service.confirm(package["id"]).json()

    (sold,) = platform.bookings()
    alone = sum(package["quotes"][place]["price"] for place in ("0", "1"))
    assert booking["status"] == "CONFIRMED"
    assert booking["total_price"] == sold.premium.as_number() < alone
    assert booking["total_tax"] == sold.tax.as_number()


def test_one_of_them_costs_here_what_it_costs_there(service: Service, platform: Platform) -> None:
    package = answered(service, with_tickets=False)

    booking = service.confirm(package["id"]).json()

    (sold,) = platform.bookings()
    assert booking["total_price"] == sold.premium.as_number() == package["quotes"]["0"]["price"]


def test_what_was_bought_together_is_paid_back_as_it_was_paid(
    service: Service, platform: Platform
) -> None:
    package = answered(service, with_tickets=True)
    booking = service.confirm(package["id"]).json()
    tickets = booking["quotes"][1]

    told = service.call(
        "POST", f"bookings/{package['id']}/cancel", json={"quotes": [{"id": tickets["id"]}]}
    ).json()

    (sold,) = platform.bookings()
    assert told["total_refund"] == tickets["price"]
    assert told["total_price"] == sold.premium.as_number()


def test_a_bundle_whose_prices_are_not_told_one_by_one_is_not_offered(service: Service) -> None:
    cart = purchase_json(request=[LAPTOP, TICKETS])
    package = service.call("POST", "quotes/", json=cart).json()
    purchase = purchase_of(read_body(PurchaseBody, cart, CATALOGUE))
    for quote in package["quotes"].values():
        quote |= {"discount_price": None, "bundled": None}

    with pytest.raises(UpstreamUnavailable, match="one by one"):
        quotes_of(table(read_json(json.dumps(package).encode())), purchase)

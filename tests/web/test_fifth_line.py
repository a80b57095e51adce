"""A line of insurance that no code knows of is sold from its file alone, from schema to refund."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.builders import policyholder_json, some_settings
from tests.fakes import Clock, Postbox
from tests.service import Service, running_service, said_of, state_in
from widget.messages import Kind
from widget.storage.sqlite import SqliteStorage

CATALOGUE = Path(__file__).parent.parent / "catalogue"


@pytest.fixture
def service(storage: SqliteStorage, postbox: Postbox) -> Iterator[Service]:
    settings = some_settings(catalogue_dir=str(CATALOGUE))
    with running_service(storage, settings=settings, delivery=postbox) as service:
        yield service


def a_hire(**changes: Any) -> dict[str, Any]:
    """Return the wire form of two bicycles and one electric one, for three days in Hamburg."""
    entry = {
        "policy_type": "bicycle_hire",
        "hire_station": "Harbour",
        "hire_start": "2027-04-02T09:00:00+02:00",
        "hire_end": "2027-04-04T18:00:00+02:00",
        "excess_amount": 600,
        "number_of_bicycles": 2,
        "number_of_electric_bicycles": 1,
    }
    purchase = {"currency": "EUR", "customer_country": "DE", "customer_language": "en"}
    return {**purchase, "partner_reference": "HIRE-1", "request": [entry | changes]}


def sold(service: Service) -> Any:
    package = service.call("POST", "quotes/", json=a_hire()).json()
    service.choose_first(package)
    return service.confirm(package["id"]).json()


# 2 * 3 * 0.80 + 3 * 1.90 + 600 * 0.5 % = 13.50, * 1.19 = 16.065
def test_it_is_quoted_at_the_prices_of_its_file(service: Service) -> None:
    package = service.call("POST", "quotes/", json=a_hire()).json()

    assert package["total_price"] == 16.07
    assert package["quotes"]["0"]["tax"]["total_tax"] == 2.57


def test_its_schema_is_listed_and_takes_its_own_example(service: Service) -> None:
    listed = service.call("GET", "schemas/").json()["results"]
    hire = next(product for product in listed if product["schema"] == "bicycle_hire:1")

    booked = service.call(
        "POST", "instant_booking/", json={**hire["example"], "policyholder": policyholder_json()}
    )

    assert list(Draft202012Validator(hire["json_schema"]).iter_errors(hire["example"])) == []
    assert booked.json()["status"] == "CONFIRMED"


def test_the_description_of_the_api_has_its_fields(service: Service) -> None:
    schemas = service.client.get("/x/openapi.json").json()["components"]["schemas"]

    entry = schemas["HiredBicycleBody"]["properties"]
    assert entry["hire_station"]["description"] == "Where they are hired."
    assert "number_of_electric_bicycles" in schemas["HiredBicyclePolicyChangeBody"]["properties"]


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ["Would you like cover for the excess", "Harbour", "2 bicycles", "1 electric"]),
        ("de", ["Möchten Sie den Selbstbehalt", "Harbour", "2 Fahrräder", "1 E-Bike"]),
    ],
)
def test_its_offer_is_shown_in_the_words_of_its_file(
    service: Service, language: str, words: list[str]
) -> None:
    page = service.open(a_hire() | {"customer_language": language}, locale=language)

    assert state_in(page) == "open"
    for word in words:
        assert word in page.text


def test_it_is_chosen_confirmed_and_mailed(service: Service, postbox: Postbox) -> None:
    booking = sold(service)

    message, mailed, _ = postbox.wait_for_kind(Kind.POLICY_CONFIRMATION)
    assert booking["status"] == "CONFIRMED"
    assert booking["quotes"][0]["policy_number"].startswith("BHX-")
    assert (message.offer_id, mailed.policies[0].quote.plan_code) == (booking["id"], "excess")


# 2 * 5 * 0.80 + 5 * 1.90 + 3.00 = 20.50, * 1.19 = 24.395, which is 8.33 more
def test_it_is_changed_for_the_difference(service: Service) -> None:
    booking = sold(service)
    address = f"bookings/{booking['id']}/"
    change = {"hire_end": "2027-04-06T18:00:00+02:00"}
    told = {"quotes": [{"id": booking["quotes"][0]["id"], "update_fields": change}]}

    priced = service.call("PATCH", f"{address}quote_for_update", json=told).json()
    made = service.call("POST", f"{address}confirm_update/{priced['update_id']}/", json={}).json()

    assert priced["total_price_diff"] == 8.33
    assert made["total_price"] == 24.40


def test_it_is_cancelled_until_it_begins(service: Service, clock: Clock) -> None:
    booking = sold(service)
    clock.move(days=20)

    gone = service.call("POST", f"bookings/{booking['id']}/cancel", json={}).json()

    assert (gone["status"], gone["total_refund"]) == ("CANCELLED", 16.07)


@pytest.mark.parametrize(
    ("change", "field", "words"),
    [
        ({"is_off_road": True}, "is_off_road", "does not cover this"),
        ({"number_of_bicycles": 12}, "number_of_bicycles", "up to 12 bicycles, not 13"),
        ({"hire_end": "2027-04-02T08:00:00+02:00"}, "hire_end", "after hire_start"),
        ({"rider": "Ada Muster"}, "rider", "Unexpected field"),
    ],
)
def test_what_it_does_not_take_is_told_by_its_fields(
    service: Service, change: dict[str, Any], field: str, words: str
) -> None:
    refused = service.call("POST", "quotes/", json=a_hire(**change))

    assert refused.status_code == 422
    assert words in said_of(refused, f"request.0.{field}")[0]

"""The list of products: what it says is what is taken."""

from __future__ import annotations

from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.builders import policyholder_json
from tests.service import Service


def listed(service: Service, query: str = "") -> list[Any]:
    answer = service.call("GET", f"schemas/{query}")
    assert answer.status_code == 200
    results: list[Any] = answer.json()["results"]
    return results


def test_every_product_on_sale_is_listed(service: Service) -> None:
    assert [product["schema"] for product in listed(service)] == [
        "annual_travel:1",
        "extended_warranty:1",
        "parcel_insurance:1",
        "product_protection:1",
        "shipment_insurance:1",
        "ticket_protection:1",
        "travel_protection:1",
    ]


def test_names_come_in_the_language_that_is_asked_for(service: Service) -> None:
    assert [product["name"] for product in listed(service, "?language=de")][-1] == "Reiseschutz"
    assert [product["name"] for product in listed(service, "?language=fr")][-1] == "Trip protection"


@pytest.mark.parametrize("place", range(7))
def test_each_example_is_valid_and_can_be_booked(service: Service, place: int) -> None:
    product = listed(service)[place]
    validator = Draft202012Validator(product["json_schema"])

    errors = list(validator.iter_errors(product["example"]))
    person = policyholder_json(country=product["example"]["customer_country"])
    booked = service.call(
        "POST", "instant_booking/", json={**product["example"], "policyholder": person}
    )

    assert errors == []
    assert (booked.status_code, booked.json()["status"]) == (200, "CONFIRMED")


@pytest.mark.parametrize(
    "change",
    [
        {"currency": "JPY"},
        {"customer_country": "XX"},
        {"colour": "red"},
        {"request": []},
    ],
)
def test_what_a_schema_forbids_is_refused(service: Service, change: dict[str, Any]) -> None:
    product = listed(service)[0]
    body = {**product["example"], **change}

    answer = service.call("POST", "quotes/", json=body)

    assert list(Draft202012Validator(product["json_schema"]).iter_errors(body))
    assert answer.status_code == 422

"""XCover's newer offer calls: the same offers under other names."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest

from tests.builders import NOON, policyholder_json, purchase_json
from tests.service import Service


def asked(**changes: Any) -> dict[str, Any]:
    """Return the newer form of `purchase_json`."""
    context = {
        name: value
        for name, value in purchase_json()["request"][0].items()
        if name != "policy_type"
    } | changes.pop("context", {})
    customer = {"currency": "EUR", "country": "DE", "language": "en"}
    return {
        "schema": "travel_protection:1",
        "customer": customer | changes.pop("customer", {}),
        "partner": {"transaction_id": "CHK-1"},
        "context": context,
    } | changes


def made(service: Service, query: str = "", **changes: Any) -> Any:
    response = service.call("POST", f"offers/{query}", json=asked(**changes))
    assert response.status_code == 200, response.text
    return response.json()


def confirmed(service: Service, offer: dict[str, Any], **changes: Any) -> Any:
    body = {
        "quotes": [{"id": offer["products"][0]["id"]}],
        "policyholder": policyholder_json(phone="+49 30 5550100"),
        **changes,
    }
    return service.call("POST", f"offers/{offer['id']}/confirm/", json=body)


def test_an_offer_is_the_package_of_the_same_purchase(service: Service) -> None:
    package = service.quote()

    offer = made(service, schema="travel_protection")

    assert uuid.UUID(offer["id"]).version == 8
    assert offer["booking_id"] == package["id"]
    prices = [p["details"]["finance"]["price"]["total_amount"] for p in offer["products"]]
    assert prices == [quote["price"] for quote in package["quotes"].values()]
    assert service.call("GET", f"offers/{offer['id']}/").json() == offer


def test_a_confirmed_offer_is_a_booking(service: Service) -> None:
    offer = made(service)

    booking = confirmed(service, offer, partner_transaction_id="ORDER-9")

    assert booking.status_code == 200
    assert booking.json()["id"] == offer["booking_id"]
    assert booking.json()["status"] == "CONFIRMED"
    assert booking.json()["partner_transaction_id"] == "ORDER-9"
    read = service.call("GET", f"bookings/{offer['booking_id']}/")
    assert read.json()["quotes"][0]["policy_number"].startswith("TRV-")


def test_an_offer_is_declined(service: Service) -> None:
    offer = made(service)

    answer = service.call("POST", f"offers/{offer['id']}/opt_out/", json={})

    assert (answer.status_code, answer.content) == (204, b"")
    assert service.package(offer["booking_id"])["status"] == "OPTED_OUT"
    assert confirmed(service, offer).json()["code"] == "offer_declined"


def test_content_and_extra_fields_come_as_they_are_asked_for(service: Service) -> None:
    plain = made(service)
    bare = made(service, "?include_content=false&extra_fields=tax,benefits")

    assert plain["content"]["products"][0]["title"] == "Cancellation"
    assert plain["products"][0]["details"]["finance"]["tax"] is None
    assert bare["content"] is None
    assert bare["products"][0]["details"]["finance"]["tax"]["total_amount"] == 7.81
    assert bare["products"][0]["details"]["benefits"][0]["description"]


def test_nothing_in_the_texts_urges_or_shames(service: Service) -> None:
    content = made(service)["content"]

    assert content["negative_cta_warning"] == content["credibility_message"] == ""
    assert {product["credibility_badge"] for product in content["products"]} == {""}


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"customer": {"currency": "XXX"}}, ("customer", "currency")),
        ({"customer": {"country": "XX"}}, ("customer", "country")),
        ({"customer": {"country": "JP"}}, ("customer", "country")),
        ({"context": {"total_tickets_price": "much"}}, ("context", "total_tickets_price")),
        ({"context": {"number_of_adults": 200}}, ("context", "number_of_adults")),
        ({"context": {"hotel": "yes"}}, ("context", "hotel")),
        ({"schema": "boats:1"}, ("context", "policy_type")),
        ({"schema": "Not A Schema"}, ("schema",)),
    ],
)
def test_what_is_wrong_is_named_where_it_was_said(
    service: Service, changes: dict[str, Any], path: tuple[str, ...]
) -> None:
    answer = service.call("POST", "offers/", json=asked(**changes))

    problems = answer.json()["errors"]
    for name in path:
        problems = problems[name]
    assert answer.status_code == 422
    assert problems


@pytest.mark.parametrize("query", ["include_content=perhaps", "extra_fields=tax,gold"])
def test_a_query_that_asks_for_what_is_not_there_is_refused(service: Service, query: str) -> None:
    answer = service.call("POST", f"offers/?{query}", json=asked())

    assert answer.status_code == 422


@pytest.mark.parametrize("id_", [str(uuid.uuid4()), "AAAAA-BBBBB-INS", "nothing", "0" * 36])
def test_an_id_that_names_no_offer_is_not_found(service: Service, id_: str) -> None:
    for path in (f"offers/{id_}/confirm/", f"offers/{id_}/opt_out/"):
        answer = service.call("POST", path, json={})

        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def a_parcel_in_australia(**customer: str) -> dict[str, Any]:
    return {
        "schema": "parcel_insurance",
        "customer": {"currency": "AUD", "country": "AU", **customer},
        "partner": {},
        "context": {
            "from_country": "AU",
            "to_country": "NZ",
            "carrier": "express",
            "ship_date": (NOON + timedelta(days=3)).isoformat(),
            "cover_amount": 600,
        },
    }


def test_where_the_law_differs_by_region_the_customers_is_taken(service: Service) -> None:
    offer = service.call("POST", "offers/", json=a_parcel_in_australia(region="NSW"))

    price = offer.json()["products"][0]["details"]["finance"]["price"]["total_amount"]
    assert offer.status_code == 200, offer.text
    assert price == 9.36


def test_a_region_that_is_missing_is_named_as_this_call_has_it(service: Service) -> None:
    refused = service.call("POST", "offers/", json=a_parcel_in_australia())

    assert refused.status_code == 422
    assert "region" in refused.json()["errors"]["customer"]

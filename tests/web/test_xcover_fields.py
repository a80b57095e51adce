"""What XCover's clients send is taken, and what they read is there: their code stays as it is."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.builders import a_leg, policyholder_json, purchase_json
from tests.service import Service
from widget.offer_ids import uuid_of

LEG = a_leg()

FLIGHT_LEG = {
    "flight_number": "ZZ123",
    "departure_airport": "BER",
    "arrival_airport": "LIS",
    "departure_country": "DE",
    "arrival_country": "PT",
    "departure_datetime": LEG.departs_at.isoformat(),
    "arrival_datetime": LEG.arrives_at.isoformat(),
    "marketing_airline_iata_code": "ZZ",
    "marketing_airline_icao_code": "ZZZ",
    "operating_airline_iata_code": "Z9",
    "operating_airline_icao_code": "ZZX",
}

PLACES = {
    "departure_country": "DE",
    "departure_city": "Berlin",
    "arrival_city": "Lisbon",
    "departure_datetime": LEG.departs_at.isoformat(),
    "arrival_datetime": LEG.arrives_at.isoformat(),
}

RAIL_LEG = {
    **PLACES,
    "trip_number": "EC 173",
    "departure_location": "Main station",
    "arrival_location": "Oriente",
    "arrival_country": "PT",
    "transport_mode": "rail",
}

TRAVEL = {
    "flights": [{**PLACES, "legs": [FLIGHT_LEG]}],
    "trips": [{**PLACES, "legs": [RAIL_LEG]}],
    "reservation_number": "PNR-4711",
}


def entry(**changes: Any) -> dict[str, Any]:
    """Return the one entry of a purchase, as an XCover client sends it."""
    sent: dict[str, Any] = purchase_json()["request"][0] | changes
    sent.pop("policy_code", None)
    return sent


def at_once(service: Service, person: dict[str, Any] | None = None, **changes: Any) -> Any:
    body = purchase_json(request=[entry(**changes)], policyholder=person or policyholder_json())
    return service.call("POST", "instant_booking/", json=body)


def chosen(package: dict[str, Any], place: str = "0", **more: Any) -> dict[str, Any]:
    quote = {"id": package["quotes"][place]["id"], **more}
    return {"quotes": [quote], "policyholder": policyholder_json()}


# -- what they send


@pytest.mark.parametrize("name", TRAVEL)
def test_all_fields_of_the_travel_schema_are_taken(service: Service, name: str) -> None:
    answer = service.call(
        "POST", "quotes/", json=purchase_json(request=[entry(**{name: TRAVEL[name]})])
    )

    assert answer.status_code == 201, answer.text


def test_a_reservation_number_is_not_kept(service: Service) -> None:
    plain = service.quote()
    with_number = service.quote(request=[entry(reservation_number="PNR-4711")])

    # The same purchase leads to the same offer, so there is nothing to tell them apart by.
    assert with_number["id"] == plain["id"]


@pytest.mark.parametrize(
    "changes",
    [{"trips": [{"legs": [{"seat": "7A"}]}]}, {"trips": [{}] * 21}, {"reservation_number": 1}],
)
def test_what_the_travel_schema_does_not_have_is_still_refused(
    service: Service, changes: dict[str, Any]
) -> None:
    answer = service.call("POST", "quotes/", json=purchase_json(request=[entry(**changes)]))

    assert answer.status_code == 422


@pytest.mark.parametrize(
    ("of_quote", "beside"),
    [
        ({}, {"customer_token_id": "tok_4711"}),
        ({}, {"booking_agent": "Desk 4"}),
        ({"first_instalment_paid": True}, {}),
        ({"brightwrite_details": {"bw_experiment_id": "1", "bw_variant_id": "2"}}, {}),
    ],
)
def test_all_fields_of_a_confirmation_are_taken(
    service: Service, of_quote: dict[str, Any], beside: dict[str, Any]
) -> None:
    package = service.quote()

    answer = service.call(
        "POST", f"bookings/{package['id']}/", json=chosen(package, **of_quote) | beside
    )

    assert answer.status_code == 200, answer.text


# -- instant booking without a plan's code


def test_an_instant_booking_that_names_no_plan_is_of_the_first(service: Service) -> None:
    plans = service.quote(partner_reference=None)["quotes"]

    booking = at_once(service).json()

    assert booking["status"] == "CONFIRMED"
    assert [quote["price"] for quote in booking["quotes"]] == [plans["0"]["price"]]


@pytest.mark.parametrize("place", ["0", "1"])
def test_an_instant_booking_with_a_price_is_of_the_plan_that_costs_it(
    service: Service, place: str
) -> None:
    plan = service.quote(partner_reference=None)["quotes"][place]

    booking = at_once(service, partner_price=plan["price"]).json()

    sold = [quote["policy"]["policy_code"] for quote in booking["quotes"]]
    assert sold == [plan["policy"]["policy_code"]]


def test_an_instant_booking_with_a_price_that_no_plan_has_is_refused(service: Service) -> None:
    answer = at_once(service, partner_price=1.23)

    assert answer.status_code == 422
    assert "cancellation 48.92" in answer.json()["errors"]["request"]["0"]["partner_price"][0]


# -- who lives elsewhere than where it was priced


def test_a_policyholder_in_another_country_is_not_confirmed(service: Service) -> None:
    package = service.quote()
    body = chosen(package) | {"policyholder": policyholder_json(country="US")}

    answer = service.call("POST", f"bookings/{package['id']}/", json=body)

    assert answer.status_code == 422
    assert list(answer.json()["errors"]["policyholder"]) == ["country"]
    assert service.package(package["id"])["status"] == "RECEIVED"


def test_a_policyholder_in_another_country_is_not_booked_at_once(service: Service) -> None:
    answer = at_once(service, policyholder_json(country="US"))

    assert answer.status_code == 422
    assert list(answer.json()["errors"]["policyholder"]) == ["country"]


def test_a_policyholder_in_another_country_is_not_confirmed_by_the_newer_call(
    service: Service,
) -> None:
    package = service.quote()
    body = chosen(package) | {"policyholder": policyholder_json(country="US", phone="+12125550100")}

    answer = service.call("POST", f"offers/{uuid_of(package['id'])}/confirm/", json=body)

    assert answer.status_code == 422
    assert list(answer.json()["errors"]["policyholder"]) == ["country"]


# -- what they read


def test_a_package_has_a_security_token_that_stays_and_opens_nothing(service: Service) -> None:
    package, other = service.quote(), service.quote(partner_reference="CHK-2")

    token = package["security_token"]
    opened = service.client.get(f"/offer/{token}")

    assert re.fullmatch(r"([A-Z2-7]{5}-){3}[A-Z2-7]{5}", token)
    assert service.package(package["id"])["security_token"] == token
    assert other["security_token"] != token
    assert opened.status_code == service.client.get("/offer/nobody").status_code


def test_a_booking_tells_the_id_of_its_offer(service: Service) -> None:
    package = service.quote()

    booking = service.call("POST", f"bookings/{package['id']}/", json=chosen(package)).json()

    assert booking["fast_quote_id"] == uuid_of(package["id"])
    assert booking["security_token"] == package["security_token"]


#: Beside what is always there: the names that XCover's clients may ask an answer for.
READ = {
    "package": "bundle_code bundle_price bundle_price_formatted bundle_content security_token"
    " bundle_discount_percent bundle_discount_amount bundle_discount_amount_formatted errors",
    "quote": "discount_price discount_price_formatted discount_amount commission surcharge"
    " third_party_admins ombudsman_list attachments files extra_fields",
    "policy": "policy_type policy_type_slug policy_currency policy_version claim_selector_id",
    "content": "optout_msg disclaimer_html payment_disclaimer in_path_disclaimer",
    "benefit": "limit excess limit_description excess_description",
    "booking": "sign_up_url fnol_link cancel_link booking_agent fast_quote_id total_premium",
    "booked": "cancelled_from cancellation_info next_renewal can_be_cancelled",
    "cancelled": "total_refund refund_amount cancellation_payout_url cancellation_id",
    "cancelled quote": "policy_cancellation_date policy_coolingoff_date refund_type refund_value",
    "update": "total_price_diff total_price_diff_formatted",
}


@pytest.fixture
def answers(service: Service) -> dict[str, Any]:
    """The answers of a sale that is changed and then cancelled."""
    package = service.quote()
    path = f"bookings/{package['id']}/"
    booking = service.call("POST", path, json=chosen(package)).json()
    update = service.call("PATCH", path, json={"policyholder": {"first_name": "Bea"}}).json()
    cancelled = service.call("POST", f"{path}cancel", json={}).json()
    quote = package["quotes"]["0"]
    return {
        "package": package,
        "quote": quote,
        "policy": quote["policy"],
        "content": quote["policy"]["content"],
        "benefit": quote["benefits"][0],
        "booking": booking,
        "booked": booking["quotes"][0],
        "update": update,
        "cancelled": cancelled,
        "cancelled quote": cancelled["quotes"][0],
    }


@pytest.mark.parametrize("part", READ)
def test_every_name_that_xcovers_clients_read_is_there(answers: dict[str, Any], part: str) -> None:
    assert [name for name in READ[part].split() if name not in answers[part]] == []

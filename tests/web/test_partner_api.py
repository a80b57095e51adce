"""The partner's backend, in XCover's language."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.builders import TOKEN_KEY, policyholder_json, purchase_json
from tests.fakes import Clock, Postbox
from tests.service import Service
from widget.offer_ids import uuid_of
from widget.offers import Choice
from widget.partners import Mode, token_key_of
from widget.tokens import read_quote_token


def sold(service: Service, **purchase: Any) -> dict[str, Any]:
    """Return the answer to a first confirmation."""
    package = service.quote(**purchase)
    service.choose_first(package)
    response = service.confirm(package["id"], partner_transaction_id="ORDER-1")
    assert response.status_code == 200, response.text
    booking: dict[str, Any] = response.json()
    return booking


# -- quotes


def test_a_purchase_is_priced_as_xcovers_quote_package(service: Service) -> None:
    package = service.quote()

    assert re.fullmatch(r"[A-Z0-9]{5}-[A-Z0-9]{5}-INS", package["id"])
    assert package["status"] == "RECEIVED"
    assert package["currency"] == "EUR"
    assert list(package["quotes"]) == ["0", "1", "2"]
    assert package["total_price"] == package["quotes"]["0"]["price"]
    assert package["created_at"] == "2027-03-01T12:00:00.000000Z"
    assert package["errors"] == {}


def test_a_quote_says_what_it_covers_and_costs(service: Service) -> None:
    quote = service.quote()["quotes"]["1"]

    assert quote["price_formatted"] == f"€{quote['price']:.2f}"
    tax = quote["tax"]
    assert round(tax["total_tax"] + tax["total_amount_without_tax"], 2) == quote["price"]
    assert [entry["tax_code"] for entry in tax["taxes"]] == ["VERSST"]
    assert quote["policy"]["policy_type"] == "travel_protection"
    assert quote["policy"]["policy_code"] == "cancellation_medical"
    assert quote["policy"]["underwriter"]["name"] == "Northgate Insurance SE"
    assert quote["policy"]["content"]["exclusions"]
    assert {benefit["limit_description"] for benefit in quote["benefits"]} > {"€1,000,000"}
    assert datetime.fromisoformat(quote["policy_end_date"]).tzinfo is not None
    assert [file["title"] for file in quote["files"]]


def test_the_answer_adds_where_the_offer_is_and_that_nothing_is_chosen(service: Service) -> None:
    package = service.quote()

    assert package["choice"] == "open"
    assert package["chosen_quotes"] == []
    assert package["quote_token"] is None
    assert package["offer_url"] == f"https://cover.test/offer/{package['offer_token']}"
    assert package["expires_at"] == "2027-03-01T12:30:00.000000Z"
    assert package["test"] is True


@pytest.mark.parametrize("prefix", ["/x", "/xcover"])
def test_both_of_xcovers_prefixes_are_served(service: Service, prefix: str) -> None:
    response = service.client.post(
        f"{prefix}/partners/acme/quotes/",
        json=purchase_json(),
        headers={"Authorization": f"Bearer {service.secret}"},
    )

    assert response.status_code == 201


def test_the_same_purchase_is_the_same_answer_byte_for_byte(service: Service) -> None:
    answers = [service.call("POST", "quotes/", json=purchase_json()) for _ in range(2)]

    assert answers[0].content == answers[1].content
    assert [answer.status_code for answer in answers] == [201, 201]


@pytest.mark.parametrize("path", ["bookings/{0[id]}/opt_out", "offers/{1}/opt_out/"])
def test_what_a_partner_says_of_an_opt_out_is_kept(service: Service, path: str) -> None:
    package = service.quote(partner_metadata={"shop": "north", "till": "1"})
    address = path.format(package, uuid_of(package["id"]))

    service.call("POST", address, json={"partner_metadata": {"till": "7", "asked": True}})
    service.call("POST", address, json={})

    told = service.package(package["id"])["partner_metadata"]
    assert told == {"shop": "north", "till": "7", "asked": True}


def test_a_package_can_be_read_again(service: Service) -> None:
    package = service.quote()

    response = service.call("GET", f"quotes/{package['id']}/")

    assert response.status_code == 200
    assert response.json() == package
    assert response.headers["Cache-Control"] == "no-store"


def test_a_package_shows_the_choice_and_its_token(service: Service) -> None:
    package = service.quote()
    service.choose_first(package)

    chosen = service.package(package["id"])

    assert chosen["choice"] == "opted_in"
    assert chosen["chosen_quotes"] == [package["quotes"]["0"]["id"]]
    key = token_key_of("acme", Mode.TEST, TOKEN_KEY.encode()).encode()
    token = read_quote_token(chosen["quote_token"], [key])
    assert token.choice is Choice.OPTED_IN
    assert token.offer_id == package["id"]
    assert token.premium_minor == round(package["quotes"]["0"]["price"] * 100)


def test_a_package_speaks_the_language_of_the_purchase(service: Service) -> None:
    package = service.quote(customer_language="de")

    assert package["total_price_formatted"].endswith("\N{NO-BREAK SPACE}€")


def test_a_package_after_an_opt_out_has_a_token_that_says_so(service: Service) -> None:
    package = service.quote()
    service.choose(package, "opted_out")

    declined = service.package(package["id"])

    assert declined["choice"] == "opted_out"
    assert declined["quote_token"]
    assert service.confirm(package["id"]).json()["code"] == "choice_missing"


# -- bookings


def test_a_confirmed_offer_is_xcovers_booking(service: Service) -> None:
    booking = sold(service)

    assert booking["status"] == "CONFIRMED"
    assert booking["total_price"] == booking["total_premium"] == booking["quotes"][0]["price"]
    assert booking["partner_transaction_id"] == "ORDER-1"
    assert booking["policyholder"] == policyholder_json()
    assert booking["quotes"][0]["status"] == "CONFIRMED"
    assert re.fullmatch(r"TRV-\w{5}-\w{5}", booking["quotes"][0]["policy_number"])
    assert booking["quotes"][0]["confirmed_at"] == booking["confirmed_at"]


def test_only_what_was_chosen_is_in_the_booking(service: Service) -> None:
    package = service.quote()
    service.choose(package, package["quotes"]["1"]["id"])

    booking = service.confirm(package["id"]).json()

    assert [quote["id"] for quote in booking["quotes"]] == [package["quotes"]["1"]["id"]]
    assert booking["total_price"] == package["quotes"]["1"]["price"]


def test_confirming_again_gives_the_same_answer_and_says_so(service: Service) -> None:
    package = service.quote()
    service.choose_first(package)
    token = service.package(package["id"])["quote_token"]

    first = service.confirm(package["id"], quote_token=token)
    again = service.confirm(package["id"], quote_token=token)

    assert (first.status_code, again.status_code) == (200, 200)
    assert first.content == again.content
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == "true"


def test_confirming_again_after_a_month_gives_the_same_answer(
    service: Service, clock: Clock
) -> None:
    package = service.quote()
    service.choose_first(package)
    token = service.package(package["id"])["quote_token"]
    first = service.confirm(package["id"], quote_token=token)
    clock.move(days=30)

    assert service.confirm(package["id"], quote_token=token).content == first.content


def test_another_payment_for_the_same_offer_is_refused(service: Service) -> None:
    booking = sold(service)

    response = service.confirm(booking["id"], partner_transaction_id="ORDER-2")

    assert response.status_code == 422
    assert response.json()["code"] == "already_confirmed"
    assert booking["id"] in response.json()["message"]


def test_the_same_payment_for_another_offer_is_refused(service: Service) -> None:
    sold(service)
    package = service.quote(partner_reference="CHK-2")
    service.choose_first(package)

    response = service.confirm(package["id"], partner_transaction_id="ORDER-1")

    assert response.status_code == 422
    assert response.json()["code"] == "payment_already_used"


@pytest.mark.parametrize("slash", ["/", ""])
def test_a_booking_can_be_read_with_and_without_the_slash(service: Service, slash: str) -> None:
    booking = sold(service)

    response = service.call("GET", f"bookings/{booking['id']}{slash}")

    assert response.status_code == 200
    assert response.json() == booking
    assert response.headers["Cache-Control"] == "no-store"


def test_an_offer_can_be_confirmed_without_the_slash(service: Service) -> None:
    package = service.quote()
    service.choose_first(package)
    token = service.package(package["id"])["quote_token"]
    body = {"quote_token": token, "policyholder": policyholder_json()}

    assert service.call("POST", f"bookings/{package['id']}", json=body).status_code == 200


def test_a_booking_owes_its_confirmation_and_sends_it_at_once(
    service: Service, postbox: Postbox
) -> None:
    booking = sold(service)

    deadline = 500
    while not postbox.taken and deadline:  # the service delivers on its own loop
        service.client.get("/healthz")
        deadline -= 1

    assert [message.offer_id for message, _, _ in postbox.taken] == [booking["id"]]


def test_a_package_says_that_it_was_confirmed(service: Service) -> None:
    booking = sold(service)

    assert service.package(booking["id"])["status"] == "CONFIRMED"


def test_a_confirmation_may_repeat_what_was_sold_for_how_much(service: Service) -> None:
    package = service.quote()
    service.choose_first(package)

    response = service.confirm(
        package["id"],
        purchase=purchase_json(),
        total_price=package["quotes"]["0"]["price"],
        quotes=[{"id": package["quotes"]["0"]["id"]}],
    )

    assert response.status_code == 200


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"purchase": purchase_json(trip={"number_of_adults": 1})}, "purchase_mismatch"),
        ({"purchase": purchase_json(partner_reference="CHK-2")}, "purchase_mismatch"),
        ({"total_price": 0.01}, "premium_mismatch"),
        ({"total_price": 0}, "premium_mismatch"),
        ({"quotes": []}, "choice_changed"),
        ({"quotes": [{"id": "q-9"}]}, "choice_changed"),
    ],
)
def test_a_confirmation_of_something_else_is_refused(
    service: Service, body: dict[str, Any], code: str
) -> None:
    package = service.quote()
    service.choose_first(package)

    response = service.confirm(package["id"], **body)

    assert response.status_code == 422
    assert response.json()["code"] == code
    assert service.call("GET", f"bookings/{package['id']}/").status_code == 404


def test_an_old_token_is_refused_when_the_customer_has_chosen_again(service: Service) -> None:
    package = service.quote()
    service.choose_first(package)
    old = service.package(package["id"])["quote_token"]
    service.choose(package, package["quotes"]["1"]["id"])

    response = service.confirm(package["id"], quote_token=old)

    assert response.json()["code"] == "choice_changed"


def test_the_grace_of_the_settings_counts(service: Service, clock: Clock) -> None:
    package = service.quote()
    service.choose_first(package)
    clock.move(minutes=45)

    assert service.confirm(package["id"]).json()["code"] == "offer_expired"
    clock.time -= timedelta(seconds=1)
    assert service.confirm(package["id"]).status_code == 200


# -- without cover


@pytest.mark.parametrize("body", [None, "{}", "token"])
def test_a_purchase_without_cover_can_be_reported(service: Service, body: str | None) -> None:
    package = service.quote()
    service.choose(package, "opted_out")
    if body == "token":
        body = '{"quote_token": "' + service.package(package["id"])["quote_token"] + '"}'

    response = service.call("POST", f"bookings/{package['id']}/opt_out", content=body)

    assert response.status_code == 204
    assert response.content == b""
    assert service.package(package["id"])["status"] == "OPTED_OUT"


def test_reporting_it_twice_is_reporting_it_once(service: Service) -> None:
    package = service.quote()

    answers = [service.call("POST", f"bookings/{package['id']}/opt_out") for _ in range(2)]

    assert [answer.status_code for answer in answers] == [204, 204]


def test_what_was_reported_as_declined_cannot_be_confirmed(service: Service) -> None:
    package = service.quote()
    service.choose_first(package)
    service.call("POST", f"bookings/{package['id']}/opt_out")

    response = service.confirm(package["id"])

    assert response.status_code == 422
    assert response.json()["code"] == "offer_declined"


def test_a_booking_cannot_be_reported_as_declined(service: Service) -> None:
    booking = sold(service)

    response = service.call("POST", f"bookings/{booking['id']}/opt_out")

    assert response.status_code == 422
    assert response.json()["code"] == "already_confirmed"


def test_cover_starts_when_the_policy_is_issued(service: Service, clock: Clock) -> None:
    package = service.quote()
    service.choose_first(package)
    clock.move(minutes=20)

    booking = service.confirm(package["id"]).json()

    [quote] = booking["quotes"]
    assert quote["policy_start_date"] == clock.time.isoformat()

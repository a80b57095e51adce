"""XCover's calls on packages and bookings: what each does, and what it must not do."""

from __future__ import annotations

from typing import Any

import pytest

from tests.builders import NOON, policyholder_json, purchase_json
from tests.fakes import Clock
from tests.service import Service


def chosen(package: dict[str, Any], place: str = "0") -> list[dict[str, Any]]:
    return [{"id": package["quotes"][place]["id"]}]


def booked(service: Service, package: dict[str, Any] | None = None, **changes: Any) -> Any:
    """Return a booking of the first quote, confirmed by naming it."""
    package = package or service.quote()
    body = {"quotes": chosen(package), "policyholder": policyholder_json(), **changes}
    answer = service.call("POST", f"bookings/{package['id']}/", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def read(service: Service, booking_id: str) -> Any:
    return service.call("GET", f"bookings/{booking_id}/").json()


def kinds(service: Service, offer_id: str) -> list[str]:
    return [leaf.kind for leaf in service.run(service.storage.list_evidence, "acme", offer_id)]


def bodies(service: Service, offer_id: str) -> str:
    leaves = service.run(service.storage.list_evidence, "acme", offer_id)
    return "".join(leaf.body for leaf in leaves)


# -- confirming without a token


def test_a_partner_that_draws_the_offer_itself_names_the_quotes(service: Service) -> None:
    booking = booked(service)

    assert booking["status"] == "CONFIRMED"
    assert kinds(service, booking["id"]) == ["offer_made", "choice_made", "offer_confirmed"]
    assert '"by":"partner"' in bodies(service, booking["id"])


@pytest.mark.parametrize("answer", ["opted_out", "other"])
def test_what_the_customer_told_us_stands_against_the_partner(
    service: Service, answer: str
) -> None:
    package = service.quote()
    said = package["quotes"]["1"]["id"] if answer == "other" else answer
    service.choose(package, said)
    body = {"quotes": chosen(package), "policyholder": policyholder_json()}

    refused = service.call("POST", f"bookings/{package['id']}/", json=body)

    assert refused.status_code == 422
    assert refused.json()["code"] in {"choice_missing", "choice_changed"}
    assert service.call("GET", f"bookings/{package['id']}/").status_code == 404


def test_two_plans_for_one_trip_are_not_sold_together(service: Service) -> None:
    package = service.quote()
    both = [*chosen(package, "0"), *chosen(package, "1")]
    body = {"quotes": both, "policyholder": policyholder_json()}

    refused = service.call("POST", f"bookings/{package['id']}/", json=body)

    assert refused.json()["code"] == "quote_not_offered"


def test_several_policies_are_sold_in_one_booking(service: Service) -> None:
    trip = {**purchase_json()["request"][0], "policy_code": "cancellation"}
    package = service.quote(request=[trip] * 4)

    booking = booked(service, package, quotes=[*chosen(package, "0"), *chosen(package, "3")])

    assert len({quote["policy_number"] for quote in booking["quotes"]}) == 2
    assert booking["total_price"] == pytest.approx(2 * package["quotes"]["0"]["price"])
    token = service.package(package["id"])["quote_token"]
    assert len(token) <= 512


# -- packages


def test_a_fast_quote_keeps_nothing(service: Service) -> None:
    package = service.quote()

    fast = service.call("POST", "quotes/?fast_quote=1", json=purchase_json())

    assert fast.status_code == 201
    assert fast.json()["total_price"] == package["total_price"]
    assert fast.json()["id"] is fast.json()["quotes"]["0"]["id"] is None
    assert service.call("GET", "bookings/").json()["count"] == 0


def test_a_changed_package_asks_the_customer_again(service: Service) -> None:
    package = service.quote()
    service.choose_first(package)
    token = service.package(package["id"])["quote_token"]
    quote_id = package["quotes"]["0"]["id"]
    change = {"request": [{"quote_id": quote_id, "total_tickets_price": 2_000}]}

    changed = service.call("PATCH", f"quotes/{package['id']}/", json=change).json()
    late = service.confirm(package["id"], quote_token=token)

    assert changed["quotes"]["0"]["price"] > package["quotes"]["0"]["price"]
    assert changed["choice"] == "open"
    assert changed["quote_token"] is None
    assert late.status_code == 422
    assert "offer_repriced" in kinds(service, package["id"])


def test_a_package_changes_its_currency_with_its_prices(service: Service) -> None:
    package = service.quote()
    address = f"quotes/{package['id']}/"
    quote_id = package["quotes"]["0"]["id"]

    bare = service.call("PATCH", address, json={"currency": "USD"})
    full = {"currency": "USD", "request": [{"quote_id": quote_id, "total_tickets_price": 1400}]}
    changed = service.call("PATCH", address, json=full)

    assert bare.json()["errors"]["request"]["0"]["total_tickets_price"]
    assert (changed.status_code, changed.json()["currency"]) == (200, "USD")


def test_the_changed_purchase_leads_to_the_package_and_the_old_one_does_not(
    service: Service,
) -> None:
    package = service.quote()
    quote_id = package["quotes"]["0"]["id"]
    change = {"request": [{"quote_id": quote_id, "number_of_adults": 3}]}
    service.call("PATCH", f"quotes/{package['id']}/", json=change)

    assert service.quote(trip={"number_of_adults": 3})["id"] == package["id"]
    assert service.quote()["id"] != package["id"]


@pytest.mark.parametrize(
    ("path", "method", "body"),
    [
        ("quotes/{id}/", "PATCH", {"customer_country": "XX"}),
        ("quotes/{id}/", "PATCH", {"request": [{"quote_id": "nobody's"}]}),
        ("quotes/{id}/add/", "POST", {}),
        ("quotes/{id}/add/", "POST", {"request": [purchase_json()["request"][0]] * 50}),
        ("quotes/{id}/delete/", "POST", {"quotes": []}),
        ("quotes/{id}/delete/", "POST", {"quotes": [{"id": "nobody's"}]}),
        ("bookings/{id}/opt_out", "POST", {"reason": "too dear"}),
    ],
)
def test_a_change_that_cannot_be_made_changes_nothing(
    service: Service, path: str, method: str, body: dict[str, Any]
) -> None:
    package = service.quote()

    answer = service.call(method, path.format(id=package["id"]), json=body)

    assert answer.status_code == 422
    assert answer.json()["errors"]
    assert service.package(package["id"]) == package


def test_the_last_quote_stays(service: Service) -> None:
    package = service.quote()
    every = {"quotes": [{"id": quote["id"]} for quote in package["quotes"].values()]}

    answer = service.call("POST", f"quotes/{package['id']}/delete/", json=every)

    assert answer.status_code == 422
    assert len(service.package(package["id"])["quotes"]) == len(every["quotes"])


# -- payment


def test_an_unpaid_booking_insures_nobody_and_writes_to_nobody(service: Service) -> None:
    booking = booked(service, require_payment_confirmation=True)

    assert booking["status"] == "PENDING_PAYMENT"
    assert booking["coi"] is None
    assert booking["quotes"][0]["can_be_cancelled"] is False
    assert kinds(service, booking["id"])[-1] == "offer_booked"


def test_a_payment_that_comes_twice_is_one_booking(service: Service) -> None:
    booking = booked(service, require_payment_confirmation=True)
    address = f"bookings/{booking['id']}/confirm"

    first = service.call("PUT", address, json={})
    again = service.call("PUT", address, json={})

    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert again.headers["Idempotent-Replayed"] == "true"


def test_a_payment_that_comes_too_late_is_refused(service: Service, clock: Clock) -> None:
    booking = booked(service, require_payment_confirmation=True)
    clock.move(days=7)

    late = service.call("PUT", f"bookings/{booking['id']}/confirm", json={})

    assert late.json()["code"] == "offer_expired"
    assert read(service, booking["id"])["status"] == "PENDING_PAYMENT"


def test_an_unpaid_booking_can_be_let_go(service: Service) -> None:
    booking = booked(service, require_payment_confirmation=True)

    gone = service.call("POST", f"bookings/{booking['id']}/cancel", json={}).json()

    assert (gone["status"], gone["total_refund"]) == ("CANCELLED", 0)
    assert service.call("PUT", f"bookings/{booking['id']}/confirm").status_code == 422


# -- after the sale


def test_a_preview_cancels_nothing_and_holds_for_a_day(service: Service, clock: Clock) -> None:
    booking = booked(service)
    address = f"bookings/{booking['id']}/"
    preview = service.call("POST", f"{address}cancel", json={"preview": True}).json()
    clock.move(hours=24)

    path = f"{address}confirm_cancellation/{preview['cancellation_id']}/"
    late = service.call("POST", path, json={})

    assert preview["quotes"][0]["policy_cancellation_date"] is None
    assert late.json()["code"] == "amendment_expired"
    assert read(service, booking["id"])["status"] == "CONFIRMED"


def test_after_the_withdrawal_period_the_preview_says_what_little_is_paid_back(
    service: Service, clock: Clock
) -> None:
    booking = booked(service)
    clock.move(days=30)

    preview = service.call("POST", f"bookings/{booking['id']}/cancel", json={"preview": True})

    assert preview.json()["total_refund"] == 0


def test_a_trip_that_has_begun_is_not_cancelled(service: Service, clock: Clock) -> None:
    booking = booked(service)
    clock.move(days=91)

    refused = service.call("POST", f"bookings/{booking['id']}/cancel", json={})

    assert refused.json()["code"] == "not_allowed_by_product"
    assert read(service, booking["id"])["quotes"][0]["can_be_cancelled"] is False


def test_one_of_two_policies_is_cancelled(service: Service) -> None:
    trip = {**purchase_json()["request"][0], "policy_code": "cancellation"}
    package = service.quote(request=[trip, trip])
    booking = booked(service, package, quotes=[*chosen(package, "0"), *chosen(package, "1")])
    one = {"quotes": [{"id": booking["quotes"][0]["id"], "reason_for_cancellation": "sold out"}]}

    left = service.call("POST", f"bookings/{booking['id']}/cancel", json=one).json()

    assert left["status"] == "CONFIRMED"
    assert [quote["status"] for quote in left["quotes"]] == ["CANCELLED", "CONFIRMED"]
    assert left["total_price"] == left["quotes"][1]["price"]
    assert left["total_refund"] == left["quotes"][0]["refund_value"]


def test_a_change_priced_before_another_one_is_stale(service: Service) -> None:
    booking = booked(service)
    address = f"bookings/{booking['id']}/"
    quote_id = booking["quotes"][0]["id"]
    dearer = {"quotes": [{"id": quote_id, "update_fields": {"total_tickets_price": 2_000}}]}
    priced = service.call("PATCH", f"{address}quote_for_update", json=dearer).json()
    service.call("PATCH", address, json={"policyholder": {"phone": "+49 30 5550100"}})

    path = f"{address}confirm_update/{priced['update_id']}/"
    stale = service.call("POST", path, json={})

    assert stale.json()["code"] == "amendment_stale"


def test_an_update_is_made_once(service: Service) -> None:
    booking = booked(service)
    address = f"bookings/{booking['id']}/"
    change = {"policyholder": {"last_name": "Muster-Meier"}}
    priced = service.call("PATCH", f"{address}quote_for_update", json=change).json()
    path = f"{address}confirm_update/{priced['update_id']}/"

    made = service.call("POST", path, json={})
    again = service.call("POST", path, json={})

    assert made.status_code == 201
    assert made.json()["policyholder"]["last_name"] == "Muster-Meier"
    assert made.json()["total_price_diff"] == 0
    assert again.json()["code"] == "amendment_applied"
    assert "Muster-Meier" not in bodies(service, booking["id"])


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"trip_end_date": "2027-01-01T00:00:00Z"}, "validation_failed"),
        ({"total_tickets_price": 1}, "validation_failed"),
        ({"policy_type": "boats"}, "validation_failed"),
    ],
)
def test_a_change_that_the_product_does_not_take_is_refused(
    service: Service, fields: dict[str, Any], code: str
) -> None:
    booking = booked(service)
    change = {"quotes": [{"id": booking["quotes"][0]["id"], "update_fields": fields}]}

    refused = service.call("PATCH", f"bookings/{booking['id']}/", json=change)

    assert (refused.status_code, refused.json()["code"]) == (422, code)
    assert read(service, booking["id"]) == booking


def test_a_change_that_changes_nothing_tells_nobody(service: Service) -> None:
    booking = booked(service)
    same = {"quotes": [{"id": booking["quotes"][0]["id"], "update_fields": {"flights": []}}]}

    answer = service.call("PATCH", f"bookings/{booking['id']}/", json=same)

    assert (answer.status_code, answer.json()["total_price_diff"]) == (200, 0)
    assert read(service, booking["id"]) == booking
    assert kinds(service, booking["id"])[-1] == "offer_confirmed"


def test_a_single_trip_is_neither_renewed_nor_paid_in_parts(service: Service) -> None:
    booking = booked(service)
    report = {
        "id": booking["quotes"][0]["id"],
        "payment_attempted_date": NOON.isoformat(),
        "payment_status": "PAID",
        "instalment_number": 1,
    }

    renewal = service.call("PATCH", f"renewals/{booking['id']}/quote_for_renewal/", json={})
    instalments = service.call("GET", f"bookings/{booking['id']}/instalments/")
    reported = service.call(
        "POST", f"bookings/{booking['id']}/instalments/", json={"quotes": [report]}
    )

    assert renewal.json()["code"] == "not_allowed_by_product"
    assert instalments.json()["quotes"] == []
    assert reported.status_code == 422


# -- lists


def test_bookings_are_listed_page_by_page(service: Service, clock: Clock) -> None:
    ids = []
    for number in range(3):
        ids.append(booked(service, service.quote(partner_reference=f"CHK-{number}"))["id"])
        clock.move(minutes=1)

    first = service.call("GET", "bookings/?limit=2").json()
    rest = service.client.get(first["next"], headers={"Authorization": f"Bearer {service.secret}"})

    assert [booking["id"] for booking in first["results"]] == ids[:0:-1]
    assert (first["count"], first["previous"]) == (3, None)
    assert [booking["id"] for booking in rest.json()["results"]] == ids[:1]
    assert rest.json()["next"] is None


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=x", "offset=-1", "limit=1e3"])
def test_a_page_that_cannot_be_is_refused(service: Service, query: str) -> None:
    answer = service.call("GET", f"bookings/?{query}")

    assert answer.status_code == 422


def test_another_partners_booking_is_not_found_by_any_call(service: Service) -> None:
    calls = [
        ("GET", "bookings/{id}/"),
        ("PATCH", "bookings/{id}/"),
        ("PATCH", "bookings/{id}/quote_for_update"),
        ("POST", "bookings/{id}/confirm_update/aaaaa-bbbbb-ccccc-UPD/"),
        ("POST", "bookings/{id}/cancel"),
        ("POST", "bookings/{id}/confirm_cancellation/aaaaa-bbbbb-ccccc-CCL/"),
        ("POST", "bookings/{id}/send_email"),
        ("PUT", "bookings/{id}/confirm"),
        ("GET", "bookings/{id}/instalments/"),
        ("PATCH", "renewals/{id}/quote_for_renewal/"),
        ("POST", "renewals/{id}/confirm/aaaaa-bbbbb-ccccc-UPD/"),
        ("POST", "renewals/{id}/opt_out/"),
    ]
    for method, path in calls:
        answer = service.call(method, path.format(id="AAAAA-22222-INS"), json={})

        assert (path, answer.status_code) == (path, 404)

"""Idempotency keys and limits: what is repeated is done once, and too much is told so."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import httpx2
import pytest

from tests.builders import NOON, a_key, a_partner, policyholder_json, purchase_json, some_settings
from tests.fakes import Clock
from tests.service import Service, running_service
from widget.partners import Mode
from widget.storage.sqlite import SqliteStorage

KEY = {"x-idempotency-key": "order-77"}


def told(response: httpx2.Response) -> tuple[int, bytes, str | None]:
    return response.status_code, response.content, response.headers.get("Idempotent-Replayed")


def confirmation(package: dict[str, Any], **changes: Any) -> dict[str, Any]:
    chosen = [{"id": package["quotes"]["0"]["id"]}]
    return {"quotes": chosen, "policyholder": policyholder_json(), **changes}


@pytest.mark.parametrize("name", ["x-idempotency-key", "Idempotency-Key"])
def test_a_repeated_request_gets_the_first_answer_again(service: Service, name: str) -> None:
    purchase = purchase_json(partner_reference=None)

    first = service.call("POST", "quotes/", json=purchase, headers={name: "k-1"})
    again = service.call("POST", "quotes/", json=purchase, headers={name: "k-1"})
    other = service.call("POST", "quotes/", json=purchase, headers={name: "k-2"})

    assert told(first)[2] is None
    assert told(again) == (201, first.content, "true")
    assert other.json()["id"] != first.json()["id"]


def test_the_first_answer_to_a_confirmation_outlives_what_comes_after(service: Service) -> None:
    package = service.quote()
    body = confirmation(package)
    path = f"bookings/{package['id']}/"

    first = service.call("POST", path, json=body, headers=KEY)
    service.call("POST", f"{path}cancel", json={})
    again = service.call("POST", path, json=body, headers=KEY)

    assert first.json()["status"] == "CONFIRMED"
    assert told(again) == (200, first.content, "true")
    assert service.call("GET", path).json()["status"] == "CANCELLED"


def test_without_a_key_a_cancelled_booking_is_not_confirmed_again(service: Service) -> None:
    package = service.quote()
    path = f"bookings/{package['id']}/"
    service.call("POST", path, json=confirmation(package))
    service.call("POST", f"{path}cancel", json={})

    again = service.call("POST", path, json=confirmation(package))

    assert again.status_code == 422
    assert again.json()["code"] == "status_forbids"


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "quotes/", purchase_json(partner_reference="CHK-2")),
        ("POST", "quotes/?fast_quote=1", purchase_json()),
        ("POST", "instant_booking/", purchase_json()),
    ],
    ids=["body", "query", "path"],
)
def test_a_key_that_was_used_for_something_else_is_refused(
    service: Service, method: str, path: str, body: dict[str, Any]
) -> None:
    service.call("POST", "quotes/", json=purchase_json(), headers=KEY)

    other = service.call(method, path, json=body, headers=KEY)

    assert other.status_code == 422
    assert other.json()["code"] == "idempotency_key_reused"


def test_a_refusal_is_not_kept(service: Service) -> None:
    wrong = purchase_json(currency="CHF")

    refused = service.call("POST", "quotes/", json=wrong, headers=KEY)
    good = service.call("POST", "quotes/", json=purchase_json(), headers=KEY)

    assert (refused.status_code, good.status_code) == (422, 201)


def test_a_key_is_forgotten_after_48_hours(service: Service, clock: Clock) -> None:
    first = service.call("POST", "quotes/", json=purchase_json(), headers=KEY)
    clock.move(hours=48)

    later = service.call("POST", "quotes/", json=purchase_json(), headers=KEY)

    assert later.json()["id"] != first.json()["id"]
    assert told(later)[2] is None


def test_a_key_belongs_to_one_partner_and_one_mode(service: Service) -> None:
    live = a_key(mode=Mode.LIVE, random="liveliveliveliv1")
    service.add(a_partner(), live)
    test_answer = service.call("POST", "quotes/", json=purchase_json(), headers=KEY)

    live_answer = service.as_key(live).call("POST", "quotes/", json=purchase_json(), headers=KEY)

    assert live_answer.status_code == 201
    assert live_answer.json()["id"] != test_answer.json()["id"]


def test_many_at_once_with_one_key_get_one_answer(service: Service) -> None:
    purchase = purchase_json(partner_reference=None)

    def send(_: int) -> httpx2.Response:
        return service.call("POST", "quotes/", json=purchase, headers=KEY)

    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(send, range(32)))

    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1


# -- what is done already, and what comes at once


def sold(service: Service, **changes: Any) -> str:
    """Return the id of a package that is a booking."""
    package = service.quote(**changes)
    assert service.call("POST", f"bookings/{package['id']}/", json=confirmation(package)).is_success
    return str(package["id"])


def declined(service: Service) -> str:
    """Return the id of a package that the customer bought without."""
    package_id = str(service.quote()["id"])
    assert service.call("POST", f"bookings/{package_id}/opt_out", json={}).status_code == 204
    return package_id


PERSON = {"policyholder": {"last_name": "Beispiel"}}

#: Method, path, body, and another body.
Repeated = tuple[str, str, Any, Any]


def an_offer_again(service: Service) -> Repeated:
    service.quote()
    return "POST", "quotes/", purchase_json(), purchase_json(partner_metadata={"shop": "north"})


def a_sale_again(service: Service) -> Repeated:
    package = service.quote()
    path, body = f"bookings/{package['id']}/", confirmation(package)
    service.call("POST", path, json=body)
    return "POST", path, body, {**body, "policyholder": policyholder_json(first_name="Bob")}


def a_report_again(service: Service) -> Repeated:
    path = f"bookings/{service.quote()['id']}/opt_out"
    service.call("POST", path, json={})
    return "POST", path, {}, {"partner_metadata": {"till": "7"}}


def a_change_of_nothing(service: Service) -> Repeated:
    same = {"policyholder": {"last_name": "Muster"}}
    return "PATCH", f"bookings/{sold(service)}/", same, PERSON


def a_refusal_to_renew_again(service: Service) -> Repeated:
    begins, year = NOON + timedelta(days=10), {"policy_type": "annual_travel"}
    year["trip_start_date"] = begins.isoformat()
    year["trip_end_date"] = (begins + timedelta(days=366)).isoformat()
    path = f"renewals/{sold(service, trip=year)}/opt_out/"
    service.call("POST", path, json={})
    return "POST", path, {}, None


DONE = (
    an_offer_again,
    a_sale_again,
    a_report_again,
    a_change_of_nothing,
    a_refusal_to_renew_again,
)


@pytest.mark.parametrize("done", DONE)
def test_the_answer_to_what_was_done_already_is_kept_too(
    service: Service, done: Callable[[Service], Repeated]
) -> None:
    method, path, body, other = done(service)

    first = service.call(method, path, json=body, headers=KEY)
    again = service.call(method, path, json=body, headers=KEY)
    refused = service.call(method, path, json=other, headers=KEY)

    assert first.is_success
    assert told(again) == (first.status_code, first.content, "true")
    assert (refused.status_code, refused.json()["code"]) == (422, "idempotency_key_reused")


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_reading_takes_no_key(service: Service, method: str) -> None:
    package = service.quote()
    service.call("POST", "quotes/", json=purchase_json(partner_reference=None), headers=KEY)

    read = service.call(method, f"quotes/{package['id']}/", headers=KEY)

    assert (read.status_code, told(read)[2]) == (200, None)


AT_ONCE: dict[str, tuple[str, str, Any]] = {
    "cancel": ("POST", "bookings/{id}/cancel", {}),
    "modify": ("PATCH", "bookings/{id}/", PERSON),
    "confirm an update": ("POST", "bookings/{id}/confirm_update/{amendment_id}/", {}),
    "confirm a cancellation": ("POST", "bookings/{id}/confirm_cancellation/{amendment_id}/", {}),
}


@pytest.mark.parametrize("name", AT_ONCE)
def test_of_many_changes_at_once_with_one_key_all_get_the_first_answer(
    service: Service, name: str
) -> None:
    method, path, body = AT_ONCE[name]
    booking_id, amendment_id = sold(service), ""
    if name == "confirm an update":
        url = f"bookings/{booking_id}/quote_for_update"
        amendment_id = service.call("PATCH", url, json=PERSON).json()["update_id"]
    if name == "confirm a cancellation":
        preview = service.call("POST", f"bookings/{booking_id}/cancel", json={"preview": True})
        amendment_id = preview.json()["cancellation_id"]
    path = path.format(id=booking_id, amendment_id=amendment_id)

    assert len(answers_at_once(service, method, path, body)) == 1


def test_of_many_deletions_at_once_with_one_key_all_get_the_first_answer(service: Service) -> None:
    package = service.quote()
    body = {"quotes": [{"id": package["quotes"]["0"]["id"]}]}

    assert len(answers_at_once(service, "POST", f"quotes/{package['id']}/delete/", body)) == 1


def answers_at_once(service: Service, method: str, path: str, body: Any) -> set[bytes]:
    """Send a request many times at once under one key, and return its answers."""

    def send(_: int) -> httpx2.Response:
        return service.call(method, path, json=body, headers=KEY)

    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(send, range(32)))
    assert {answer.is_success for answer in answers} == {True}, {a.text for a in answers}
    return {answer.content for answer in answers}


@pytest.mark.parametrize("key", ["", "a b", "x" * 256, "sch\u00f6n".encode()])
def test_a_key_that_is_none_is_refused(service: Service, key: str | bytes) -> None:
    answer = service.call(
        "POST", "quotes/", json=purchase_json(), headers={"x-idempotency-key": key}
    )

    assert answer.status_code == 400
    assert answer.json()["code"] == "malformed_request"


@pytest.fixture
def limited(storage: SqliteStorage) -> Iterator[Service]:
    settings = some_settings(sales_limit_per_s=3, other_limit_per_s=2)
    with running_service(storage, settings=settings) as service:
        yield service


def test_too_many_calls_are_told_when_to_come_again(limited: Service) -> None:
    answers = [limited.call("GET", "bookings/") for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert [answer.headers["X-Ratelimit-Remaining"] for answer in answers] == ["1", "0", "0"]
    refused = answers[2]
    assert refused.json()["code"] == "rate_limited"
    assert refused.json()["message"].startswith("Request was throttled.")
    assert refused.headers["Retry-After"] == "1"
    assert refused.headers["X-Ratelimit-Limit"] == "2"


def test_what_sells_is_not_held_up_by_the_rest(limited: Service) -> None:
    for _ in range(3):
        limited.call("GET", "bookings/")

    sale = limited.call("POST", "quotes/", json=purchase_json())

    assert sale.status_code == 201
    assert sale.headers["X-Ratelimit-Limit"] == "3"


def test_no_limit_is_told_as_such(service: Service) -> None:
    headers = service.call("GET", "bookings/").headers

    assert (headers["X-Ratelimit-Limit"], headers["X-Ratelimit-Remaining"]) == ("-1", "-1")

"""Every call of XCover's reference, on both prefixes: each answers as its clients insist.

The PHP client throws at any other 2xx than the one in the table; the Python client tells "done"
from "here is the answer" by it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

from tests.builders import policyholder_json, some_settings
from tests.fakes import Clock
from tests.service import Service, running_service
from tests.stages import CHANGE, STAGES, MoodyHouse, a_sale
from widget.app import load_catalogue
from widget.storage.sqlite import SqliteStorage
from widget.web.failures import FRAMEWORK

PREFIXES = ("x", "xcover")


class Called(NamedTuple):
    """One row of the reference, and what it takes here."""

    method: str
    #: Exactly as XCover's clients write it.
    path: str
    #: As recorded from XCover or insisted on by its clients; ours where neither says it.
    status: int
    #: The stage of the sale that it is called for.
    stage: str
    body: Any = None


#: Quotes and bookings. The statuses of the fast quote, of confirming a renewal and of refusing it
#: are ours: the reference leaves them open.
FAMILY_1 = (
    Called("POST", "quotes/", 201, "RECEIVED", "purchase"),
    Called("POST", "quotes/?fast_quote=1", 201, "RECEIVED", "purchase"),
    Called("GET", "quotes/{id}/", 200, "RECEIVED"),
    Called("PATCH", "quotes/{id}/", 200, "RECEIVED", "two adults"),
    Called("POST", "quotes/{id}/add/", 201, "RECEIVED", "more"),
    Called("POST", "quotes/{id}/delete/", 200, "RECEIVED", "quotes"),
    Called("POST", "bookings/{id}/opt_out", 204, "RECEIVED", {}),
    Called("POST", "bookings/{id}/", 200, "RECEIVED", "confirmation"),
    Called("POST", "bookings/{id}", 200, "RECEIVED", "confirmation"),
    Called("POST", "instant_booking/", 200, "RECEIVED", "instant"),
    Called("GET", "bookings/{id}/", 200, "CONFIRMED"),
    Called("GET", "bookings/{id}", 200, "CONFIRMED"),
    Called("GET", "bookings/{id}/?language=de&date=2027-03-01", 200, "CONFIRMED"),
    Called("GET", "bookings/", 200, "CONFIRMED"),
    Called("GET", "bookings/?limit=10&offset=0", 200, "CONFIRMED"),
    Called("PUT", "bookings/{id}/confirm", 201, "PENDING_PAYMENT", {}),
    Called("PATCH", "bookings/{id}/", 200, "CONFIRMED", CHANGE),
    Called("PATCH", "bookings/{id}/quote_for_update", 200, "CONFIRMED", CHANGE),
    Called("POST", "bookings/{id}/confirm_update/{update_id}/", 201, "CONFIRMED", {}),
    Called("POST", "bookings/{id}/cancel", 200, "CONFIRMED", {}),
    Called("POST", "bookings/{id}/confirm_cancellation/{cancellation_id}/", 200, "CONFIRMED", {}),
    Called("POST", "bookings/{id}/send_email", 202, "CONFIRMED", {}),
    Called("GET", "bookings/{id}/instalments/", 200, "CONFIRMED"),
    Called("POST", "bookings/{id}/instalments/", 204, "CONFIRMED", "instalment"),
    Called("PATCH", "renewals/{id}/quote_for_renewal/", 200, "CONFIRMED", {}),
    Called("POST", "renewals/{id}/confirm/{renewal_id}/", 200, "CONFIRMED", {}),
    Called("POST", "renewals/{id}/opt_out/", 204, "CONFIRMED", {}),
    # Recorded with a space in the date, which no other call has.
    Called(
        "PATCH",
        "renewals/{renewal_id}/confirmation",
        202,
        "CONFIRMED",
        {"paid_on": "2028-01-20 02:42:12Z"},
    ),
)

#: Offers; what follows a confirmation are the calls on bookings above.
FAMILY_2 = (
    Called("POST", "offers/", 200, "RECEIVED", "offer"),
    Called("POST", "offers/?include_content=false&extra_fields=tax", 200, "RECEIVED", "offer"),
    Called("POST", "offers/{offer_id}/confirm/", 200, "RECEIVED", "offer confirmation"),
    Called("POST", "offers/{offer_id}/opt_out/", 204, "RECEIVED", {}),
)

CALLS = (*FAMILY_1, *FAMILY_2)

#: Their answers have no body, whatever happens.
EMPTY = {202, 204}

Shop = tuple[Service, Clock, MoodyHouse]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """One service; each test has a sale of its own."""
    clock, upstream = Clock(), MoodyHouse(load_catalogue(some_settings()))
    storage = SqliteStorage(str(tmp_path_factory.mktemp("calls") / "test.db"), clock=clock)
    with running_service(storage, upstream=upstream) as service:
        yield service, clock, upstream


def spelled(call: Called) -> str:
    return f"{call.method} {call.path}"


@pytest.mark.parametrize("prefix", PREFIXES)
@pytest.mark.parametrize("call", CALLS, ids=spelled)
def test_a_call_of_the_reference_answers_as_its_clients_insist(
    shop: Shop, prefix: str, call: Called
) -> None:
    sale = a_sale(*shop)
    STAGES[call.stage](sale)
    body = body_of(call, sale.request) or sale.body(call.body)

    answer = called(sale.service, prefix, call.method, sale.address(call.path), body)

    assert answer.status_code == call.status, answer.text
    assert (answer.content == b"") == (call.status in EMPTY)


@pytest.mark.parametrize("prefix", PREFIXES)
@pytest.mark.parametrize("call", [c for c in CALLS if "{" in c.path], ids=spelled)
def test_a_call_about_nothing_of_ours_is_told_what_is_missing(
    shop: Shop, prefix: str, call: Called
) -> None:
    nothing = dict.fromkeys(("id", "update_id", "cancellation_id", "renewal_id"), "ZZZZZ-ZZZZZ-INS")
    path = call.path.format(offer_id="0" * 32, **nothing)

    answer = called(shop[0], prefix, call.method, path, {})

    assert answer.status_code in {404, 422}
    assert answer.json()["message"] != FRAMEWORK[404][1]


@pytest.mark.parametrize("prefix", PREFIXES)
@pytest.mark.parametrize("call", CALLS, ids=spelled)
def test_no_call_is_led_to_another_spelling(shop: Shop, prefix: str, call: Called) -> None:
    path = call.path.partition("?")[0]
    other = path.removesuffix("/") if path.endswith("/") else f"{path}/"

    answer = called(shop[0], prefix, call.method, other.replace("{", "").replace("}", ""), {})

    # Only a booking is served in both spellings; nothing is redirected, which would break a
    # signature over the path.
    is_served = path.rstrip("/") == "bookings/{id}"
    assert answer.json()["message"] == FRAMEWORK[404][1] or is_served
    assert not answer.is_redirect


def called(service: Service, prefix: str, method: str, path: str, body: Any) -> Any:
    """Call on one of the prefixes."""
    return service.client.request(
        method,
        f"/{prefix}/partners/acme/{path}",
        json=body,
        headers={"Authorization": f"Bearer {service.secret}"},
        follow_redirects=False,
    )


def body_of(call: Called, request: dict[str, Any]) -> Any:
    """Return the body of a call that begins a sale; None for the others."""
    purchase = {"currency": "EUR", "customer_country": "DE", "request": [request]}
    one_plan = {**purchase, "request": [{**request, "policy_code": "medical"}]}
    context = {name: value for name, value in request.items() if name != "policy_type"}
    customer = {"currency": "EUR", "country": "DE", "language": "en"}
    offer = {"schema": "annual_travel", "customer": customer, "partner": {}, "context": context}
    instant = {**one_plan, "policyholder": policyholder_json()}
    bodies = {"purchase": purchase, "instant": instant, "offer": offer}
    return bodies.get(call.body) if isinstance(call.body, str) else None

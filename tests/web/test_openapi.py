"""The OpenAPI document: valid, complete, and true of what is really answered."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker
from openapi_spec_validator import OpenAPIV31SpecValidator

from tests.builders import PARTNER_KEY, a_partner, some_settings
from tests.fakes import Clock, Postbox
from tests.service import Service, running_service
from tests.stages import MoodyHouse, Sale, a_sale
from tests.test_docs import text_of
from widget.app import load_catalogue
from widget.partners import Mode
from widget.storage.sqlite import SqliteStorage
from widget.web.api_examples import QUOTE_ID
from widget.web.openapi import REFUSALS
from widget.web.operations import OPERATIONS, Operation
from widget.web.routes import routes
from widget.webhooks import with_webhook

PATH = "/partners/{partner}/"


@pytest.fixture
def upstream() -> MoodyHouse:
    return MoodyHouse(load_catalogue(some_settings()))


@pytest.fixture
def service(storage: SqliteStorage, upstream: MoodyHouse, postbox: Postbox) -> Iterator[Service]:
    with running_service(storage, upstream=upstream, delivery=postbox) as service:
        service.add(
            with_webhook(a_partner(), Mode.TEST, "https://shop.test/", root=PARTNER_KEY.encode())
        )
        yield service


@pytest.fixture
def told(service: Service) -> Any:
    return service.client.get("/x/openapi.json").json()


@pytest.fixture
def sale(service: Service, clock: Clock, upstream: MoodyHouse) -> Sale:
    return a_sale(service, clock, upstream)


def described(told: Any, one: Operation) -> Any:
    return told["paths"][f"{PATH}{one.path}"][one.method.lower()]


def check(told: Any, schema: Any, value: Any) -> None:
    """Make sure that a value is what a schema of the document says."""
    whole = {**schema, "components": told["components"]}
    validator = Draft202012Validator(whole, format_checker=FormatChecker())
    problems = [
        f"{'.'.join(map(str, error.absolute_path))}: {error.message[:200]}"
        for error in validator.iter_errors(value)
    ]
    assert problems == []


# -- the document


def test_the_document_is_valid(told: Any) -> None:
    assert [error.message for error in OpenAPIV31SpecValidator(told).iter_errors()] == []


def test_both_prefixes_serve_the_same_document(service: Service) -> None:
    one, other = (service.client.get(f"{prefix}/openapi.json") for prefix in ("/x", "/xcover"))

    assert one.json() == other.json()


def test_nothing_is_sent_again_that_is_known(service: Service) -> None:
    first = service.client.get("/x/openapi.json")

    again = service.client.get("/x/openapi.json", headers={"If-None-Match": first.headers["etag"]})

    assert (again.status_code, again.content) == (304, b"")


def test_every_route_of_the_partner_api_is_described(told: Any) -> None:
    prefix = "/x/partners/{partner}/"
    served = {
        (route.path.removeprefix(prefix), method)  # type: ignore[attr-defined]
        for route in routes()
        if route.path.startswith(prefix)  # type: ignore[attr-defined]
        for method in route.methods - {"HEAD"}  # type: ignore[attr-defined]
    }
    aliases = {(alias, one.method) for one in OPERATIONS for alias in one.aliases}
    written = {
        (path.removeprefix(PATH), method.upper())
        for path, methods in told["paths"].items()
        for method in methods
    }

    assert served - aliases == written


def test_every_call_with_a_body_has_an_example(told: Any) -> None:
    for one in OPERATIONS:
        if one.body is not None:
            content = described(told, one)["requestBody"]["content"]["application/json"]
            assert "example" in content, one.id


def test_every_example_is_what_its_schema_says(told: Any) -> None:
    for one in OPERATIONS:
        if one.body is not None:
            content = described(told, one)["requestBody"]["content"]["application/json"]
            check(told, content["schema"], content["example"])


def test_the_partner_guide_lists_every_call() -> None:
    guide = text_of("docs/partner-api.md")
    listed = set(re.findall(r"^\| `([A-Z]+) ([^`]+)` \|", guide, re.MULTILINE))

    assert listed == {(one.method, one.path) for one in OPERATIONS}


# -- the examples, sent


def confirmed(sale: Sale) -> None:
    sale.call("POST", "bookings/{id}/", sale.confirmation)


def with_prices(sale: Sale) -> None:
    confirmed(sale)
    sale.price_everything()


def waiting(sale: Sale) -> None:
    sale.call("POST", "bookings/{id}/", sale.confirmation | {"require_payment_confirmation": True})


#: What has to have happened before a call can be made; nothing, where it does not stand here.
BEFORE: dict[str, Callable[[Sale], None]] = {
    "read_booking": confirmed,
    "list_bookings": confirmed,
    "modify_booking": confirmed,
    "confirm_booking": waiting,
    "send_email": confirmed,
    "read_instalments": confirmed,
    "report_instalments": confirmed,
    "quote_for_update": confirmed,
    "confirm_update": with_prices,
    "cancel_booking": confirmed,
    "confirm_cancellation": with_prices,
    "quote_for_renewal": with_prices,
    "confirm_renewal": with_prices,
    "confirm_paid_renewal": with_prices,
    "opt_out_of_renewal": confirmed,
    "list_events": confirmed,
    "redeliver_event": confirmed,
}


def address(sale: Sale, one: Operation) -> str:
    path = one.path.replace("{id}", "{offer_id}") if one.tag == "offers" else one.path
    if one.tag == "webhooks" and "{id}" in path:
        (event, *_) = sale.service.call("GET", "webhooks/").json()["results"]
        return path.format(id=event["event_id"])
    return sale.address(path)


def example(told: Any, one: Operation, sale: Sale) -> Any:
    if one.body is None:
        return None
    content = described(told, one)["requestBody"]["content"]["application/json"]
    return json.loads(json.dumps(content["example"]).replace(QUOTE_ID, sale.quote_id))


@pytest.mark.parametrize("one", OPERATIONS, ids=lambda one: one.id)
def test_every_example_works_and_is_answered_as_described(
    told: Any, sale: Sale, one: Operation
) -> None:
    if one.id in BEFORE:
        BEFORE[one.id](sale)
    if one.id == "delete_quotes":
        sale.call("POST", "quotes/{id}/add/", {"request": [sale.request]})

    answer = sale.service.call(one.method, address(sale, one), json=example(told, one, sale))

    assert answer.status_code in one.answers, answer.text
    name = one.answers[answer.status_code]
    if name is None:
        assert answer.content == b""
    else:
        check(told, {"$ref": f"#/components/schemas/{name}"}, answer.json())


def test_a_booking_without_an_answer_is_told_as_described(told: Any, sale: Sale) -> None:
    sale.upstream.is_silent = True

    answer = sale.service.call("POST", sale.address("bookings/{id}/"), json=sale.confirmation)

    assert answer.status_code == 202
    check(told, {"$ref": "#/components/schemas/Booking"}, answer.json())


def test_a_booking_that_failed_is_told_as_described(told: Any, sale: Sale) -> None:
    sale.upstream.is_refusing = True
    sale.service.call("POST", sale.address("bookings/{id}/"), json=sale.confirmation)

    answer = sale.service.call("GET", sale.address("bookings/{id}/"))

    assert answer.json()["status"] == "FAILED"
    check(told, {"$ref": "#/components/schemas/Booking"}, answer.json())


def test_a_fast_quote_is_told_as_described(told: Any, sale: Sale) -> None:
    (create,) = (one for one in OPERATIONS if one.id == "create_quotes")
    body = example(told, create, sale)

    answer = sale.service.call("POST", "quotes/?fast_quote=1", json=body)

    check(told, {"$ref": "#/components/schemas/Package"}, answer.json())


def test_a_cancellation_is_told_as_described_preview_or_not(told: Any, sale: Sale) -> None:
    confirmed(sale)

    for body in ({"preview": True}, {}):
        answer = sale.service.call("POST", sale.address("bookings/{id}/cancel"), json=body)
        check(told, {"$ref": "#/components/schemas/Cancellation"}, answer.json())


@pytest.mark.parametrize(
    ("status", "path", "body"),
    [
        (400, "quotes/", b"{"),
        (404, "bookings/AAAAA-BBBBB-INS/opt_out", b"{}"),
        (413, "quotes/", b" " * 70_000),
        (422, "quotes/", b"{}"),
    ],
)
def test_a_refusal_is_told_as_described(
    told: Any, service: Service, status: int, path: str, body: bytes
) -> None:
    answer = service.call("POST", path, content=body)

    assert answer.status_code == status
    assert status in REFUSALS
    check(told, {"$ref": "#/components/schemas/Error"}, answer.json())


# -- the page


def test_the_page_explains_every_call_and_every_answer(service: Service) -> None:
    page = service.client.get("/x/reference").text

    for one in OPERATIONS:
        assert f'id="{one.id}"' in page
    links = set(re.findall(r'href="#([^"]+)"', page))
    places = set(re.findall(r'id="([^"]+)"', page))
    assert links <= places


def test_the_page_asks_nobody_else(service: Service) -> None:
    answer = service.client.get("/x/reference")

    assert "<script" not in answer.text
    assert not re.search(r'(src|href)="(https?:)?//(?!cover\.test)', answer.text)
    assert "default-src 'none'" in answer.headers["content-security-policy"]

"""What a partner's backend may get wrong: every answer names it, and nothing is half done."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.builders import TOKEN_KEY, a_key, policyholder_json, purchase_json, some_settings
from tests.fakes import Clock
from tests.service import Service, running_service, said_of
from widget.offer_ids import uuid_of
from widget.partners import Mode, token_key_of
from widget.storage.sqlite import SqliteStorage
from widget.tokens import _issue

ABSENT = object()

TABLES = ("offers", "bookings", "policies", "policyholders", "evidence", "messages")


def changed(body: dict[str, Any], path: str, value: object) -> dict[str, Any]:
    """Return a copy of a body in which one field is another, or absent."""
    copy: dict[str, Any] = json.loads(json.dumps(body))
    place: Any = copy
    *parents, last = path.split(".")
    for name in parents:
        place = place[int(name) if name.isdecimal() else name]
    if value is ABSENT:
        del place[last]
    else:
        place[last] = value
    return copy


def rows(service: Service) -> dict[str, int]:
    """Count what is stored."""
    return {
        table: service.run(_count, service.storage, table)  # the reader lives on its own thread
        for table in TABLES
    }


async def _count(storage: SqliteStorage, table: str) -> int:
    return len(storage._all(f"SELECT 1 FROM {table}"))  # noqa: S608 - one of the names above


# -- quotes

FLIGHT = {
    "legs": [
        {
            "flight_number": "ZZ 123",
            "departure_airport": "BER",
            "arrival_airport": "LIS",
            "departure_datetime": "2027-05-30T13:00:00Z",
            "arrival_datetime": "2027-05-30T16:00:00Z",
        }
    ]
}

QUOTES: list[tuple[str, object]] = [
    ("currency", ABSENT),
    ("currency", None),
    ("currency", 978),
    ("currency", "eur"),
    ("currency", "XXX"),
    ("currency", "EUR "),
    ("customer_country", ABSENT),
    ("customer_country", "XX"),
    ("customer_country", "DEU"),
    ("customer_country", "de"),
    ("customer_country", "JP"),
    ("customer_country", ["DE"]),
    ("customer_language", "klingon!"),
    ("customer_language", 7),
    ("partner_reference", ""),
    ("partner_reference", "x" * 65),
    ("partner_reference", "a b"),
    ("partner_reference", "CHK-1\n"),
    ("partner_reference", 12),
    ("partner_reference", {"id": 1}),
    ("request", ABSENT),
    ("request", []),
    ("request", {}),
    ("request", "trip"),
    ("request", [None]),
    ("coupon", "SAVE10"),
    ("request.0.policy_type", ABSENT),
    ("request.0.policy_type", "moon_insurance"),
    ("request.0.policy_type", "../../etc"),
    ("request.0.policy_type_version", 9),
    ("request.0.policy_type_version", "1"),
    ("request.0.policy_type_version", 1.5),
    ("request.0.policy_type_version", True),
    ("request.0.departure_country", "Atlantis"),
    ("request.0.destination_country", ABSENT),
    ("request.0.is_return", "yes"),
    ("request.0.is_return", 1),
    ("request.0.trip_start_date", ABSENT),
    ("request.0.trip_start_date", "2026-01-01T00:00:00Z"),
    ("request.0.trip_start_date", "2027-05-30"),
    ("request.0.trip_start_date", "2027-05-30T12:00:00"),
    ("request.0.trip_start_date", "1811764800"),
    ("request.0.trip_start_date", 1811764800),
    ("request.0.trip_start_date", "tomorrow"),
    ("request.0.trip_start_date", "2027-02-30T12:00:00Z"),
    ("request.0.trip_end_date", "2027-05-29T12:00:00Z"),
    ("request.0.trip_end_date", "2027-12-30T12:00:00Z"),
    ("request.0.trip_end_date", "9999-12-31T23:59:59-23:59"),
    ("request.0.trip_end_date", "0001-01-01T00:00:00+23:59"),
    ("request.0.trip_end_date", "2027-06-06T12:00:00+99:99"),
    ("request.0.total_tickets_price", ABSENT),
    ("request.0.total_tickets_price", "1284.60"),
    ("request.0.total_tickets_price", -5),
    ("request.0.total_tickets_price", 0),
    ("request.0.total_tickets_price", 0.001),
    ("request.0.total_tickets_price", 12.345),
    ("request.0.total_tickets_price", 10**12),
    ("request.0.total_tickets_price", 10**15),
    ("request.0.total_tickets_price", True),
    ("request.0.total_tickets_price", None),
    ("request.0.number_of_adults", 200),
    ("request.0.number_of_adults", 5000),
    ("request.0.number_of_adults", -1),
    ("request.0.number_of_adults", 2.0),
    ("request.0.number_of_adults", "2"),
    ("request.0.number_of_adults", True),
    ("request.0.number_of_infants", -1),
    ("request.0.flights", {}),
    ("request.0.flights", [{"legs": [{}] * 21}]),
    ("request.0.flights", [FLIGHT] * 21),
    ("request.0.flights", [FLIGHT, FLIGHT]),
    ("request.0.luggage", 3),
]


@pytest.fixture
def before(service: Service) -> dict[str, int]:
    return rows(service)


@pytest.mark.parametrize(
    ("path", "value"), QUOTES, ids=[f"{n}-{q[0]}" for n, q in enumerate(QUOTES)]
)
def test_a_wrong_field_of_a_purchase_is_named_and_nothing_is_kept(
    service: Service, before: dict[str, int], path: str, value: object
) -> None:
    answer = service.call("POST", "quotes/", json=changed(purchase_json(), path, value))

    assert answer.status_code == 422, answer.text
    assert answer.json()["code"] == "validation_failed"
    assert said_of(answer, path), answer.text
    assert rows(service) == before


def test_every_wrong_field_is_named_at_once(service: Service) -> None:
    body = purchase_json(currency="XXX", customer_country="XX", coupon=1, trip={"is_return": "no"})

    answer = service.call("POST", "quotes/", json=body)

    errors = answer.json()["errors"]
    assert errors.keys() == {"currency", "customer_country", "coupon", "request"}
    assert errors["coupon"] == ["Unexpected field"]
    assert errors["request"]["0"].keys() == {"is_return"}


def test_missing_fields_are_told_in_xcovers_words(service: Service) -> None:
    answer = service.call("POST", "quotes/", json={})

    required = ["This field is required."]
    assert answer.json()["errors"] == dict.fromkeys(
        ("currency", "customer_country", "request"), required
    )


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"currency": "JPY", "trip": {"total_tickets_price": 128460}}, "currency"),
        ({"currency": "KWD"}, "currency"),
        (
            {
                "trip": {
                    "trip_start_date": "2029-12-30T12:00:00Z",
                    "trip_end_date": "2029-12-31T12:00:00Z",
                }
            },
            "request.0.trip_start_date",
        ),
        ({"trip": {"total_tickets_price": 30_001}}, "request.0.total_tickets_price"),
    ],
)
def test_what_the_product_does_not_take_is_said_of(
    service: Service, before: dict[str, int], changes: dict[str, Any], path: str
) -> None:
    answer = service.call("POST", "quotes/", json=purchase_json(**changes))

    assert answer.status_code == 422
    assert said_of(answer, path), answer.text
    assert rows(service) == before


@pytest.mark.parametrize(
    "trip",
    [
        {"number_of_adults": 0, "number_of_children": 0},
        {"number_of_adults": 0, "number_of_children": 0, "number_of_infants": 2},
    ],
)
def test_a_trip_of_nobody_is_refused(service: Service, trip: dict[str, int]) -> None:
    answer = service.call("POST", "quotes/", json=purchase_json(trip=trip))

    assert answer.status_code == 422
    assert said_of(answer, "request.0.number_of_adults")


# -- bodies that are not what they claim to be

BROKEN: dict[str, bytes] = {
    "half": b'{"currency": "EUR"',
    "a form": b"currency=EUR&customer_country=DE",
    "html": b"<html></html>",
    "two values": b"{} {}",
    "a repeated key": b'{"currency": "EUR", "currency": "USD"}',
    "a repeated key deep inside": b'{"request": [{"is_return": true, "is_return": false}]}',
    "NaN": b'{"currency": NaN}',
    "Infinity": b'{"currency": -Infinity}',
    "a huge exponent": b'{"currency": 1e999999999}',
    "a huge integer": b'{"currency": 1' + b"0" * 5000 + b"}",
    "not UTF-8": b'{"currency": "\xff\xfe"}',
    "UTF-16": '{"currency": "EUR"}'.encode("utf-16"),
    "half a surrogate pair": b'{"currency": "\\ud800"}',
    "a null character": b'{"currency": "E\\u0000R"}',
    "nested lists": b"[" * 30_000 + b"]" * 30_000,
    "nested objects": b'{"a":' * 5_000 + b"1" + b"}" * 5_000,
    "a trailing comma": b'{"currency": "EUR",}',
    "a comment": b'{"currency": "EUR"} // cheap',
}


@pytest.mark.parametrize("case", BROKEN)
@pytest.mark.parametrize("path", ["quotes/", "bookings/{id}/", "bookings/{id}/opt_out"])
def test_a_body_that_is_not_json_is_refused(service: Service, case: str, path: str) -> None:
    package = service.quote()
    stored = rows(service)
    answer = service.call("POST", path.format(id=package["id"]), content=BROKEN[case])

    assert answer.status_code == 400, answer.text
    assert answer.json()["code"] == "malformed_request"
    assert rows(service) == stored


@pytest.mark.parametrize("body", ["null", "[]", "7", '"text"', "true", "[{}]"])
def test_a_body_that_is_no_object_is_refused(service: Service, body: str) -> None:
    for path in ("quotes/", f"bookings/{service.quote()['id']}/"):
        answer = service.call("POST", path, content=body)

        assert answer.status_code == 422
        assert answer.json()["errors"] == {"non_field_errors": ["Send a JSON object."]}


def test_ten_megabytes_are_refused(service: Service, before: dict[str, int]) -> None:
    answer = service.call("POST", "quotes/", content=b" " * 10_000_000)

    assert answer.status_code == 413
    assert rows(service) == before


def test_many_keys_are_compared_in_no_time(service: Service) -> None:
    keys = ",".join(f'"{number:x}":0' for number in range(6_000))
    body = f'{{{keys},"{5_999:x}":0}}'.encode()
    assert len(body) < some_settings().max_body_bytes

    answer = service.call("POST", "quotes/", content=body)

    assert answer.status_code == 400
    assert answer.elapsed.total_seconds() < 0.5


# -- confirmations


@pytest.fixture
def chosen(service: Service) -> dict[str, Any]:
    """A package in which the customer has chosen, as the partner reads it."""
    package = service.quote()
    service.choose_first(package)
    return service.package(package["id"])


def confirmation(package: dict[str, Any]) -> dict[str, Any]:
    return {
        "quote_token": package["quote_token"],
        "policyholder": policyholder_json(),
        "partner_transaction_id": "ORDER-1",
        "quotes": [{"id": package["chosen_quotes"][0]}],
        "total_price": package["total_price"],
        "purchase": purchase_json(),
    }


CONFIRMATIONS: list[tuple[str, object]] = [
    ("quote_token", 7),
    ("quote_token", "x" * 5_000),
    ("policyholder", ABSENT),
    ("policyholder", []),
    ("policyholder", "Ada Muster"),
    ("policyholder.first_name", ABSENT),
    ("policyholder.first_name", ""),
    ("policyholder.first_name", "   "),
    ("policyholder.first_name", "Ada\r\nBcc: eve@evil.example"),
    ("policyholder.first_name", "Ada\u2028Eve"),
    ("policyholder.first_name", "x" * 101),
    ("policyholder.first_name", 7),
    ("policyholder.last_name", None),
    ("policyholder.email", ABSENT),
    ("policyholder.email", "ada"),
    ("policyholder.email", "ada@"),
    ("policyholder.email", "ada@customer.example, eve@evil.example"),
    ("policyholder.email", "ada@customer.example\r\nBcc: eve@evil.example"),
    ("policyholder.email", f"ada@{'a' * 64}.example"),
    ("policyholder.country", "Germany"),
    ("policyholder.phone", "030 1234567"),
    ("policyholder.phone", "+49"),
    ("policyholder.age", 17),
    ("policyholder.age", 121),
    ("policyholder.age", "44"),
    ("policyholder.postcode", "x" * 17),
    ("policyholder.password", "hunter2"),
    ("partner_transaction_id", ""),
    ("partner_transaction_id", "x" * 65),
    ("partner_transaction_id", "ORDER 1"),
    ("partner_transaction_id", 17),
    ("quotes", {}),
    ("quotes", ["q-1"]),
    ("quotes", [{}]),
    ("quotes", [{"id": "x" * 65}]),
    ("quotes", [{"id": "q-1"}] * 101),
    ("total_price", "48.92"),
    ("total_price", -1),
    ("total_price", 48.921),
    ("total_price", True),
    ("purchase", []),
    ("purchase.currency", "XXX"),
    ("purchase.request.0.total_tickets_price", 12.345),
    ("card_number", "4111111111111111"),
]


@pytest.mark.parametrize(
    ("path", "value"), CONFIRMATIONS, ids=[f"{n}-{c[0]}" for n, c in enumerate(CONFIRMATIONS)]
)
def test_a_wrong_field_of_a_confirmation_is_named_and_nothing_is_sold(
    service: Service, chosen: dict[str, Any], path: str, value: object
) -> None:
    stored = rows(service)
    body = changed(confirmation(chosen), path, value)

    answer = service.call("POST", f"bookings/{chosen['id']}/", json=body)

    assert answer.status_code == 422, answer.text
    assert answer.json()["code"] == "validation_failed"
    assert said_of(answer, path), answer.text
    assert "4111111111111111" not in answer.text
    assert rows(service) == stored
    # And what is right is still possible afterwards.
    right = service.call("POST", f"bookings/{chosen['id']}/", json=confirmation(chosen))
    assert right.status_code == 200, right.text


def own_token_key(mode: Mode = Mode.TEST) -> list[bytes]:
    """Return the key that a partner gets to read its own tokens with."""
    return [token_key_of("acme", mode, TOKEN_KEY.encode()).encode()]


def tokens(service: Service, package: dict[str, Any]) -> dict[str, str]:
    """Return tokens that must open nothing, by what is wrong with them."""
    token = package["quote_token"]
    payload, _, signature = token.partition(".")
    other = service.quote(partner_reference="CHK-9")
    return {
        "empty": "",
        "no signature": payload,
        "half": token[: len(token) // 2],
        "a letter changed in the payload": payload[:-1] + "A." + signature,
        "a letter changed in the signature": f"{payload}.{'A' if signature[0] != 'A' else 'B'}"
        + signature[1:],
        "a space": f"{payload} .{signature}",
        "a newline": f"{token}\n",
        "padding": f"{token}=",
        "the signature twice": f"{token}.{signature}",
        "the parts in the other order": f"{signature}.{payload}",
        "for another purpose": other["offer_token"],
        "of another mode": _issue("quote", [], own_token_key(Mode.LIVE)),
        "self-signed and empty": _issue("quote", [], own_token_key()),
        "self-signed and short": _issue("quote", ["test", "acme"], own_token_key()),
        "self-signed and of wrong types": _issue("quote", [{}] * 14, own_token_key()),
        "self-signed numbers": _issue("quote", [10**14] * 14, own_token_key()),
        "self-signed nothing": _issue("quote", [None] * 14, own_token_key()),
    }


def test_a_token_that_is_not_as_it_was_issued_sells_nothing(
    service: Service, chosen: dict[str, Any]
) -> None:
    wrong = tokens(service, chosen)
    stored = rows(service)

    answers = {
        name: service.confirm(chosen["id"], quote_token=text) for name, text in wrong.items()
    }

    for name, answer in answers.items():
        assert answer.status_code == 422, name
        assert answer.json()["code"] == "token_invalid", name
    assert len({answer.json()["message"] for answer in answers.values()}) == 1
    assert rows(service) == stored


def test_a_token_after_its_time_sells_nothing(
    service: Service, clock: Clock, chosen: dict[str, Any]
) -> None:
    clock.move(minutes=46)

    answer = service.confirm(chosen["id"], quote_token=chosen["quote_token"])

    assert answer.status_code == 422
    assert answer.json()["code"] == "offer_expired"
    assert rows(service)["bookings"] == 0


TWICE = {
    "confirm": ("POST", "bookings/{id}/", {"policyholder": policyholder_json()}),
    "confirm an offer": ("POST", "offers/{uuid}/confirm/", {"policyholder": policyholder_json()}),
    "delete": ("POST", "quotes/{id}/delete/", {}),
    "modify": ("PATCH", "bookings/{id}/", {}),
    "cancel": ("POST", "bookings/{id}/cancel", {}),
}


@pytest.mark.parametrize("name", TWICE)
def test_a_quote_that_is_named_twice_is_refused(service: Service, name: str) -> None:
    package = service.quote()
    quotes = [{"id": package["quotes"]["0"]["id"]}]
    if name in {"modify", "cancel"}:
        person = policyholder_json()
        service.call(
            "POST", f"bookings/{package['id']}/", json={"quotes": quotes, "policyholder": person}
        )
    method, path, body = TWICE[name]
    address = path.format(id=package["id"], uuid=uuid_of(package["id"]))

    answer = service.call(method, address, json={**body, "quotes": quotes * 2})

    assert answer.status_code == 422
    assert answer.json()["errors"] == {"quotes": ["Name each quote once."]}


def test_an_offer_without_a_choice_has_no_token_to_confirm_with(service: Service) -> None:
    package = service.quote()

    answer = service.confirm(package["id"])

    assert package["quote_token"] is None
    assert answer.status_code == 422
    assert said_of(answer, "quotes")  # neither a token nor the partner says what was chosen


def test_a_choice_that_was_taken_back_sells_nothing(
    service: Service, chosen: dict[str, Any]
) -> None:
    service.choose(chosen, "open")

    answer = service.confirm(chosen["id"], quote_token=chosen["quote_token"])

    assert answer.json()["code"] == "choice_changed"
    assert rows(service)["bookings"] == 0


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"quotes": [{"id": "00000000-0000-4000-8000-000000000000"}]}, "choice_changed"),
        ({"total_price": 1}, "premium_mismatch"),
        ({"purchase": purchase_json(trip={"total_tickets_price": 20})}, "purchase_mismatch"),
        ({"purchase": purchase_json(currency="USD")}, "purchase_mismatch"),
    ],
)
def test_a_sale_of_something_else_sells_nothing(
    service: Service, chosen: dict[str, Any], body: dict[str, Any], code: str
) -> None:
    stored = rows(service)

    answer = service.confirm(chosen["id"], **body)

    assert answer.status_code == 422
    assert answer.json()["code"] == code
    assert rows(service) == stored


def test_an_amount_is_compared_in_the_currency_of_the_offer(
    service: Service, chosen: dict[str, Any]
) -> None:
    body = {**confirmation(chosen), "total_price": 48.9200}

    assert service.call("POST", f"bookings/{chosen['id']}/", json=body).status_code == 200


@pytest.mark.parametrize(
    "offer_id", ["x", "%00", "💣", "x" * 3000, "..%2f..", "AAAAA-BBBBB-INS'--"]
)
def test_an_id_that_is_none_is_not_found(service: Service, offer_id: str) -> None:
    for method, path in (("GET", "quotes/{}/"), ("GET", "bookings/{}/"), ("POST", "bookings/{}/")):
        assert service.call(method, path.format(offer_id)).status_code == 404


# -- anything at all

TEXTS = st.text(max_size=20) | st.sampled_from(["EUR", "DE", "travel_protection", "2027-06-01"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)

PURCHASE_FIELDS = [
    *("currency", "customer_country", "customer_language", "partner_reference", "request"),
    *(f"request.0.{name}" for name in [*purchase_json()["request"][0], "flights", "is_return"]),
]
CONFIRMATION_FIELDS = [
    *("quote_token", "policyholder", "partner_transaction_id", "quotes", "total_price", "purchase"),
    *(f"policyholder.{name}" for name in [*policyholder_json(), "age", "phone", "city"]),
    "quotes.0.id",
]


def spelled(body: object) -> bytes:
    """Return JSON as careless programs write it: NaN and half surrogates too."""
    return json.dumps(body).encode("utf-8")


@pytest.fixture(scope="module")
def fuzzed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Service, dict[str, Any]]]:
    """One service for all examples, with an offer in which something was chosen."""
    path: Path = tmp_path_factory.mktemp("fuzzed") / "test.db"
    with running_service(SqliteStorage(str(path), clock=Clock())) as service:
        package = service.quote()
        service.choose_first(package)
        yield service, service.package(package["id"])


@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow])
@given(path=st.sampled_from(PURCHASE_FIELDS), value=VALUES)
def test_no_field_of_a_purchase_breaks_the_service(
    fuzzed: tuple[Service, dict[str, Any]], path: str, value: object
) -> None:
    service, _ = fuzzed

    answer = service.call("POST", "quotes/", content=spelled(changed(purchase_json(), path, value)))

    assert answer.status_code < 500


@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow])
@given(path=st.sampled_from(CONFIRMATION_FIELDS), value=VALUES)
def test_no_field_of_a_confirmation_breaks_the_service(
    fuzzed: tuple[Service, dict[str, Any]], path: str, value: object
) -> None:
    service, package = fuzzed
    body = spelled(changed(confirmation(package), path, value))

    answer = service.call("POST", f"bookings/{package['id']}/", content=body)

    assert answer.status_code < 500
    stored = rows(service)
    assert stored["bookings"] == stored["policies"] == stored["policyholders"] <= 1


@settings(max_examples=150)
@given(body=VALUES | st.binary(max_size=200))
def test_no_body_breaks_the_service(fuzzed: tuple[Service, dict[str, Any]], body: object) -> None:
    service, package = fuzzed
    content = body if isinstance(body, bytes) else spelled(body)

    for path in ("quotes/", f"bookings/{package['id']}/"):
        assert service.call("POST", path, content=content).status_code < 500


@settings(max_examples=100)
@given(text=st.text(max_size=200) | st.binary(max_size=200).map(lambda b: b.decode("latin-1")))
def test_no_address_breaks_the_service(fuzzed: tuple[Service, dict[str, Any]], text: str) -> None:
    service, package = fuzzed
    query = {"purchase": f"{a_key().key_id}.{text}", "locale": text, "return_to": text}

    for path in ("/open/acme", "/open/acme/fragment", f"/offer/{package['offer_token']}"):
        assert service.client.get(path, params=query).status_code < 500
    assert service.client.get("/open/acme", params=query | {"purchase": text}).status_code < 500


def test_a_body_of_blanks_is_no_empty_body(service: Service) -> None:
    package = service.quote()

    answers = [
        service.call("POST", f"bookings/{package['id']}/opt_out", content=body)
        for body in (b" ", b"\n", b"")
    ]

    assert [answer.status_code for answer in answers] == [400, 400, 204]


@pytest.mark.parametrize("text", ["yes", "2", "", "True ", "on"])
def test_a_flag_in_the_address_that_says_nothing_is_refused(service: Service, text: str) -> None:
    answer = service.call("POST", "quotes/", params={"fast_quote": text}, json=purchase_json())

    assert answer.status_code == 422
    assert answer.json()["errors"] == {"fast_quote": ["Send true or false."]}


@pytest.mark.parametrize(("text", "is_fast"), [("1", True), ("true", True), ("0", False)])
def test_a_flag_in_the_address_is_taken_at_its_word(
    service: Service, text: str, *, is_fast: bool
) -> None:
    package = service.call(
        "POST", "quotes/", params={"fast_quote": text}, json=purchase_json()
    ).json()

    assert (package["id"] is None) is is_fast


@pytest.mark.parametrize("name", ["policy_type", "policy_type_version"])
def test_what_the_schema_of_an_offer_names_is_not_named_twice(service: Service, name: str) -> None:
    (trip,) = purchase_json()["request"]
    context = {key: value for key, value in trip.items() if key != "policy_type"}
    body = {
        "schema": "travel_protection",
        "customer": {"currency": "EUR", "country": "DE"},
        "partner": {},
        "context": context | {name: "annual_travel"},
    }

    answer = service.call("POST", "offers/", json=body)

    assert answer.status_code == 422
    assert answer.json()["errors"] == {"context": {name: ["Unexpected field"]}}


def test_the_schema_of_your_own_facts_forbids_what_is_refused(service: Service) -> None:
    schemas = service.client.get("/x/openapi.json").json()["components"]["schemas"]
    body = purchase_json(partner_metadata={"a name": 1})

    answer = service.call("POST", "quotes/", json=body)

    assert answer.status_code == 422
    assert schemas["Metadata"]["additionalProperties"] is False

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.builders import (
    CATALOGUE,
    MARKETS,
    NOON,
    a_leg,
    a_policyholder,
    a_product,
    a_purchase,
    policyholder_json,
    purchase_json,
)
from widget.bookings import Policyholder
from widget.errors import InputInvalid, RequestMalformed
from widget.money import Money
from widget.purchases import Purchase
from widget.rates import premium_of
from widget.refusals import ineligibility
from widget.wire import (
    BookingBody,
    OptOutBody,
    PolicyholderBody,
    PurchaseBody,
    policyholder_of,
    priced,
    purchase_of,
    read_body,
    read_json,
    timestamp,
)

LEG = {
    "flight_number": "ZZ 123",
    "departure_airport": "BER",
    "arrival_airport": "LIS",
    "departure_datetime": "2027-05-30T13:00:00Z",
    "arrival_datetime": "2027-05-30T16:00:00Z",
}


def sent(value: object) -> object:
    """Return a value as it arrives: through JSON, so that its numbers are `Decimal`."""
    return read_json(json.dumps(value).encode())


def purchase_from(value: object) -> Purchase:
    return purchase_of(read_body(PurchaseBody, sent(value), CATALOGUE))


def problems_of(value: object, model: Any = PurchaseBody) -> dict[str, list[str]]:
    with pytest.raises(InputInvalid) as error:
        read_body(model, sent(value), CATALOGUE)
    return {path: list(sentences) for path, sentences in error.value.problems.items()}


# -- the JSON itself


def test_numbers_with_a_point_stay_exact() -> None:
    value = read_json(b'{"a": 1284.60, "b": 0.1, "c": 3, "d": -2, "e": 1e2}')

    assert repr(value) == repr(
        {"a": Decimal("1284.60"), "b": Decimal("0.1"), "c": 3, "d": -2, "e": Decimal("1E+2")}
    )


@pytest.mark.parametrize("text", ["null", "true", "[]", "{}", '"€"', ' \n\t{"a": [1, null]} \r\n'])
def test_any_json_value_is_read(text: str) -> None:
    assert read_json(text.encode()) == json.loads(text)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "line 1 column 1"),
        (b"{", "line 1 column 2"),
        (b'{"a": 1,\n "b"}', "line 2 column 5"),
        (b"{} {}", "Extra data"),
        (b"{'a': 1}", "double quotes"),
        (b'{"a": 1,}', "line 1 column"),
        (b"[1, 2,]", "line 1 column"),
        (b"// note\n{}", "line 1 column 1"),
        (b"01", "Extra data"),
        (b"+1", "line 1 column 1"),
        (b".5", "line 1 column 1"),
        (b'{"a": 1, "a": 1}', "the key 'a' stands there twice"),
        (b'{"a": {"b": 1, "b": 2}}', "the key 'b' stands there twice"),
        (b'{"a": 1, "\\u0061": 2}', "the key 'a' stands there twice"),
        (b'{"\\ud800": 1, "\\ud800": 2}', "stands there twice"),
        (b"NaN", "NaN is not JSON"),
        (b"[Infinity]", "Infinity is not JSON"),
        (b'{"a": -Infinity}', "-Infinity is not JSON"),
        (b"1e21", "1e21 is out of range"),
        (b"1e400", "1e400 is out of range"),
        (b"1E-400", "out of range"),
        (b"-1e999999999", "out of range"),
        (b"1e" + b"9" * 100, "out of range"),
        (b"1e-" + b"9" * 100, "out of range"),
        (b"0e" + b"9" * 100, "out of range"),
        (b"9007199254740993", "9007199254740993 is out of range"),
        (b"-9007199254740993", "out of range"),
        (b"1" + b"0" * 60_000, "out of range"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"a":' * 100_000, "nested too deeply"),
        (b"[" * 100_000 + b"]" * 100_000, "nested too deeply"),
        (b"[" * 33 + b"]" * 33, "nested too deeply"),
        (b'{"a":' * 33 + b"1" + b"}" * 33, "nested too deeply"),
        (b"\xef\xbb\xbf{}", "BOM"),
        ("{}".encode("utf-16"), "not UTF-8 at byte 0"),
        ("{}".encode("utf-16-le"), "line 1 column"),
        ("{}".encode("utf-32"), "not UTF-8 at byte 0"),
        (b'"\xff"', "not UTF-8 at byte 1"),
        (b'"\xc0\xaf"', "not UTF-8 at byte 1"),
        (b'"\xed\xa0\x80"', "not UTF-8 at byte 1"),
        (b'"\\ud800"', "not text"),
        (b'"\\udc00\\ud800"', "not text"),
        (b'{"\\ud800": 1}', "not text"),
        (b'"\\u0000"', "not text"),
        (b'{"a\\u0000": 1}', "not text"),
        (b'"\x00"', "Invalid control character"),
        (b'"\n"', "Invalid control character"),
        (b'"\x1f"', "Invalid control character"),
        (b"\x00", "line 1 column 1"),
        (b"{}\x00", "Extra data"),
        (b'"\\x"', "escape"),
        (b'"\\u12"', "escape"),
    ],
    ids=lambda value: f"{value[:30]!r} of {len(value)}",
)
def test_json_that_two_readers_could_understand_differently_is_malformed(
    body: bytes, words: str
) -> None:
    with pytest.raises(RequestMalformed) as error:
        read_json(body)

    assert str(error.value).startswith("JSON parse error - ")
    assert words in str(error.value)
    assert len(str(error.value)) < 120


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b"9007199254740992", 2**53),
        (b"1e20", Decimal("1E+20")),
        (b"1e-20", Decimal("1E-20")),
        (b'"\\ud83d\\ude00"', "\N{GRINNING FACE}"),
        (b'"\x7f"', "\x7f"),
    ],
)
def test_what_is_just_within_the_rules_is_read(body: bytes, value: object) -> None:
    assert read_json(body) == value


def test_thirty_one_levels_are_deep_enough() -> None:
    assert read_json(b"[" * 31 + b"1" + b"]" * 31) != 1


def test_a_repeated_key_among_thousands_is_found_without_comparing_all_with_all() -> None:
    keys = [f"{number:x}" for number in range(60_000)]
    body = "{" + ",".join(f'"{key}":1' for key in [*keys, keys[-1]]) + "}"

    before_s = time.process_time()
    with pytest.raises(RequestMalformed, match="'ea5f' stands there twice"):
        read_json(body.encode())
    took_s = time.process_time() - before_s

    # It takes 0.03 s; all with all took more than a minute.
    assert took_s < 5


@given(st.binary())
@example(b"1e9999999999999999999")
@example(b'{"a":1,"a":2}')
def test_any_bytes_are_a_value_or_malformed(body: bytes) -> None:
    try:
        value = read_json(body)
    except RequestMalformed:
        return

    assert value == json.loads(body.decode(), parse_float=Decimal)


@given(st.text('0123456789eE+-.[]{}":,\\u tfn\x00é', max_size=60))
def test_anything_like_json_is_a_value_or_malformed(text: str) -> None:
    try:
        value = read_json(text.encode())
    except RequestMalformed:
        return

    assert value == json.loads(text, parse_float=Decimal)


# -- a purchase

numbers = st.integers() | st.decimals(allow_nan=False, allow_infinity=False)
scalars = st.none() | st.booleans() | numbers | st.text(max_size=20)
values = st.recursive(
    scalars,
    lambda part: (
        st.lists(part, max_size=3) | st.dictionaries(st.text(max_size=8), part, max_size=3)
    ),
    max_leaves=8,
)
NAMES = sorted(
    {
        *purchase_json(),
        *purchase_json()["request"][0],
        "policy_type_version",
        "is_return",
        "flights",
    }
)
countries = st.sampled_from(["DE", "GB", "US", "PT", "JP", "XX", "de", ""])
SPRING = (NOON.replace(tzinfo=None), NOON.replace(tzinfo=None) + timedelta(days=90))

zones = st.sampled_from([UTC, timezone(timedelta(hours=14)), timezone(-timedelta(hours=23))])
moments = (
    st.datetimes(*SPRING, timezones=zones).map(datetime.isoformat)
    | st.datetimes(timezones=zones).map(datetime.isoformat)
    | st.text("0123456789-:TZ+. ", max_size=30)
)
legs = st.fixed_dictionaries(
    {
        "flight_number": st.sampled_from(["ZZ 1", "ZZ1A", "zz 1"]),
        "departure_airport": st.sampled_from(["BER", "ber"]),
        "arrival_airport": st.just("LIS"),
        "departure_datetime": moments,
        "arrival_datetime": moments,
    }
)
trips = st.fixed_dictionaries(
    {
        "policy_type": st.sampled_from(["travel_protection", "x", "X"]),
        "departure_country": countries,
        "destination_country": countries,
        "trip_start_date": moments,
        "trip_end_date": moments,
        "total_tickets_price": numbers,
        "number_of_adults": st.integers(-1, 30),
    },
    optional={
        "number_of_children": st.integers(-1, 30),
        "flights": st.lists(st.fixed_dictionaries({}, optional={"legs": st.lists(legs)})),
        "surprise": values,
    },
)
plausible = st.fixed_dictionaries(
    {
        "currency": st.sampled_from(["EUR", "JPY", "KWD", "XXX"]),
        "customer_country": countries,
        "request": st.lists(trips, max_size=2),
    },
    optional={"customer_language": st.text(max_size=8), "partner_reference": st.text(max_size=8)},
)


def check_purchase(value: object) -> None:
    """Make sure that `value` is a purchase, or is refused with reasons and nothing worse."""
    try:
        purchase = purchase_of(read_body(PurchaseBody, value, CATALOGUE))
    except InputInvalid as error:
        faults = error.problems
    else:
        check_premium(purchase)
        return
    assert faults
    assert all(path and sentences for path, sentences in faults.items())


def check_premium(purchase: Purchase) -> None:
    product = a_product()
    assert len(purchase.content_hash()) == 64
    for item in purchase.items:
        days_ahead = (item.subject.starts_at - NOON).days
        if item.subject.problems(product.line, now=NOON):
            continue
        if not ineligibility(product, purchase, item.subject, days_ahead=days_ahead):
            market = MARKETS[purchase.customer_country]
            for plan in product.plan:
                assert premium_of(plan, product, item.subject, market).total.minor > 0


@given(values | st.dictionaries(st.sampled_from(NAMES), values))
def test_any_json_is_a_purchase_or_invalid(value: object) -> None:
    check_purchase(value)


@given(plausible)
def test_anything_like_a_purchase_is_a_purchase_or_invalid(value: object) -> None:
    check_purchase(value)


@given(st.sampled_from(NAMES), values)
def test_one_wild_field_does_no_harm(name: str, value: object) -> None:
    wild = purchase_json()
    (wild if name in wild else wild["request"][0])[name] = value

    check_purchase(wild)


def test_a_purchase_is_read() -> None:
    assert purchase_from(purchase_json()) == a_purchase()


def test_flights_are_read_leg_by_leg() -> None:
    flights = [
        {"legs": [LEG]},
        {"departure_city": "Berlin"},
        {"legs": [LEG | {"flight_number": "ZZ124A"}]},
    ]

    trip = purchase_from(purchase_json(trip={"flights": flights})).items[0].subject

    assert trip.facts.legs == (a_leg(), a_leg(flight_number="ZZ124A"))


def test_a_named_version_is_kept() -> None:
    purchase = purchase_from(purchase_json(trip={"policy_type_version": 3}))

    assert purchase.items[0].product_version == 3


def test_what_may_be_left_out_may_be_left_out() -> None:
    value = purchase_json()
    del value["customer_language"], value["partner_reference"]
    del value["request"][0]["number_of_children"]

    purchase = purchase_from(value)

    assert (purchase.language, purchase.reference) == (None, None)
    counts = purchase.items[0].subject.facts.counts
    assert (counts["number_of_children"], counts["number_of_infants"]) == (0, 0)


def test_every_missing_field_is_named() -> None:
    problems = problems_of({"request": [{"is_return": True}]})

    assert list(problems) == [
        "currency",
        "customer_country",
        "request.0.policy_type",
        "request.0.departure_country",
        "request.0.destination_country",
        "request.0.trip_start_date",
        "request.0.trip_end_date",
        "request.0.total_tickets_price",
        "request.0.number_of_adults",
    ]
    assert {sentence for (sentence,) in problems.values()} == {"This field is required."}


@pytest.mark.parametrize(
    ("changes", "path", "sentence"),
    [
        ({"surprise": 1}, "surprise", "Unexpected field"),
        ({"trip": {"cart": {}}}, "request.0.cart", "Unexpected field"),
        ({"currency": "XXX"}, "currency", "'XXX' is not an ISO 4217 currency code."),
        ({"currency": 978}, "currency", "Send a text."),
        ({"customer_country": "UK"}, "customer_country", "'UK' is not an ISO 3166-1 alpha-2"),
        ({"customer_country": "de"}, "customer_country", "'de' is not an ISO 3166-1 alpha-2"),
        ({"customer_language": "de\n"}, "customer_language", "pattern"),
        ({"partner_reference": ""}, "partner_reference", "pattern"),
        ({"partner_reference": "r" * 65}, "partner_reference", "pattern"),
        ({"partner_reference": "an order"}, "partner_reference", "pattern"),
        ({"partner_reference": "CHK-1\n"}, "partner_reference", "pattern"),
        ({"request": []}, "request", "at least 1 item"),
        ({"request": {}}, "request", "Send a JSON list."),
        ({"request": [1]}, "request.0", "Send a JSON object."),
        ({"trip": {"number_of_adults": "2"}}, "request.0.number_of_adults", "whole number"),
        ({"trip": {"number_of_adults": 2.0}}, "request.0.number_of_adults", "whole number"),
        ({"trip": {"number_of_adults": True}}, "request.0.number_of_adults", "whole number"),
        ({"trip": {"number_of_adults": -1}}, "request.0.number_of_adults", "0"),
        ({"trip": {"number_of_adults": 1001}}, "request.0.number_of_adults", "1000"),
        ({"trip": {"is_return": "yes"}}, "request.0.is_return", "Send true or false."),
        ({"trip": {"total_tickets_price": "9"}}, "request.0.total_tickets_price", "JSON number"),
        ({"trip": {"total_tickets_price": True}}, "request.0.total_tickets_price", "JSON number"),
        ({"trip": {"total_tickets_price": -1}}, "request.0.total_tickets_price", "0"),
        ({"trip": {"total_tickets_price": 1e13}}, "request.0.total_tickets_price", "1000000000000"),
        ({"trip": {"policy_type_version": 0}}, "request.0.policy_type_version", "1"),
        (
            {"trip": {"flights": [{"legs": [{}]}]}},
            "request.0.flights.0.legs.0.flight_number",
            "req",
        ),
        ({"trip": {"flights": [{}] * 21}}, "request.0.flights", "at most 20"),
    ],
)
def test_a_wrong_field_is_told_under_its_path(
    changes: dict[str, Any], path: str, sentence: str
) -> None:
    problems = problems_of(purchase_json(**changes))

    assert sentence in problems[path][0]


@pytest.mark.parametrize("value", [None, 1, "text", [], [[]], True])
def test_what_is_no_object_is_told_as_a_whole(value: object) -> None:
    assert problems_of(value) == {"non_field_errors": ["Send a JSON object."]}


def test_more_than_fifty_things_in_one_purchase_are_too_many() -> None:
    value = purchase_json()
    value["request"] *= 51

    assert list(problems_of(value)) == ["request"]


def test_no_name_of_a_field_hides_another_field() -> None:
    # Paths are split at points again, to be nested: each must lead to a place of its own.
    problems = problems_of(purchase_json(request="x") | {"request.0": 1, "a.b": 1, "a": 1})

    paths = [path.split(".") for path in problems]
    assert len(problems) == 4
    assert not any(one != other and other[: len(one)] == one for one in paths for other in paths)


@pytest.mark.parametrize(
    ("currency", "price"),
    [("EUR", "9.999"), ("JPY", "1500.5"), ("EUR", "9.99" + "0" * 40 + "1"), ("KWD", "1.0001")],
)
def test_a_price_with_more_decimals_than_its_currency_is_told(currency: str, price: str) -> None:
    text = json.dumps(purchase_json(currency=currency)).replace("1284.6", price)

    with pytest.raises(InputInvalid, match=r"request\.0\.total_tickets_price") as error:
        purchase_of(read_body(PurchaseBody, read_json(text.encode()), CATALOGUE))

    (sentence,) = error.value.problems["request.0.total_tickets_price"]
    assert "more decimals" in sentence


@pytest.mark.parametrize(
    "text",
    [
        "2027-05-30",
        "2027-05-30T12:00:00",
        "12:00",
        "30.05.2027 12:00Z",
        "2027-13-01T00:00:00Z",
        "2027-02-29T00:00:00Z",
        "2027-05-30T24:00:00Z",
        "2027-05-30T12:00:00+25:00",
        "tomorrow",
        "",
        # Seconds since 1970: a number in a text is still no date.
        "1811678400",
        "1811678400000",
        "-1",
        "1e9",
        "nan",
        "inf",
    ],
)
def test_a_moment_needs_a_date_a_time_and_an_offset(text: str) -> None:
    problems = problems_of(purchase_json(trip={"trip_start_date": text}))

    assert list(problems) == ["request.0.trip_start_date"]


@pytest.mark.parametrize("value", [1811678400, 1811678400.5, None, True, [], {}])
def test_a_moment_is_written_as_text(value: object) -> None:
    problems = problems_of(purchase_json(trip={"trip_start_date": value}))

    assert problems == {
        "request.0.trip_start_date": [
            "Write a date and time as text, like 2027-06-12T08:10:00+02:00."
        ]
    }


def test_a_moment_keeps_the_offset_that_it_came_with() -> None:
    trip = {"trip_start_date": "2027-05-30T23:30:00+05:30"}

    starts_at = purchase_from(purchase_json(trip=trip)).items[0].subject.starts_at

    assert starts_at.isoformat() == "2027-05-30T23:30:00+05:30"


@pytest.mark.parametrize(
    "offset", ["Z", "+00:00", "+14:00", "-12:00", "+23:59", "-23:59", "+05:45"]
)
@pytest.mark.parametrize("year", ["0001-01-01", "1970-01-01", "2027-06-01", "9999-12-31"])
@pytest.mark.parametrize("clock", ["00:00:00", "23:59:59.999999"])
def test_no_moment_that_can_be_written_does_harm(year: str, clock: str, offset: str) -> None:
    moment = f"{year}T{clock}{offset}"
    for trip in (
        {"trip_start_date": moment},
        {"trip_end_date": moment},
        {"trip_start_date": moment, "trip_end_date": moment},
        {"flights": [{"legs": [LEG | {"arrival_datetime": moment}]}]},
    ):
        check_purchase(sent(purchase_json(trip=trip)))


# -- a booking

bookings = st.fixed_dictionaries(
    {
        "quote_token": st.text(max_size=8),
        "policyholder": st.fixed_dictionaries(
            {
                "first_name": st.text(max_size=8),
                "last_name": st.text(max_size=8),
                "email": st.text(max_size=8).map(lambda text: f"{text}@x.example") | st.text(),
                "country": countries,
            },
            optional={"phone": st.text("+0123456789 -()", max_size=12), "age": st.integers()},
        ),
    },
    optional={"quotes": values, "total_price": values, "purchase": values, "surprise": values},
)


@given(bookings | values)
def test_anything_like_a_booking_is_a_booking_or_invalid(value: object) -> None:
    try:
        body = read_body(BookingBody, value, CATALOGUE)
    except InputInvalid as error:
        refused = error
    else:
        assert "@" in policyholder_of(body.policyholder, body.policyholder.country).email
        return

    assert refused.problems


def test_a_booking_is_read() -> None:
    body = read_body(
        BookingBody,
        sent(
            {
                "quote_token": "t",
                "policyholder": policyholder_json(phone="+49 170 5550123", age=34),
                "partner_transaction_id": "ORDER-1",
                "quotes": [{"id": "q-1"}],
                "total_price": 48.92,
                "purchase": purchase_json(),
            }
        ),
        CATALOGUE,
    )

    person = policyholder_of(body.policyholder, "DE")
    assert person == a_policyholder(phone="+49 170 5550123", age=34)
    assert body.total_price == Decimal("48.92")
    assert body.purchase is not None
    assert purchase_of(body.purchase) == a_purchase()


def test_a_booking_needs_a_policyholder() -> None:
    assert list(problems_of({}, BookingBody)) == ["policyholder"]


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"first_name": " "}, "first_name"),
        ({"first_name": "A" * 101}, "first_name"),
        ({"last_name": "Mus\nter"}, "last_name"),
        ({"last_name": "Mus\u202eter"}, "last_name"),
        ({"last_name": None}, "last_name"),
        ({"email": "ada"}, "email"),
        ({"email": "Ada <ada@customer.example>"}, "email"),
        ({"email": "=?utf-8?b?YQ==?=@customer.example"}, "email"),
        ({"last_name": "=?utf-8?b?DQpCY2M6IGV2ZUBldmlsLmV4YW1wbGU=?="}, "last_name"),
        ({"email": "ada@customer.example\nBcc: all@customer.example"}, "email"),
        ({"email": "a" * 250 + "@customer.example"}, "email"),
        ({"country": "XX"}, "country"),
        ({"phone": "0170 5550123"}, "phone"),
        ({"postcode": "1" * 17}, "postcode"),
        ({"age": 17}, "age"),
        ({"age": "34"}, "age"),
        ({"card_number": "4111"}, "card_number"),
    ],
)
def test_a_policyholder_that_could_not_be_written_to_is_told(
    changes: dict[str, Any], path: str
) -> None:
    assert list(problems_of(policyholder_json(**changes), PolicyholderBody)) == [path]


def test_a_name_loses_only_the_space_around_it() -> None:
    body = read_body(PolicyholderBody, policyholder_json(first_name=" Ada María-José "))

    person = policyholder_of(body, "DE")

    assert person == Policyholder("Ada María-José", "Muster", "ada.muster@customer.example", "DE")


def test_an_opt_out_may_say_nothing_at_all() -> None:
    assert read_body(OptOutBody, {}).quote_token is None
    assert list(problems_of({"reason": "price"}, OptOutBody)) == ["reason"]


# -- what we write


def test_a_timestamp_is_written_as_xcover_writes_it() -> None:
    assert timestamp(NOON) == "2027-03-01T12:00:00.000000Z"


def test_an_amount_is_written_as_a_number_and_as_text() -> None:
    assert priced("price", Money(4890, "EUR"), "€48.90") == {
        "price": 48.9,
        "price_formatted": "€48.90",
    }
    assert json.dumps(priced("price", Money(4890, "JPY"), "¥4,890")["price"]) == "4890"

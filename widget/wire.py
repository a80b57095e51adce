"""The XCover JSON language: what a partner sends, what we answer.

Reading is strict: an unknown field is a mistake that somebody wants to hear about today. Every
fault is reported, each under the path of its field. Source of names and shapes: the public
XCover API, quotes and bookings; what we add to it is marked as ours.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, TypeVar

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    EmailStr,
    Field,
    StrictBool,
    StrictInt,
    ValidationError,
)

from widget.bookings import Policyholder
from widget.countries import COUNTRIES
from widget.errors import InputInvalid, Problems, RequestMalformed
from widget.money import CURRENCIES, MAX_MINOR, Money
from widget.purchases import Item, Leg, Purchase, Trip

#: Nobody nests deeper than a leg in a flight in a request; parsers fall over before a thousand.
MAX_DEPTH = 32

#: Beyond this, JSON numbers stop being exact in most languages.
MAX_INTEGER = 2**53
MAX_DIGITS = 17
MAX_EXPONENT = 20

Model = TypeVar("Model", bound=BaseModel)


def read_json(body: bytes) -> object:
    """Return the value that JSON `body` spells; numbers with a point become `Decimal`.

    Raises:
        RequestMalformed: It is not UTF-8 JSON, or it is JSON that two readers could understand
            differently: repeated keys, NaN, huge integers, lone surrogates, deep nesting.
    """
    try:
        value = json.loads(
            body.decode("utf-8"),
            parse_float=_decimal,
            parse_int=_integer,
            parse_constant=_refuse_constant,
            object_pairs_hook=_unique,
        )
    except UnicodeDecodeError as error:
        raise RequestMalformed(f"JSON parse error - not UTF-8 at byte {error.start}.") from error
    except json.JSONDecodeError as error:
        place = f"line {error.lineno} column {error.colno}"
        raise RequestMalformed(f"JSON parse error - {error.msg} at {place}.") from error
    except RecursionError as error:
        raise RequestMalformed("JSON parse error - nested too deeply.") from error
    _check_values(value, MAX_DEPTH)
    return value


def _decimal(text: str) -> Decimal:
    try:
        number = Decimal(text)
    except InvalidOperation:  # its exponent alone is longer than eighteen digits
        number = Decimal("Infinity")
    # An exponent can spell a number of a billion digits in ten characters.
    if not number.is_finite() or abs(number.adjusted()) > MAX_EXPONENT:
        raise RequestMalformed(f"JSON parse error - the number {text[:40]} is out of range.")
    return number


def _integer(text: str) -> int:
    if len(text) > MAX_DIGITS or abs(int(text)) > MAX_INTEGER:
        raise RequestMalformed(f"JSON parse error - the number {text[:40]} is out of range.")
    return int(text)


def _refuse_constant(name: str) -> object:
    raise RequestMalformed(f"JSON parse error - {name} is not JSON.")


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    result: dict[str, object] = {}
    for key, value in pairs:
        if key in result:
            raise RequestMalformed(f"JSON parse error - the key {key[:40]!r} stands there twice.")
        result[key] = value
    return result


def _check_values(value: object, depth: int) -> None:
    if depth == 0:
        raise RequestMalformed("JSON parse error - nested too deeply.")
    if isinstance(value, str):
        if "\x00" in value or any("\ud800" <= character <= "\udfff" for character in value):
            raise RequestMalformed("JSON parse error - a text holds characters that are not text.")
    elif isinstance(value, dict):
        for key, part in value.items():
            _check_values(key, depth)
            _check_values(part, depth - 1)
    elif isinstance(value, list):
        for part in value:
            _check_values(part, depth - 1)


def _only_text(value: object) -> object:
    # pydantic takes a text of digits for seconds since 1970, and makes a problem of the field of a
    # ValueError only.
    if not isinstance(value, str) or not re.match(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        raise ValueError("Write a date and time as text, like 2027-06-12T08:10:00+02:00.")
    return value


def _only_number(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise ValueError("Write an amount as a JSON number, like 1284.60.")  # noqa: TRY004
    return Decimal(value)


def _bare_address(value: object) -> object:
    if isinstance(value, str) and ("<" in value or "=?" in value):
        raise ValueError("Send the address alone, without a name and not encoded.")
    return value


def _known_country(code: str) -> str:
    if code not in COUNTRIES:
        raise ValueError(f"{code!r} is not an ISO 3166-1 alpha-2 country code.")
    return code


def _known_currency(code: str) -> str:
    if code not in CURRENCIES:
        raise ValueError(f"{code!r} is not an ISO 4217 currency code.")
    return code


def _printable(text: str) -> str:
    # An encoded word, `=?utf-8?b?…?=`, is printable and can decode to anything in a mail.
    if not text.strip() or not text.isprintable() or "=?" in text:
        raise ValueError("Give a text of printable characters.")
    return text.strip()


Country = Annotated[str, AfterValidator(_known_country)]
Currency = Annotated[str, AfterValidator(_known_currency)]
Moment = Annotated[AwareDatetime, BeforeValidator(_only_text)]
Amount = Annotated[Decimal, BeforeValidator(_only_number), Field(ge=0, le=MAX_MINOR // 100)]
Short = Annotated[str, Field(max_length=100), AfterValidator(_printable)]
Reference = Annotated[str, Field(pattern=r"^[A-Za-z0-9._:/-]{1,64}$")]
Language = Annotated[str, Field(pattern=r"^[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8}){0,3}$")]
Airport = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
Count = Annotated[StrictInt, Field(ge=0, le=1000)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class LegBody(_Body):
    """One flight, as XCover's travel schema names its parts."""

    flight_number: Annotated[str, Field(pattern=r"^[A-Z0-9]{2,3} ?[0-9]{1,4}[A-Z]?$")]
    departure_airport: Airport
    arrival_airport: Airport
    departure_country: Country | None = None
    arrival_country: Country | None = None
    departure_datetime: Moment
    arrival_datetime: Moment


class FlightBody(_Body):
    """One direction of a journey, with its legs."""

    departure_country: Country | None = None
    departure_city: Short | None = None
    arrival_city: Short | None = None
    departure_datetime: Moment | None = None
    arrival_datetime: Moment | None = None
    legs: Annotated[list[LegBody], Field(max_length=20)] = []


class TripBody(_Body):
    """One entry of `request`: a trip, and the product that is asked for it."""

    policy_type: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
    policy_type_version: Annotated[StrictInt, Field(ge=1, le=10_000)] | None = None
    departure_country: Country
    destination_country: Country
    is_return: StrictBool = True
    trip_start_date: Moment
    trip_end_date: Moment
    total_tickets_price: Amount
    number_of_adults: Count
    number_of_children: Count = 0
    number_of_infants: Count = 0
    flights: Annotated[list[FlightBody], Field(max_length=20)] = []


class PurchaseBody(_Body):
    """A purchase: the body of the quote call, and what a page carries signed."""

    currency: Currency
    customer_country: Country
    customer_language: Language | None = None
    #: Ours: the partner's id of this checkout, unique per shopper.
    partner_reference: Reference | None = None
    request: Annotated[list[TripBody], Field(min_length=1, max_length=1)]


class PolicyholderBody(_Body):
    """Who enters the contract."""

    first_name: Short
    last_name: Short
    email: Annotated[EmailStr, BeforeValidator(_bare_address), Field(max_length=254)]
    country: Country
    phone: Annotated[str, Field(pattern=r"^\+[0-9][0-9 ()-]{5,24}$")] | None = None
    address1: Short | None = None
    address2: Short | None = None
    city: Short | None = None
    postcode: Annotated[str, Field(max_length=16), AfterValidator(_printable)] | None = None
    region: Short | None = None
    company: Short | None = None
    age: Annotated[StrictInt, Field(ge=18, le=120)] | None = None


class ChosenQuoteBody(_Body):
    """One of the quotes to confirm."""

    id: Annotated[str, Field(max_length=64)]


class BookingBody(_Body):
    """The confirmation of an offer after payment."""

    #: Ours: the signed token that the page received after the choice.
    quote_token: Annotated[str, Field(max_length=4096)]
    policyholder: PolicyholderBody
    partner_transaction_id: Reference | None = None
    #: When given, they must be the quotes that the customer chose.
    quotes: Annotated[list[ChosenQuoteBody], Field(max_length=100)] | None = None
    #: Ours: what the customer paid for cover; when given, it must be the premium.
    total_price: Amount | None = None
    #: Ours: what was sold; when given, it must be what was priced.
    purchase: PurchaseBody | None = None


class OptOutBody(_Body):
    """The report that the customer bought without cover."""

    quote_token: Annotated[str, Field(max_length=4096)] | None = None


def read_body(model: type[Model], value: object) -> Model:
    """Return `value` as one of the bodies above.

    Raises:
        InputInvalid: Fields are missing, unknown or wrong; all of them are named.
    """
    try:
        return model.model_validate(value)
    except ValidationError as error:
        raise InputInvalid(_problems(error)) from error


def purchase_of(body: PurchaseBody) -> Purchase:
    """Return the purchase that a body describes.

    Raises:
        InputInvalid: An amount has more decimals than its currency.
    """
    items = tuple(_item(entry, body.currency, index) for index, entry in enumerate(body.request))
    return Purchase(
        currency=body.currency,
        customer_country=body.customer_country,
        language=body.customer_language,
        reference=body.partner_reference,
        items=items,
    )


def policyholder_of(body: PolicyholderBody) -> Policyholder:
    """Return the policyholder that a body describes."""
    return Policyholder(**body.model_dump())


def _item(entry: TripBody, currency: str, index: int) -> Item:
    try:
        cost = Money.exactly(entry.total_tickets_price, currency)
    except ValueError as error:
        raise InputInvalid({f"request.{index}.total_tickets_price": [f"{error}."]}) from error
    trip = Trip(
        departure_country=entry.departure_country,
        destination_country=entry.destination_country,
        starts_at=entry.trip_start_date,
        ends_at=entry.trip_end_date,
        cost=cost,
        adults=entry.number_of_adults,
        children=entry.number_of_children,
        infants=entry.number_of_infants,
        legs=tuple(_leg(leg) for flight in entry.flights for leg in flight.legs),
    )
    return Item(entry.policy_type, entry.policy_type_version, trip)


def _leg(leg: LegBody) -> Leg:
    return Leg(
        flight_number=leg.flight_number,
        departure_airport=leg.departure_airport,
        arrival_airport=leg.arrival_airport,
        departs_at=leg.departure_datetime,
        arrives_at=leg.arrival_datetime,
    )


#: XCover's own sentences for the commonest faults, and ours where pydantic speaks of Python.
_SENTENCES: Mapping[str, str] = {
    "missing": "This field is required.",
    "extra_forbidden": "Unexpected field",
    "model_type": "Send a JSON object.",
    "model_attributes_type": "Send a JSON object.",
    "dict_type": "Send a JSON object.",
    "list_type": "Send a JSON list.",
    "string_type": "Send a text.",
    "int_type": "Send a whole number.",
    "bool_type": "Send true or false.",
    "timezone_aware": "Give the offset from UTC too, like +02:00 or Z.",
}


def _problems(error: ValidationError) -> Problems:
    problems: dict[str, list[str]] = {}
    for fault in error.errors(include_url=False, include_input=False):
        # A point inside the name of an unknown field would look like a step of the path.
        parts = [str(part).replace(".", "%2E") for part in fault["loc"]]
        path = ".".join(parts) or "non_field_errors"
        sentence = _SENTENCES.get(fault["type"], fault["msg"].removeprefix("Value error, "))
        problems.setdefault(path, []).append(sentence)
    return problems


def timestamp(value: datetime) -> str:
    """Return a moment as XCover writes it: microseconds and `Z`."""
    return value.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def priced(name: str, amount: Money, text: str) -> dict[str, Any]:
    """Return an amount as XCover writes it: a number, and the same formatted."""
    return {name: amount.as_number(), f"{name}_formatted": text}

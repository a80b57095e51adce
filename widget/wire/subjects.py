"""Things to insure on the wire: one entry of `request`, as its line describes it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from decimal import Decimal
from functools import cache
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, StrictBool, StrictInt, create_model

from widget.errors import InputInvalid
from widget.lines import Kind, Line, LineField, PartField
from widget.money import Money
from widget.purchases import Facts, Leg, Part, Subject, subject_of
from widget.wire.fields import (
    Airport,
    Amount,
    Body,
    Code,
    Count,
    Country,
    Email,
    Moment,
    Postcode,
    QuoteId,
    Short,
)
from widget.wire.reading import read_body

#: What these are depends on the product, so who describes the API puts their schemas in here.
SUBJECT = {"type": "object", "title": "Subject"}
POLICY_CHANGE = {"type": "object", "title": "PolicyChange"}
QUOTE_CHANGE = {"type": "object", "title": "QuoteChange"}

Age = Annotated[StrictInt, Field(ge=0, le=120)]
AirlineIata = Annotated[str, Field(pattern=r"^[A-Z0-9]{2}$")]
AirlineIcao = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]


class InsuredBody(Body):
    """One of those whom a policy protects."""

    first_name: Short
    last_name: Short
    email: Email | None = None
    age: Age | None = None
    """In years."""


class LegBody(Body):
    """One flight, as XCover's travel schema names its parts."""

    flight_number: Annotated[str, Field(pattern=r"^[A-Z0-9]{2,3} ?[0-9]{1,4}[A-Z]?$")]
    """As on the ticket: `LH1166`."""
    departure_airport: Airport
    """IATA."""
    arrival_airport: Airport
    """IATA."""
    departure_country: Country | None = None
    arrival_country: Country | None = None
    departure_datetime: Moment
    """Local time, with its offset."""
    arrival_datetime: Moment
    """Local time, with its offset."""
    marketing_airline_iata_code: AirlineIata | None = None
    """Accepted and not used."""
    marketing_airline_icao_code: AirlineIcao | None = None
    """Accepted and not used."""
    operating_airline_iata_code: AirlineIata | None = None
    """Accepted and not used."""
    operating_airline_icao_code: AirlineIcao | None = None
    """Accepted and not used."""


class FlightBody(Body):
    """One direction of a journey, with its legs."""

    departure_country: Country | None = None
    departure_city: Short | None = None
    arrival_city: Short | None = None
    departure_datetime: Moment | None = None
    arrival_datetime: Moment | None = None
    legs: Annotated[tuple[LegBody, ...], Field(max_length=20)] = ()
    """Every take-off and landing on the way, in order."""


class RideBody(Body):
    """One leg by rail, bus or ship, as XCover's travel schema names its parts."""

    trip_number: Short | None = None
    departure_location: Short | None = None
    arrival_location: Short | None = None
    departure_city: Short | None = None
    arrival_city: Short | None = None
    departure_country: Country | None = None
    arrival_country: Country | None = None
    departure_datetime: Moment | None = None
    arrival_datetime: Moment | None = None
    transport_mode: Short | None = None


class RidesBody(Body):
    """One direction of a journey that is no flight, with its legs."""

    departure_country: Country | None = None
    departure_city: Short | None = None
    arrival_city: Short | None = None
    departure_datetime: Moment | None = None
    arrival_datetime: Moment | None = None
    legs: Annotated[tuple[RideBody, ...], Field(max_length=20)] = ()
    """Every change on the way, in order."""


class EntryBody(Body):
    """What every entry of `request` says, whatever it insures."""

    policy_type: Code
    """The product, as `GET schemas/` names it."""
    policy_type_version: Annotated[StrictInt, Field(ge=1, le=10_000)] | None = None
    """The version on sale; without it that one."""
    policy_code: Code | None = None
    """One plan; without it every plan is quoted."""
    policy_start_date: Moment | None = None
    """Accepted and not used: the plan says when cover starts."""
    partner_price: Amount | None = None
    """What you sell the cover for; chooses the plan of an instant booking, and nothing else."""


#: Simple kinds, as they are read.
_TYPES: Mapping[Kind, Any] = {
    Kind.AMOUNT: Amount,
    Kind.CODE: Code,
    Kind.COUNT: Count,
    Kind.COUNTRY: Country,
    Kind.FLAG: StrictBool,
    Kind.MOMENT: Moment,
    Kind.POSTCODE: Postcode,
    Kind.TEXT: Short,
}


@dataclass(frozen=True, slots=True)
class Bodies:
    """What the entries of a line are read by."""

    entry: type[EntryBody]
    #: Everything may be left out: what is not told does not change.
    change: type[Body]
    #: The same, of what a quote is for, and of what a policy insures.
    quote_change: type[Body]
    policy_change: type[Body]


@cache
def bodies_of(line: Line) -> Bodies:
    """Return the models that a line's entries, and changes of them, are read by."""
    name = "".join(word.capitalize() for word in line.code.split("_"))
    types = {field.name: _type_of(field, name) for field in line.field}
    told: dict[str, Any] = {field.name: _told(field, types[field.name]) for field in line.field}
    changes: dict[str, Any] = {
        field.name: _optional(field, types[field.name]) for field in line.field
    }
    entry = create_model(
        f"{name}Body", __base__=EntryBody, __doc__=f"One entry of `request`: {line.code}.", **told
    )
    change = create_model(
        f"{name}ChangeBody",
        __base__=Body,
        __doc__=f"What changes of an entry of the line {line.code}; the rest stays.",
        **changes,
    )
    quote_change = create_model(
        f"{name}QuoteChangeBody",
        __base__=change,
        __doc__=f"What changes of what a quote is for, of the line {line.code}.",
        quote_id=(QuoteId, Field(description="A quote of the package.")),
    )
    people = Annotated[tuple[InsuredBody, ...], Field(min_length=1, max_length=50)]
    policy_change = create_model(
        f"{name}PolicyChangeBody",
        __base__=change,
        __doc__=f"What changes of a policy of the line {line.code}.",
        insured=(people | None, Field(default=None, description="Whom it protects, all of them.")),
    )
    return Bodies(entry, change, quote_change, policy_change)


def told_by(line: Line, body: BaseModel, currency: str, *, path: str) -> Subject:
    """Return the thing that a body describes.

    Args:
        path: Where the body stands, for the names of the fields at fault.

    Raises:
        InputInvalid: An amount has more decimals than its currency.
    """
    return subject_of(line, _facts(line, body, currency, path), currency)


def changed_subject(line: Line, subject: Subject, change: object, *, path: str) -> Subject:
    """Return a thing with what a body changes, in the currency that it is in.

    Raises:
        InputInvalid: Fields are unknown or wrong, or an amount has more decimals than its currency.
    """
    body, currency = _read_change(line, change, path), subject.value.currency
    told = _facts(line, body, currency, path)
    journeys = [name for name, field in line.fields.items() if field.kind is Kind.FLIGHTS]
    if not any(getattr(body, name) is not None for name in journeys):
        told = replace(told, legs=subject.facts.legs)
    return subject_of(line, _merged(subject.facts, told), currency)


def _read_change(line: Line, change: object, path: str) -> Body:
    try:
        return read_body(bodies_of(line).change, change)
    except InputInvalid as error:
        problems = {f"{path}.{name}": texts for name, texts in error.problems.items()}
        raise InputInvalid(problems) from error


def _merged(old: Facts, new: Facts) -> Facts:
    """Return facts with new ones in their place; the rest stays."""
    names = [one.name for one in fields(Facts) if one.name != "legs"]
    changed = {name: {**getattr(old, name), **getattr(new, name)} for name in names}
    return replace(old, legs=new.legs, **changed)


def _facts(line: Line, body: BaseModel, currency: str, path: str) -> Facts:
    told = {
        field: value
        for field in line.field
        if field.used and (value := getattr(body, field.name)) is not None
    }
    return Facts(
        words=_of(told, Kind.COUNTRY, Kind.CODE, Kind.TEXT, Kind.POSTCODE),
        flags=_of(told, Kind.FLAG),
        counts=_of(told, Kind.COUNT),
        ages=_of(told, Kind.AGES),
        amounts=_money(_of(told, Kind.AMOUNT), currency, path),
        moments=_of(told, Kind.MOMENT),
        parts={
            name: tuple(
                _part(line.fields[name], part, currency, f"{path}.{name}.{index}")
                for index, part in enumerate(parts)
            )
            for name, parts in _of(told, Kind.PARTS).items()
        },
        legs=tuple(leg for flights in _of(told, Kind.FLIGHTS).values() for leg in _legs(flights)),
    )


def _of(told: Mapping[Any, Any], *kinds: Kind) -> dict[str, Any]:
    return {field.name: value for field, value in told.items() if field.kind in kinds}


def _part(field: LineField, body: BaseModel, currency: str, path: str) -> Part:
    told = {one: value for one in field.part if (value := getattr(body, one.name)) is not None}
    return Part(
        words=_of(told, Kind.COUNTRY, Kind.CODE, Kind.TEXT, Kind.POSTCODE),
        counts=_of(told, Kind.COUNT),
        amounts=_money(_of(told, Kind.AMOUNT), currency, path),
    )


def _money(amounts: Mapping[str, Decimal], currency: str, path: str) -> dict[str, Money]:
    money = {}
    for name, amount in amounts.items():
        try:
            money[name] = Money.exactly(amount, currency)
        except ValueError as error:
            raise InputInvalid({f"{path}.{name}": [f"{error}."]}) from error
    return money


def _legs(flights: Iterable[FlightBody]) -> Iterable[Leg]:
    return (
        Leg(
            flight_number=leg.flight_number,
            departure_airport=leg.departure_airport,
            arrival_airport=leg.arrival_airport,
            departs_at=leg.departure_datetime,
            arrives_at=leg.arrival_datetime,
        )
        for flight in flights
        for leg in flight.legs
    )


def _type_of(field: LineField, name: str) -> Any:  # noqa: ANN401 - a type to be read by
    if field.kind is Kind.AGES:
        return Annotated[tuple[Age, ...], Field(min_length=1, max_length=field.most)]
    if field.kind is Kind.FLIGHTS:
        return Annotated[tuple[FlightBody, ...], Field(max_length=field.most)]
    if field.kind is Kind.RIDES:
        return Annotated[tuple[RidesBody, ...], Field(max_length=field.most)]
    if field.kind is Kind.PARTS:
        part: Any = _part_body(field, name)
        return Annotated[tuple[part, ...], Field(min_length=1, max_length=field.most)]
    return _simple(field)


def _part_body(field: LineField, name: str) -> type[Body]:
    singular = "".join(word.capitalize() for word in field.name.split("_"))
    parts: dict[str, Any] = {part.name: _told(part, _simple(part)) for part in field.part}
    return create_model(
        f"{name}{singular}Body", __base__=Body, __doc__=f"One of `{field.name}`.", **parts
    )


def _simple(field: PartField) -> Any:  # noqa: ANN401 - as above
    return Literal[field.one_of] if field.one_of else _TYPES[field.kind]


def _told(field: PartField, kind: Any) -> tuple[Any, Any]:  # noqa: ANN401 - as above
    if field.required:
        return kind, Field(description=field.about)
    default = getattr(field, "default", None)
    if default is not None:
        return kind, Field(default=default, description=field.about)
    return _optional(field, kind)


def _optional(field: PartField, kind: Any) -> tuple[Any, Any]:  # noqa: ANN401 - as above
    return kind | None, Field(default=None, description=field.about)

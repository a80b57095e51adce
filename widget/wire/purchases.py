"""Purchases on the wire: the bodies of the quote calls."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Annotated, Any

from pydantic import Field, StrictBool, StrictInt

from widget.countries import region_code
from widget.errors import InputInvalid
from widget.money import Money
from widget.purchases import Item, Leg, Purchase, Trip
from widget.wire.fields import (
    Airport,
    Amount,
    Body,
    Code,
    Count,
    Country,
    Currency,
    Language,
    Metadata,
    Moment,
    Postcode,
    QuoteId,
    Reference,
    Short,
)

#: How many policies one package may ask for; each may be offered in several plans.
MAX_ITEMS = 4


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


class FlightBody(Body):
    """One direction of a journey, with its legs."""

    departure_country: Country | None = None
    departure_city: Short | None = None
    arrival_city: Short | None = None
    departure_datetime: Moment | None = None
    arrival_datetime: Moment | None = None
    legs: Annotated[tuple[LegBody, ...], Field(max_length=20)] = ()
    """Every take-off and landing on the way, in order."""


class TripBody(Body):
    """One entry of `request`: a trip, and the product that is asked for it."""

    policy_type: Code
    """The product, as `GET schemas/` names it."""
    policy_type_version: Annotated[StrictInt, Field(ge=1, le=10_000)] | None = None
    """The version on sale; without it that one."""
    policy_code: Code | None = None
    """One plan; without it every plan is quoted."""
    policy_start_date: Moment | None = None
    """Accepted and not used: cover starts when it is sold."""
    departure_country: Country
    """Where the trip begins."""
    destination_country: Country
    """Where it leads; decides the zone."""
    is_return: StrictBool = True
    """Accepted and not used: the dates tell."""
    trip_start_date: Moment
    """The first departure."""
    trip_end_date: Moment
    """The last arrival."""
    total_tickets_price: Amount
    """What the trip costs, for all travellers together."""
    number_of_adults: Count
    """Travellers who pay an adult's fare."""
    number_of_children: Count = 0
    """Travellers who pay a child's fare."""
    number_of_infants: Count = 0
    """Travellers without a seat of their own."""
    flights: Annotated[tuple[FlightBody, ...], Field(max_length=20)] = ()
    """The journey in detail; it must fit the dates."""


class TripChangeBody(Body):
    """What changes of a trip; the rest stays as it is."""

    departure_country: Country | None = None
    destination_country: Country | None = None
    trip_start_date: Moment | None = None
    trip_end_date: Moment | None = None
    total_tickets_price: Amount | None = None
    number_of_adults: Count | None = None
    number_of_children: Count | None = None
    number_of_infants: Count | None = None
    flights: Annotated[tuple[FlightBody, ...], Field(max_length=20)] | None = None

    def given(self) -> frozenset[str]:
        """Return the names of the fields that change."""
        return frozenset(name for name in self.model_fields_set if name != "quote_id")


class QuoteChangeBody(TripChangeBody):
    """What changes of the trip that a quote is for."""

    quote_id: QuoteId
    """A quote of the package."""


Requests = Annotated[list[TripBody], Field(min_length=1, max_length=MAX_ITEMS)]


class PurchaseBody(Body):
    """A purchase: the body of the quote call, and what a page carries signed."""

    currency: Currency
    """Of every amount here, and of the premium."""
    customer_country: Country
    """Where the customer lives: decides law, tax and documents."""
    customer_language: Language | None = None
    """A tag such as `de` or `de-AT`, for texts."""
    customer_region: Short | None = None
    """ISO 3166-2, as `US-NY` or `NY`: needed where the law differs by region, else not kept."""
    customer_postcode: Postcode | None = None
    """Accepted and not used."""
    partner_customer_id: Reference | None = None
    """Accepted and not used."""
    partner_subsidiary: Short | None = None
    """Accepted and not used."""
    partner_metadata: Metadata | None = None
    partner_reference: Reference | None = None
    """Your id of this checkout, unique per shopper: with it, asking again is the same offer."""
    request: Requests
    """One entry for each thing to insure."""


class UpdateQuotesBody(Body):
    """What changes of a package."""

    currency: Currency | None = None
    """Then every trip needs its price anew."""
    customer_country: Country | None = None
    customer_region: Short | None = None
    """Goes with the country: a new country needs it anew."""
    customer_language: Language | None = None
    request: Annotated[tuple[QuoteChangeBody, ...], Field(max_length=MAX_ITEMS)] = ()
    """What changes, by quote; the rest stays."""


class AddQuotesBody(Body):
    """More policies for a package."""

    request: Requests
    """One entry for each further thing to insure."""


class DroppedQuoteBody(Body):
    """A quote to take out of a package."""

    id: QuoteId
    """A quote of the package."""


class DeleteQuotesBody(Body):
    """The quotes to take out of a package."""

    quotes: Annotated[list[DroppedQuoteBody], Field(min_length=1, max_length=100)]
    """Those that go."""


def purchase_of(body: PurchaseBody) -> Purchase:
    """Return the purchase that a body describes.

    Raises:
        InputInvalid: An amount has more decimals than its currency, or there is no such region.
    """
    return Purchase(
        currency=body.currency,
        customer_country=body.customer_country,
        language=body.customer_language,
        reference=body.partner_reference,
        items=items_of(body.request, body.currency),
        customer_region=_region(body.customer_country, body.customer_region),
    )


def items_of(entries: Iterable[TripBody], currency: str) -> tuple[Item, ...]:
    """Return the items that entries of `request` describe.

    Raises:
        InputInvalid: An amount has more decimals than its currency.
    """
    return tuple(_item(entry, currency, index) for index, entry in enumerate(entries))


def changed_purchase(
    purchase: Purchase, body: UpdateQuotesBody, items: Mapping[str, int]
) -> Purchase:
    """Return a purchase with what a body changes.

    Args:
        items: The position of the purchase's item that each quote is for.

    Raises:
        InputInvalid: A quote is not in the package, there is no such region, or a price must be
            told anew.
    """
    currency = body.currency or purchase.currency
    country = body.customer_country or purchase.customer_country
    same = country == purchase.customer_country
    region = body.customer_region or (purchase.customer_region if same else None)
    changes = {items.get(entry.quote_id, -1): entry for entry in body.request}
    if -1 in changes:
        index = next(i for i, entry in enumerate(body.request) if entry.quote_id not in items)
        raise InputInvalid({f"request.{index}.quote_id": ["There is no such quote here."]})
    changed = tuple(
        replace(item, trip=_changed(item.trip, changes.get(index), purchase, currency, index))
        for index, item in enumerate(purchase.items)
    )
    return replace(
        purchase,
        currency=currency,
        customer_country=country,
        customer_region=_region(country, region),
        language=body.customer_language or purchase.language,
        items=changed,
    )


def changed_trip(trip: Trip, body: TripChangeBody, *, path: str) -> Trip:
    """Return a trip with what a body changes, in the currency that it is in.

    Args:
        path: Where the body stands, for the names of the fields at fault.

    Raises:
        InputInvalid: An amount has more decimals than its currency.
    """
    facts: dict[str, Any] = {
        "departure_country": body.departure_country,
        "destination_country": body.destination_country,
        "starts_at": body.trip_start_date,
        "ends_at": body.trip_end_date,
        "adults": body.number_of_adults,
        "children": body.number_of_children,
        "infants": body.number_of_infants,
        "legs": None if body.flights is None else _legs(body.flights),
        "cost": _cost(body.total_tickets_price, trip.cost.currency, path),
    }
    return replace(trip, **{name: value for name, value in facts.items() if value is not None})


def _changed(
    trip: Trip, body: QuoteChangeBody | None, purchase: Purchase, currency: str, index: int
) -> Trip:
    if currency != purchase.currency:
        if body is None or body.total_tickets_price is None:
            sentence = f"State the price of each trip in {currency} too."
            raise InputInvalid({f"request.{index}.total_tickets_price": [sentence]})
        trip = replace(trip, cost=Money.zero(currency))
    return trip if body is None else changed_trip(trip, body, path=f"request.{index}")


def _item(entry: TripBody, currency: str, index: int) -> Item:
    trip = Trip(
        departure_country=entry.departure_country,
        destination_country=entry.destination_country,
        starts_at=entry.trip_start_date,
        ends_at=entry.trip_end_date,
        cost=_money(entry.total_tickets_price, currency, f"request.{index}"),
        adults=entry.number_of_adults,
        children=entry.number_of_children,
        infants=entry.number_of_infants,
        legs=_legs(entry.flights),
    )
    return Item(entry.policy_type, entry.policy_type_version, trip, entry.policy_code)


def _region(country: str, text: str | None) -> str | None:
    try:
        return region_code(country, text) if text else None
    except ValueError as error:
        raise InputInvalid({"customer_region": [str(error)]}) from error


def _cost(amount: Decimal | None, currency: str, path: str) -> Money | None:
    return None if amount is None else _money(amount, currency, path)


def _money(amount: Decimal, currency: str, path: str) -> Money:
    try:
        return Money.exactly(amount, currency)
    except ValueError as error:
        raise InputInvalid({f"{path}.total_tickets_price": [f"{error}."]}) from error


def _legs(flights: Iterable[FlightBody]) -> tuple[Leg, ...]:
    return tuple(
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

"""Builders: values with friendly defaults, so that a test shows only what matters to it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

from widget.amendments import Amendment, AmendmentKind
from widget.app import load_catalogue, load_markets
from widget.bookings import Booking, Policy, Policyholder
from widget.events import mail
from widget.lines import Kind as Held
from widget.markets import Market
from widget.messages import Kind, Message
from widget.money import Money
from widget.offers import Choice, Offer, Quote, Status
from widget.partners import Mode, Partner, PartnerKey, key_named
from widget.products import AfterSale, Product
from widget.purchases import Facts, Item, Leg, Purchase, Subject, subject_of
from widget.replies import Reply
from widget.settings import Settings
from widget.showings import Blank, Filling, Rendered, Showing, showing_of

#: The moment at which tests happen unless they say otherwise.
NOON = datetime(2027, 3, 1, 12, 0, tzinfo=UTC)

TOKEN_KEY = "token-key-" + "t" * 32
PARTNER_KEY = "partner-key-" + "p" * 32


#: The rules for travel cover where no region is named, by the country that it is sold in.
MARKETS = {
    country: load_markets().get(country, None, "travel")
    for country in ("AT", "DE", "ES", "FR", "GB", "NL", "US")
}


#: Every rule that there is, by country, region and class.
MARKETS_KNOWN = load_markets().known


def a_market(country: str = "DE", region: str | None = None, name: str = "travel") -> Market:
    """Return the rules for a class of insurance in a country or region."""
    return load_markets().get(country, region, name)


#: Where facts of each kind stand.
PLACES = {
    Held.AMOUNT: "amounts",
    Held.AGES: "ages",
    Held.COUNT: "counts",
    Held.COUNTRY: "words",
    Held.MOMENT: "moments",
}


def some_settings(**changes: Any) -> Settings:
    """Return settings that can serve, without touching anything outside of the test."""
    defaults: dict[str, Any] = {
        "public_url": "https://cover.test",
        "token_keys": (TOKEN_KEY,),
        "partner_keys": (PARTNER_KEY,),
        "test_mail_to": "developer@acme.example",
        "sales_limit_per_s": 0,
        "other_limit_per_s": 0,
    }
    return Settings(**{**defaults, **changes})


def a_partner(code: str = "acme", **changes: Any) -> Partner:
    """Return a partner whose shop is at `https://shop.test`."""
    return replace(Partner(code, "Acme Travel", ("https://shop.test",), NOON), **changes)


def a_key(
    partner_code: str = "acme", mode: Mode = Mode.TEST, random: str = "abcdefgh12345678"
) -> PartnerKey:
    """Return a key that is derived from `PARTNER_KEY`."""
    return key_named(random, partner_code, mode, root=PARTNER_KEY.encode(), now=NOON)


def a_product(code: str = "travel_protection") -> Product:
    """Return a product that comes with the package."""
    product = CATALOGUE.on_sale(code)
    assert product is not None
    return product


CATALOGUE = load_catalogue(some_settings())
TRAVEL = CATALOGUE.lines["travel"]


def a_product_that(**allows: Any) -> Product:
    """Return a product that allows this after the sale, and nothing else."""
    return a_product().model_copy(update={"after_sale": AfterSale(**allows)})


def a_leg(**changes: Any) -> Leg:
    """Return a morning flight from Berlin to Lisbon on the first day of the trip."""
    departs_at = NOON + timedelta(days=90, hours=1)
    leg = Leg("ZZ 123", "BER", "LIS", departs_at, departs_at + timedelta(hours=3))
    return replace(leg, **changes)


def a_trip(**changes: Any) -> Subject:
    """Return a week in Portugal for two adults and a child from Germany, in 90 days."""
    starts_at = NOON + timedelta(days=90)
    facts = Facts(
        words={"departure_country": "DE", "destination_country": "PT"},
        counts={"number_of_adults": 2, "number_of_children": 1, "number_of_infants": 0},
        amounts={"total_tickets_price": Money.exactly(Decimal("1284.60"), "EUR")},
        moments={"trip_start_date": starts_at, "trip_end_date": starts_at + timedelta(days=7)},
    )
    return a_changed(subject_of(TRAVEL, facts, "EUR"), **changes)


#: Short names for what tests change of a trip, and the fields that hold it.
_SHORT = {
    "starts_at": "trip_start_date",
    "ends_at": "trip_end_date",
    "cost": "total_tickets_price",
    "adults": "number_of_adults",
    "children": "number_of_children",
    "infants": "number_of_infants",
}


def a_changed(trip: Subject, **changes: Any) -> Subject:
    """Return a trip with other facts, by their names or the short ones."""
    places: dict[str, dict[str, Any]] = {}
    facts = trip.facts
    for short, value in changes.items():
        name = _SHORT.get(short, short)
        if name == "legs":
            facts = replace(facts, legs=value)
            continue
        place = PLACES[TRAVEL.fields[name].kind]
        places.setdefault(place, dict(getattr(facts, place)))[name] = value
    facts = replace(facts, **places)  # type: ignore[arg-type] # legs are not among them
    cost = facts.amounts["total_tickets_price"]
    return subject_of(TRAVEL, facts, cost.currency)


def problems_of(trip: Subject) -> dict[str, list[str]]:
    """Return what contradicts itself about a trip at noon."""
    return {name: list(texts) for name, texts in trip.problems(TRAVEL, now=NOON).items()}


def cost_of(trip: Subject) -> Money:
    """Return what a trip costs."""
    return trip.facts.amounts["total_tickets_price"]


def a_year(**changes: Any) -> Subject:
    """Return a year of trips in Europe from 1 June 2027, for one adult from Germany."""
    starts_at = datetime(2027, 6, 1, tzinfo=timezone(timedelta(hours=2)))
    year = a_trip(
        starts_at=starts_at,
        ends_at=starts_at.replace(year=2028),
        cost=Money.exactly(Decimal("2000.00"), "EUR"),
        adults=1,
        children=0,
    )
    return a_changed(year, **changes)


def a_purchase(*, trip: Subject | None = None, **changes: Any) -> Purchase:
    """Return the purchase of a trip by a customer in Germany."""
    purchase = Purchase(
        currency="EUR",
        customer_country="DE",
        language="en",
        reference="CHK-1",
        items=(Item("travel_protection", None, trip or a_trip()),),
    )
    return replace(purchase, **changes)


def a_quote(id: str = "q-1", **changes: Any) -> Quote:  # noqa: A002 - it is the quote's id
    """Return the quote of the plan `cancellation`."""
    quote = Quote(
        id=id,
        item=0,
        product_code="travel_protection",
        product_version=1,
        plan_code="cancellation",
        premium=Money(4892, "EUR"),
        tax=Money(781, "EUR"),
        tax_code="VERSST",
        starts_at=NOON,
        ends_at=NOON + timedelta(days=97),
    )
    return replace(quote, **changes)


def an_offer(**changes: Any) -> Offer:
    """Return an open offer of both plans, good for 30 minutes from noon."""
    purchase = changes.pop("purchase", None) or a_purchase()
    medical = a_quote("q-2", plan_code="cancellation_medical", premium=Money(8224, "EUR"))
    offer = Offer(
        id="AAAAA-BBBBB-INS",
        partner_code="acme",
        mode=Mode.TEST,
        purchase=purchase,
        purchase_hash=purchase.content_hash(),
        quotes=(a_quote("q-1"), medical),
        created_at=NOON,
        expires_at=NOON + timedelta(minutes=30),
    )
    return replace(offer, **changes)


def an_opted_in_offer(**changes: Any) -> Offer:
    """Return an offer whose first quote was chosen a minute after noon."""
    offer = an_offer(**changes)
    chosen = offer.opt_in({"q-1"}, at=NOON + timedelta(minutes=1), locale="en")
    assert chosen.choice is Choice.OPTED_IN
    return chosen


def a_policyholder(**changes: Any) -> Policyholder:
    """Return Ada Muster, who lives in Germany."""
    person = Policyholder("Ada", "Muster", "ada.muster@customer.example", "DE")
    return replace(person, **changes)


def a_rendered_page(**changes: Any) -> Rendered:
    """Return a page of an open offer, as it is shown in a frame."""
    page = f'<p nonce="{Blank.NONCE}">{Blank.EXPIRES_IN_S} seconds</p><i>{Blank.RETURN_TO}</i>'
    return replace(Rendered(page, Filling("n" * 22, 1800), "page", "en", "open"), **changes)


def a_showing(offer: Offer | None = None, **changes: Any) -> Showing:
    """Return that an offer was shown at noon; `changes` are the page's."""
    rendered, salt = a_rendered_page(**changes), bytes(16)
    return showing_of(offer or an_offer(), rendered, at=NOON, salt=salt, texts_version="texts-1")


def a_booking(**changes: Any) -> Booking:
    """Return the booking of `an_opted_in_offer`, confirmed two minutes after noon."""
    offer = changes.pop("offer", None) or an_opted_in_offer()
    at = NOON + timedelta(minutes=2)
    booking = Booking(
        offer=offer.booked(Status.CONFIRMED),
        policyholder=a_policyholder(),
        policies=(Policy("TRV-AAAAA-BBBBB", offer.chosen_quotes[0], issued_at=at),),
        transaction_id="ORDER-1",
        booked_at=at,
        confirmed_at=at,
        status=Status.CONFIRMED,
        purchase=offer.purchase,
    )
    return replace(booking, **changes)


def offer_of(booking: Booking) -> Offer:
    """Return the offer of a booking as it was just before it was booked."""
    return booking.offer.booked(Status.RECEIVED)


def mails_of(booking: Booking) -> tuple[Message, ...]:
    """Return the policy confirmation that a booking owes."""
    return (mail(booking, Kind.POLICY_CONFIRMATION, at=booking.booked_at),)


def a_pending_booking(**changes: Any) -> Booking:
    """Return a booking whose outcome is not known yet."""
    booking = a_booking(policies=(), confirmed_at=None, status=Status.PENDING)
    booking = replace(booking, offer=booking.offer.booked(Status.PENDING))
    return replace(booking, **changes)


def an_amendment(**changes: Any) -> Amendment:
    """Return a priced update of `a_booking` that changes nothing yet."""
    booking = a_booking()
    amendment = Amendment(
        id="aaaaa-bbbbb-ccccc-UPD",
        kind=AmendmentKind.UPDATE,
        partner_code=booking.partner_code,
        booking_id=booking.id,
        revision=booking.revision,
        purchase=booking.purchase,
        policies=booking.policies,
        policyholder=None,
        reason=None,
        created_at=NOON + timedelta(minutes=3),
        expires_at=NOON + timedelta(days=1, minutes=3),
    )
    return replace(amendment, **changes)


def a_reply(**changes: Any) -> Reply:
    """Return the first answer to a request with the idempotency key `key-1`."""
    reply = Reply(
        partner_code="acme",
        mode=Mode.TEST,
        key="key-1",
        fingerprint="f" * 64,
        status=200,
        body=b'{"id":"AAAAA-BBBBB-INS"}',
        offer_id="AAAAA-BBBBB-INS",
        created_at=NOON,
    )
    return replace(reply, **changes)


def a_message(**changes: Any) -> Message:
    """Return the policy confirmation that `a_booking` owes."""
    message = Message(
        "acme:AAAAA-BBBBB-INS:0:policy_confirmation",
        "acme",
        Mode.TEST,
        "AAAAA-BBBBB-INS",
        Kind.POLICY_CONFIRMATION,
        "mail",
        NOON + timedelta(minutes=2),
    )
    return replace(message, **changes)


def purchase_json(**changes: Any) -> dict[str, Any]:
    """Return the wire form of `a_purchase`; `trip` changes its one entry of `request`."""
    starts_at = NOON + timedelta(days=90)
    trip = {
        "policy_type": "travel_protection",
        "departure_country": "DE",
        "destination_country": "PT",
        "trip_start_date": starts_at.isoformat(),
        "trip_end_date": (starts_at + timedelta(days=7)).isoformat(),
        "total_tickets_price": 1284.6,
        "number_of_adults": 2,
        "number_of_children": 1,
    } | changes.pop("trip", {})
    return {
        "currency": "EUR",
        "customer_country": "DE",
        "customer_language": "en",
        "partner_reference": "CHK-1",
        "request": [trip],
    } | changes


def policyholder_json(**changes: Any) -> dict[str, Any]:
    """Return the wire form of `a_policyholder`."""
    return {
        "first_name": "Ada",
        "last_name": "Muster",
        "email": "ada.muster@customer.example",
        "country": "DE",
    } | changes

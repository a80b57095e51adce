"""What we ask a remote platform: purchases, confirmations and changes, as XCover writes them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from widget.bookings import Booking, Insured
from widget.money import Money
from widget.offers import Quote
from widget.purchases import Item, Leg, Part, Purchase, Subject

Json = dict[str, Any]


def package_of(purchase: Purchase) -> Json:
    """Return the body that asks for a quote package."""
    return _given(
        {
            "currency": purchase.currency,
            "customer_country": purchase.customer_country,
            "customer_region": purchase.customer_region,
            "customer_language": purchase.language,
            "request": [_entry(item) for item in purchase.items],
        }
    )


def offer_of(purchase: Purchase) -> Json:
    """Return the body that asks for an offer, of a purchase with one item."""
    (item,) = purchase.items
    version = "" if item.product_version is None else f":{item.product_version}"
    customer = {
        "currency": purchase.currency,
        "country": purchase.customer_country,
        "region": purchase.customer_region,
        "language": purchase.language,
    }
    return {
        "schema": f"{item.product_code}{version}",
        "customer": _given(customer),
        "partner": {},
        "context": _given({"policy_code": item.plan_code, **_told(item.subject)}),
    }


def confirmation_of(booking: Booking) -> Json:
    """Return the body that confirms the chosen quotes; the same however often it is sent."""
    return {
        "quotes": [
            {
                "id": quote.upstream_id,
                "insured": _people(booking.insured.get(quote.id, ())),
            }
            for quote in booking.offer.chosen_quotes
        ],
        "policyholder": _given(asdict(booking.policyholder)),
        "partner_transaction_id": transaction_of(booking),
    }


def transaction_of(booking: Booking) -> str:
    """Return the payment reference that a booking has at the remote platform.

    All our partners are one partner there, so it names the partner too.
    """
    return f"{booking.partner_code}:{booking.id}"


def change_of(booking: Booking, wanted: Booking) -> Json:
    """Return the body that makes a booking as it is wanted: of everything, what changes."""
    old, new = asdict(booking.policyholder), asdict(wanted.policyholder)
    person = {name: new[name] for name in new if new[name] != old[name]}
    quotes = [
        {"id": policy.quote.upstream_id, "update_fields": fields}
        for policy in booking.in_force
        if (fields := _fields(policy.quote, booking, wanted))
    ]
    return {name: part for name, part in {"policyholder": person, "quotes": quotes}.items() if part}


def _fields(quote: Quote, booking: Booking, wanted: Booking) -> Json:
    """Return what changes of one policy: of what is insured, and of whom it protects."""
    before, after = (one.purchase.items[quote.item].subject for one in (booking, wanted))
    people = wanted.insured.get(quote.id, ())
    is_same = people == booking.insured.get(quote.id, ())
    return _changes(before, after) | ({} if is_same else {"insured": _people(people)})


def _people(people: Iterable[Insured]) -> list[Json]:
    return [_given(asdict(person)) for person in people]


def cancellation_of(booking: Booking, quote_ids: Collection[str], reason: str | None) -> Json:
    """Return the body that previews the cancellation of some quotes' policies."""
    quotes = [
        _given({"id": policy.quote.upstream_id, "reason_for_cancellation": reason})
        for policy in booking.in_force
        if policy.quote_id in quote_ids
    ]
    return {"preview": True, "quotes": quotes}


def _entry(item: Item) -> Json:
    return _given(
        {
            "policy_type": item.product_code,
            "policy_type_version": item.product_version,
            "policy_code": item.plan_code,
            **_told(item.subject),
        }
    )


def _told(subject: Subject) -> Json:
    """Return the facts of a thing under the names that the wire has for them."""
    told = {name: _spelled(value) for name, value in subject.facts.by_name().items()}
    return told | ({"flights": [{"legs": told["flights"]}]} if "flights" in told else {})


def _spelled(value: object) -> object:
    if isinstance(value, tuple):
        return [_spelled(one) for one in value]
    for kind, spell in _SPELLINGS.items():
        if isinstance(value, kind):
            return spell(value)
    return value


def _part(part: Part) -> Json:
    amounts = {name: amount.as_number() for name, amount in part.amounts.items()}
    return {**part.words, **part.counts, **amounts}


def _changes(before: Subject, after: Subject) -> Json:
    old, new = _told(before), _told(after)
    changed = {name: value for name, value in new.items() if value != old.get(name)}
    # Nothing is sent for nothing, except that there are no flights any more.
    gone: Json = {"flights": []} if "flights" in old.keys() - new.keys() else {}
    return changed | gone


def _leg(leg: Leg) -> Json:
    return {
        "flight_number": leg.flight_number,
        "departure_airport": leg.departure_airport,
        "arrival_airport": leg.arrival_airport,
        "departure_datetime": leg.departs_at.isoformat(),
        "arrival_datetime": leg.arrives_at.isoformat(),
    }


#: How what JSON has no words for is spelled.
_SPELLINGS: Mapping[type, Callable[[Any], object]] = {
    Money: Money.as_number,
    datetime: datetime.isoformat,
    Leg: _leg,
    Part: _part,
}


def _given(facts: Json) -> Json:
    return {name: value for name, value in facts.items() if value is not None}

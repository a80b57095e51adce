"""Rows of the database, to and from the values of the ground. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import TypeAdapter

from widget.bookings import Booking, Policy, Policyholder
from widget.evidence import Leaf
from widget.messages import Kind, Message
from widget.offers import Choice, Offer, Quote, Status
from widget.partners import Mode, Partner, PartnerKey
from widget.purchases import Purchase

Row = Mapping[str, Any]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PURCHASE = TypeAdapter(Purchase)
_QUOTES = TypeAdapter(tuple[Quote, ...])
_TEXTS = TypeAdapter(tuple[str, ...])
_PERSON = TypeAdapter(Policyholder)


def micros(moment: datetime | None) -> int | None:
    """Return a moment as whole microseconds since 1970."""
    return None if moment is None else (moment - _EPOCH) // timedelta(microseconds=1)


def moment(value: int) -> datetime:
    """Return the moment of so many microseconds since 1970, in UTC."""
    return _EPOCH + timedelta(microseconds=value)


def partner_row(partner: Partner) -> Row:
    """Return a partner's row."""
    return {
        "code": partner.code,
        "name": partner.name,
        "origins_json": _TEXTS.dump_json(partner.origins).decode(),
        "created_at": micros(partner.created_at),
    }


def partner_from(row: Row) -> Partner:
    """Return the partner in a row."""
    origins = _TEXTS.validate_json(row["origins_json"])
    return Partner(row["code"], row["name"], origins, moment(row["created_at"]))


def key_row(key: PartnerKey) -> Row:
    """Return a key's row."""
    return {
        "key_id": key.key_id,
        "partner_code": key.partner_code,
        "mode": key.mode,
        "root_id": key.root_id,
        "created_at": micros(key.created_at),
        "revoked_at": micros(key.revoked_at),
    }


def key_from(row: Row) -> PartnerKey:
    """Return the key in a row."""
    revoked = row["revoked_at"]
    return PartnerKey(
        key_id=row["key_id"],
        partner_code=row["partner_code"],
        mode=Mode(row["mode"]),
        root_id=row["root_id"],
        created_at=moment(row["created_at"]),
        revoked_at=None if revoked is None else moment(revoked),
    )


def offer_row(offer: Offer) -> Row:
    """Return an offer's row."""
    return {
        "partner_code": offer.partner_code,
        "id": offer.id,
        "mode": offer.mode,
        "purchase_json": _PURCHASE.dump_json(offer.purchase).decode(),
        "purchase_hash": offer.purchase_hash,
        "quotes_json": _QUOTES.dump_json(offer.quotes).decode(),
        "created_at": micros(offer.created_at),
        "expires_at": micros(offer.expires_at),
        "status": offer.status,
        "choice": offer.choice,
        "chosen_json": _TEXTS.dump_json(offer.chosen).decode(),
        "chosen_at": micros(offer.chosen_at),
        "chosen_locale": offer.chosen_locale,
        "revision": offer.revision,
    }


def offer_from(row: Row) -> Offer:
    """Return the offer in a row."""
    chosen_at = row["chosen_at"]
    return Offer(
        id=row["id"],
        partner_code=row["partner_code"],
        mode=Mode(row["mode"]),
        purchase=_PURCHASE.validate_json(row["purchase_json"]),
        purchase_hash=row["purchase_hash"],
        quotes=_QUOTES.validate_json(row["quotes_json"]),
        created_at=moment(row["created_at"]),
        expires_at=moment(row["expires_at"]),
        status=Status(row["status"]),
        choice=Choice(row["choice"]),
        chosen=_TEXTS.validate_json(row["chosen_json"]),
        chosen_at=None if chosen_at is None else moment(chosen_at),
        chosen_locale=row["chosen_locale"],
        revision=row["revision"],
    )


def booking_row(booking: Booking) -> Row:
    """Return a booking's own row; offer, policies and policyholder have theirs."""
    return {
        "partner_code": booking.partner_code,
        "id": booking.id,
        "mode": booking.mode,
        "status": booking.status,
        "transaction_id": booking.transaction_id,
        "currency": booking.premium.currency,
        "premium": booking.premium.minor,
        "tax": booking.offer.tax.minor,
        "confirmed_at": micros(booking.confirmed_at),
    }


def person_json(person: Policyholder) -> str:
    """Return a policyholder as stored."""
    return _PERSON.dump_json(person).decode()


def booking_from(row: Row, offer: Offer, person: str, policies: tuple[Policy, ...]) -> Booking:
    """Return the booking in a row, with what stands beside it."""
    return Booking(
        offer=offer,
        policyholder=_PERSON.validate_json(person),
        policies=policies,
        transaction_id=row["transaction_id"],
        confirmed_at=moment(row["confirmed_at"]),
        status=Status(row["status"]),
    )


def leaf_row(leaf: Leaf) -> Row:
    """Return a leaf's row."""
    return {
        "partner_code": leaf.partner_code,
        "offer_id": leaf.offer_id,
        "kind": leaf.kind,
        "at": micros(leaf.at),
        "body": leaf.body,
        "digest": leaf.digest(),
    }


def leaf_from(row: Row) -> Leaf:
    """Return the leaf in a row."""
    return Leaf(row["partner_code"], row["offer_id"], row["kind"], moment(row["at"]), row["body"])


def message_row(message: Message) -> Row:
    """Return a new message's row."""
    return {
        "id": message.id,
        "partner_code": message.partner_code,
        "booking_id": message.booking_id,
        "kind": message.kind,
        "due_at": micros(message.due_at),
        "failures": message.failures,
    }


def message_from(row: Row) -> Message:
    """Return the message in a row."""
    return Message(
        id=row["id"],
        partner_code=row["partner_code"],
        booking_id=row["booking_id"],
        kind=Kind(row["kind"]),
        due_at=moment(row["due_at"]),
        failures=row["failures"],
    )

"""What is done to a SQLite database within one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import apsw

from widget.bookings import Booking, Policy
from widget.errors import AlreadyConfirmed, PaymentAlreadyUsed
from widget.evidence import Leaf
from widget.messages import Message
from widget.offers import Offer, Status
from widget.partners import Mode, Partner
from widget.storage import rows
from widget.storage.connections import apply, insert, insert_new, select

#: What may be sent now: due, not done, and not in another sender's hands.
DUE = (
    "sent_at IS NULL AND gave_up_at IS NULL AND due_at <= :now"
    " AND (leased_until IS NULL OR leased_until <= :now)"
)
CLAIM = (
    "UPDATE messages SET leased_until = :until WHERE id IN"
    f" (SELECT id FROM messages WHERE {DUE} ORDER BY due_at LIMIT :limit) RETURNING *"
)


def save_partner(db: apsw.Connection, partner: Partner) -> None:
    """Store a partner, or its new name and origins."""
    apply(
        db,
        "INSERT INTO partners VALUES (:code, :name, :origins_json, :created_at)"
        " ON CONFLICT (code) DO UPDATE"
        " SET name = excluded.name, origins_json = excluded.origins_json",
        rows.partner_row(partner),
    )


def find_open_offer(
    db: apsw.Connection,
    partner_code: str,
    mode: Mode,
    reference: str,
    purchase_hash: str,
    *,
    now: datetime,
) -> Offer | None:
    """Return the offer that a purchase leads to now."""
    found = select(
        db,
        "SELECT offers.* FROM open_purchases AS opened JOIN offers"
        " ON offers.partner_code = opened.partner_code AND offers.id = opened.offer_id"
        " WHERE opened.partner_code = :code AND opened.mode = :mode"
        " AND opened.reference = :reference AND opened.purchase_hash = :hash"
        " AND (opened.is_booked = 1 OR opened.expires_at > :now)",
        {
            "code": partner_code,
            "mode": mode,
            "reference": reference,
            "hash": purchase_hash,
            "now": rows.micros(now),
        },
    )
    return rows.offer_from(found[0]) if found else None


def save_offer(db: apsw.Connection, offer: Offer, made: Leaf, now: datetime) -> Offer:
    """Store a new offer, unless its purchase leads to one already."""
    reference = offer.purchase.reference
    if reference is not None:
        key = (offer.partner_code, offer.mode, reference, offer.purchase_hash)
        if current := find_open_offer(db, *key, now=now):
            return current
    insert(db, "offers", rows.offer_row(offer))
    insert(db, "evidence", rows.leaf_row(made))
    if reference is not None:
        _lead_to(db, offer, reference)
    return offer


def change_offer(db: apsw.Connection, seen: Offer, changed: Offer, leaf: Leaf) -> bool:
    """Store a choice or a decline, if the offer is still as `seen`."""
    row = {**rows.offer_row(changed), "seen": seen.revision, "seen_status": seen.status}
    is_changed = apply(
        db,
        "UPDATE offers SET status = :status, choice = :choice, chosen_json = :chosen_json,"
        " chosen_at = :chosen_at, chosen_locale = :chosen_locale, revision = :revision"
        " WHERE partner_code = :partner_code AND id = :id"
        " AND revision = :seen AND status = :seen_status",
        row,
    )
    if is_changed:
        insert(db, "evidence", rows.leaf_row(leaf))
    return is_changed


def save_booking(
    db: apsw.Connection, booking: Booking, confirmed: Leaf, messages: Sequence[Message]
) -> Booking | None:
    """Turn an offer into a booking with all that belongs to it, or change nothing."""
    if existing := find_booking(db, booking.partner_code, booking.id):
        return existing
    key = {"code": booking.partner_code, "id": booking.id}
    is_confirmed = apply(
        db,
        "UPDATE offers SET status = :new WHERE partner_code = :code AND id = :id"
        " AND status = :old AND choice = 'opted_in' AND revision = :revision",
        {
            **key,
            "new": Status.CONFIRMED,
            "old": Status.RECEIVED,
            "revision": booking.offer.revision,
        },
    )
    if not is_confirmed:
        return None
    if not insert_new(db, "bookings", rows.booking_row(booking)):
        raise PaymentAlreadyUsed(booking.transaction_id or "")
    _insert_parts(db, booking)
    insert(db, "evidence", rows.leaf_row(confirmed))
    for message in messages:
        insert(db, "messages", rows.message_row(message))
    _book_purchase(db, booking.offer)
    return booking


def find_booking(db: apsw.Connection, partner_code: str, booking_id: str) -> Booking | None:
    """Return a booking with its offer, policies and policyholder."""
    key = {"code": partner_code, "id": booking_id}
    own = " WHERE partner_code = :code AND booking_id = :id"
    found = select(db, "SELECT * FROM bookings WHERE partner_code = :code AND id = :id", key)
    if not found:
        return None
    offers = select(db, "SELECT * FROM offers WHERE partner_code = :code AND id = :id", key)
    people = select(db, "SELECT person_json FROM policyholders" + own, key)
    policies = select(db, "SELECT number, quote_id FROM policies" + own + " ORDER BY number", key)
    return rows.booking_from(
        found[0],
        rows.offer_from(offers[0]),
        people[0]["person_json"],
        tuple(Policy(row["number"], row["quote_id"]) for row in policies),
    )


def _lead_to(db: apsw.Connection, offer: Offer, reference: str) -> None:
    apply(
        db,
        "INSERT INTO open_purchases"
        " VALUES (:partner_code, :mode, :reference, :purchase_hash, :id, :expires_at, 0)"
        " ON CONFLICT (partner_code, mode, reference, purchase_hash)"
        " DO UPDATE SET offer_id = excluded.offer_id, expires_at = excluded.expires_at",
        {**rows.offer_row(offer), "reference": reference},
    )


def _book_purchase(db: apsw.Connection, offer: Offer) -> None:
    """Let the purchase lead to this booking for good.

    Its offer may have expired and been renewed while the payment was under way: of the two, the
    one that is confirmed first is the booking.
    """
    if offer.purchase.reference is None:
        return
    purchase = (
        " WHERE partner_code = :partner_code AND mode = :mode AND reference = :reference"
        " AND purchase_hash = :purchase_hash"
    )
    key = {**rows.offer_row(offer), "reference": offer.purchase.reference}
    is_booked = apply(
        db,
        f"UPDATE open_purchases SET offer_id = :id, is_booked = 1 {purchase} AND is_booked = 0",
        key,
    )
    if not is_booked:
        other = select(db, f"SELECT offer_id FROM open_purchases {purchase}", key)[0]
        raise AlreadyConfirmed(other["offer_id"])


def _insert_parts(db: apsw.Connection, booking: Booking) -> None:
    key = {"partner_code": booking.partner_code, "booking_id": booking.id}
    for policy in booking.policies:
        insert(db, "policies", {**key, "number": policy.number, "quote_id": policy.quote_id})
    person = rows.person_json(booking.policyholder)
    insert(db, "policyholders", {**key, "person_json": person})

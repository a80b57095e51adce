"""What is done to bookings in a SQLite database within one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import apsw

from widget.amendments import Amendment
from widget.bookings import Booking
from widget.errors import AmendmentApplied, AmendmentStale, PaymentAlreadyUsed, StorageUnavailable
from widget.evidence import Leaf
from widget.messages import Message
from widget.offers import Offer
from widget.partners import Mode
from widget.replies import Reply
from widget.storage import booking_rows, rows
from widget.storage.base import Page
from widget.storage.changes import book_purchase, update_offer
from widget.storage.connections import apply, insert, insert_new, select
from widget.storage.outbox import add_messages, keep_reply

_OWN = " WHERE partner_code = :code AND booking_id = :id"
_UNDER_WAY = (
    " WHERE partner_code = :partner_code AND booking_id = :booking_id"
    " AND begun_at IS NOT NULL AND applied_at IS NULL"
)


def save_booking(
    db: apsw.Connection,
    seen: Offer,
    booking: Booking,
    *,
    leaves: Sequence[Leaf],
    messages: Sequence[Message],
    reply: Reply | None,
) -> Booking | None:
    """Turn an offer into a booking with all that belongs to it, or change nothing."""
    if seen.is_booked or not update_offer(db, seen, booking.offer):
        return find_booking(db, booking.partner_code, booking.id)
    if not insert_new(db, "bookings", booking_rows.booking_row(booking)):
        raise PaymentAlreadyUsed(booking.transaction_id or "")
    _put_policies(db, booking)
    insert(db, "policyholders", booking_rows.people_row(booking))
    for leaf in leaves:
        insert(db, "evidence", rows.leaf_row(leaf))
    add_messages(db, messages)
    keep_reply(db, reply)
    book_purchase(db, booking.offer)
    return booking


def change_booking(
    db: apsw.Connection,
    seen: Booking,
    changed: Booking,
    leaf: Leaf,
    *,
    messages: Sequence[Message],
    amendment: Amendment | None,
    reply: Reply | None,
) -> bool:
    """Store what became of a booking, if it is still as `seen`.

    Raises:
        AmendmentApplied: The amendment was applied before.
    """
    if amendment is not None:
        _check_unapplied(db, amendment)
    if not _update(db, seen, changed):
        return False
    if seen.offer != changed.offer:
        update_offer(db, seen.offer, changed.offer)
    if seen.policies != changed.policies:
        _put_policies(db, changed)
    if (seen.policyholder, seen.insured) != (changed.policyholder, changed.insured):
        apply(
            db,
            "UPDATE policyholders SET person_json = :person_json, insured_json = :insured_json"
            " WHERE partner_code = :partner_code AND booking_id = :booking_id",
            booking_rows.people_row(changed),
        )
    insert(db, "evidence", rows.leaf_row(leaf))
    add_messages(db, messages)
    if amendment is not None:
        _keep_applied(db, amendment)
    keep_reply(db, reply)
    return True


def find_booking(db: apsw.Connection, partner_code: str, booking_id: str) -> Booking | None:
    """Return a booking with its offer, policies and people."""
    key = {"code": partner_code, "id": booking_id}
    found = select(db, "SELECT * FROM bookings WHERE partner_code = :code AND id = :id", key)
    return _whole(db, found[0]) if found else None


def find_paid(
    db: apsw.Connection, partner_code: str, mode: Mode, transaction_id: str
) -> Booking | None:
    """Return the booking that a transaction paid for."""
    found = select(
        db,
        "SELECT * FROM bookings"
        " WHERE partner_code = :code AND mode = :mode AND transaction_id = :transaction_id",
        {"code": partner_code, "mode": mode, "transaction_id": transaction_id},
    )
    return _whole(db, found[0]) if found else None


def list_bookings(
    db: apsw.Connection, partner_code: str, mode: Mode, *, limit: int, offset: int
) -> Page:
    """Return some of a partner's bookings, the newest first."""
    values = {"code": partner_code, "mode": mode, "limit": limit, "offset": offset}
    own = "FROM bookings WHERE partner_code = :code AND mode = :mode"
    count = select(db, f"SELECT count(*) AS number {own}", values)[0]["number"]
    found = select(
        db,
        f"SELECT * {own} ORDER BY booked_at DESC, id LIMIT :limit OFFSET :offset",
        values,
    )
    return Page(tuple(_whole(db, row) for row in found), count)


def list_pending(
    db: apsw.Connection, *, booked_before: datetime, limit: int, skip: int
) -> list[Booking]:
    """Return bookings whose outcome is unknown since before then."""
    found = select(
        db,
        "SELECT * FROM bookings WHERE status = 'PENDING' AND booked_at < :before"
        " ORDER BY booked_at, partner_code, id LIMIT :limit OFFSET :skip",
        {"before": rows.micros(booked_before), "limit": limit, "skip": skip},
    )
    return [_whole(db, row) for row in found]


def save_amendment(db: apsw.Connection, amendment: Amendment, reply: Reply | None) -> None:
    """Store an amendment, and forget the people of those that have expired."""
    values = {"now": rows.micros(amendment.created_at)}
    # Each has an index of its own, so that nothing is looked through that has nobody in it.
    for people in ("person_json", "insured_json"):
        forgotten = (
            f" SET {people} = NULL"
            f" WHERE expires_at <= :now AND {people} IS NOT NULL AND begun_at IS NULL"
        )
        apply(db, f"UPDATE amendments {forgotten}", values)
    insert(db, "amendments", booking_rows.amendment_row(amendment))
    keep_reply(db, reply)


def find_amendment(
    db: apsw.Connection, partner_code: str, booking_id: str | None, amendment_id: str
) -> Amendment | None:
    """Return an amendment of a booking, or of whichever of the partner's when None is named."""
    of_booking = "" if booking_id is None else " AND booking_id = :booking_id"
    found = select(
        db,
        f"SELECT * FROM amendments WHERE partner_code = :code AND id = :id{of_booking}",
        {"code": partner_code, "id": amendment_id, "booking_id": booking_id},
    )
    return booking_rows.amendment_from(found[0]) if found else None


def begin_amendment(db: apsw.Connection, amendment: Amendment) -> None:
    """Store that an amendment is under way, or not any more.

    Raises:
        AmendmentApplied: It was made meanwhile.
        AmendmentStale: Another one of the booking is under way.
    """
    _check_unapplied(db, amendment)
    row = booking_rows.amendment_row(amendment)
    others = select(db, f"SELECT id FROM amendments {_UNDER_WAY} AND id <> :id", row)
    if others and amendment.begun_at is not None:
        raise AmendmentStale(amendment.id)
    if not insert_new(db, "amendments", row):
        apply(
            db,
            "UPDATE amendments SET begun_at = :begun_at"
            " WHERE partner_code = :partner_code AND booking_id = :booking_id AND id = :id",
            row,
        )


def find_begun(db: apsw.Connection, partner_code: str, booking_id: str) -> Amendment | None:
    """Return the amendment of a booking that is under way."""
    key = {"partner_code": partner_code, "booking_id": booking_id}
    found = select(db, f"SELECT * FROM amendments {_UNDER_WAY}", key)
    return booking_rows.amendment_from(found[0]) if found else None


def list_begun(
    db: apsw.Connection, *, begun_before: datetime, limit: int, skip: int
) -> list[Amendment]:
    """Return amendments that are under way since before then."""
    found = select(
        db,
        "SELECT * FROM amendments WHERE begun_at < :before AND applied_at IS NULL"
        " ORDER BY begun_at, partner_code, id LIMIT :limit OFFSET :skip",
        {"before": rows.micros(begun_before), "limit": limit, "skip": skip},
    )
    return [booking_rows.amendment_from(row) for row in found]


def _update(db: apsw.Connection, seen: Booking, changed: Booking) -> bool:
    row = booking_rows.booking_row(changed)
    facts = ", ".join(f"{name} = :{name}" for name in row.keys() - {"partner_code", "id"})
    return apply(
        db,
        f"UPDATE bookings SET {facts}"
        " WHERE partner_code = :partner_code AND id = :id AND revision = :seen",
        {**row, "seen": seen.revision},
    )


def _put_policies(db: apsw.Connection, booking: Booking) -> None:
    for position in range(len(booking.policies)):
        row = booking_rows.policy_row(booking, position)
        facts = ", ".join(f"{name} = excluded.{name}" for name in row.keys() - {"number"})
        places = ", ".join(f":{name}" for name in row)
        is_ours = apply(
            db,
            f"INSERT INTO policies ({', '.join(row)}) VALUES ({places})"
            f" ON CONFLICT (number) DO UPDATE SET {facts}"
            " WHERE partner_code = excluded.partner_code AND booking_id = excluded.booking_id",
            row,
        )
        if not is_ours:
            raise StorageUnavailable(f"Policy number {row['number']} is another booking's.")


def _check_unapplied(db: apsw.Connection, amendment: Amendment) -> None:
    key = (amendment.partner_code, amendment.booking_id, amendment.id)
    stored = find_amendment(db, *key)
    if stored is not None and stored.applied_at is not None:
        raise AmendmentApplied(amendment.id)


def _keep_applied(db: apsw.Connection, amendment: Amendment) -> None:
    """Store that an amendment was made, whether or not it had been priced before."""
    row = booking_rows.amendment_row(amendment)
    if not insert_new(db, "amendments", row):
        apply(
            db,
            "UPDATE amendments"
            " SET applied_at = :applied_at, person_json = NULL, insured_json = NULL"
            " WHERE partner_code = :partner_code AND booking_id = :booking_id AND id = :id",
            row,
        )


def _whole(db: apsw.Connection, row: rows.Row) -> Booking:
    key = {"code": row["partner_code"], "id": row["id"]}
    offers = select(db, "SELECT * FROM offers WHERE partner_code = :code AND id = :id", key)
    people = select(db, f"SELECT * FROM policyholders {_OWN}", key)
    policies = select(db, f"SELECT * FROM policies {_OWN} ORDER BY position", key)
    return booking_rows.booking_from(row, rows.offer_from(offers[0]), people[0], policies)

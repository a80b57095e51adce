"""What is erased in a SQLite database: every place that may hold something of a person."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import apsw

from widget.erasures import Erasure
from widget.evidence import Leaf
from widget.storage import booking_changes, booking_rows, rows
from widget.storage.connections import apply, insert, select

_OF_BOOKING = " WHERE partner_code = :code AND booking_id = :id"
_OF_OFFER = " WHERE partner_code = :code AND offer_id = :id"
_OWN = " WHERE partner_code = :code AND id = :id"

#: The partner's own facts, an upstream's sentence, and a link of its may name a person too.
_TEXTS = (
    f"UPDATE offers SET metadata_json = '{{}}' {_OWN} AND metadata_json <> '{{}}'",
    (
        f"UPDATE bookings SET metadata_json = '{{}}', problem = '' {_OWN}"
        " AND (metadata_json <> '{}' OR problem <> '')"
    ),
    (
        f"UPDATE policies SET certificate_url = NULL, certificate_pdf_url = NULL {_OF_BOOKING}"
        " AND (certificate_url IS NOT NULL OR certificate_pdf_url IS NOT NULL)"
    ),
)
#: A change that was begun before finds that it is late.
_COUNTED = f"UPDATE bookings SET revision = revision + 1 {_OWN}"
_AMENDMENTS = (
    f"UPDATE amendments SET person_json = NULL, insured_json = NULL, reason = NULL {_OF_BOOKING}"
    " AND (person_json IS NOT NULL OR insured_json IS NOT NULL OR reason IS NOT NULL)"
)
#: What was not sent is given up; a report to an upstream names nobody and stays.
_MESSAGES = (
    "UPDATE messages SET body = '', last_problem = 'erased',"
    " gave_up_at = CASE WHEN sent_at IS NULL THEN coalesce(gave_up_at, :now) END"
    f" {_OF_OFFER} AND kind <> 'decline'"
    " AND (body <> '' OR last_problem <> 'erased' OR (sent_at IS NULL AND gave_up_at IS NULL))"
)
_REPLIES = f"DELETE FROM replies {_OF_OFFER}"
_WAYS_BACK = f"DELETE FROM ways_back WHERE position IN (SELECT position FROM evidence {_OF_OFFER})"

_HAS_ADDRESS = (
    "lower(json_extract(person_json, '$.email')) = :email"
    " OR EXISTS (SELECT 1 FROM json_tree(insured_json)"
    " WHERE key = 'email' AND lower(atom) = :email)"
)
_NAMED = (
    f"SELECT partner_code, booking_id FROM policyholders WHERE {_HAS_ADDRESS}"
    f" UNION SELECT partner_code, booking_id FROM amendments WHERE {_HAS_ADDRESS}"
    " ORDER BY partner_code, booking_id"
)


def find_bookings_of(db: apsw.Connection, email: str) -> list[tuple[str, str]]:
    """Return partner and id of each booking that names an e-mail address."""
    found = select(db, _NAMED, {"email": email.strip().lower()})
    return [(row["partner_code"], row["booking_id"]) for row in found]


def erase_people(
    db: apsw.Connection, partner_code: str, offer_id: str, leaf: Leaf, *, now: datetime
) -> Erasure:
    """Erase all that may hold a person, and write the leaf of it, unless there was nothing."""
    key = {"code": partner_code, "id": offer_id}
    erasure = Erasure(
        partner_code,
        offer_id,
        people=_erase_people(db, partner_code, offer_id),
        texts=sum(_count(db, sql, key) for sql in _TEXTS),
        amendments=_count(db, _AMENDMENTS, key),
        messages=_count(db, _MESSAGES, {**key, "now": rows.micros(now)}),
        replies=_count(db, _REPLIES, key),
        ways_back=_count(db, _WAYS_BACK, key),
    )
    if not erasure.is_nothing:
        insert(db, "evidence", rows.leaf_row(leaf))
    return erasure


def _erase_people(db: apsw.Connection, partner_code: str, booking_id: str) -> int:
    """Leave nobody but where the customer lives, which the policy's terms need."""
    booking = booking_changes.find_booking(db, partner_code, booking_id)
    if booking is None or booking.is_erased:
        return 0
    apply(
        db,
        "UPDATE policyholders SET person_json = :person_json, insured_json = :insured_json"
        " WHERE partner_code = :partner_code AND booking_id = :booking_id",
        booking_rows.people_row(booking.erased()),
    )
    apply(db, _COUNTED, {"code": partner_code, "id": booking_id})
    return 1 + sum(len(insured) for insured in booking.insured.values())


def _count(db: apsw.Connection, sql: str, values: dict[str, Any]) -> int:
    db.execute(sql, values)
    return db.changes()

"""What is done to offers in a SQLite database within one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import apsw

from widget.errors import AlreadyConfirmed
from widget.evidence import Leaf
from widget.messages import Message
from widget.offers import Offer
from widget.partners import Mode, Partner
from widget.replies import Reply
from widget.roots import Root
from widget.showings import Showing
from widget.storage import rows
from widget.storage.connections import apply, insert, select
from widget.storage.outbox import add_messages, keep_reply
from widget.storage.pages import save_showing

_PURCHASE = (
    " WHERE partner_code = :partner_code AND mode = :mode AND reference = :reference"
    " AND purchase_hash = :purchase_hash"
)
_PLACES = ":partner_code, :mode, :reference, :purchase_hash, :id, :expires_at"
_LED_ALREADY = "ON CONFLICT (partner_code, mode, reference, purchase_hash)"


def save_partner(db: apsw.Connection, partner: Partner) -> None:
    """Store a partner, or its new facts."""
    row = rows.partner_row(partner)
    facts = ", ".join(f"{name} = excluded.{name}" for name in row.keys() - {"code", "created_at"})
    places = ", ".join(f":{name}" for name in row)
    apply(
        db,
        f"INSERT INTO partners ({', '.join(row)}) VALUES ({places})"
        f" ON CONFLICT (code) DO UPDATE SET {facts}",
        row,
    )


#: The newest offer of a purchase.
_LATEST_OFFER = (
    "SELECT offers.* FROM open_purchases AS opened JOIN offers"
    " ON offers.partner_code = opened.partner_code AND offers.id = opened.offer_id"
    " WHERE opened.partner_code = :code AND opened.mode = :mode"
    " AND opened.reference = :reference AND opened.purchase_hash = :hash"
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
    key = {"code": partner_code, "mode": mode, "reference": reference, "hash": purchase_hash}
    found = select(
        db,
        f"{_LATEST_OFFER} AND (opened.is_booked = 1 OR opened.expires_at > :now)",
        {**key, "now": rows.micros(now)},
    )
    return rows.offer_from(found[0]) if found else None


def find_latest_offer(
    db: apsw.Connection, partner_code: str, mode: Mode, reference: str, purchase_hash: str
) -> Offer | None:
    """Return the newest offer of a purchase."""
    key = {"code": partner_code, "mode": mode, "reference": reference, "hash": purchase_hash}
    found = select(db, _LATEST_OFFER, key)
    return rows.offer_from(found[0]) if found else None


def save_offer(
    db: apsw.Connection,
    offer: Offer,
    made: Leaf,
    *,
    reply: Reply | None,
    showing: Showing | None,
    now: datetime,
) -> Offer:
    """Store a new offer, unless its purchase leads to one already."""
    reference = offer.purchase.reference
    if reference is not None:
        key = (offer.partner_code, offer.mode, reference, offer.purchase_hash)
        if current := find_open_offer(db, *key, now=now):
            return current
    insert(db, "offers", rows.offer_row(offer))
    insert(db, "evidence", rows.leaf_row(made))
    save_showing(db, showing)
    keep_reply(db, reply)
    _lead_to(db, offer, now)
    return offer


def change_offer(
    db: apsw.Connection,
    seen: Offer,
    changed: Offer,
    leaf: Leaf,
    *,
    messages: Sequence[Message],
    reply: Reply | None,
    showing: Showing | None,
    now: datetime,
) -> bool:
    """Store a choice, a decline or other quotes, if the offer is still as `seen`."""
    if not update_offer(db, seen, changed):
        return False
    insert(db, "evidence", rows.leaf_row(leaf))
    save_showing(db, showing)
    add_messages(db, messages)
    keep_reply(db, reply)
    if (seen.purchase_hash, seen.expires_at) != (changed.purchase_hash, changed.expires_at):
        _leave(db, seen)
        _lead_to(db, changed, now)
    return True


def update_offer(db: apsw.Connection, seen: Offer, changed: Offer) -> bool:
    """Store what an offer became, if it is still as `seen`."""
    row = {**rows.offer_row(changed), **rows.seen_row(seen)}
    return apply(
        db,
        "UPDATE offers SET status = :status, choice = :choice, chosen_json = :chosen_json,"
        " chosen_at = :chosen_at, chosen_locale = :chosen_locale, revision = :revision,"
        " purchase_json = :purchase_json, purchase_hash = :purchase_hash,"
        " quotes_json = :quotes_json, expires_at = :expires_at, upstream_id = :upstream_id,"
        " metadata_json = :metadata_json"
        " WHERE partner_code = :partner_code AND id = :id"
        " AND revision = :seen_revision AND status = :seen_status"
        " AND choice = :seen_choice AND chosen_json = :seen_chosen_json",
        row,
    )


def book_purchase(db: apsw.Connection, offer: Offer) -> None:
    """Let the purchase lead to this booking for good.

    Its offer may have expired and been renewed while the payment was under way: of the two, the
    one that is confirmed first is the booking.
    """
    if offer.purchase.reference is None:
        return
    key = _key(offer)
    is_booked = apply(
        db,
        f"INSERT INTO open_purchases VALUES ({_PLACES}, 1) {_LED_ALREADY}"
        " DO UPDATE SET offer_id = excluded.offer_id, is_booked = 1 WHERE is_booked = 0",
        key,
    )
    if not is_booked:
        other = select(db, f"SELECT offer_id FROM open_purchases {_PURCHASE}", key)[0]
        raise AlreadyConfirmed(other["offer_id"])


def _lead_to(db: apsw.Connection, offer: Offer, now: datetime) -> None:
    """Let the purchase lead to this offer, unless it leads to another that is still open."""
    if offer.purchase.reference is None:
        return
    apply(
        db,
        f"INSERT INTO open_purchases VALUES ({_PLACES}, 0) {_LED_ALREADY}"
        " DO UPDATE SET offer_id = excluded.offer_id, expires_at = excluded.expires_at"
        " WHERE is_booked = 0 AND (offer_id = excluded.offer_id OR expires_at <= :now)",
        {**_key(offer), "now": rows.micros(now)},
    )


def _leave(db: apsw.Connection, offer: Offer) -> None:
    """Let a purchase that is no longer this offer's lead nowhere."""
    sql = f"DELETE FROM open_purchases {_PURCHASE} AND offer_id = :id AND is_booked = 0"
    apply(db, sql, _key(offer))


def _key(offer: Offer) -> rows.Row:
    return {
        "partner_code": offer.partner_code,
        "mode": offer.mode,
        "reference": offer.purchase.reference,
        "purchase_hash": offer.purchase_hash,
        "id": offer.id,
        "expires_at": rows.micros(offer.expires_at),
    }


def save_root(db: apsw.Connection, root: Root) -> bool:
    """Store a root, unless another was stored since the one that it follows."""
    newest = select(db, "SELECT size FROM roots WHERE size > :last", {"last": root.previous or 0})
    if newest:
        return False
    insert(db, "roots", rows.root_row(root))
    return True

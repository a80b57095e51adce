"""Rows of the database, to and from the values of the ground: partners, offers, evidence. Pure.

Bookings have theirs in `booking_rows`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import TypeAdapter

from widget.errors import StorageUnavailable
from widget.evidence import Entry, Leaf
from widget.messages import Kind, Message
from widget.offers import Choice, Offer, Quote, Status
from widget.partners import Mode, Partner, PartnerKey, Webhook
from widget.purchases import Purchase
from widget.replies import Reply
from widget.restrictions import Restrictions
from widget.roots import Root
from widget.trees import Frontier

Row = Mapping[str, Any]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
PURCHASE = TypeAdapter(Purchase)
METADATA = TypeAdapter(dict[str, str | int | float | bool | None])
_QUOTES = TypeAdapter(tuple[Quote, ...])
_TEXTS = TypeAdapter(tuple[str, ...])
_WEBHOOKS = TypeAdapter(tuple[Webhook, ...])
_RESTRICTIONS = TypeAdapter(Restrictions)


def micros(moment: datetime | None) -> int | None:
    """Return a moment as whole microseconds since 1970."""
    return None if moment is None else (moment - _EPOCH) // timedelta(microseconds=1)


def moment(value: int) -> datetime:
    """Return the moment of so many microseconds since 1970, in UTC."""
    return _EPOCH + timedelta(microseconds=value)


def moment_or_none(value: int | None) -> datetime | None:
    """Return the moment of so many microseconds since 1970, in UTC; None stays None."""
    return None if value is None else moment(value)


def partner_row(partner: Partner) -> Row:
    """Return a partner's row."""
    return {
        "code": partner.code,
        "name": partner.name,
        "origins_json": _TEXTS.dump_json(partner.origins).decode(),
        "created_at": micros(partner.created_at),
        "clock_window_s": partner.clock_window_s,
        "requires_digest": int(partner.requires_digest),
        "webhooks_json": _WEBHOOKS.dump_json(partner.webhooks).decode(),
        "restrictions_json": _RESTRICTIONS.dump_json(partner.restrictions).decode(),
    }


def partner_from(row: Row) -> Partner:
    """Return the partner in a row."""
    return Partner(
        code=row["code"],
        name=row["name"],
        origins=_TEXTS.validate_json(row["origins_json"]),
        created_at=moment(row["created_at"]),
        clock_window_s=row["clock_window_s"],
        requires_digest=bool(row["requires_digest"]),
        webhooks=_WEBHOOKS.validate_json(row["webhooks_json"]),
        restrictions=_RESTRICTIONS.validate_json(row["restrictions_json"]),
    )


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
    return PartnerKey(
        key_id=row["key_id"],
        partner_code=row["partner_code"],
        mode=Mode(row["mode"]),
        root_id=row["root_id"],
        created_at=moment(row["created_at"]),
        revoked_at=moment_or_none(row["revoked_at"]),
    )


def purchase_json(purchase: Purchase) -> str:
    """Return a purchase as stored."""
    return PURCHASE.dump_json(purchase).decode()


def offer_row(offer: Offer) -> Row:
    """Return an offer's row."""
    return {
        "partner_code": offer.partner_code,
        "id": offer.id,
        "mode": offer.mode,
        "purchase_json": purchase_json(offer.purchase),
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
        "upstream_id": offer.upstream_id,
        "metadata_json": METADATA.dump_json(dict(offer.metadata)).decode(),
    }


def seen_row(offer: Offer) -> Row:
    """Return what tells that an offer is still as it was seen."""
    return {
        "seen_revision": offer.revision,
        "seen_status": offer.status,
        "seen_choice": offer.choice,
        "seen_chosen_json": _TEXTS.dump_json(offer.chosen).decode(),
    }


def offer_from(row: Row) -> Offer:
    """Return the offer in a row."""
    return Offer(
        id=row["id"],
        partner_code=row["partner_code"],
        mode=Mode(row["mode"]),
        purchase=PURCHASE.validate_json(row["purchase_json"]),
        purchase_hash=row["purchase_hash"],
        quotes=_QUOTES.validate_json(row["quotes_json"]),
        created_at=moment(row["created_at"]),
        expires_at=moment(row["expires_at"]),
        status=Status(row["status"]),
        choice=Choice(row["choice"]),
        chosen=_TEXTS.validate_json(row["chosen_json"]),
        chosen_at=moment_or_none(row["chosen_at"]),
        chosen_locale=row["chosen_locale"],
        revision=row["revision"],
        upstream_id=row["upstream_id"],
        metadata=METADATA.validate_json(row["metadata_json"]),
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


def entry_from(row: Row) -> Entry:
    """Return the leaf in a row, at its place.

    Raises:
        StorageUnavailable: Somebody has written into it what no leaf holds.
    """
    try:
        return Entry(row["position"], leaf_from(row), row["digest"])
    except OverflowError as error:
        raise StorageUnavailable(f"Leaf {row['position']} cannot be read.") from error


def root_row(root: Root) -> Row:
    """Return a root's row."""
    return {
        "size": root.size,
        "frontier_json": _TEXTS.dump_json(
            tuple(part.hex() for part in root.frontier.hashes)
        ).decode(),
        "signed_at": micros(root.signed_at),
        "key_id": root.key_id,
        "signature": root.signature,
        "previous": root.previous,
    }


def root_from(row: Row) -> Root:
    """Return the root in a row.

    Raises:
        StorageUnavailable: Somebody has written into it what no root holds.
    """
    try:
        parts = _TEXTS.validate_json(row["frontier_json"])
        frontier = Frontier(row["size"], tuple(bytes.fromhex(part) for part in parts))
        signed_at = moment(row["signed_at"])
    except (OverflowError, ValueError) as error:
        raise StorageUnavailable(f"The root of {row['size']} leaves cannot be read.") from error
    return Root(frontier, signed_at, row["key_id"], row["signature"], row["previous"])


def message_row(message: Message) -> Row:
    """Return a new message's row."""
    return {
        "id": message.id,
        "partner_code": message.partner_code,
        "mode": message.mode,
        "offer_id": message.offer_id,
        "kind": message.kind,
        "lane": message.lane,
        "due_at": micros(message.due_at),
        "first_due_at": micros(message.due_at),
        "body": message.body,
        "sequence": message.sequence,
        "failures": message.failures,
    }


def message_from(row: Row) -> Message:
    """Return the message in a row."""
    return Message(
        id=row["id"],
        partner_code=row["partner_code"],
        mode=Mode(row["mode"]),
        offer_id=row["offer_id"],
        kind=Kind(row["kind"]),
        lane=row["lane"],
        due_at=moment(row["due_at"]),
        body=row["body"],
        sequence=row["sequence"],
        failures=row["failures"],
    )


def reply_row(reply: Reply) -> Row:
    """Return a reply's row."""
    return {
        "partner_code": reply.partner_code,
        "mode": reply.mode,
        "key": reply.key,
        "fingerprint": reply.fingerprint,
        "status": reply.status,
        "body": reply.body,
        "offer_id": reply.offer_id,
        "created_at": micros(reply.created_at),
    }


def reply_from(row: Row) -> Reply:
    """Return the reply in a row."""
    return Reply(**{**row, "mode": Mode(row["mode"]), "created_at": moment(row["created_at"])})

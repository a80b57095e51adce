"""Messages and replies in a SQLite database: what is still owed, and what was answered."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from datetime import datetime

import apsw

from widget.errors import ReplyTaken
from widget.messages import Message, Outcome, Progress
from widget.partners import Mode
from widget.replies import KEPT_FOR, Reply
from widget.storage import rows
from widget.storage.connections import apply, insert, insert_new, select

#: What may be sent now: due, not done, not in another sender's hands, of a lane that is free, and
#: with nothing before it that its receiver has to hear of first.
_DUE = (
    "sent_at IS NULL AND gave_up_at IS NULL AND due_at <= :now"
    " AND (leased_until IS NULL OR leased_until <= :now)"
    " AND lane NOT IN (SELECT value FROM json_each(:busy))"
    " AND (:only IS NULL OR lane IN (SELECT value FROM json_each(:only)))"
    " AND NOT EXISTS (SELECT 1 FROM messages AS earlier"
    " WHERE earlier.partner_code = messages.partner_code AND earlier.offer_id = messages.offer_id"
    " AND earlier.lane = messages.lane AND earlier.sequence < messages.sequence"
    " AND earlier.sent_at IS NULL AND earlier.gave_up_at IS NULL)"
)
_CLAIM = (
    "UPDATE messages SET leased_until = :until WHERE id IN (SELECT id FROM"
    " (SELECT id, due_at, row_number() OVER (PARTITION BY lane ORDER BY due_at, id) AS place"
    f" FROM messages WHERE {_DUE})"
    " WHERE place <= :per_lane ORDER BY due_at, id LIMIT :limit) RETURNING *"
)

#: How many replies that are too old go with each new one, so that their number stays bounded.
_SWEPT = 5


def add_messages(db: apsw.Connection, messages: Sequence[Message]) -> None:
    """Store messages; one whose id is there stays as it is."""
    for message in messages:
        insert_new(db, "messages", rows.message_row(message))


def is_any_due(
    db: apsw.Connection, *, now: datetime, busy: Collection[str], only: Collection[str] | None
) -> bool:
    """Tell whether there is a message to claim; only reads."""
    values = {"now": rows.micros(now), **_lanes(busy, only)}
    return bool(select(db, f"SELECT id FROM messages WHERE {_DUE} LIMIT 1", values))


def claim_messages(
    db: apsw.Connection,
    *,
    now: datetime,
    until: datetime,
    limit: int,
    per_lane: int,
    busy: Collection[str],
    only: Collection[str] | None,
) -> list[Message]:
    """Take due messages, and keep others from taking them."""
    values = {
        "now": rows.micros(now),
        "until": rows.micros(until),
        "limit": limit,
        "per_lane": per_lane,
        **_lanes(busy, only),
    }
    claimed = [rows.message_from(row) for row in select(db, _CLAIM, values)]
    return sorted(claimed, key=lambda message: (message.due_at, message.id))


def _lanes(busy: Collection[str], only: Collection[str] | None) -> dict[str, str | None]:
    chosen = None if only is None else json.dumps(sorted(only))
    return {"busy": json.dumps(sorted(busy)), "only": chosen}


def mark_failed(
    db: apsw.Connection,
    message: Message,
    *,
    next_try_at: datetime | None,
    problem: str,
    now: datetime,
) -> None:
    """Note that a try failed, and when the next is due; None gives up."""
    apply(
        db,
        "UPDATE messages SET failures = failures + 1, due_at = :due, gave_up_at = :gave_up,"
        " last_problem = :problem, leased_until = NULL"
        # One that was erased while it was under way stays given up.
        " WHERE id = :id AND gave_up_at IS NULL",
        {
            "id": message.id,
            "due": rows.micros(next_try_at or message.due_at),
            "gave_up": None if next_try_at else rows.micros(now),
            "problem": problem,
        },
    )


def list_messages(
    db: apsw.Connection, partner_code: str, mode: Mode, *, kind: str, limit: int
) -> list[Progress]:
    """Return a partner's newest messages of a kind, however often they were tried."""
    found = select(
        db,
        "SELECT * FROM messages WHERE partner_code = :code AND mode = :mode AND kind = :kind"
        " ORDER BY first_due_at DESC, sequence DESC, id DESC LIMIT :limit",
        {"code": partner_code, "mode": mode, "kind": kind, "limit": limit},
    )
    return [Progress(rows.message_from(row), _outcome(row), row["last_problem"]) for row in found]


def send_again(
    db: apsw.Connection,
    partner_code: str,
    mode: Mode,
    message_id: str,
    *,
    kind: str,
    now: datetime,
) -> bool:
    """Make a message due now, with all its tries before it."""
    return apply(
        db,
        "UPDATE messages SET due_at = :now, failures = 0, leased_until = NULL, sent_at = NULL,"
        " gave_up_at = NULL, last_problem = NULL"
        " WHERE partner_code = :code AND mode = :mode AND kind = :kind AND id = :id"
        # An erased webhook has nothing to say any more.
        " AND NOT (kind = 'webhook' AND body = '')",
        {
            "now": rows.micros(now),
            "code": partner_code,
            "mode": mode,
            "kind": kind,
            "id": message_id,
        },
    )


def find_reply(
    db: apsw.Connection, partner_code: str, mode: Mode, key: str, now: datetime
) -> Reply | None:
    """Return the reply to a request with this key, while it is kept."""
    found = select(
        db,
        "SELECT * FROM replies WHERE partner_code = :code AND mode = :mode AND key = :key"
        " AND created_at > :old",
        {"code": partner_code, "mode": mode, "key": key, "old": rows.micros(now - KEPT_FOR)},
    )
    return rows.reply_from(found[0]) if found else None


def keep_reply(db: apsw.Connection, reply: Reply | None) -> None:
    """Store a reply, and sweep out some that are too old.

    Raises:
        ReplyTaken: The key has one, which is more than what the same request has begun.
    """
    if reply is None:
        return
    old = {"old": rows.micros(reply.created_at - KEPT_FOR), "limit": _SWEPT}
    row = {**rows.reply_row(reply), **old}
    own = " WHERE partner_code = :partner_code AND mode = :mode AND key = :key"
    apply(db, f"DELETE FROM replies {own} AND created_at <= :old", row)
    apply(
        db,
        "DELETE FROM replies WHERE (partner_code, mode, key) IN (SELECT partner_code, mode, key"
        " FROM replies WHERE created_at <= :old ORDER BY created_at LIMIT :limit)",
        old,
    )
    for stored in select(db, f"SELECT * FROM replies {own}", row):
        if not reply.may_follow(rows.reply_from(stored)):
            raise ReplyTaken(f"The idempotency key {reply.key!r} was answered meanwhile.")
        apply(db, f"DELETE FROM replies {own}", row)
    insert(db, "replies", rows.reply_row(reply))


def _outcome(row: rows.Row) -> Outcome:
    if row["sent_at"] is not None:
        return Outcome.SENT
    return Outcome.WAITING if row["gave_up_at"] is None else Outcome.GAVE_UP

"""SQLite: the default storage, for one serving process on one machine.

apsw brings its own SQLite, free of the WAL-reset bug of 3.7.0 to 3.51.2. Reading happens on the
event loop's thread, where a row costs microseconds; writing goes through the one `Writer`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

import apsw

from widget.amendments import Amendment
from widget.bookings import Booking
from widget.editions import Edition, File
from widget.evidence import Leaf
from widget.messages import Message, Progress
from widget.offers import Offer
from widget.partners import Mode, Partner, PartnerKey
from widget.replies import Reply
from widget.showings import Showing
from widget.storage import (
    booking_changes,
    changes,
    document_rows,
    outbox,
    rows,
)
from widget.storage.base import Page
from widget.storage.connections import apply, insert, translated
from widget.storage.evidence_file import EvidenceFile


class SqliteStorage(EvidenceFile):
    """Keeps everything in one file; see `base.Storage` for what each method promises."""

    # -- partners

    async def save_partner(self, partner: Partner) -> None:
        """Store a partner."""
        await self._do(lambda db: changes.save_partner(db, partner))

    async def find_partner(self, code: str) -> Partner | None:
        """Return a partner."""
        row = self._one("SELECT * FROM partners WHERE code = :code", {"code": code})
        return rows.partner_from(row) if row else None

    async def list_partners(self) -> list[Partner]:
        """Return all partners by code."""
        found = self._all("SELECT * FROM partners ORDER BY code")
        return [rows.partner_from(row) for row in found]

    async def add_key(self, key: PartnerKey) -> None:
        """Store a new key."""
        await self._do(lambda db: insert(db, "partner_keys", rows.key_row(key)))

    async def find_key(self, key_id: str) -> PartnerKey | None:
        """Return a key that has not been revoked."""
        row = self._one(
            "SELECT * FROM partner_keys WHERE key_id = :key_id AND revoked_at IS NULL",
            {"key_id": key_id},
        )
        return rows.key_from(row) if row else None

    async def list_keys(self, partner_code: str) -> list[PartnerKey]:
        """Return a partner's keys."""
        found = self._all(
            "SELECT * FROM partner_keys WHERE partner_code = :code ORDER BY created_at, key_id",
            {"code": partner_code},
        )
        return [rows.key_from(row) for row in found]

    async def revoke_key(self, key_id: str, *, at: datetime) -> bool:
        """End a key."""
        return await self._do(
            lambda db: apply(
                db,
                "UPDATE partner_keys SET revoked_at = :at"
                " WHERE key_id = :key_id AND revoked_at IS NULL",
                {"key_id": key_id, "at": rows.micros(at)},
            )
        )

    # -- offers

    async def find_open_offer(
        self, partner_code: str, mode: Mode, reference: str, purchase_hash: str
    ) -> Offer | None:
        """Return the offer that a purchase leads to now."""
        key = (partner_code, mode, reference, purchase_hash)
        with translated():
            return changes.find_open_offer(self._reading, *key, now=self.now())

    async def find_latest_offer(
        self, partner_code: str, mode: Mode, reference: str, purchase_hash: str
    ) -> Offer | None:
        """Return the newest offer of a purchase."""
        key = (partner_code, mode, reference, purchase_hash)
        with translated():
            return changes.find_latest_offer(self._reading, *key)

    async def save_offer(
        self,
        offer: Offer,
        made: Leaf,
        reply: Reply | None = None,
        showing: Showing | None = None,
    ) -> Offer:
        """Store a new offer, or return the one that its purchase leads to."""
        return await self._do(
            lambda db: changes.save_offer(
                db, offer, made, reply=reply, showing=showing, now=self.now()
            )
        )

    async def find_offer(self, partner_code: str, offer_id: str) -> Offer | None:
        """Return an offer."""
        row = self._one(
            "SELECT * FROM offers WHERE partner_code = :code AND id = :id",
            {"code": partner_code, "id": offer_id},
        )
        return rows.offer_from(row) if row else None

    async def change_offer(
        self,
        seen: Offer,
        changed: Offer,
        leaf: Leaf,
        *,
        messages: Sequence[Message] = (),
        reply: Reply | None = None,
        showing: Showing | None = None,
    ) -> bool:
        """Store a choice, a decline or other quotes."""
        return await self._do(
            lambda db: changes.change_offer(
                db,
                seen,
                changed,
                leaf,
                messages=messages,
                reply=reply,
                showing=showing,
                now=self.now(),
            )
        )

    # -- bookings

    async def save_booking(
        self,
        seen: Offer,
        booking: Booking,
        leaves: Sequence[Leaf],
        messages: Sequence[Message],
        reply: Reply | None = None,
    ) -> Booking | None:
        """Turn an offer into a booking, once."""
        return await self._do(
            lambda db: booking_changes.save_booking(
                db, seen, booking, leaves=leaves, messages=messages, reply=reply
            )
        )

    async def change_booking(
        self,
        seen: Booking,
        changed: Booking,
        leaf: Leaf,
        *,
        messages: Sequence[Message] = (),
        amendment: Amendment | None = None,
        reply: Reply | None = None,
    ) -> bool:
        """Store what became of a booking."""
        return await self._do(
            lambda db: booking_changes.change_booking(
                db, seen, changed, leaf, messages=messages, amendment=amendment, reply=reply
            )
        )

    async def find_booking(self, partner_code: str, booking_id: str) -> Booking | None:
        """Return a booking."""
        with translated():
            return booking_changes.find_booking(self._reading, partner_code, booking_id)

    async def find_paid(self, partner_code: str, mode: Mode, transaction_id: str) -> Booking | None:
        """Return the booking that a transaction paid for."""
        with translated():
            return booking_changes.find_paid(self._reading, partner_code, mode, transaction_id)

    async def list_bookings(
        self, partner_code: str, mode: Mode, *, limit: int, offset: int
    ) -> Page:
        """Return some of a partner's bookings."""
        with translated():
            return booking_changes.list_bookings(
                self._reading, partner_code, mode, limit=limit, offset=offset
            )

    async def list_pending(
        self, *, booked_before: datetime, limit: int, skip: int = 0
    ) -> list[Booking]:
        """Return bookings whose outcome is unknown."""
        with translated():
            return booking_changes.list_pending(
                self._reading, booked_before=booked_before, limit=limit, skip=skip
            )

    # -- amendments

    async def save_amendment(self, amendment: Amendment, reply: Reply | None = None) -> None:
        """Store a priced amendment."""
        await self._do(lambda db: booking_changes.save_amendment(db, amendment, reply))

    async def find_amendment(
        self, partner_code: str, booking_id: str | None, amendment_id: str
    ) -> Amendment | None:
        """Return an amendment."""
        with translated():
            return booking_changes.find_amendment(
                self._reading, partner_code, booking_id, amendment_id
            )

    async def begin_amendment(self, amendment: Amendment) -> None:
        """Store that an amendment is under way, or not any more."""
        await self._do(lambda db: booking_changes.begin_amendment(db, amendment))

    async def find_begun(self, partner_code: str, booking_id: str) -> Amendment | None:
        """Return the amendment that is under way."""
        with translated():
            return booking_changes.find_begun(self._reading, partner_code, booking_id)

    async def list_begun(self, *, begun_before: datetime, limit: int, skip: int) -> list[Amendment]:
        """Return amendments that are under way."""
        with translated():
            return booking_changes.list_begun(
                self._reading, begun_before=begun_before, limit=limit, skip=skip
            )

    # -- documents

    async def save_edition(self, edition: Edition, files: Sequence[File]) -> Edition:
        """Store an edition, or return the one that was published already."""
        now = self.now()
        return await self._do(lambda db: document_rows.save_edition(db, edition, files, now))

    async def list_editions(self) -> list[Edition]:
        """Return all editions."""
        with translated():
            return document_rows.list_editions(self._reading)

    async def find_file(self, digest: str) -> File | None:
        """Return what was stored under a digest."""
        sql = "SELECT * FROM documents WHERE digest = :digest"
        row = self._one(sql, {"digest": digest})
        return document_rows.file_from(row) if row else None

    # -- replies and messages

    async def find_reply(self, partner_code: str, mode: Mode, key: str) -> Reply | None:
        """Return a reply that is still kept."""
        with translated():
            return outbox.find_reply(self._reading, partner_code, mode, key, self.now())

    async def add_messages(self, messages: Sequence[Message], reply: Reply | None = None) -> None:
        """Store messages that are due by themselves."""

        def work(db: apsw.Connection) -> None:
            outbox.add_messages(db, messages)
            outbox.keep_reply(db, reply)

        await self._do(work)

    async def claim_messages(
        self,
        *,
        limit: int,
        lease_s: int,
        per_lane: int,
        busy: Collection[str] = (),
        only: Collection[str] | None = None,
    ) -> list[Message]:
        """Take due messages, and keep others from taking them."""
        now = self.now()
        with translated():
            if not outbox.is_any_due(self._reading, now=now, busy=busy, only=only):
                return []
        until = now + timedelta(seconds=lease_s)
        return await self._do(
            lambda db: outbox.claim_messages(
                db, now=now, until=until, limit=limit, per_lane=per_lane, busy=busy, only=only
            )
        )

    async def mark_sent(self, message: Message) -> None:
        """Note that a message was taken."""
        values = {"id": message.id, "now": rows.micros(self.now())}
        sql = "UPDATE messages SET sent_at = :now, last_problem = NULL WHERE id = :id"
        await self._do(lambda db: apply(db, sql, values))

    async def mark_failed(
        self, message: Message, *, next_try_at: datetime | None, problem: str
    ) -> None:
        """Note that a try failed."""
        now = self.now()
        await self._do(
            lambda db: outbox.mark_failed(
                db, message, next_try_at=next_try_at, problem=problem, now=now
            )
        )

    async def list_messages(
        self, partner_code: str, mode: Mode, *, kind: str, limit: int
    ) -> list[Progress]:
        """Return a partner's newest messages of a kind."""
        with translated():
            return outbox.list_messages(self._reading, partner_code, mode, kind=kind, limit=limit)

    async def send_again(
        self, partner_code: str, mode: Mode, message_id: str, *, kind: str
    ) -> bool:
        """Make a message due now."""
        now = self.now()
        return await self._do(
            lambda db: outbox.send_again(db, partner_code, mode, message_id, kind=kind, now=now)
        )

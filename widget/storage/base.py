"""The contract of a storage; `tests/storage/test_contract.py` is the same in tests.

For every method:
- Times are aware and come back in UTC. `now()` is the database's clock, the only one that decides
  what has expired.
- A value that is returned, or an answer that is `True`, is durable: it survives a power loss.
- Reading for a partner takes the partner's code: what belongs to another is not found.
- `StorageUnavailable` is raised when the database does not do its part, and nothing else of the
  driver's.

A new method owes a test in the contract suite.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from widget.bookings import Booking
from widget.evidence import Leaf
from widget.messages import Message
from widget.offers import Offer
from widget.partners import Mode, Partner, PartnerKey


class Storage(Protocol):
    """Keeps partners, offers, bookings, evidence and messages."""

    # -- life

    async def open(self) -> None:
        """Connect, and make sure that the schema is the one this version needs."""
        ...

    async def close(self) -> None:
        """Finish what was begun, and disconnect."""
        ...

    async def check(self) -> None:
        """Make sure that reading and writing work; raises `StorageUnavailable`."""
        ...

    def now(self) -> datetime:
        """Return the time by the database's clock."""
        ...

    # -- partners

    async def save_partner(self, partner: Partner) -> None:
        """Store a partner; one that exists gets the new name and origins."""
        ...

    async def find_partner(self, code: str) -> Partner | None:
        """Return a partner."""
        ...

    async def list_partners(self) -> list[Partner]:
        """Return all partners by code."""
        ...

    async def add_key(self, key: PartnerKey) -> None:
        """Store a new key of a partner that exists."""
        ...

    async def find_key(self, key_id: str) -> PartnerKey | None:
        """Return a key that has not been revoked."""
        ...

    async def list_keys(self, partner_code: str) -> list[PartnerKey]:
        """Return a partner's keys, revoked ones too, oldest first."""
        ...

    async def revoke_key(self, key_id: str, *, at: datetime) -> bool:
        """End a key; False when there is none to end."""
        ...

    # -- offers

    async def find_open_offer(
        self, partner_code: str, mode: Mode, reference: str, purchase_hash: str
    ) -> Offer | None:
        """Return the offer that a purchase leads to now: booked, or not yet expired."""
        ...

    async def save_offer(self, offer: Offer, made: Leaf) -> Offer:
        """Store a new offer with its evidence, and return it.

        When the purchase has a reference and leads to an offer already, nothing is stored and
        that offer is returned: of two at once, both get the first.
        """
        ...

    async def find_offer(self, partner_code: str, offer_id: str) -> Offer | None:
        """Return an offer of this partner."""
        ...

    async def change_offer(self, seen: Offer, changed: Offer, leaf: Leaf) -> bool:
        """Store a choice or a decline with its evidence.

        False, and nothing stored, when the offer is no longer as `seen`.
        """
        ...

    # -- bookings

    async def save_booking(
        self, booking: Booking, confirmed: Leaf, messages: Sequence[Message]
    ) -> Booking | None:
        """Turn an offer into a booking: policies, policyholder, evidence and messages, or nothing.

        Returns:
            The booking: this one, or the one that the offer already was. None when the offer is no
            longer as `booking.offer` and no booking either.

        Raises:
            PaymentAlreadyUsed: The transaction paid for another booking.
            AlreadyConfirmed: The same purchase is booked by another offer, made after this one
                had expired, or before it.
        """
        ...

    async def find_booking(self, partner_code: str, booking_id: str) -> Booking | None:
        """Return a booking of this partner."""
        ...

    # -- evidence

    async def list_evidence(self, partner_code: str, offer_id: str) -> list[Leaf]:
        """Return the leaves of an offer, oldest first."""
        ...

    # -- messages

    async def claim_messages(self, *, limit: int, lease_s: int) -> list[Message]:
        """Take due messages to send, oldest first; nobody else gets them while the lease runs."""
        ...

    async def mark_sent(self, message: Message) -> None:
        """Note that a message was taken by its receiver."""
        ...

    async def mark_failed(
        self, message: Message, *, next_try_at: datetime | None, problem: str
    ) -> None:
        """Note that a try failed, and when the next is due; None gives up."""
        ...

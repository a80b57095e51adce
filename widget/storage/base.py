"""The contract of a storage; `tests/storage/test_contract_*.py` are the same in tests.

For every method:
- Times are aware and come back in UTC. `now()` is the database's clock, the only one that decides
  what has expired.
- A value that is returned, or an answer that is `True`, is durable: it survives a power loss.
- Reading for a partner takes the partner's code: what belongs to another is not found.
- `StorageUnavailable` is raised when the database does not do its part, and nothing else of the
  driver's.
- A `reply` is stored with the change that it tells of, or not at all. It takes the place of what
  the same request has begun (`Reply.may_follow`); when its key has any other one, `ReplyTaken` is
  raised, and nothing stored.

A new method owes a test in the contract suite.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from widget.amendments import Amendment
from widget.bookings import Booking
from widget.editions import Edition, File
from widget.erasures import Erasure
from widget.evidence import Entry, Leaf
from widget.messages import Message, Progress
from widget.offers import Offer
from widget.partners import Mode, Partner, PartnerKey
from widget.replies import Reply
from widget.roots import Root
from widget.showings import Showing, StoredPage


@dataclass(frozen=True, slots=True)
class Page:
    """A part of a longer list of bookings."""

    bookings: tuple[Booking, ...]
    #: How many there are in all.
    count: int


class Storage(Protocol):
    """Keeps partners, offers, bookings, documents, evidence, messages and replies."""

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
        """Store a partner; one that exists gets the new facts."""
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

    async def find_latest_offer(
        self, partner_code: str, mode: Mode, reference: str, purchase_hash: str
    ) -> Offer | None:
        """Return the newest offer of a purchase, however old it is."""
        ...

    async def save_offer(
        self,
        offer: Offer,
        made: Leaf,
        reply: Reply | None = None,
        showing: Showing | None = None,
    ) -> Offer:
        """Store a new offer with its evidence and what is shown of it, and return it.

        When the purchase has a reference and leads to an offer already, nothing is stored and
        that offer is returned: of two at once, both get the first.
        """
        ...

    async def find_offer(self, partner_code: str, offer_id: str) -> Offer | None:
        """Return an offer of this partner."""
        ...

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
        """Store a choice, a decline, or other quotes, with the evidence and what is shown of it.

        A changed purchase leads to this offer from now on, unless it leads to another that is
        still open, and the one before leads nowhere.
        False, and nothing stored, when the offer is no longer as `seen`.
        """
        ...

    # -- bookings

    async def save_booking(
        self,
        seen: Offer,
        booking: Booking,
        leaves: Sequence[Leaf],
        messages: Sequence[Message],
        reply: Reply | None = None,
    ) -> Booking | None:
        """Turn an offer into a booking: policies, policyholder, evidence and messages, or nothing.

        Args:
            seen: The offer that the booking was made of. `booking.offer` has its choice, which the
                partner may have reported with the confirmation.

        Returns:
            The booking: this one, or the one that the offer already was. None when the offer is no
            longer as `seen` and no booking either.

        Raises:
            PaymentAlreadyUsed: The transaction paid for another booking.
            AlreadyConfirmed: The same purchase is booked by another offer, made after this one
                had expired, or before it.
        """
        ...

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
        """Store what became of a booking: issued, failed, amended or noted.

        Args:
            amendment: The one that was applied, whether or not it had been stored.

        False, and nothing stored, when the booking is no longer as `seen`.

        Raises:
            AmendmentApplied: It was applied before, whatever the booking is now.
        """
        ...

    async def find_booking(self, partner_code: str, booking_id: str) -> Booking | None:
        """Return a booking of this partner."""
        ...

    async def find_paid(self, partner_code: str, mode: Mode, transaction_id: str) -> Booking | None:
        """Return the booking that a transaction of this partner paid for."""
        ...

    async def list_bookings(
        self, partner_code: str, mode: Mode, *, limit: int, offset: int
    ) -> Page:
        """Return some of a partner's bookings, the newest first."""
        ...

    async def list_pending(
        self, *, booked_before: datetime, limit: int, skip: int = 0
    ) -> list[Booking]:
        """Return bookings of all partners that are PENDING since before then, oldest first.

        Args:
            skip: So many of the oldest are left out.
        """
        ...

    # -- amendments

    async def save_amendment(self, amendment: Amendment, reply: Reply | None = None) -> None:
        """Store a priced amendment, to be confirmed later."""
        ...

    async def find_amendment(
        self, partner_code: str, booking_id: str | None, amendment_id: str
    ) -> Amendment | None:
        """Return an amendment of this partner's booking, or of whichever when None is named."""
        ...

    async def begin_amendment(self, amendment: Amendment) -> None:
        """Store that a platform is asked for an amendment, or by `begun_at` None that it refused.

        Raises:
            AmendmentApplied: It was made meanwhile.
            AmendmentStale: Another amendment of the booking is under way.
        """
        ...

    async def find_begun(self, partner_code: str, booking_id: str) -> Amendment | None:
        """Return the amendment of this partner's booking that is under way."""
        ...

    async def list_begun(self, *, begun_before: datetime, limit: int, skip: int) -> list[Amendment]:
        """Return amendments of all partners that are under way since before then, oldest first.

        Args:
            skip: So many of the oldest are left out.
        """
        ...

    # -- documents

    async def save_edition(self, edition: Edition, files: Sequence[File]) -> Edition:
        """Store an edition with all of its files, for ever, and return it.

        When the same product version was published from the same source already, nothing is
        stored and that edition is returned: of two that publish at once, both get the first.
        """
        ...

    async def list_editions(self) -> list[Edition]:
        """Return all editions that were ever published, oldest first."""
        ...

    async def find_file(self, digest: str) -> File | None:
        """Return what was stored under a digest: those very bytes.

        Raises:
            StorageUnavailable: What is stored there is something else.
        """
        ...

    # -- evidence

    async def list_evidence(self, partner_code: str, offer_id: str) -> list[Leaf]:
        """Return the leaves of an offer, oldest first."""
        ...

    async def list_entries(self, *, after: int, limit: int) -> list[Entry]:
        """Return leaves of all offers at their places, in order, from the place after `after`."""
        ...

    async def list_entries_of(self, partner_code: str, offer_id: str) -> list[Entry]:
        """Return the leaves of an offer at their places, in order."""
        ...

    async def count_leaves_ever(self) -> int:
        """Return the highest place that a leaf ever had, whether or not it is there."""
        ...

    async def has_shown(self, partner_code: str, offer_id: str, content: str) -> bool:
        """Tell whether an offer was shown with this content before."""
        ...

    async def save_showing(self, showing: Showing) -> bool:
        """Store what a shopper is shown, with its leaf.

        False, and nothing stored, when the offer was shown with the same content before.
        """
        ...

    async def list_pages(self, *, after: int, limit: int) -> list[StoredPage]:
        """Return what is kept beside leaves of showings, in order, from the place after `after`."""
        ...

    async def find_root(self) -> Root | None:
        """Return the newest root; None before the first."""
        ...

    async def list_roots(self) -> list[Root]:
        """Return all roots, the smallest first."""
        ...

    async def save_root(self, root: Root) -> bool:
        """Store a root; False when another was stored since the one that it follows."""
        ...

    # -- people

    async def find_bookings_of(self, email: str) -> list[tuple[str, str]]:
        """Return partner and id of each booking that names an e-mail address, in any case."""
        ...

    async def erase_people(self, partner_code: str, offer_id: str, leaf: Leaf) -> Erasure:
        """Erase all that may hold a person of this offer or booking, with the leaf of it.

        Where there was nothing to erase, no leaf is written.
        What was not sent is given up. A change of the booking that was begun before is refused.
        """
        ...

    # -- replies

    async def find_reply(self, partner_code: str, mode: Mode, key: str) -> Reply | None:
        """Return the reply that was given to a request with this key and is still kept."""
        ...

    # -- messages

    async def add_messages(self, messages: Sequence[Message], reply: Reply | None = None) -> None:
        """Store messages that are due by themselves; one whose id is there stays as it is."""
        ...

    async def claim_messages(
        self,
        *,
        limit: int,
        lease_s: int,
        per_lane: int,
        busy: Collection[str] = (),
        only: Collection[str] | None = None,
    ) -> list[Message]:
        """Take due messages to send, oldest first; nobody else gets them while the lease runs.

        Args:
            per_lane: The most that are taken of one lane, so that one receiver that is slow
                does not take the place of all others.
            busy: Lanes that nothing is taken of.
            only: Lanes that alone something is taken of; None for all of them.
        """
        ...

    async def mark_sent(self, message: Message) -> None:
        """Note that a message was taken by its receiver."""
        ...

    async def mark_failed(
        self, message: Message, *, next_try_at: datetime | None, problem: str
    ) -> None:
        """Note that a try failed, and when the next is due; None gives up."""
        ...

    async def list_messages(
        self, partner_code: str, mode: Mode, *, kind: str, limit: int
    ) -> list[Progress]:
        """Return a partner's messages of a kind, the newest first: a try that failed moves none."""
        ...

    async def send_again(
        self, partner_code: str, mode: Mode, message_id: str, *, kind: str
    ) -> bool:
        """Make a message due now, with all its tries before it; False when there is no such one."""
        ...

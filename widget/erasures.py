"""Erasures: what the law keeps of a person, until when, and what is left of one that was erased."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from widget.bookings import Booking, Policy
from widget.errors import RecordsKept, StatusForbids
from widget.offers import Status
from widget.partners import Mode


@dataclass(frozen=True, slots=True)
class Erasure:
    """What was erased of one offer, or of its booking: how many of each."""

    partner_code: str
    offer_id: str
    #: Policyholder and insured.
    people: int
    #: Where the partner, or a platform, may have written of them: its own facts, reasons, links.
    texts: int
    #: Priced or made, that named a person or a reason.
    amendments: int
    #: Mails and webhooks that held a person, or would still have been sent to one.
    messages: int
    #: Answers that were kept for repeated requests.
    replies: int
    #: Addresses of the partner's that shown pages led back to.
    ways_back: int

    @property
    def is_nothing(self) -> bool:
        """Whether there was nothing to erase."""
        kinds = (self.texts, self.amendments, self.messages, self.replies, self.ways_back)
        return not (self.people or any(kinds))


def check_erasable(booking: Booking, *, at: datetime, kept_for: timedelta, is_forced: bool) -> bool:
    """Make sure that a booking's people may be erased, and tell whether that took force.

    Args:
        kept_for: How long after its end a policy's records are kept by law.

    Raises:
        StatusForbids: Its outcome is unknown; whoever issues it needs the people.
        RecordsKept: The law keeps them, and it is not forced.
    """
    if booking.status is Status.PENDING:
        raise StatusForbids(booking.id, booking.status)
    until = kept_until(booking, kept_for)
    if until is None or until <= at:
        return False
    if not is_forced:
        raise RecordsKept(booking.id, until)
    return True


def kept_until(booking: Booking, kept_for: timedelta) -> datetime | None:
    """Return until when the law keeps a booking's people; None when nothing was really sold.

    Source: GDPR, art. 17 (3) (b) and (e): what a law orders to be kept, and what claims are made
    with, is not erased on request. How long that is, the operator knows.
    """
    if booking.mode is Mode.TEST or not booking.policies:
        return None
    return max(_end_of(policy) for policy in booking.policies) + kept_for


def _end_of(policy: Policy) -> datetime:
    """Return when a policy ended; a cancelled one ended then."""
    return policy.cancelled_at or policy.quote.ends_at

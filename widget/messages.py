"""Messages: what a booking still owes somebody, and when to try again.

A message is written in the transaction that makes it due, and kept until it has been taken.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from widget.bookings import Booking

#: Waits before each further try: ten tries over 75 hours and 35 minutes in all.
#: Source: Standard Webhooks, the example schedule.
WAITS = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)

#: Waits are spread by this share, so that what failed together does not come back together.
JITTER = 0.2


class Kind(StrEnum):
    """What a message is about."""

    POLICY_CONFIRMATION = "policy_confirmation"


@dataclass(frozen=True, slots=True)
class Message:
    """One message that waits for delivery. Its content is the booking, as it is when it is sent."""

    id: str
    partner_code: str
    booking_id: str
    kind: Kind
    #: Aware UTC.
    due_at: datetime
    #: How often it was tried in vain.
    failures: int = 0


def owed_by(booking: Booking) -> tuple[Message, ...]:
    """Return the messages that a new booking owes.

    The ids follow from the booking, so that a booking written twice could not owe twice.
    """
    kind = Kind.POLICY_CONFIRMATION
    key = f"{booking.partner_code}:{booking.id}:{kind}"
    return (Message(key, booking.partner_code, booking.id, kind, booking.confirmed_at),)


def next_try(message: Message, *, now: datetime, spread: float) -> datetime | None:
    """Return when to try again after one more failure, None when it is time to give up.

    Args:
        spread: From -1 to 1; moves the wait within `JITTER`.
    """
    if message.failures >= len(WAITS):
        return None
    return now + WAITS[message.failures] * (1 + JITTER * spread)

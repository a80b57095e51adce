"""Messages: what an offer or a booking still owes somebody, and when to try again.

A message is written in the transaction that makes it due, and kept until it has been taken.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from widget.partners import Mode

#: Waits before each further try: ten tries over 75 hours and 35 minutes, or more, in all.
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

#: Waits are lengthened by up to this share, so that what failed together does not come back
#: together. They are never shortened: the last try is not before the waits above add up.
JITTER = 0.2


class Kind(StrEnum):
    """Who is told what."""

    #: Mail to the policyholder.
    POLICY_CONFIRMATION = "policy_confirmation"
    POLICY_UPDATE = "policy_update"
    POLICY_CANCELLATION = "policy_cancellation"
    POLICY_RENEWAL = "policy_renewal"
    BOOKING_FAILURE = "booking_failure"
    #: A call of the partner's webhook.
    WEBHOOK = "webhook"
    #: The report to a remote upstream that the customer bought without cover.
    DECLINE = "decline"


@dataclass(frozen=True, slots=True)
class Message:
    """One message that waits for delivery."""

    id: str
    partner_code: str
    mode: Mode
    #: The offer, or the booking, that it speaks of.
    offer_id: str
    kind: Kind
    #: Whom it goes to, as far as that matters for sending: messages of one lane wait for each
    #: other's receiver, messages of two lanes never do.
    lane: str
    #: Aware UTC.
    due_at: datetime
    #: What is sent, when that was settled at the time of the event. A mail's content is the
    #: booking, as it is when the message is sent, and this is what it does not tell: see `news`.
    body: str = ""
    #: The place among the messages of its offer: those of one lane are sent in this order.
    sequence: int = 0
    #: How often it was tried in vain.
    failures: int = 0


class Outcome(StrEnum):
    """What became of a message so far."""

    WAITING = "waiting"
    SENT = "sent"
    GAVE_UP = "gave_up"


@dataclass(frozen=True, slots=True)
class Progress:
    """A message, and how far it has come."""

    message: Message
    outcome: Outcome
    #: Why the newest try failed; None when none did.
    problem: str | None


def next_try(message: Message, *, now: datetime, spread: float) -> datetime | None:
    """Return when to try again after one more failure, None when it is time to give up.

    Args:
        spread: From 0 to 1; lengthens the wait by that share of `JITTER`.
    """
    if message.failures >= len(WAITS):
        return None
    return now + WAITS[message.failures] * (1 + JITTER * spread)

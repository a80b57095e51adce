"""Events: what happened to a booking, and who has to be told of it."""

from __future__ import annotations

import hashlib
from datetime import datetime
from enum import StrEnum

from widget.bookings import Booking
from widget.messages import Kind, Message
from widget.news import NOTHING_NEW, News
from widget.offers import Status
from widget.partners import Partner
from widget.products import Catalogue
from widget.webhooks import body_of


class Event(StrEnum):
    """What happens to bookings. Source of the names: XCover, "webhooks"."""

    BOOKING_CREATED = "BOOKING_CREATED"
    BOOKING_UPDATED = "BOOKING_UPDATED"
    BOOKING_CANCELLED = "BOOKING_CANCELLED"
    RENEWAL_CREATED = "RENEWAL_CREATED"


_LETTERS = {
    Event.BOOKING_CREATED: Kind.POLICY_CONFIRMATION,
    Event.BOOKING_UPDATED: Kind.POLICY_UPDATE,
    Event.BOOKING_CANCELLED: Kind.POLICY_CANCELLATION,
    Event.RENEWAL_CREATED: Kind.POLICY_RENEWAL,
}


def letter_for(event: Event, booking: Booking) -> Kind | None:
    """Return what the policyholder is written of an event.

    None for a booking that never had a policy and was never told of: one that was let go before
    its payment came.
    """
    if booking.status is Status.FAILED:
        return Kind.BOOKING_FAILURE
    return _LETTERS[event] if booking.policies else None


def owed(
    booking: Booking,
    event: Event,
    partner: Partner,
    *,
    catalogue: Catalogue,
    at: datetime,
    with_mail: bool,
    news: News = NOTHING_NEW,
) -> tuple[Message, ...]:
    """Return the messages that an event of a booking owes.

    The ids follow from the booking and its revision, so that an event that is written twice could
    not owe twice.

    Args:
        with_mail: Whether we write to the policyholder; a remote upstream may do so itself.
    """
    kind = letter_for(event, booking) if with_mail else None
    letters = () if kind is None else (mail(booking, kind, at=at, news=news),)
    if partner.webhook_for(booking.mode) is None:
        return letters
    return (*letters, _call(booking, event, catalogue=catalogue, at=at))


def mail(
    booking: Booking, kind: Kind, *, at: datetime, again: str = "", news: News = NOTHING_NEW
) -> Message:
    """Return a mail to the policyholder.

    Args:
        again: Sets a mail that is asked for once more apart from the one before.
    """
    key = f"{booking.partner_code}:{booking.id}:{booking.revision}:{kind}{again}"
    return _message(key, booking, kind, lane="mail", at=at, body=news.spelled())


def _call(booking: Booking, event: Event, *, catalogue: Catalogue, at: datetime) -> Message:
    """Return a call of the partner's webhook. It tells of the booking as it is at the event."""
    key = f"{booking.partner_code}:{booking.id}:{booking.revision}:{event}"
    # Receivers keep the id and send it back in addresses.
    event_id = f"evt_{hashlib.sha256(key.encode()).hexdigest()[:32]}"
    body = body_of(
        booking, event, event_id, sequence=_sequence(booking), catalogue=catalogue, at=at
    )
    lane = f"webhook:{booking.partner_code}:{booking.mode}"
    return _message(event_id, booking, Kind.WEBHOOK, lane=lane, at=at, body=body)


def _message(
    key: str, booking: Booking, kind: Kind, *, lane: str, at: datetime, body: str = ""
) -> Message:
    return Message(
        id=key,
        partner_code=booking.partner_code,
        mode=booking.mode,
        offer_id=booking.id,
        kind=kind,
        lane=lane,
        due_at=at,
        body=body,
        sequence=_sequence(booking),
    )


def _sequence(booking: Booking) -> int:
    """Return the place of a booking's newest change among its changes, from 1."""
    return booking.revision + 1

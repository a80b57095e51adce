"""Write to the policyholder once more, when the partner asks for it."""

from __future__ import annotations

from widget.amending import Amending, find_booking
from widget.bookings import Booking
from widget.errors import NotAllowedByProduct, StatusForbids
from widget.events import Event, letter_for, mail
from widget.offers import Status
from widget.replies import Reply

#: The newest letter for each status that has one.
_NEWEST = {
    Status.CONFIRMED: Event.BOOKING_CREATED,
    Status.CANCELLED: Event.BOOKING_CANCELLED,
}


async def send_mail(
    booking_id: str,
    event: Event | None,
    amending: Amending,
    *,
    again: str,
    reply: Reply | None = None,
) -> Booking:
    """Owe the policyholder a letter once more.

    Args:
        event: What the letter tells of; None is what the booking's status tells of.
        again: Sets this request apart from others; the same one is owed once.
        reply: Kept with the message, when there is an idempotency key.

    Raises:
        NotFound: This partner has no such booking.
        StatusForbids: The booking has no such letter.
        NotAllowedByProduct: A remote platform sold it, and writes to its customers itself.
        StorageUnavailable: It could not be kept.
    """
    booking = await find_booking(booking_id, amending, *Status)
    if amending.upstream.sends_mail:
        raise NotAllowedByProduct("Whoever issued this booking writes to the customer itself.")
    wanted = event or _NEWEST.get(booking.status)
    kind = letter_for(wanted, booking) if wanted is not None else None
    if wanted is None or kind is None or not _has_happened(wanted, booking):
        raise StatusForbids(booking.id, booking.status)
    message = mail(booking, kind, at=amending.storage.now(), again=f":{again}")
    await amending.storage.add_messages([message], reply)
    return booking


def _has_happened(event: Event, booking: Booking) -> bool:
    if event is Event.BOOKING_CANCELLED:
        return booking.status is Status.CANCELLED
    is_changed = event is not Event.BOOKING_UPDATED or booking.revision > 0
    return booking.status is Status.CONFIRMED and is_changed

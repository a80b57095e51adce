"""Cancel a booking or some of its policies, or tell what that would pay back."""

from __future__ import annotations

from collections.abc import Collection

from widget.amending import (
    Amended,
    Amending,
    answered,
    find_booking,
    keep,
    make,
    priced,
    resumed,
)
from widget.amendments import AmendmentKind, Terms
from widget.bookings import Booking
from widget.errors import QuoteNotOffered
from widget.offers import Status


async def preview_cancellation(
    booking_id: str, quote_ids: Collection[str] | None, amending: Amending, *, reason: str | None
) -> Amended:
    """Tell what cancelling would pay back, and cancel nothing.

    Args:
        quote_ids: The quotes whose policies to cancel; None is all of them.

    Raises:
        NotFound: This partner has no such booking.
        StatusForbids: It is neither confirmed nor waiting for its payment.
        QuoteNotOffered: One of the quotes has no policy in force.
        NotAllowedByProduct: The product does not allow it, or not any more.
        UpstreamRefused, UpstreamUnavailable, StorageUnavailable: It could not be priced or kept.
    """
    await resumed(booking_id, amending)
    return await keep(
        await price_cancellation(booking_id, quote_ids, amending, reason=reason), amending
    )


async def cancel(
    booking_id: str, quote_ids: Collection[str] | None, amending: Amending, *, reason: str | None
) -> Amended:
    """Cancel at once.

    Raises:
        As `preview_cancellation`, and AmendmentStale: the booking was changed meanwhile.
    """
    made = await resumed(booking_id, amending)
    if made is not None and _is_asked_again(made, quote_ids):
        return await answered(made, amending)
    return await make(
        await price_cancellation(booking_id, quote_ids, amending, reason=reason), amending
    )


def _is_asked_again(made: Amended, quote_ids: Collection[str] | None) -> bool:
    """Tell whether what was finished is the cancellation that is asked for."""
    before = {policy.quote_id for policy in made.before.in_force}
    cancelled = before - {policy.quote_id for policy in made.after.in_force}
    wanted = before if quote_ids is None else set(quote_ids)
    return made.amendment.kind is AmendmentKind.CANCELLATION and cancelled == wanted


async def price_cancellation(
    booking_id: str, quote_ids: Collection[str] | None, amending: Amending, *, reason: str | None
) -> Amended:
    """Return what cancelling would make of a booking; nothing is stored of it.

    Raises:
        As `preview_cancellation`.
    """
    statuses = (Status.CONFIRMED, Status.PENDING_PAYMENT)
    booking = await find_booking(booking_id, amending, *statuses)
    terms = await _terms(booking, quote_ids, amending, reason)
    return priced(booking, AmendmentKind.CANCELLATION, terms, amending, reason=reason)


async def _terms(
    booking: Booking, quote_ids: Collection[str] | None, amending: Amending, reason: str | None
) -> Terms:
    if booking.status is Status.PENDING_PAYMENT:
        # Nothing is in force and nothing was paid: it only ends.
        return Terms(booking.purchase, ())
    known = {policy.quote_id for policy in booking.in_force}
    chosen = known if quote_ids is None else set(quote_ids)
    if not chosen or chosen - known:
        raise QuoteNotOffered(booking.id, ", ".join(sorted(chosen - known)))
    now = amending.storage.now()
    return await amending.upstream.price_cancellation(booking, chosen, reason=reason, now=now)

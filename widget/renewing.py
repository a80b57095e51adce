"""Renew a booking's policies for their next term, or note that the customer does not want to."""

from __future__ import annotations

from widget.amending import Amended, Amending, find_booking, keep, priced
from widget.amendments import AmendmentKind
from widget.bookings import Booking
from widget.errors import NotAllowedByProduct, StorageUnavailable
from widget.evidence import booking_noted
from widget.offers import Quote
from widget.replies import Reply

#: A booking may change between reading and writing; more rounds than this mean something else.
MAX_ROUNDS = 10


async def price_renewal(booking_id: str, amending: Amending) -> Amended:
    """Price the next term, and renew nothing.

    Raises:
        NotFound: This partner has no such booking.
        StatusForbids: It is not confirmed.
        NotAllowedByProduct: It is not renewed, not yet, not any more, or the customer refused.
        UpstreamRefused, UpstreamUnavailable, StorageUnavailable: It could not be priced or kept.
    """
    booking = await find_booking(booking_id, amending)
    if booking.renewal_declined_at is not None:
        raise NotAllowedByProduct(f"The customer refused to renew booking {booking.id}.")
    terms = await amending.upstream.price_renewal(booking, now=amending.storage.now())
    return await keep(priced(booking, AmendmentKind.RENEWAL, terms, amending), amending)


async def decline_renewal(
    booking_id: str, amending: Amending, *, reply: Reply | None = None
) -> Booking:
    """Note that the customer does not want the next term; noting it again changes nothing.

    Args:
        reply: Kept with the note, when there is an idempotency key.

    Raises:
        NotFound: This partner has no such booking.
        StatusForbids: It is not confirmed.
        NotAllowedByProduct: Nothing of it is renewed.
        StorageUnavailable: It could not be kept, or the booking kept changing.
    """
    for _ in range(MAX_ROUNDS):
        seen = await find_booking(booking_id, amending)
        if seen.renewal_declined_at is not None:
            return seen
        _check_renewed(seen, amending)
        now = amending.storage.now()
        changed = seen.noted(renewal_declined_at=now)
        leaf = booking_noted(changed, "renewal_declined", at=now)
        if await amending.storage.change_booking(seen, changed, leaf, reply=reply):
            return changed
    raise StorageUnavailable(f"Booking {booking_id} kept changing under {MAX_ROUNDS} attempts.")


def _check_renewed(booking: Booking, amending: Amending) -> None:
    """Make sure that there is a renewal to refuse; what a remote platform renews, only it knows."""
    if booking.in_force and not any(
        _may_be_renewed(policy.quote, amending) for policy in booking.in_force
    ):
        raise NotAllowedByProduct(f"Nothing of booking {booking.id} is renewed.")


def _may_be_renewed(quote: Quote, amending: Amending) -> bool:
    if quote.provided is not None:
        return True
    product = amending.catalogue.get(quote.product_code, quote.product_version)
    return product.after_sale.renew_within_days is not None

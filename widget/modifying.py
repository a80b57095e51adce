"""Change a confirmed booking: the policyholder, who is insured, or the terms at a new premium."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

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
from widget.bookings import Booking, Policyholder
from widget.purchases import Purchase


@dataclass(frozen=True, slots=True)
class Modification:
    """What the partner wants changed."""

    #: Returns the purchase as it is to be, from the booking; the same when it does not change.
    purchase: Callable[[Booking], Purchase]
    #: Returns the policyholder as it is to be.
    policyholder: Callable[[Booking], Policyholder]


async def price_update(booking_id: str, modification: Modification, amending: Amending) -> Amended:
    """Price a change, and change nothing.

    Raises:
        NotFound: This partner has no such booking.
        StatusForbids: It is not confirmed.
        InputInvalid, NotAllowedByProduct: The change contradicts itself, or the product forbids it.
        UpstreamRefused, UpstreamUnavailable, StorageUnavailable: It could not be priced or kept.
    """
    await resumed(booking_id, amending)
    booking = await find_booking(booking_id, amending)
    return await keep(await _priced(booking, modification, amending), amending)


async def modify(booking_id: str, modification: Modification, amending: Amending) -> Amended:
    """Price a change and make it, in one. What changes nothing is not made, and nobody is told.

    Raises:
        As `price_update`, and AmendmentStale: the booking was changed meanwhile.
    """
    made = await resumed(booking_id, amending)
    if made is not None and _is_asked_again(made, modification):
        return await answered(made, amending)
    booking = await find_booking(booking_id, amending)
    amended = await _priced(booking, modification, amending)
    is_same = amended.amendment.purchase == booking.purchase
    if is_same and amended.amendment.policyholder is None:
        return Amended(booking, booking, amended.amendment)
    return await make(amended, amending)


def _is_asked_again(made: Amended, modification: Modification) -> bool:
    """Tell whether what was finished is the change that is asked for."""
    purchase = modification.purchase(made.before)
    person = modification.policyholder(made.before)
    return (purchase, person) == (made.after.purchase, made.after.policyholder)


async def _priced(booking: Booking, modification: Modification, amending: Amending) -> Amended:
    purchase = modification.purchase(booking)
    person = modification.policyholder(booking)
    terms = Terms(booking.purchase, booking.policies)
    if purchase != booking.purchase:
        now = amending.storage.now()
        terms = await amending.upstream.price_update(booking, purchase, now=now)
    changed = person if person != booking.policyholder else None
    return priced(booking, AmendmentKind.UPDATE, terms, amending, policyholder=changed)

"""Change a confirmed booking: the policyholder, who is insured, or the terms at a new premium."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

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
from widget.bookings import Booking, Insured, Policyholder
from widget.purchases import Purchase

#: By quote id, whom the policies protect.
People = Mapping[str, tuple[Insured, ...]]


def _as_they_are(booking: Booking) -> People:
    return booking.insured


@dataclass(frozen=True, slots=True)
class Modification:
    """What the partner wants changed."""

    #: Returns the purchase as it is to be, from the booking; the same when it does not change.
    purchase: Callable[[Booking], Purchase]
    #: Returns the policyholder as it is to be.
    policyholder: Callable[[Booking], Policyholder]
    #: Returns whom the policies protect, as it is to be.
    insured: Callable[[Booking], People] = _as_they_are


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
    if _changes_nothing(amended):
        return Amended(booking, booking, amended.amendment)
    return await make(amended, amending)


def _is_asked_again(made: Amended, modification: Modification) -> bool:
    """Tell whether what was finished is the change that is asked for."""
    before, after = made.before, made.after
    asked = modification.purchase(before), modification.policyholder(before)
    is_insured_so = modification.insured(before) == after.insured
    return is_insured_so and asked == (after.purchase, after.policyholder)


def _changes_nothing(amended: Amended) -> bool:
    amendment = amended.amendment
    is_same = amendment.purchase == amended.before.purchase
    return is_same and amendment.policyholder is None and amendment.insured is None


async def _priced(booking: Booking, modification: Modification, amending: Amending) -> Amended:
    purchase = modification.purchase(booking)
    person, insured = modification.policyholder(booking), modification.insured(booking)
    terms = Terms(booking.purchase, booking.policies)
    if purchase != booking.purchase:
        now = amending.storage.now()
        wanted = replace(booking, purchase=purchase, policyholder=person, insured=insured)
        terms = await amending.upstream.price_update(booking, wanted, now=now)
    return priced(
        booking,
        AmendmentKind.UPDATE,
        terms,
        amending,
        policyholder=person if person != booking.policyholder else None,
        insured=insured if insured != booking.insured else None,
    )

"""Erase the personal data of a booking or of a person, and keep every proof."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from widget.erasures import Erasure, check_erasable
from widget.errors import NotFound, RecordsKept, StatusForbids
from widget.evidence import people_erased
from widget.storage.base import Storage


@dataclass(frozen=True, slots=True)
class Erasing:
    """How an operator erases."""

    storage: Storage
    #: How long after its end a policy's records are kept by law.
    kept_for: timedelta
    #: Whether to erase what the law keeps.
    is_forced: bool = False


@dataclass(frozen=True, slots=True)
class Refusal:
    """A booking of which nothing was erased, and why."""

    partner_code: str
    booking_id: str
    problem: RecordsKept | StatusForbids


async def erase_booking(partner_code: str, offer_id: str, erasing: Erasing) -> Erasure:
    """Erase the people of one booking, or what an offer that was never booked holds of its shopper.

    Erasing again erases what has come since.

    Raises:
        NotFound: This partner has no such offer.
        RecordsKept, StatusForbids: They must stay.
        StorageUnavailable: Nothing was erased; do it again.
    """
    storage = erasing.storage
    now = storage.now()
    offer = await storage.find_offer(partner_code, offer_id)
    if offer is None:
        raise NotFound(f"Offer {offer_id}")
    booking = await storage.find_booking(partner_code, offer_id)
    is_forced = booking is not None and check_erasable(
        booking, at=now, kept_for=erasing.kept_for, is_forced=erasing.is_forced
    )
    if booking is not None and await storage.find_begun(partner_code, offer_id):
        raise StatusForbids(offer_id, "PENDING")
    leaf = people_erased(offer, at=now, is_forced=is_forced)
    return await storage.erase_people(partner_code, offer_id, leaf)


async def erase_person(email: str, erasing: Erasing) -> list[Erasure | Refusal]:
    """Erase the people of every booking that names an e-mail address, as far as the law lets.

    Args:
        email: Of a policyholder or an insured; capital letters do not matter.

    Raises:
        StorageUnavailable: Some may be erased already; do it again.
    """
    found: list[Erasure | Refusal] = []
    for partner_code, booking_id in await erasing.storage.find_bookings_of(email):
        try:
            found.append(await erase_booking(partner_code, booking_id, erasing))
        except (RecordsKept, StatusForbids) as problem:
            found.append(Refusal(partner_code, booking_id, problem))
    return found

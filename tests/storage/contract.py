"""What the tests of the contract share: offers and bookings, stored with what belongs to them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from tests.builders import (
    NOON,
    a_booking,
    a_purchase,
    an_opted_in_offer,
    mails_of,
    offer_of,
)
from widget.bookings import Booking, Policy
from widget.editions import PDF, Copy, Edition, File, file_of
from widget.evidence import Leaf, choice_made, offer_confirmed, offer_made
from widget.messages import Message
from widget.offers import Offer
from widget.sheets import Paper
from widget.storage.base import Storage

#: Opens one more storage on the test's one database, as another process would.
Opener = Callable[[], Awaitable[Storage]]


def a_file(text: str = "%PDF-1.7 wording") -> File:
    return file_of(PDF, text.encode())


def an_edition(*files: File, source: str = "source-1", version: int = 1) -> Edition:
    """Return the edition of a product whose wording is in these files."""
    copies = tuple(
        Copy("wording", "en", Paper.A4, "Policy wording", file.digest, file.digest)
        for file in files or (a_file(),)
    )
    return Edition("travel_protection", version, source, NOON, copies)


def shown(offer: Offer) -> Leaf:
    return offer_made(offer, texts_version="texts-1")


def chosen(offer: Offer) -> Leaf:
    return choice_made(offer, at=offer.chosen_at or NOON, texts_version="texts-1")


def offer_number(number: int, **changes: object) -> Offer:
    """Return an opted-in offer of a checkout of its own."""
    purchase = a_purchase(reference=f"CHK-{number}")
    return an_opted_in_offer(id=f"AAAAA-{number:05}-INS", purchase=purchase, **changes)


def booking_of(offer: Offer, transaction_id: str | None = "ORDER-1", number: str = "") -> Booking:
    """Return the booking of an offer, with a policy number that nobody else has."""
    number = f"TRV-{offer.partner_code}-{offer.id}{number}"
    policy = Policy(number, offer.chosen_quotes[0], issued_at=NOON)
    return a_booking(offer=offer, transaction_id=transaction_id, policies=(policy,))


async def sell(
    storage: Storage, booking: Booking, messages: tuple[Message, ...] | None = None
) -> Booking | None:
    """Store a booking with its evidence and, unless the test gives others, what it owes."""
    owed = mails_of(booking) if messages is None else messages
    leaves = [offer_confirmed(booking, at=booking.booked_at)]
    return await storage.save_booking(offer_of(booking), booking, leaves, owed)


async def a_sold_offer(storage: Storage, number: int = 1) -> Booking:
    """Store an offer and its booking."""
    offer = await storage.save_offer(offer_number(number), shown(offer_number(number)))
    booking = await sell(storage, booking_of(offer, f"ORDER-{number}"))
    assert booking is not None
    return booking


async def kinds_of_evidence(storage: Storage, offer: Offer) -> list[str]:
    return [leaf.kind for leaf in await storage.list_evidence(offer.partner_code, offer.id)]

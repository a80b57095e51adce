"""Turn an offer into a booking after the partner was paid: once, whatever is repeated."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from widget.bookings import Booking, Policyholder
from widget.errors import (
    AlreadyConfirmed,
    ChoiceChanged,
    ChoiceMissing,
    NotFound,
    PremiumMismatch,
    PurchaseMismatch,
    StorageUnavailable,
)
from widget.evidence import offer_confirmed
from widget.messages import owed_by
from widget.money import Money
from widget.offers import Choice, Offer
from widget.storage.base import Storage
from widget.tokens import QuoteToken, quote_token_for
from widget.upstream.base import Upstream

#: A choice may change between reading and writing; more rounds than this mean something else.
MAX_ROUNDS = 10


@dataclass(frozen=True, slots=True)
class Confirmation:
    """What the partner's backend says when it confirms."""

    #: Read, and known to be this partner's, for this offer.
    token: QuoteToken
    policyholder: Policyholder
    transaction_id: str | None = None
    #: What the customer paid for cover, when the partner tells.
    paid: Money | None = None
    #: The hash of what was sold, when the partner tells.
    purchase_hash: str | None = None
    #: The quotes to confirm, when the partner names them.
    quote_ids: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Confirmed:
    """The booking, and whether it was there before."""

    booking: Booking
    is_replay: bool


async def confirm_offer(
    confirmation: Confirmation, *, storage: Storage, upstream: Upstream, grace: timedelta
) -> Confirmed:
    """Make the booking of an offer, or return the one that it already is.

    Booking, policies, evidence and the messages that are owed are stored in one transaction.

    Args:
        grace: How long after the offer's expiry a payment that was under way may still confirm.

    Raises:
        NotFound: This partner has no such offer.
        ChoiceMissing, ChoiceChanged, OfferDeclined, OfferExpired: The offer is not sold so.
        PurchaseMismatch, PremiumMismatch: The partner sold something else, or for another amount.
        AlreadyConfirmed, PaymentAlreadyUsed: Another payment, or another booking, was first.
        StorageUnavailable, UpstreamUnavailable: Unknown; confirm again.
    """
    token = confirmation.token
    for _ in range(MAX_ROUNDS):
        if existing := await storage.find_booking(token.partner_code, token.offer_id):
            return _replayed(existing, confirmation)
        offer = await storage.find_offer(token.partner_code, token.offer_id)
        if offer is None or offer.mode is not token.mode:
            raise NotFound("Quote package")
        _check(offer, confirmation)
        now = storage.now()
        offer.check_confirmable(last_moment=offer.expires_at + grace, at=now)
        booking = Booking(
            offer=offer.confirmed(),
            policyholder=confirmation.policyholder,
            policies=await upstream.issue(offer),
            transaction_id=confirmation.transaction_id,
            confirmed_at=now,
        )
        stored = await storage.save_booking(booking, offer_confirmed(booking), owed_by(booking))
        if stored is booking:
            return Confirmed(booking, is_replay=False)
    raise StorageUnavailable(f"Offer {token.offer_id} kept changing under {MAX_ROUNDS} attempts.")


def _replayed(booking: Booking, confirmation: Confirmation) -> Confirmed:
    """Answer a repeated confirmation, unless it speaks of another payment or another sale."""
    if confirmation.transaction_id not in {None, booking.transaction_id}:
        raise AlreadyConfirmed(booking.id)
    _check(booking.offer, confirmation)
    return Confirmed(booking, is_replay=True)


def _check(offer: Offer, confirmation: Confirmation) -> None:
    """Compare what the token and the partner say with what is stored; storage decides."""
    token = confirmation.token
    stored = quote_token_for(offer, now=offer.chosen_at or offer.created_at)
    if token.choice is not Choice.OPTED_IN:
        raise ChoiceMissing(offer.id)
    if (token.choice, token.quote_ids) != (stored.choice, stored.quote_ids):
        raise ChoiceChanged(offer.id)
    if confirmation.quote_ids not in {None, frozenset(stored.quote_ids)}:
        raise ChoiceChanged(offer.id)
    if confirmation.purchase_hash not in {None, stored.purchase_hash}:
        raise PurchaseMismatch(offer.id)
    if _sale(token) != _sale(stored):
        raise PurchaseMismatch(offer.id)
    if confirmation.paid not in {None, offer.premium}:
        raise PremiumMismatch(offer.id, str(offer.premium), str(confirmation.paid))
    if _price(token) != _price(stored):
        raise PremiumMismatch(offer.id, _price(stored), _price(token))


def _sale(token: QuoteToken) -> tuple[object, ...]:
    """Return what was sold and until when, by a token."""
    return token.reference, token.purchase_hash, token.terms_version, token.expires_at


def _price(token: QuoteToken) -> str:
    """Return what it costs, by a token."""
    premium, tax = Money(token.premium_minor, token.currency), token.tax_minor
    return f"{premium} with {Money(tax, token.currency)} tax"

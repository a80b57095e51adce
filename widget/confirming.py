"""Turn an offer into a booking after the partner was paid: once, whatever is repeated."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from widget.bookings import Booking, Insured, Policyholder
from widget.errors import (
    AlreadyConfirmed,
    ChoiceChanged,
    ChoiceMissing,
    NotFound,
    OfferDeclined,
    OfferExpired,
    PremiumMismatch,
    PurchaseMismatch,
    StorageUnavailable,
    UpstreamRefused,
)
from widget.events import Event, owed
from widget.evidence import Leaf, choice_made, offer_booked, offer_confirmed
from widget.messages import Message
from widget.money import Money
from widget.offers import Choice, Metadata, Offer, Status
from widget.partners import Mode, Partner
from widget.products import Catalogue
from widget.reconciling import settle
from widget.replies import Reply
from widget.storage.base import Storage
from widget.tokens import QuoteToken, quote_token_for
from widget.upstream.base import Upstream
from widget.witnesses import Witness

#: A choice may change between reading and writing; more rounds than this mean something else.
MAX_ROUNDS = 10


@dataclass(frozen=True, slots=True)
class Confirmation:
    """What the partner's backend says when it confirms."""

    mode: Mode
    offer_id: str
    policyholder: Policyholder
    #: Read, and known to be this partner's, for this offer. Without it the partner itself says
    #: what the customer chose.
    token: QuoteToken | None = None
    #: The quotes to confirm, when the partner names them.
    quote_ids: frozenset[str] | None = None
    transaction_id: str | None = None
    #: What the customer paid for cover, when the partner tells.
    paid: Money | None = None
    #: The hash of what was sold, when the partner tells.
    purchase_hash: str | None = None
    #: Book now, and issue when the partner says that the payment has arrived.
    awaits_payment: bool = False
    insured: Mapping[str, tuple[Insured, ...]] = field(default_factory=dict)
    #: Agreed plans for paying in instalments, by quote id.
    instalment_plans: Mapping[str, str] = field(default_factory=dict)
    metadata: Metadata = field(default_factory=dict)
    #: The offer, when the caller has just read it.
    seen: Offer | None = None


@dataclass(frozen=True, slots=True)
class Confirmed:
    """The booking, and whether it was there before."""

    booking: Booking
    is_replay: bool


@dataclass(frozen=True, slots=True)
class Selling:
    """The parts that selling to one partner's customers takes."""

    partner: Partner
    storage: Storage
    upstream: Upstream
    catalogue: Catalogue
    #: How long after the offer's expiry a payment that was under way may still confirm.
    grace: timedelta
    #: How long a booking waits for its payment.
    payment_lifetime: timedelta
    #: Names the exact templates and texts that offers are shown with.
    texts_version: str
    #: Makes the reply to keep with what is stored, when there is an idempotency key.
    reply_with: Callable[[Booking], Reply | None] = lambda _: None


async def confirm_offer(confirmation: Confirmation, selling: Selling) -> Confirmed:
    """Make the booking of an offer, or return the one that it already is.

    Booking, policies, evidence and the messages that are owed are stored in one transaction. From
    a remote upstream the booking is PENDING until its answer is known, which may be later.

    Raises:
        NotFound: This partner has no such offer.
        ChoiceMissing, ChoiceChanged, OfferDeclined, OfferExpired: The offer is not sold so.
        PurchaseMismatch, PremiumMismatch: The partner sold something else, or for another amount.
        AlreadyConfirmed, PaymentAlreadyUsed: Another payment, or another booking, was first.
        UpstreamRefused: The upstream does not issue; the booking is FAILED.
        StorageUnavailable, UpstreamUnavailable: Unknown; confirm again.
    """
    storage, code = selling.storage, selling.partner.code
    seen = confirmation.seen
    for _ in range(MAX_ROUNDS):
        seen = seen or await storage.find_offer(code, confirmation.offer_id)
        if seen is None or seen.mode is not confirmation.mode:
            raise NotFound("Quote package")
        if seen.is_booked and (existing := await storage.find_booking(code, seen.id)):
            return Confirmed(await _replayed(existing, confirmation, selling), is_replay=True)
        now = storage.now()
        offer = _chosen(seen, confirmation, now)
        _check(offer, confirmation)
        offer.check_confirmable(last_moment=offer.expires_at + selling.grace, at=now)
        booking = await _booked(offer, confirmation, selling, now)
        stored = await _save(seen, booking, selling, now)
        if stored is booking:
            return Confirmed(await _concluded(booking, selling), is_replay=False)
        seen = None
    raise StorageUnavailable(f"Offer {confirmation.offer_id} kept changing.")


async def confirm_payment(booking_id: str, mode: Mode, selling: Selling) -> Confirmed:
    """Issue the policies of a booking whose payment has arrived, or return the confirmed booking.

    Raises:
        NotFound: This partner has no such booking.
        StatusForbids: It was cancelled, or has failed.
        OfferExpired: The payment came too late, or after the cover should have begun.
        UpstreamRefused, StorageUnavailable, UpstreamUnavailable: As `confirm_offer`.
    """
    for _ in range(MAX_ROUNDS):
        seen = await selling.storage.find_booking(selling.partner.code, booking_id)
        if seen is None or seen.mode is not mode:
            raise NotFound("Booking")
        if seen.status in {Status.CONFIRMED, Status.PENDING}:
            return Confirmed(await _concluded(seen, selling), is_replay=True)
        if (changed := await _paid(seen, selling)) is not None:
            return Confirmed(await _concluded(changed, selling), is_replay=False)
    raise StorageUnavailable(f"Booking {booking_id} kept changing under {MAX_ROUNDS} attempts.")


async def _replayed(booking: Booking, confirmation: Confirmation, selling: Selling) -> Booking:
    """Answer a repeated confirmation, unless it speaks of another payment or another sale."""
    if booking.mode is not confirmation.mode:
        raise NotFound("Quote package")
    if confirmation.transaction_id not in {None, booking.transaction_id}:
        raise AlreadyConfirmed(booking.id)
    _check(booking.offer, confirmation)
    concluded = await _concluded(booking, selling)
    concluded.check_status(Status.PENDING, Status.PENDING_PAYMENT, Status.CONFIRMED)
    return concluded


def _chosen(offer: Offer, confirmation: Confirmation, now: datetime) -> Offer:
    """Return an offer with the choice that the partner reports, where the customer gave us none."""
    if offer.status is Status.OPTED_OUT:
        raise OfferDeclined(offer.id)
    is_told = confirmation.token is None and confirmation.quote_ids is not None
    if not is_told or offer.choice is not Choice.OPEN or offer.status is not Status.RECEIVED:
        return offer
    locale = offer.purchase.language or "en"
    return offer.opt_in(confirmation.quote_ids or (), at=now, locale=locale, is_reported=True)


async def _booked(
    offer: Offer, confirmation: Confirmation, selling: Selling, now: datetime
) -> Booking:
    """Return the booking of an offer: sold by the house at once, otherwise still waiting."""
    waits_for = Status.PENDING_PAYMENT if confirmation.awaits_payment else Status.PENDING
    booking = Booking(
        offer=offer.booked(waits_for),
        policyholder=confirmation.policyholder,
        policies=(),
        transaction_id=confirmation.transaction_id,
        booked_at=now,
        confirmed_at=None,
        status=waits_for,
        purchase=offer.purchase,
        insured=confirmation.insured,
        metadata={**offer.metadata, **confirmation.metadata},
        instalment_plans=confirmation.instalment_plans,
    )
    if confirmation.awaits_payment or selling.upstream.is_remote:
        return booking
    policies = await selling.upstream.issue(booking, now=now)
    return replace(booking.issued(policies, at=now), revision=0)


async def _save(seen: Offer, booking: Booking, selling: Selling, now: datetime) -> Booking | None:
    leaves: list[Leaf] = []
    if booking.offer.revision != seen.revision:
        texts = selling.texts_version
        leaves.append(choice_made(booking.offer, at=now, texts_version=texts, by=Witness.PARTNER))
    reply = _reply_of(booking, selling)
    if booking.status is not Status.CONFIRMED:
        leaves.append(offer_booked(booking))
        return await selling.storage.save_booking(seen, booking, leaves, (), reply)
    leaves.append(offer_confirmed(booking, at=now))
    return await selling.storage.save_booking(
        seen, booking, leaves, _created(booking, selling, now), reply
    )


def _reply_of(booking: Booking, selling: Selling) -> Reply | None:
    """Return the reply to keep with a booking: while its outcome is unknown, that it is begun."""
    reply = selling.reply_with(booking)
    return reply.under_way() if reply and booking.status is Status.PENDING else reply


async def _paid(seen: Booking, selling: Selling) -> Booking | None:
    """Return a booking with its payment confirmed and stored, None when it changed meanwhile."""
    now = selling.storage.now()
    paid = seen.paid()
    # What had begun when it was booked, such as goods that were bought, sets no term.
    begins = [item.subject.starts_at for item in seen.purchase.items]
    starts = [moment for moment in begins if moment > seen.booked_at]
    last = min([seen.booked_at + selling.payment_lifetime, *starts])
    if now >= last:
        raise OfferExpired(seen.id, last)
    if selling.upstream.is_remote:
        is_stored = await selling.storage.change_booking(
            seen, paid, offer_booked(paid), reply=_reply_of(paid, selling)
        )
        return paid if is_stored else None
    policies = await selling.upstream.issue(paid, now=now)
    changed = replace(paid.issued(policies, at=now), revision=paid.revision)
    is_stored = await selling.storage.change_booking(
        seen,
        changed,
        offer_confirmed(changed, at=now),
        messages=_created(changed, selling, now),
        reply=selling.reply_with(changed),
    )
    return changed if is_stored else None


async def _concluded(booking: Booking, selling: Selling) -> Booking:
    """Return a booking with the upstream's answer, as far as there is one."""
    if booking.status is Status.PENDING:
        booking = await settle(
            booking,
            selling.partner,
            storage=selling.storage,
            upstream=selling.upstream,
            catalogue=selling.catalogue,
            reply_with=selling.reply_with,
        )
    if booking.status is Status.FAILED:
        raise UpstreamRefused(booking.problem)
    return booking


def _created(booking: Booking, selling: Selling, now: datetime) -> tuple[Message, ...]:
    return owed(
        booking,
        Event.BOOKING_CREATED,
        selling.partner,
        catalogue=selling.catalogue,
        at=now,
        with_mail=not selling.upstream.sends_mail,
    )


def _check(offer: Offer, confirmation: Confirmation) -> None:
    """Compare what the token and the partner say with what is stored; storage decides."""
    if confirmation.token is not None:
        _check_token(offer, confirmation.token)
    if offer.choice is not Choice.OPTED_IN:
        raise ChoiceMissing(offer.id)
    if confirmation.quote_ids not in {None, frozenset(offer.chosen)}:
        raise ChoiceChanged(offer.id)
    if confirmation.purchase_hash not in {None, offer.purchase_hash}:
        raise PurchaseMismatch(offer.id)
    if confirmation.paid not in {None, offer.premium}:
        raise PremiumMismatch(offer.id, str(offer.premium), str(confirmation.paid))


def _check_token(offer: Offer, token: QuoteToken) -> None:
    stored = quote_token_for(offer, now=offer.chosen_at or offer.created_at)
    if token.choice is not Choice.OPTED_IN:
        raise ChoiceMissing(offer.id)
    if (token.choice, token.quote_ids) != (stored.choice, stored.quote_ids):
        raise ChoiceChanged(offer.id)
    if _sale(token) != _sale(stored):
        raise PurchaseMismatch(offer.id)
    if _price(token) != _price(stored):
        raise PremiumMismatch(offer.id, _price(stored), _price(token))


def _sale(token: QuoteToken) -> tuple[object, ...]:
    """Return what was sold and until when, by a token."""
    seller = token.mode, token.partner_code, token.offer_id
    return *seller, token.reference, token.purchase_hash, token.terms_version, token.expires_at


def _price(token: QuoteToken) -> str:
    """Return what it costs, by a token."""
    premium, tax = Money(token.premium_minor, token.currency), token.tax_minor
    return f"{premium} with {Money(tax, token.currency)} tax"

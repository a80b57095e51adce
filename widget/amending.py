"""Price and make amendments of confirmed bookings: what updating, cancelling and renewing share."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from widget.amendments import (
    Amendment,
    AmendmentKind,
    Terms,
    newly_ended,
    premium_difference,
)
from widget.bookings import Booking, Insured, Policyholder
from widget.errors import (
    AmendmentApplied,
    AmendmentStale,
    NotAllowedByProduct,
    NotFound,
    StatusForbids,
    StorageUnavailable,
    UpstreamRefused,
)
from widget.events import Event, owed
from widget.evidence import booking_amended
from widget.news import News
from widget.offers import Status
from widget.partners import Mode, Partner
from widget.products import Catalogue
from widget.replies import Reply
from widget.storage.base import Storage
from widget.upstream.base import Upstream
from widget.witnesses import Witness

#: A fact may be noted between reading and writing; more rounds than this mean something else.
MAX_ROUNDS = 10

#: How long a priced amendment may be confirmed. Source: XCover, `confirm_before`.
LIFETIME = timedelta(hours=24)

#: Letters and digits that nobody confuses on the phone.
_CLEAR = "23456789abcdefghjkmnpqrstvwxyz"

_EVENTS = {
    AmendmentKind.UPDATE: Event.BOOKING_UPDATED,
    AmendmentKind.CANCELLATION: Event.BOOKING_CANCELLED,
    AmendmentKind.RENEWAL: Event.RENEWAL_CREATED,
}


@dataclass(frozen=True, slots=True)
class Amended:
    """A booking before an amendment and after it; the same twice while it is only priced."""

    before: Booking
    #: As the amendment makes it.
    after: Booking
    amendment: Amendment

    @property
    def id(self) -> str:
        """The id of the booking."""
        return self.before.id


@dataclass(frozen=True, slots=True)
class Amending:
    """The parts that amending one partner's bookings takes."""

    partner: Partner
    mode: Mode
    storage: Storage
    upstream: Upstream
    catalogue: Catalogue
    #: Who asks: the partner's backend, or the customer in their own page.
    asked_by: Witness = Witness.PARTNER
    #: Makes the reply to keep with what is stored, when there is an idempotency key.
    reply_with: Callable[[Amended], Reply | None] = lambda _: None


async def find_booking(booking_id: str, amending: Amending, *allowed: Status) -> Booking:
    """Return a partner's booking, in one of the statuses that can be amended.

    Raises:
        NotFound: This partner has no such booking.
        StatusForbids: It has another status.
    """
    booking = await amending.storage.find_booking(amending.partner.code, booking_id)
    if booking is None or booking.mode is not amending.mode:
        raise NotFound("Booking")
    booking.check_status(*(allowed or (Status.CONFIRMED,)))
    return booking


def priced(
    booking: Booking,
    kind: AmendmentKind,
    terms: Terms,
    amending: Amending,
    *,
    policyholder: Policyholder | None = None,
    insured: Mapping[str, tuple[Insured, ...]] | None = None,
    reason: str | None = None,
) -> Amended:
    """Return a new amendment of a booking, and what it would make of it."""
    now = amending.storage.now()
    amendment = Amendment(
        id=_new_id(kind),
        kind=kind,
        partner_code=booking.partner_code,
        booking_id=booking.id,
        revision=booking.revision,
        purchase=terms.purchase,
        policies=terms.policies,
        policyholder=policyholder,
        insured=insured,
        asked_by=amending.asked_by,
        reason=reason,
        created_at=now,
        expires_at=now + LIFETIME,
        upstream_id=terms.upstream_id,
    )
    return Amended(booking, amendment.applied_to(booking), amendment)


async def keep(amended: Amended, amending: Amending) -> Amended:
    """Store a priced amendment, to be confirmed later.

    Raises:
        StorageUnavailable: It could not be kept.
    """
    await amending.storage.save_amendment(amended.amendment, amending.reply_with(amended))
    return amended


async def confirm(
    booking_id: str | None, amendment_id: str, kind: AmendmentKind, amending: Amending
) -> Amended:
    """Make an amendment that was priced before.

    Args:
        booking_id: None when the caller names the amendment alone.

    Raises:
        NotFound: There is no such booking, or no such amendment of it.
        AmendmentExpired, AmendmentApplied, AmendmentStale, StatusForbids: It cannot be made now.
        NotAllowedByProduct, UpstreamRefused, UpstreamUnavailable, StorageUnavailable: As `make`.
    """
    if booking_id is not None:
        made = await resumed(booking_id, amending)
        if made is not None and made.amendment.id == amendment_id:
            return await answered(made, amending)
    amendment = await amending.storage.find_amendment(
        amending.partner.code, booking_id, amendment_id
    )
    if amendment is None or amendment.kind is not kind:
        raise NotFound("Amendment")
    booking = await amending.storage.find_booking(amending.partner.code, amendment.booking_id)
    if booking is None or booking.mode is not amending.mode:
        # As when there is no such amendment: a key of the other mode learns nothing.
        raise NotFound("Amendment")
    amendment.check_applicable(amending.storage.now())
    return await make(Amended(booking, amendment.applied_to(booking), amendment), amending)


async def make(amended: Amended, amending: Amending) -> Amended:
    """Make an amendment: at the upstream first, then here, with evidence and messages.

    What a remote platform is asked for is stored before, so that an outcome that is not known is
    found out later: see `resumed`. Of several requests for it at once, one stores it, and all
    have it.

    Raises:
        AmendmentApplied: It was made meanwhile, by the house.
        AmendmentStale: The booking changed meanwhile, or another amendment of it is under way.
        NotAllowedByProduct, UpstreamRefused: The upstream says no.
        UpstreamUnavailable, StorageUnavailable: Unknown; make the same again.
    """
    if not (amending.upstream.is_remote and amended.before.policies):
        await amending.upstream.apply(amended.before, amended.amendment)
        if not await _store(amended, amending):
            raise AmendmentStale(amended.id)
        return amended
    try:
        return await _made_there(amended, amending)
    except (AmendmentApplied, StatusForbids):
        if (done := await _as_done(amended, amending)) is None:
            raise
    return await answered(done, amending)


async def resumed(booking_id: str, amending: Amending) -> Amended | None:
    """Find out what became of an amendment that a platform was asked for, and finish it.

    Returns:
        What was made; None when nothing was under way, or the platform has refused it.

    Raises:
        UpstreamUnavailable, StorageUnavailable: Still unknown.
    """
    storage, code = amending.storage, amending.partner.code
    if not amending.upstream.is_remote:
        return None
    booking = await storage.find_booking(code, booking_id)
    # Read after it: what is still under way then is not in the booking yet.
    begun = await storage.find_begun(code, booking_id)
    if begun is None or booking is None or booking.mode is not amending.mode:
        return None
    try:
        return await make(_of(booking, begun), replace(amending, reply_with=lambda _: None))
    except (NotAllowedByProduct, UpstreamRefused):
        return None


async def answered(made: Amended, amending: Amending) -> Amended:
    """Take what was finished for the answer to a request that asked for the same again."""
    await amending.storage.add_messages((), amending.reply_with(made))
    return made


async def _made_there(amended: Amended, amending: Amending) -> Amended:
    """Make an amendment at a platform, then here.

    Raises:
        AmendmentApplied: Another request for it was first to store that it is made.
        As `make`.
    """
    begun = await _begun(amended, amending)
    for _ in range(MAX_ROUNDS):
        if await _store(begun, amending):
            return begun
        # A fact was noted meanwhile. The platform has made it, so it goes on from what is there.
        booking = await find_booking(begun.id, amending)
        begun = _of(booking, begun.amendment)
    raise StorageUnavailable(f"Booking {amended.id} kept changing under {MAX_ROUNDS} attempts.")


async def _as_done(amended: Amended, amending: Amending) -> Amended | None:
    """Return an amendment with the booking as it is now, None when nobody has made it."""
    storage, code = amending.storage, amending.partner.code
    amendment = await storage.find_amendment(code, amended.id, amended.amendment.id)
    if amendment is None or amendment.applied_at is None:
        return None
    return replace(amended, after=await storage.find_booking(code, amended.id) or amended.after)


async def _begun(amended: Amended, amending: Amending) -> Amended:
    """Ask a platform for an amendment, and return it as it was stored before.

    Raises:
        As `make`.
    """
    begun = replace(amended.amendment, begun_at=amending.storage.now())
    await amending.storage.begin_amendment(begun)
    try:
        await amending.upstream.apply(amended.before, begun)
    except (NotAllowedByProduct, UpstreamRefused):
        await amending.storage.begin_amendment(replace(begun, begun_at=None))
        raise
    return replace(amended, amendment=begun)


def _of(booking: Booking, amendment: Amendment) -> Amended:
    """Return an amendment of a booking as it is now."""
    current = replace(amendment, revision=booking.revision)
    return Amended(booking, current.applied_to(booking), current)


async def _store(amended: Amended, amending: Amending) -> bool:
    now = amending.storage.now()
    return await amending.storage.change_booking(
        amended.before,
        amended.after,
        booking_amended(amended.after, amended.amendment, at=now),
        messages=owed(
            amended.after,
            _EVENTS[amended.amendment.kind],
            amending.partner,
            catalogue=amending.catalogue,
            at=now,
            with_mail=not amending.upstream.sends_mail,
            news=_news(amended),
        ),
        amendment=amended.amendment.applied(now),
        reply=amending.reply_with(amended),
    )


def _news(amended: Amended) -> News:
    """Return what the letter about an amendment tells besides the booking."""
    before, amendment = amended.before, amended.amendment
    difference = premium_difference(before, amendment).minor
    return News(
        difference_minor=difference if amendment.kind is AmendmentKind.UPDATE else None,
        ended=tuple(policy.number for policy in newly_ended(before, amendment)),
        by=amendment.asked_by,
    )


def _new_id(kind: AmendmentKind) -> str:
    """Return an id in XCover's shape, one of 30 ** 15: `xxxxx-xxxxx-xxxxx-UPD`."""
    letters = "".join(secrets.choice(_CLEAR) for _ in range(15))
    return f"{letters[:5]}-{letters[5:10]}-{letters[10:]}-{kind.suffix}"

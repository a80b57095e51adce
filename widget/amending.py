"""Price and make amendments of confirmed bookings: what updating, cancelling and renewing share."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import structlog

from widget.amendments import Amendment, AmendmentKind, Terms
from widget.bookings import Booking, Policyholder
from widget.errors import AmendmentStale, NotFound
from widget.events import Event, owed
from widget.evidence import booking_amended
from widget.offers import Status
from widget.partners import Mode, Partner
from widget.products import Catalogue
from widget.replies import Reply
from widget.storage.base import Storage
from widget.upstream.base import Upstream

_log = structlog.get_logger(__name__)

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
    amendment = await amending.storage.find_amendment(
        amending.partner.code, booking_id, amendment_id
    )
    if amendment is None or amendment.kind is not kind:
        raise NotFound("Amendment")
    booking = await amending.storage.find_booking(amending.partner.code, amendment.booking_id)
    if booking is None or booking.mode is not amending.mode:
        raise NotFound("Booking" if booking_id else "Amendment")
    amendment.check_applicable(amending.storage.now())
    return await make(Amended(booking, amendment.applied_to(booking), amendment), amending)


async def make(amended: Amended, amending: Amending) -> Amended:
    """Make an amendment: at the upstream first, then here, with evidence and messages.

    Raises:
        AmendmentStale: The booking changed meanwhile.
        NotAllowedByProduct, UpstreamRefused: The upstream says no.
        UpstreamUnavailable, StorageUnavailable: Unknown; make the same again.
    """
    booking, amendment = amended.before, amended.amendment
    await amending.upstream.apply(booking, amendment)
    now = amending.storage.now()
    applied = amendment.applied(now)
    is_stored = await amending.storage.change_booking(
        booking,
        amended.after,
        booking_amended(amended.after, amendment, at=now),
        messages=owed(
            amended.after,
            _EVENTS[amendment.kind],
            amending.partner,
            catalogue=amending.catalogue,
            at=now,
            with_mail=not amending.upstream.sends_mail,
        ),
        amendment=applied,
        reply=amending.reply_with(amended),
    )
    if not is_stored:
        if amending.upstream.is_remote:
            # Two amendments at once, and the platform has made both: somebody has to look.
            _log.error("amended_at_upstream_only", partner_code=booking.partner_code)
        raise AmendmentStale(amendment.id)
    return amended


def _new_id(kind: AmendmentKind) -> str:
    """Return an id in XCover's shape, one of 30 ** 15: `xxxxx-xxxxx-xxxxx-UPD`."""
    letters = "".join(secrets.choice(_CLEAR) for _ in range(15))
    return f"{letters[:5]}-{letters[5:10]}-{letters[10:]}-{kind.suffix}"

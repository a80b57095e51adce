"""Find out what became of bookings whose outcome is unknown: ask again until there is an answer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import timedelta

import structlog

from widget.amending import Amending, resumed
from widget.amendments import Amendment
from widget.bookings import Booking
from widget.errors import DoorError, StorageUnavailable, UpstreamRefused, UpstreamUnavailable
from widget.events import Event, owed
from widget.evidence import booking_failed, offer_confirmed
from widget.partners import Mode, Partner
from widget.products import Catalogue
from widget.replies import Reply
from widget.storage.base import Storage
from widget.upstream.base import Upstream

#: How often to look for bookings that are still pending.
POLL_S = 5.0

#: Whoever confirms asks the upstream first; after this it is our turn.
PATIENCE = timedelta(seconds=15)

#: How many are read at a time. They are asked for one after the other: an upstream that has just
#: come back is not to be run over.
BATCH = 50

_log = structlog.get_logger(__name__)


async def reconcile_forever(
    *,
    storage: Storage,
    upstreams: Mapping[Mode, Upstream],
    catalogue: Catalogue,
    poll_s: float = POLL_S,
) -> None:
    """Settle pending bookings until cancelled."""
    while True:
        try:
            await reconcile_due(storage=storage, upstreams=upstreams, catalogue=catalogue)
        except DoorError as error:
            # The bookings are safe where they are; the next round finds them.
            _log.warning("reconciling_paused", problem=str(error))
        await asyncio.sleep(poll_s)


async def reconcile_due(
    *, storage: Storage, upstreams: Mapping[Mode, Upstream], catalogue: Catalogue
) -> int:
    """Ask once about every booking that is pending for a while; return how many are settled.

    Raises:
        StorageUnavailable: Nothing is lost; ask again.
    """
    before = storage.now() - PATIENCE
    settled = stayed = 0
    while batch := await storage.list_pending(booked_before=before, limit=BATCH, skip=stayed):
        for booking in batch:
            after = await _asked(booking, storage, upstreams[booking.mode], catalogue)
            is_settled = after.status is not booking.status
            settled += is_settled
            stayed += not is_settled
    return settled + await _finish_begun(storage, upstreams, catalogue)


async def _finish_begun(
    storage: Storage, upstreams: Mapping[Mode, Upstream], catalogue: Catalogue
) -> int:
    """Ask for every amendment whose outcome is unknown; return how many are finished."""
    before = storage.now() - PATIENCE
    finished = stayed = 0
    while batch := await storage.list_begun(begun_before=before, limit=BATCH, skip=stayed):
        for begun in batch:
            await _resume(begun, storage, upstreams, catalogue)
            left = await storage.find_begun(begun.partner_code, begun.booking_id)
            is_finished = left is None or left.id != begun.id
            finished += is_finished
            stayed += not is_finished
    return finished


async def _resume(
    begun: Amendment, storage: Storage, upstreams: Mapping[Mode, Upstream], catalogue: Catalogue
) -> None:
    booking = await storage.find_booking(begun.partner_code, begun.booking_id)
    partner = await storage.find_partner(begun.partner_code)
    if booking is None or partner is None:
        _log.error("begun_without_booking", partner_code=begun.partner_code)
        return
    amending = Amending(partner, booking.mode, storage, upstreams[booking.mode], catalogue)
    try:
        await resumed(booking.id, amending)
    except StorageUnavailable:
        raise
    except UpstreamUnavailable as error:
        _log.warning("outcome_unknown", partner_code=partner.code, problem=str(error))
    except Exception as error:  # noqa: BLE001 - one booking's fault must not stop the others
        _log.error("reconciling_failed", partner_code=partner.code, exc_info=error)


async def _asked(
    booking: Booking, storage: Storage, upstream: Upstream, catalogue: Catalogue
) -> Booking:
    """Return a booking as it is after one question; a fault with one stops no other."""
    partner = await storage.find_partner(booking.partner_code)
    if partner is None:
        _log.error("pending_without_partner", partner_code=booking.partner_code)
        return booking
    try:
        return await settle(
            booking, partner, storage=storage, upstream=upstream, catalogue=catalogue
        )
    except StorageUnavailable:
        raise
    except Exception as error:  # noqa: BLE001 - one booking's fault must not stop the others
        _log.error("reconciling_failed", partner_code=booking.partner_code, exc_info=error)
        return booking


async def settle(
    booking: Booking,
    partner: Partner,
    *,
    storage: Storage,
    upstream: Upstream,
    catalogue: Catalogue,
    reply_with: Callable[[Booking], Reply | None] = lambda _: None,
) -> Booking:
    """Ask the upstream to issue a pending booking's policies, and store its answer.

    The upstream knows the booking by its id: however often it is asked, it issues once.

    Returns:
        The booking, CONFIRMED or FAILED; still PENDING when there was no answer.

    Raises:
        StorageUnavailable: The answer could not be stored; ask again.
    """
    try:
        policies = await upstream.issue(booking, now=storage.now())
    except UpstreamUnavailable as error:
        _log.warning("outcome_unknown", partner_code=booking.partner_code, problem=str(error))
        return booking
    except UpstreamRefused as error:
        _log.error("upstream_refused", partner_code=booking.partner_code, problem=str(error))
        return await _store_failure(booking, str(error), partner, storage, catalogue)
    now = storage.now()
    changed = booking.issued(policies, at=now)
    is_stored = await storage.change_booking(
        booking,
        changed,
        offer_confirmed(changed, at=now),
        messages=owed(
            changed,
            Event.BOOKING_CREATED,
            partner,
            catalogue=catalogue,
            at=now,
            with_mail=not upstream.sends_mail,
        ),
        reply=reply_with(changed),
    )
    return changed if is_stored else await _stored(booking, storage)


async def _store_failure(
    booking: Booking, problem: str, partner: Partner, storage: Storage, catalogue: Catalogue
) -> Booking:
    now = storage.now()
    changed = booking.failed(problem)
    # A platform that writes to policyholders has none to write to: the customer who paid hears
    # it from us.
    messages = owed(
        changed, Event.BOOKING_UPDATED, partner, catalogue=catalogue, at=now, with_mail=True
    )
    leaf = booking_failed(changed, at=now)
    is_stored = await storage.change_booking(booking, changed, leaf, messages=messages)
    return changed if is_stored else await _stored(booking, storage)


async def _stored(booking: Booking, storage: Storage) -> Booking:
    """Return the booking as somebody else has just settled it."""
    return await storage.find_booking(booking.partner_code, booking.id) or booking

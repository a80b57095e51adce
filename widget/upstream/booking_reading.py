"""A remote platform's bookings, as policies of ours."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

import structlog

from widget.bookings import Booking, Policy
from widget.errors import UpstreamRefused, UpstreamUnavailable
from widget.offers import Quote, Status
from widget.upstream.reading import (
    Json,
    address,
    amount,
    entries,
    moment,
    price_of,
    sound_premium,
    table,
    text,
)

#: It will not be sold any more.
_OVER = {"FAILED", "CANCELLED", "OPTED_OUT"}

_log = structlog.get_logger(__name__)


def issued_policies(told: Json, booking: Booking, *, now: datetime) -> tuple[Policy, ...]:
    """Return the policies of a booking that the platform has confirmed.

    Raises:
        UpstreamRefused: It has not, and will not.
        UpstreamUnavailable: It does not say so.
    """
    status = told.get("status")
    if status in _OVER:
        raise UpstreamRefused(f"The remote platform says {status}.")
    upstream_id = text(told.get("id"), 64)
    if status != Status.CONFIRMED or told.get("errors") or not upstream_id:
        raise UpstreamUnavailable("it has not confirmed this booking.")
    sold = _by_id(told)
    certificate = table(told.get("coi"))
    return tuple(
        _issued(sold.get(quote.upstream_id or ""), quote, position, upstream_id, certificate, now)
        for position, quote in enumerate(booking.offer.chosen_quotes, start=1)
    )


def updated_policies(told: Json, booking: Booking) -> tuple[Policy, ...]:
    """Return a booking's policies with the terms of an update that was priced.

    Raises:
        UpstreamUnavailable: It did not price all of them.
    """
    priced = _by_id(told)
    return tuple(
        replace(policy, quote=_repriced(priced, policy.quote))
        if policy.status is Status.CONFIRMED
        else policy
        for policy in booking.policies
    )


def cancelled_policies(
    told: Json, booking: Booking, quote_ids: Collection[str], *, now: datetime
) -> tuple[Policy, ...]:
    """Return a booking's policies with some of them cancelled, and what is paid back.

    Raises:
        UpstreamUnavailable: It does not say what is paid back for each, or more than the premium.
    """
    cancelled = _by_id(told)
    return tuple(
        _cancelled(cancelled, policy, now) if policy.quote_id in quote_ids else policy
        for policy in booking.policies
    )


def _by_id(told: Json) -> dict[str, Json]:
    quotes = (table(one) for one in entries(told.get("quotes")))
    return {text(one.get("id"), 64): one for one in quotes}


def _issued(  # noqa: PLR0917 - the parts of one policy
    told: Json | None,
    quote: Quote,
    position: int,
    upstream_id: str,
    certificate: Json,
    now: datetime,
) -> Policy:
    if told is None or told.get("status", Status.CONFIRMED) != Status.CONFIRMED:
        raise UpstreamUnavailable("it did not issue every policy.")
    _compare(told, quote, upstream_id)
    own = table(told.get("coi"))
    return Policy(
        number=text(told.get("policy_number"), 64) or f"{upstream_id}-{position}",
        quote=quote,
        issued_at=now,
        certificate_url=address(own.get("url")) or address(certificate.get("url")),
        certificate_pdf_url=address(own.get("pdf")) or address(certificate.get("pdf")) or None,
        upstream_id=upstream_id,
    )


def _compare(told: Json, quote: Quote, upstream_id: str) -> None:
    """Tell the operator of a premium that is not the one that the customer saw: it is sold."""
    premium = told.get("price")
    if premium is not None and amount(premium, quote.premium.currency) != quote.premium:
        _log.error("premium_differs", problem=f"{upstream_id}: {premium}, not {quote.premium}")


def _repriced(priced: dict[str, Json], quote: Quote) -> Quote:
    told = priced.get(quote.upstream_id or "")
    if told is None:
        raise UpstreamUnavailable("it did not price every policy.")
    premium, tax = price_of(told, quote.premium.currency)
    sound_premium(premium, tax, quote.id)
    return replace(
        quote,
        premium=premium,
        tax=tax,
        taxes=(),
        starts_at=moment(told.get("policy_start_date")),
        ends_at=moment(told.get("policy_end_date")),
    )


def _cancelled(cancelled: dict[str, Json], policy: Policy, now: datetime) -> Policy:
    told = cancelled.get(policy.quote.upstream_id or "")
    if told is None:
        raise UpstreamUnavailable("it did not tell of every policy.")
    refund = amount(told.get("refund_value"), policy.quote.premium.currency)
    if not 0 <= refund.minor <= policy.quote.premium.minor:
        raise UpstreamUnavailable(f"it pays {refund} of the premium {policy.quote.premium} back.")
    return replace(policy, status=Status.CANCELLED, cancelled_at=now, refund=refund)

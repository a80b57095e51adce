"""After the sale: the labels of a batch, voiding one of them, and correcting a declared value."""

from __future__ import annotations

import logging
import re
from collections.abc import Awaitable
from dataclasses import dataclass, replace
from typing import TypeVar

from starlette.requests import Request
from starlette.responses import Response

from ..counter import found, go
from ..forms import read_text
from ..insurance import InsuranceRefused, InsuranceUnavailable, Policy, Proposal
from ..orders import Order
from .batches import Batch, Revision
from .covers import find_cover
from .parcels import Parcel
from .shipping import shop_of

log = logging.getLogger(__name__)

Told = TypeVar("Told")

#: What a person is told when the insurance service gives no answer; nothing has happened then.
NO_ANSWER = "The insurance cannot be reached right now. Nothing was changed: try again in a minute."

NO_AMOUNT = "Enter an amount, such as 250.00."


@dataclass(frozen=True, slots=True)
class Label:
    """One label as its page shows it."""

    parcel: Parcel
    policy: Policy | None
    is_void: bool
    #: What came back for the insurance of a label that was voided.
    refund_cents: int


async def show_labels(request: Request) -> Response:
    """Show the labels, and where their insurance stands."""
    order = order_of(request)
    labels = [_label(order, parcel) for parcel in order.checkout.parcels]
    return shop_of(request).pages.show(
        "labels.html", order=order, batch=order.checkout, labels=labels
    )


async def ask_to_void(request: Request) -> Response:
    """Show what comes back when a label is voided, and ask whether to do it."""
    order, parcel = order_of(request), parcel_of(request)
    cover = find_cover(order, parcel)
    if not cover:
        return _void_page(request, None)
    proposal, fault = await _told(cover.price_end(shop_of(request).insurance))
    if not proposal:
        return _void_page(request, None, fault=fault)
    _keep(order, Revision(proposal, parcel))
    return _void_page(request, proposal)


async def void_label(request: Request) -> Response:
    """Void a label, and end its insurance as it was priced."""
    order, parcel = order_of(request), parcel_of(request)
    refund_cents = 0
    if cover := find_cover(order, parcel):
        revision = await _revision_of(request, order)
        booking, fault = await _told(cover.end(shop_of(request).insurance, revision.proposal))
        if not booking:
            return _void_page(request, None, fault=fault)
        order.booking, refund_cents = booking, revision.proposal.cents
    order.checkout = order.checkout.with_voided(parcel, refund_cents)
    return _back_to(order, parcel)


async def ask_for_value(request: Request) -> Response:
    """Ask what a parcel is really worth."""
    return _value_page(request)


async def price_value(request: Request) -> Response:
    """Show what another value costs; where nothing is insured it costs nothing and is taken."""
    order, parcel = order_of(request), parcel_of(request)
    typed = read_text(await request.form(), "value")
    cents = read_cents(typed)
    if cents is None:
        return _value_page(request, typed=typed, fault=NO_AMOUNT)
    corrected = replace(parcel, value_cents=cents)
    cover = find_cover(order, parcel)
    if not cover:
        order.checkout = order.checkout.with_parcel(corrected)
        return _back_to(order, parcel)
    proposal, fault = await _told(cover.price_value(shop_of(request).insurance, corrected))
    if not proposal:
        return _value_page(request, typed=typed, fault=fault)
    _keep(order, Revision(proposal, corrected))
    return shop_of(request).pages.show(
        "value_price.html", order=order, parcel=parcel, corrected=corrected, proposal=proposal
    )


async def correct_value(request: Request) -> Response:
    """Correct a declared value as it was priced."""
    order, parcel = order_of(request), parcel_of(request)
    revision, cover = await _revision_of(request, order), found(find_cover(order, parcel))
    change = shop_of(request).insurance.change(cover.booking, revision.proposal.id)
    booking, fault = await _told(change)
    if not booking:
        return _value_page(request, fault=fault)
    order.booking = booking
    order.checkout = order.checkout.with_correction(revision)
    return _back_to(order, parcel)


def order_of(request: Request) -> Order[Batch]:
    """Return the order that the address names, or answer 404."""
    return found(shop_of(request).orders.find(request.path_params["number"]))


def parcel_of(request: Request) -> Parcel:
    """Return the parcel that the address names, or answer 404.

    While its insurance is being confirmed nothing can be done to a label, and none is found.
    """
    order = order_of(request)
    is_settled = order.insurance != "confirming"
    parcel = order.checkout.find_parcel(request.path_params["reference"])
    return found(parcel if is_settled else None)


def read_cents(text: str) -> int | None:
    """Return an amount such as 1,250.50 in cents; None if it is not one."""
    digits = re.fullmatch(r"([0-9]{1,6})(?:\.([0-9]{2}))?", text.replace(",", ""))
    return int(digits[1]) * 100 + int(digits[2] or 0) if digits else None


def _label(order: Order[Batch], parcel: Parcel) -> Label:
    batch = order.checkout
    cover = find_cover(order, parcel)
    is_void = parcel.reference in batch.voided_cents
    refund_cents = batch.voided_cents.get(parcel.reference, 0)
    return Label(parcel, cover.policy if cover and not is_void else None, is_void, refund_cents)


async def _told(answer: Awaitable[Told]) -> tuple[Told | None, str]:
    """Return what the insurance service answers, or None and why there is no answer."""
    try:
        return await answer, ""
    except InsuranceRefused as exc:
        return None, str(exc)
    except InsuranceUnavailable as exc:
        log.warning("%s", exc)
        return None, NO_ANSWER


def _keep(order: Order[Batch], revision: Revision) -> None:
    order.checkout = order.checkout.with_revision(revision)


async def _revision_of(request: Request, order: Order[Batch]) -> Revision:
    form = await request.form()
    return found(order.checkout.revisions.get(read_text(form, "proposal")))


def _void_page(request: Request, proposal: Proposal | None, *, fault: str = "") -> Response:
    order, parcel = order_of(request), parcel_of(request)
    return shop_of(request).pages.show(
        "void.html",
        status=422 if fault else 200,
        order=order,
        parcel=parcel,
        proposal=proposal,
        fault=fault,
    )


def _value_page(request: Request, *, typed: str = "", fault: str = "") -> Response:
    order, parcel = order_of(request), parcel_of(request)
    return shop_of(request).pages.show(
        "value.html",
        status=422 if fault else 200,
        order=order,
        parcel=parcel,
        is_insured=find_cover(order, parcel) is not None,
        value=typed or f"{parcel.value_cents / 100:.2f}",
        faults={"value": fault} if fault else {},
    )


def _back_to(order: Order[Batch], parcel: Parcel) -> Response:
    return go(f"/labels/{order.number}#{parcel.reference}")

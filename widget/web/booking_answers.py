"""The JSON of bookings: as XCover writes them, with our policy numbers and certificates."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from widget.amending import Amended
from widget.amendments import AmendmentKind, premium_difference
from widget.bookings import Booking, Insured, Policy, Policyholder
from widget.cancellations import is_cancellable
from widget.certificates import certificate_pdf_url, certificate_url
from widget.money import Money
from widget.offer_ids import uuid_of
from widget.offers import Quote, Status
from widget.schedules import overpaid, schedules_of
from widget.storage.base import Page
from widget.web.answers import (
    EMPTY,
    Json,
    Telling,
    package_head,
    quote_facts,
    telling_of,
)
from widget.web.house import House
from widget.wire import timestamp


def booking_answer(booking: Booking, house: House, language: str | None = None) -> Json:
    """Return a booking as it is now."""
    telling = telling_of(house, booking.offer, language or booking.offer.chosen_locale)
    quotes = [_quote(quote, booking, telling) for quote in booking.quotes]
    return {
        **package_head(booking.offer, telling),
        "updated_at": timestamp(booking.last_changed_at),
        "confirmed_at": booking.confirmed_at and timestamp(booking.confirmed_at),
        **telling.money("total_price", booking.premium),
        **telling.money("total_premium", booking.premium),
        **telling.money("total_tax", booking.tax),
        "partner_transaction_id": booking.transaction_id,
        "partner_metadata": dict(booking.metadata),
        "partner": {"code": booking.partner_code},
        "pds_url": quotes[0]["pds_url"],
        "coi": quotes[0]["coi"] if booking.policies else None,
        "account_url": house.links.account(booking, telling.speech.locale),
        "policyholder": _person(booking.policyholder),
        "quotes": quotes,
        "offer_url": house.links.offer(booking.offer),
        "fast_quote_id": uuid_of(booking.id),
        **dict.fromkeys(EMPTY["booking"]),
        **({"errors": {"0": [booking.problem]}} if booking.status is Status.FAILED else {}),
    }


def amended_answer(amended: Amended, house: House) -> Json:
    """Return a booking as an update or a renewal made it, and what that cost."""
    telling = telling_of(house, amended.after.offer, amended.after.offer.chosen_locale)
    difference = premium_difference(amended.before, amended.amendment)
    before = {policy.quote_id: policy.quote.premium for policy in amended.before.policies}
    answer = booking_answer(amended.after, house)
    for quote, told in zip(amended.after.quotes, answer["quotes"], strict=True):
        zero = Money.zero(quote.premium.currency)
        told.update(telling.money("price_diff", quote.premium - before.get(quote.id, zero)))
    return {
        **answer,
        **telling.money("total_price_diff", difference),
        **telling.money("instalments_overpaid", overpaid(amended.before, amended.after)),
    }


def priced_answer(amended: Amended, house: House) -> Json:
    """Return an update or a renewal that was priced, and not made."""
    amendment = amended.amendment
    name = "renewal_id" if amendment.kind is AmendmentKind.RENEWAL else "update_id"
    priced = {name: amendment.id, "confirm_before": timestamp(amendment.expires_at)}
    return amended_answer(amended, house) | priced


def cancelled_answer(amended: Amended, house: House, *, is_preview: bool) -> Json:
    """Return what was cancelled and is paid back, or would be.

    As XCover has it, the statuses of a preview are those after the cancellation; the
    `cancellation_id` tells that it was none.
    """
    booking, amendment = amended.after, amended.amendment
    telling = telling_of(house, booking.offer, booking.offer.chosen_locale)
    answer = booking_answer(booking, house)
    for policy, told in zip(booking.policies, answer["quotes"], strict=False):
        told.update(_cancelled(policy, telling, is_preview=is_preview))
    refund = _newly_refunded(amended)
    return {
        **answer,
        **telling.money("total_refund", refund),
        **telling.money("refund_amount", refund),
        "cancellation_payout_url": None,
        "cancellation_id": amendment.id if is_preview else None,
        "confirm_before": timestamp(amendment.expires_at) if is_preview else None,
    }


def list_answer(page: Page, house: House, *, url: str, limit: int, offset: int) -> Json:
    """Return a page of bookings, with the addresses of the pages beside it."""
    follows, precedes = offset + limit, max(0, offset - limit)
    return {
        "count": page.count,
        "next": f"{url}?limit={limit}&offset={follows}" if follows < page.count else None,
        "previous": f"{url}?limit={limit}&offset={precedes}" if offset else None,
        "results": [booking_answer(booking, house) for booking in page.bookings],
    }


def instalments_answer(booking: Booking, house: House) -> Json:
    """Return a booking's payment schedules, and what the partner reported of them."""
    telling = telling_of(house, booking.offer, booking.offer.chosen_locale)
    told = {(p.quote_id, p.number): p for p in booking.instalment_payments}

    def state(quote_id: str, number: int) -> Json:
        payment = told.get((quote_id, number))
        return {
            "payment_status": "PAID" if payment and payment.is_paid else "UNPAID",
            "payment_attempted_date": payment and timestamp(payment.attempted_at),
        }

    return {
        "id": booking.id,
        "quotes": [
            {
                "id": quote_id,
                "instalment_plan": booking.instalment_plans[quote_id],
                "instalments": [
                    {
                        "instalment_number": instalment.number,
                        "due_date": instalment.due_on.isoformat(),
                        **telling.money("amount", instalment.amount),
                        **state(quote_id, instalment.number),
                    }
                    for instalment in schedule
                ],
            }
            for quote_id, schedule in schedules_of(booking, house.catalogue).items()
        ],
    }


def _quote(quote: Quote, booking: Booking, telling: Telling) -> Json:
    cover = telling.cover(quote, booking.purchase)
    policy = next((policy for policy in booking.policies if policy.quote_id == quote.id), None)
    return {
        **quote_facts(quote, booking.purchase, cover, telling),
        "status": policy.status if policy else booking.status,
        "policy_number": policy and policy.number,
        "insured": [_person(person) for person in booking.insured.get(quote.id, ())],
        "created_at": timestamp(booking.offer.created_at),
        "confirmed_at": policy and timestamp(policy.issued_at),
        "updated_at": timestamp(booking.last_changed_at),
        "cancelled_at": timestamp(policy.cancelled_at) if policy and policy.cancelled_at else None,
        "can_be_cancelled": policy is not None and _is_cancellable(policy, booking, telling),
        **dict.fromkeys(EMPTY["booked"]),
        "coi": _certificate(booking, policy, telling),
    }


def _is_cancellable(policy: Policy, booking: Booking, telling: Telling) -> bool:
    house = telling.house
    return is_cancellable(policy, booking.purchase, house.catalogue, now=house.now())


def _cancelled(policy: Policy, telling: Telling, *, is_preview: bool) -> Json:
    if policy.refund is None or policy.cancelled_at is None:
        return {}
    date = None if is_preview else timestamp(policy.cancelled_at)
    return {
        "policy_cancellation_date": date,
        **dict.fromkeys(EMPTY["cancelled"]),
        **telling.money("refund_value", policy.refund),
        **telling.money("adjustment_fee", Money.zero(policy.refund.currency)),
    }


def _newly_refunded(amended: Amended) -> Money:
    """Return what this cancellation pays back, without what earlier ones did."""
    before = Money.total(
        (policy.refund for policy in amended.before.policies if policy.refund),
        amended.after.purchase.currency,
    )
    return amended.amendment.refund() - before


def _certificate(booking: Booking, policy: Policy | None, telling: Telling) -> Json:
    """Return where the certificate is, in both forms."""
    if policy is None:
        return {"url": None, "pdf": None}
    spoken = telling.house.links, telling.speech
    return {
        "url": certificate_url(booking, policy, *spoken),
        "pdf": certificate_pdf_url(booking, policy, *spoken) or None,
    }


def _person(person: Policyholder | Insured) -> dict[str, Any]:
    return {name: value for name, value in asdict(person).items() if value is not None}

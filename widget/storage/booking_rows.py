"""Rows of bookings, policies, people and amendments, to and from the values of the ground. Pure."""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter

from widget.amendments import Amendment, AmendmentKind
from widget.bookings import (
    Booking,
    InstalmentPayment,
    Insured,
    Policy,
    Policyholder,
)
from widget.money import Money
from widget.offers import Offer, Quote, Status
from widget.storage.rows import (
    METADATA,
    PURCHASE,
    Row,
    micros,
    moment,
    moment_or_none,
    purchase_json,
)
from widget.witnesses import Witness

_QUOTE = TypeAdapter(Quote)
_POLICIES = TypeAdapter(tuple[Policy, ...])
_PERSON = TypeAdapter(Policyholder)
_INSURED = TypeAdapter(dict[str, tuple[Insured, ...]])
_PLANS = TypeAdapter(dict[str, str])
_PAYMENTS = TypeAdapter(tuple[InstalmentPayment, ...])


def booking_row(booking: Booking) -> Row:
    """Return a booking's own row; offer, policies and people have theirs."""
    return {
        "partner_code": booking.partner_code,
        "id": booking.id,
        "mode": booking.mode,
        "status": booking.status,
        "transaction_id": booking.transaction_id,
        "currency": booking.purchase.currency,
        "premium": booking.premium.minor,
        "tax": booking.tax.minor,
        "booked_at": micros(booking.booked_at),
        "confirmed_at": micros(booking.confirmed_at),
        "purchase_json": purchase_json(booking.purchase),
        "metadata_json": METADATA.dump_json(dict(booking.metadata)).decode(),
        "plans_json": _PLANS.dump_json(dict(booking.instalment_plans)).decode(),
        "payments_json": _PAYMENTS.dump_json(booking.instalment_payments).decode(),
        "renewal_declined_at": micros(booking.renewal_declined_at),
        "problem": booking.problem,
        "revision": booking.revision,
    }


def people_row(booking: Booking) -> Row:
    """Return the row of a booking's personal data."""
    return {
        "partner_code": booking.partner_code,
        "booking_id": booking.id,
        "person_json": _PERSON.dump_json(booking.policyholder).decode(),
        "insured_json": _INSURED.dump_json(dict(booking.insured)).decode(),
    }


def booking_from(row: Row, offer: Offer, people: Row, policies: list[Row]) -> Booking:
    """Return the booking in a row, with what stands beside it."""
    return Booking(
        offer=offer,
        policyholder=_PERSON.validate_json(people["person_json"]),
        policies=tuple(_policy_from(policy, row["currency"]) for policy in policies),
        transaction_id=row["transaction_id"],
        booked_at=moment(row["booked_at"]),
        confirmed_at=moment_or_none(row["confirmed_at"]),
        status=Status(row["status"]),
        purchase=PURCHASE.validate_json(row["purchase_json"]),
        insured=_INSURED.validate_json(people["insured_json"]),
        metadata=METADATA.validate_json(row["metadata_json"]),
        instalment_plans=_PLANS.validate_json(row["plans_json"]),
        instalment_payments=_PAYMENTS.validate_json(row["payments_json"]),
        renewal_declined_at=moment_or_none(row["renewal_declined_at"]),
        problem=row["problem"],
        revision=row["revision"],
    )


def policy_row(booking: Booking, position: int) -> Row:
    """Return the row of one of a booking's policies."""
    policy = booking.policies[position]
    return {
        "number": policy.number,
        "partner_code": booking.partner_code,
        "booking_id": booking.id,
        "quote_id": policy.quote_id,
        "position": position,
        "quote_json": _QUOTE.dump_json(policy.quote).decode(),
        "status": policy.status,
        "issued_at": micros(policy.issued_at),
        "cancelled_at": micros(policy.cancelled_at),
        "refund": None if policy.refund is None else policy.refund.minor,
        "certificate_url": policy.certificate_url,
        "certificate_pdf_url": policy.certificate_pdf_url,
        "upstream_id": policy.upstream_id,
    }


def amendment_row(amendment: Amendment) -> Row:
    """Return an amendment's row."""
    person = amendment.policyholder
    return {
        "partner_code": amendment.partner_code,
        "booking_id": amendment.booking_id,
        "id": amendment.id,
        "kind": amendment.kind,
        "revision": amendment.revision,
        "purchase_json": purchase_json(amendment.purchase),
        "policies_json": _POLICIES.dump_json(amendment.policies).decode(),
        "person_json": None if person is None else _PERSON.dump_json(person).decode(),
        "insured_json": None
        if amendment.insured is None
        else _INSURED.dump_json(dict(amendment.insured)).decode(),
        "asked_by": amendment.asked_by,
        "reason": amendment.reason,
        "created_at": micros(amendment.created_at),
        "expires_at": micros(amendment.expires_at),
        "upstream_id": amendment.upstream_id,
        "applied_at": micros(amendment.applied_at),
        "begun_at": micros(amendment.begun_at),
    }


def amendment_from(row: Row) -> Amendment:
    """Return the amendment in a row."""
    person, insured = row["person_json"], row["insured_json"]
    return Amendment(
        id=row["id"],
        kind=AmendmentKind(row["kind"]),
        partner_code=row["partner_code"],
        booking_id=row["booking_id"],
        revision=row["revision"],
        purchase=PURCHASE.validate_json(row["purchase_json"]),
        policies=_POLICIES.validate_json(row["policies_json"]),
        policyholder=None if person is None else _PERSON.validate_json(person),
        insured=None if insured is None else _INSURED.validate_json(insured),
        asked_by=Witness(row["asked_by"]),
        reason=row["reason"],
        created_at=moment(row["created_at"]),
        expires_at=moment(row["expires_at"]),
        upstream_id=row["upstream_id"],
        applied_at=moment_or_none(row["applied_at"]),
        begun_at=moment_or_none(row["begun_at"]),
    )


def _policy_from(row: Row, currency: str) -> Policy:
    facts: dict[str, Any] = {
        "number": row["number"],
        "quote": _QUOTE.validate_json(row["quote_json"]),
        "issued_at": moment(row["issued_at"]),
        "status": Status(row["status"]),
        "cancelled_at": moment_or_none(row["cancelled_at"]),
        "refund": None if row["refund"] is None else Money(row["refund"], currency),
        "certificate_url": row["certificate_url"],
        "certificate_pdf_url": row["certificate_pdf_url"],
        "upstream_id": row["upstream_id"],
    }
    return Policy(**facts)

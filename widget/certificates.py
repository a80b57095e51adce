"""The certificate of insurance: one policy, in words, for one locale."""

from __future__ import annotations

from dataclasses import dataclass

from widget import formats
from widget.bookings import Booking, Policy
from widget.covers import (
    BenefitView,
    DocumentView,
    Speech,
    cover_of,
    insured,
    withdrawal,
)
from widget.links import Links
from widget.offers import Status
from widget.products import Catalogue
from widget.sales import promised_market


@dataclass(frozen=True, slots=True)
class Certificate:
    """A policy, as its certificate and its mails state it."""

    policy_number: str
    product_name: str
    plan_name: str
    underwriter: str
    underwriter_address: str
    contact: str
    policyholder: str
    #: Who and what is insured, and when.
    insured: str
    starts: str
    ends: str
    premium: str
    tax: str
    issued: str
    is_test: bool
    #: The day on which it was cancelled; empty while it was not.
    cancelled: str
    #: What is paid back; empty while it was not cancelled.
    refund: str
    benefits: tuple[BenefitView, ...]
    documents: tuple[DocumentView, ...]
    #: How, and for how long, the customer may withdraw.
    withdrawal: str
    certificate_url: str


def certificate_of(
    booking: Booking, policy: Policy, *, catalogue: Catalogue, links: Links, speech: Speech
) -> Certificate:
    """Return what the certificate of one of a booking's policies says.

    Raises:
        PeopleErased: There is nobody left whom it could name.
    """
    booking.check_not_erased()
    quote = policy.quote
    item = booking.purchase.items[quote.item]
    cover = cover_of(quote, item.subject, catalogue=catalogue, links=links, speech=speech)
    days = promised_market(quote, booking.purchase, catalogue).withdrawal_days
    return Certificate(
        policy_number=policy.number,
        product_name=cover.product_name,
        plan_name=cover.plan_name,
        underwriter=cover.underwriter,
        underwriter_address=cover.underwriter_address,
        contact=cover.contact,
        policyholder=booking.policyholder.name,
        insured=insured(item.subject, catalogue.line_of_item(item), quote, speech),
        starts=formats.day(max(quote.starts_at, policy.issued_at).date(), speech.formats),
        ends=formats.day(quote.ends_at.date(), speech.formats),
        premium=formats.money(quote.premium, speech.formats),
        tax=formats.money(quote.tax, speech.formats),
        issued=formats.day(policy.issued_at.date(), speech.formats),
        is_test=booking.mode == "test",
        cancelled=_cancelled(policy, speech),
        refund="" if policy.refund is None else formats.money(policy.refund, speech.formats),
        benefits=cover.benefits,
        documents=cover.documents,
        withdrawal=withdrawal(days, cover, speech),
        certificate_url=certificate_url(booking, policy, links, speech),
    )


def certificate_url(booking: Booking, policy: Policy, links: Links, speech: Speech) -> str:
    """Return where a policy's certificate is: a remote platform's own, or ours."""
    return policy.certificate_url or links.certificate(booking, policy.number, speech.locale)


def _cancelled(policy: Policy, speech: Speech) -> str:
    if policy.status is not Status.CANCELLED or policy.cancelled_at is None:
        return ""
    return formats.day(policy.cancelled_at.date(), speech.formats)

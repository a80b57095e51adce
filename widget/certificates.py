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
from widget.sheets import CertificateFacts, Fact, Part, Reference, Sheet, Table


@dataclass(frozen=True, slots=True)
class Certificate:
    """A policy, as its certificate and its mails state it."""

    policy_number: str
    #: The exact terms, as tokens and evidence name them: `travel_protection@1`.
    terms_version: str
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
    #: The same as PDF; empty when a remote platform has none.
    certificate_pdf_url: str


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
        terms_version=f"{quote.product_code}@{quote.product_version}",
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
        certificate_pdf_url=certificate_pdf_url(booking, policy, links, speech),
    )


def certificate_sheet(certificate: Certificate, speech: Speech) -> Sheet:
    """Return a certificate as a sheet: what its page and its PDF say."""
    say = speech.texts.gettext
    title = say("Policy %(number)s") % {"number": certificate.policy_number}
    facts = CertificateFacts(
        kind=say("Policy certificate"),
        plan_name=certificate.plan_name,
        product_name=certificate.product_name,
        underwritten=say("Underwritten by %(underwriter)s")
        % {"underwriter": certificate.underwriter},
        notices=_notices(certificate, speech),
        number=Fact(say("Policy number"), certificate.policy_number),
        facts=_facts(certificate, speech),
        benefits=_benefits(certificate, speech),
        withdrawal=Part(say("If you change your mind"), (certificate.withdrawal,), ()),
        documents_heading=say("The documents of your contract"),
        documents=tuple(Reference(one.title, one.url) for one in certificate.documents),
        underwriter=certificate.underwriter,
        underwriter_address=certificate.underwriter_address,
        contact=certificate.contact,
        issued=say("Issued on %(date)s") % {"date": certificate.issued},
        as_pdf=say("Open as PDF"),
    )
    return Sheet(
        layout="certificate",
        title=title,
        footer=f"{certificate.product_name} · {title} · {certificate.terms_version}",
        page_of_pages=say("Page {page} of {pages}"),
        locale=speech.locale,
        paper=speech.paper,
        facts=facts,
    )


def certificate_url(booking: Booking, policy: Policy, links: Links, speech: Speech) -> str:
    """Return where a policy's certificate is: a remote platform's own, or ours."""
    return policy.certificate_url or links.certificate(booking, policy.number, speech.locale)


def certificate_pdf_url(booking: Booking, policy: Policy, links: Links, speech: Speech) -> str:
    """Return where a policy's certificate is as PDF; empty when a remote platform has none."""
    if policy.certificate_url:
        return policy.certificate_pdf_url or ""
    return links.certificate_pdf(booking, policy.number, speech.locale)


def _notices(certificate: Certificate, speech: Speech) -> tuple[str, ...]:
    say = speech.texts.gettext
    notices = []
    if certificate.is_test:
        notices.append(say("Test: this is not a policy, and nothing is insured by it."))
    if certificate.cancelled:
        cancelled = say(
            "Cancelled on %(date)s: nothing is insured by it any more. Refund: %(refund)s."
        )
        facts = {"date": certificate.cancelled, "refund": certificate.refund}
        notices.append(cancelled % facts)
    return tuple(notices)


def _facts(certificate: Certificate, speech: Speech) -> tuple[Fact, ...]:
    say = speech.texts.gettext
    return (
        Fact(say("Policyholder"), certificate.policyholder),
        Fact(say("Insured"), certificate.insured),
        Fact(say("Cover starts"), certificate.starts),
        Fact(say("Cover ends"), certificate.ends),
        Fact(say("Premium, tax included"), certificate.premium),
        Fact(say("Tax inside the premium"), certificate.tax),
    )


def _benefits(certificate: Certificate, speech: Speech) -> Table:
    say = speech.texts.gettext
    return Table(
        caption=say("What is covered"),
        head=(say("Benefit"), say("We pay up to"), say("You bear (excess)")),
        rows=tuple(
            (benefit.name, benefit.limit, benefit.excess or say("Nothing"))
            for benefit in certificate.benefits
        ),
    )


def _cancelled(policy: Policy, speech: Speech) -> str:
    if policy.status is not Status.CANCELLED or policy.cancelled_at is None:
        return ""
    return formats.day(policy.cancelled_at.date(), speech.formats)

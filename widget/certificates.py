"""Cover in the customer's words: benefits, documents, who is insured, and the certificate.

The offer, the certificate and the confirmation mail say the same things; they get them here,
formatted for one locale and ready to be shown.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from gettext import NullTranslations

from widget import formats
from widget.bookings import Booking, Policy
from widget.links import Links
from widget.markets import MARKETS
from widget.offers import Offer, Quote
from widget.products import Benefit, Catalogue, Product
from widget.purchases import Trip


@dataclass(frozen=True, slots=True)
class BenefitView:
    """One part of the cover."""

    name: str
    limit: str
    #: Empty when the customer bears nothing.
    excess: str


@dataclass(frozen=True, slots=True)
class DocumentView:
    """A document that is in reach before the choice, and sent after it."""

    title: str
    url: str


@dataclass(frozen=True, slots=True)
class Certificate:
    """A policy, as its certificate and its mail state it."""

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
    benefits: tuple[BenefitView, ...]
    documents: tuple[DocumentView, ...]
    #: How, and for how long, the customer may withdraw.
    withdrawal: str
    certificate_url: str


@dataclass(frozen=True, slots=True)
class Speech:
    """One language, as spoken to one customer."""

    #: The locale of the texts, for example `en`.
    locale: str
    #: The locale of money and dates, for example `en-DE`.
    formats: str
    texts: NullTranslations


def speech_for(locale: str, country: str, texts: NullTranslations) -> Speech:
    """Return how to speak to a customer from `country` in `locale`."""
    return Speech(locale, formats.regional(locale, country), texts)


def insured(trip: Trip, speech: Speech) -> str:
    """Return who travels and when: `2 adults, 1 child, 12–19 Jun 2027`."""
    ngettext = speech.texts.ngettext
    counts = [
        (trip.adults, ngettext("%(num)d adult", "%(num)d adults", trip.adults)),
        (trip.children, ngettext("%(num)d child", "%(num)d children", trip.children)),
        (trip.infants, ngettext("%(num)d infant", "%(num)d infants", trip.infants)),
    ]
    people = [text % {"num": number} for number, text in counts if number]
    dates = formats.period(trip.starts_at.date(), trip.ends_at.date(), speech.formats)
    return formats.listed([*people, dates], speech.formats)


def benefits_of(
    product: Product, plan_code: str, trip: Trip, speech: Speech
) -> tuple[BenefitView, ...]:
    """Return the parts of a plan's cover, with what is paid and what is borne."""
    names = product.text_in(speech.locale).benefit
    return tuple(
        BenefitView(
            name=names[benefit.code],
            limit=formats.whole_money(benefit.limit_for(trip.cost), speech.formats),
            excess=_excess(benefit, trip, speech),
        )
        for benefit in product.benefits_of(plan_code)
    )


def documents_of(product: Product, links: Links, locale: str) -> tuple[DocumentView, ...]:
    """Return the product's documents, in the order of its file."""
    return tuple(
        DocumentView(
            title=product.document_in(document.code, locale).title,
            url=links.document(product, document.code, locale),
        )
        for document in product.document
    )


def withdrawal(country: str, product: Product, speech: Speech) -> str:
    """Return how the customer may withdraw, by the rules of their market."""
    days = MARKETS[country].withdrawal_days
    text = speech.texts.gettext(
        "You can withdraw within %(days)d days of your policy confirmation, without giving reasons:"
        " write to %(contact)s. If you have not travelled or claimed, you get the whole premium"
        " back."
    )
    return text % {"days": days, "contact": product.contact}


def certificate_of(
    booking: Booking, policy: Policy, *, catalogue: Catalogue, links: Links, speech: Speech
) -> Certificate:
    """Return what the certificate of one of a booking's policies says."""
    quote = next(quote for quote in booking.offer.quotes if quote.id == policy.quote_id)
    product = catalogue.get(quote.product_code, quote.product_version)
    trip = trip_of(booking.offer, quote)
    text = product.text_in(speech.locale)
    return Certificate(
        policy_number=policy.number,
        product_name=text.name,
        plan_name=text.plan[quote.plan_code].name,
        underwriter=product.underwriter,
        underwriter_address=product.underwriter_address,
        contact=product.contact,
        policyholder=booking.policyholder.name,
        insured=insured(trip, speech),
        starts=formats.day(booking.confirmed_at.date(), speech.formats),
        ends=formats.day(quote.ends_at.date(), speech.formats),
        premium=formats.money(quote.premium, speech.formats),
        tax=formats.money(quote.tax, speech.formats),
        issued=formats.day(booking.confirmed_at.date(), speech.formats),
        is_test=booking.mode == "test",
        benefits=benefits_of(product, quote.plan_code, trip, speech),
        documents=documents_of(product, links, speech.locale),
        withdrawal=withdrawal(booking.offer.purchase.customer_country, product, speech),
        certificate_url=links.certificate(booking, policy.number, speech.locale),
    )


def trip_of(offer: Offer, quote: Quote) -> Trip:
    """Return the trip that a quote covers."""
    return offer.purchase.items[quote.item].trip


def _excess(benefit: Benefit, trip: Trip, speech: Speech) -> str:
    if benefit.excess_percent is not None:
        share = formats.percent(Decimal(benefit.excess_percent) / 100, speech.formats)
        return speech.texts.gettext("%(share)s of the claim") % {"share": share}
    amount = benefit.excess_in(trip.cost.currency)
    return formats.whole_money(amount, speech.formats) if amount else ""

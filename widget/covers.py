"""Cover in the customer's words: what a quote protects, who is insured, which documents say so.

The offer, the certificate, the mails and the partner API say the same things; they get them here,
formatted for one locale and ready to be shown. Where a remote platform sells, the words are its
own: plain text like ours, escaped wherever it is shown.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from gettext import NullTranslations

from widget import formats
from widget.lines import Line
from widget.links import Links
from widget.money import Money
from widget.offers import Provided, Quote
from widget.products import Benefit, Catalogue, Product
from widget.purchases import Subject
from widget.sheets import Paper, paper_of


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
    #: The same as PDF; empty when a remote platform serves it.
    pdf_url: str = ""


@dataclass(frozen=True, slots=True)
class Speech:
    """One language, as spoken to one customer."""

    #: The locale of the texts, for example `en`.
    locale: str
    #: The locale of money and dates, for example `en-DE`.
    formats: str
    texts: NullTranslations
    #: What the customer prints on.
    paper: Paper = Paper.A4


@dataclass(frozen=True, slots=True)
class Cover:
    """What one quote protects, and the words that it is offered with."""

    product_name: str
    plan_name: str
    heading: str
    summary: str
    benefits: tuple[BenefitView, ...]
    exclusions: tuple[str, ...]
    disclaimer: str
    #: The policy wording is the last one.
    documents: tuple[DocumentView, ...]
    #: Empty when nobody says.
    underwriter: str
    underwriter_address: str
    #: Where the customer writes to; empty when nobody says.
    contact: str
    #: The kind of insurance, such as `travel`.
    line: str
    #: Whether it can still be ended while it runs, for the part that is left.
    ends_early: bool
    #: Whether it may be paid in parts.
    has_instalments: bool

    @property
    def wording_url(self) -> str:
        """The address of the policy wording; empty when there is none."""
        return self.documents[-1].url if self.documents else ""


def speech_for(locale: str, country: str, texts: NullTranslations) -> Speech:
    """Return how to speak to a customer from `country` in `locale`."""
    return Speech(locale, formats.regional(locale, country), texts, paper_of(country))


def cover_of(
    quote: Quote, subject: Subject, *, catalogue: Catalogue, links: Links, speech: Speech
) -> Cover:
    """Return what a quote for something protects, in the words of whoever priced it."""
    if quote.provided is not None:
        return _provided(quote.provided)
    product = catalogue.get(quote.product_code, quote.product_version)
    text = product.text_in(speech.locale)
    plan = text.plan[quote.plan_code]
    return Cover(
        product_name=text.name,
        plan_name=plan.name,
        heading=text.heading,
        summary=plan.summary,
        benefits=_benefits(product, quote.plan_code, subject.value, speech),
        exclusions=text.exclusions,
        disclaimer=text.disclaimer,
        documents=_documents(quote, product, links, speech),
        underwriter=product.underwriter,
        underwriter_address=product.underwriter_address,
        contact=product.contact,
        line=product.line.code,
        ends_early=product.after_sale.cancel_until == "end",
        has_instalments=bool(product.after_sale.instalment_plan),
    )


def insured(subject: Subject, line: Line, quote: Quote, speech: Speech) -> str:
    """Return what and who is protected, and when: `2 adults, 1 child, 12–19 Jun 2027`."""
    parts = [*named(subject, line, speech), period(quote, subject, line, speech)]
    return formats.listed(parts, speech.formats)


def period(quote: Quote, subject: Subject, line: Line, speech: Speech) -> str:
    """Return when a quote protects: the days of the thing, or those that the plan runs for."""
    starts_at = subject.starts_at if line.has_own_end else quote.starts_at
    return formats.period(starts_at.date(), quote.ends_at.date(), speech.formats)


def named(subject: Subject, line: Line, speech: Speech) -> list[str]:
    """Return what and who is protected, part by part: its name, how many, from where to where."""
    texts = line.text_in(speech.locale)
    counted = [
        formats.plural(texts.counted[name].forms, number, speech.formats)
        for name, number in _numbers(subject, line)
        if number and name in texts.counted
    ]
    names = [subject.facts.words[name] for name in line.shown if name in subject.facts.words]
    return [*names, *counted, *_route(subject, line, speech)]


def _numbers(subject: Subject, line: Line) -> Iterator[tuple[str, int]]:
    facts = subject.facts
    for field in line.field:
        if field.name in facts.counts:
            yield field.name, facts.counts[field.name]
        if field.name in facts.parts:
            yield field.name, len(facts.parts[field.name])


def _route(subject: Subject, line: Line, speech: Speech) -> list[str]:
    """Return from where to where, when the line's customers look at it so."""
    words = subject.facts.words
    ends = [words.get(name) for name in (line.origin, line.destination) if name is not None]
    if not line.shows_route or None in ends:
        return []
    return [" → ".join(formats.country(code, speech.formats) for code in ends if code)]


def withdrawal(days: int, cover: Cover, speech: Speech) -> str:
    """Return how the customer may withdraw within so many days."""
    say = speech.texts.gettext
    if not cover.contact:
        return say(
            "You can withdraw within %(days)d days of your policy confirmation, without giving"
            " reasons; the confirmation says how."
        ) % {"days": days}
    if cover.ends_early:
        text = say(
            "You can withdraw within %(days)d days of your policy confirmation, without giving"
            " reasons: write to %(contact)s. If you have not claimed, you get the whole premium"
            " back; once the cover has begun, the part for the days that are left."
        )
    else:
        text = say(
            "You can withdraw within %(days)d days of your policy confirmation, without giving"
            " reasons: write to %(contact)s. If what is covered has not begun and you have not"
            " claimed, you get the whole premium back."
        )
    return text % {"days": days, "contact": cover.contact}


def _provided(said: Provided) -> Cover:
    return Cover(
        product_name=said.product_name,
        plan_name=said.plan_name,
        heading=said.heading,
        summary=said.summary,
        benefits=tuple(BenefitView(b.name, b.limit, b.excess) for b in said.benefits),
        exclusions=said.exclusions,
        disclaimer=said.disclaimer,
        documents=tuple(DocumentView(d.title, d.url) for d in said.documents),
        underwriter=said.underwriter,
        underwriter_address="",
        contact="",
        line="",
        ends_early=False,
        has_instalments=False,
    )


def _benefits(
    product: Product, plan_code: str, value: Money, speech: Speech
) -> tuple[BenefitView, ...]:
    names = product.text_in(speech.locale).benefit
    return tuple(
        BenefitView(
            name=names[benefit.code],
            limit=formats.whole_money(benefit.limit_for(value), speech.formats),
            excess=_excess(benefit, value, speech),
        )
        for benefit in product.benefits_of(plan_code)
    )


def _documents(
    quote: Quote, product: Product, links: Links, speech: Speech
) -> tuple[DocumentView, ...]:
    """Return the documents that the quote names, or those shown today when it names none."""
    edition = links.shelf.edition(product.code, product.version, quote.documents)
    if edition is None:
        return _unpublished(product, links, speech.locale)
    return tuple(
        DocumentView(copy.title, links.file(copy.html), links.file(copy.pdf))
        for copy in edition.copies_for(speech.locale, speech.paper)
    )


def _unpublished(product: Product, links: Links, locale: str) -> tuple[DocumentView, ...]:
    """Return the addresses that lead to the documents once they are published."""
    ordered = sorted(product.document, key=lambda document: document.code == "wording")
    return tuple(
        DocumentView(
            title=product.document_in(document.code, locale).title,
            url=links.document(product, document.code, locale),
        )
        for document in ordered
    )


def _excess(benefit: Benefit, value: Money, speech: Speech) -> str:
    if benefit.excess_percent is not None:
        share = formats.percent(Decimal(benefit.excess_percent) / 100, speech.formats)
        return speech.texts.gettext("%(share)s of the claim") % {"share": share}
    amount = benefit.excess_in(value.currency)
    return formats.whole_money(amount, speech.formats) if amount else ""

"""Terms as a page tells them: what is not covered, what the law wants in view, the documents.

Of several products each has terms of its own under its name, and what holds for all of them is
said once. After the payment, only what was bought still matters.
"""

from __future__ import annotations

from dataclasses import dataclass

from widget.covers import Cover
from widget.disclosures import disclosures_of, have_one_period
from widget.offers import Quote
from widget.partners import Partner
from widget.restrictions import NONE, tightened
from widget.sales import promised_market
from widget.web.question_views import Asking, once
from widget.web.views import TermsView


@dataclass(frozen=True, slots=True)
class Terms:
    """What must be in view of an offer before the choice."""

    #: Sentences that hold for every product, in the order of the law.
    disclosures: tuple[str, ...]
    #: What holds for one of them alone.
    products: tuple[TermsView, ...]


def terms_of(asking: Asking, partner: Partner | None) -> Terms:
    """Return the terms of an offer.

    Args:
        partner: Who arranges the cover; None when the page does not say.
    """
    products = _by_product(asking)
    said = [_disclosures(quotes, asking, partner) for quotes in products]
    shared = tuple(each for each in said[0] if all(each in other for other in said))
    covers = [asking.words(quotes[0]) for quotes in products]
    views = (
        _terms(cover, tuple(each for each in sentences if each not in shared), len(covers))
        for cover, sentences in zip(covers, said, strict=True)
    )
    return Terms(shared, tuple(views))


def _by_product(asking: Asking) -> list[list[Quote]]:
    offer = asking.offer
    products: dict[str, list[Quote]] = {}
    for quote in offer.chosen_quotes if offer.is_booked else offer.quotes:
        products.setdefault(quote.product_code, []).append(quote)
    return list(products.values())


def _terms(cover: Cover, disclosures: tuple[str, ...], count: int) -> TermsView:
    return TermsView(
        name=cover.product_name if count > 1 else "",
        exclusions=once(cover.exclusions),
        disclosures=disclosures,
        documents=once(cover.documents),
    )


def _disclosures(quotes: list[Quote], asking: Asking, partner: Partner | None) -> tuple[str, ...]:
    """Return what the market wants in view with the quotes of one product."""
    quote, purchase = quotes[0], asking.offer.purchase
    market = promised_market(quote, purchase, asking.house.catalogue)
    return disclosures_of(
        quote,
        tightened(market, partner.restrictions if partner else NONE),
        asking.words(quote),
        asking.speech,
        partner_name=partner.name if partner else "",
        has_one_period=have_one_period(quotes),
    )

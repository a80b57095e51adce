"""Sales: whether, from when and with which promises a purchase may be insured in its market."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from widget.errors import Problems
from widget.market_gaps import lacks_language
from widget.markets import LanguageDuty, Market, Sale
from widget.offers import Quote
from widget.products import Catalogue, Product
from widget.purchases import Item, Purchase
from widget.restrictions import NONE, Restrictions, tightened


def market_of(item: Item, purchase: Purchase, catalogue: Catalogue) -> Market:
    """Return the market that an item of a purchase is insured in.

    Raises:
        CatalogueFaulty: There are no rules for it; `refusals` would have said so.
    """
    product = catalogue.on_sale(item.product_code)
    return catalogue.markets.get(
        purchase.customer_country, purchase.customer_region, _class_of(item, product)
    )


def promised_market(quote: Quote, purchase: Purchase, catalogue: Catalogue) -> Market:
    """Return the market of a quote, with the withdrawal that the customer was promised."""
    market = market_of(purchase.items[quote.item], purchase, catalogue)
    days = max(market.withdrawal_days, quote.withdrawal_days or 0)
    return market if days == market.withdrawal_days else replace(market, withdrawal_days=days)


def refusals(
    purchase: Purchase, catalogue: Catalogue, restrictions: Restrictions = NONE
) -> Problems:
    """Return why a purchase cannot be insured in its market, by the field names of the wire."""
    problems: dict[str, list[str]] = {}
    for item in {item.product_code: item for item in purchase.items}.values():
        for field, sentence in _refused(item, purchase, catalogue, restrictions):
            problems.setdefault(field, []).append(sentence)
    return {field: list(dict.fromkeys(sentences)) for field, sentences in problems.items()}


def promised(
    quotes: Sequence[Quote],
    purchase: Purchase,
    catalogue: Catalogue,
    restrictions: Restrictions,
    *,
    informed_at: datetime,
) -> tuple[Quote, ...]:
    """Return quotes with what their market and the partner promise the customer.

    Args:
        informed_at: When the customer is first shown them, or was.
    """
    known: dict[str, tuple[int, datetime | None]] = {}
    for quote in quotes:
        item = purchase.items[quote.item]
        if item.product_code not in known:
            market = tightened(market_of(item, purchase, catalogue), restrictions)
            known[item.product_code] = (market.withdrawal_days, market.opens_at(informed_at))
    return tuple(
        _promised(quote, *known[purchase.items[quote.item].product_code]) for quote in quotes
    )


def _promised(quote: Quote, withdrawal_days: int, sold_from: datetime | None) -> Quote:
    return replace(quote, withdrawal_days=withdrawal_days, sold_from=sold_from)


def _refused(
    item: Item, purchase: Purchase, catalogue: Catalogue, restrictions: Restrictions
) -> Iterator[tuple[str, str]]:
    markets, country = catalogue.markets, purchase.customer_country
    product = catalogue.on_sale(item.product_code)
    if product is not None and country not in product.sold_to:
        return  # the product says where it is sold
    lawful = markets.find(country, purchase.customer_region, _class_of(item, product))
    if lawful is None and country not in markets.countries:
        yield "customer_country", f"Nothing is sold to customers who live in {country}."
        return
    if lawful is None:
        yield "customer_region", f"The law of {country} differs by region: name the customer's."
        return
    market = tightened(lawful, restrictions)
    if market.sale is Sale.FORBIDDEN:
        sentence = f"Cover of the class {market.insurance_class} is not sold in {market.place}."
        yield "customer_country", sentence
    if product is not None and _is_unreadable(product, market, purchase.language):
        yield "customer_language", _language_missing(product, market)


def _is_unreadable(product: Product, market: Market, language: str | None) -> bool:
    if not lacks_language(product, market):
        return False
    asked = (language or "").split("-", maxsplit=1)[0].lower()
    written = {locale.split("-", maxsplit=1)[0] for locale in product.text}
    return market.language_duty is LanguageDuty.ALWAYS or asked not in written


def _language_missing(product: Product, market: Market) -> str:
    needed, written = ", ".join(sorted(market.languages)), ", ".join(sorted(product.text))
    is_hard = market.language_duty is LanguageDuty.ALWAYS
    way_out = "" if is_hard else "; it is sold only to a customer who asks for that"
    return (
        f"Customers in {market.place} must be offered {needed}, and {product.code} is written in"
        f" {written}{way_out}."
    )


def _class_of(item: Item, product: Product | None) -> str:
    """Return the class of insurance; of a platform's product all we know is the line."""
    return product.insurance_class if product else item.subject.line

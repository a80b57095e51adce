"""Market gaps: what a product lacks to be sold where its file says, in one sentence each."""

from __future__ import annotations

from collections.abc import Iterator

from widget.markets import LanguageDuty, Market, Markets, Sale
from widget.places import Gap
from widget.products import Product

#: The documents that a product must have wherever it is sold.
ALWAYS_NEEDED = frozenset({"product_information", "wording"})


def market_gaps_in(product: Product, markets: Markets) -> Iterator[Gap]:
    """Yield each thing without which nothing can be sold in a market."""
    for sentence in _gaps_by_country(product, markets):
        yield Gap(("sold_to",), f"sold_to: {sentence}")


def _gaps_by_country(product: Product, markets: Markets) -> Iterator[str]:
    if unknown := product.sold_to - markets.countries:
        yield f"there is no market {', '.join(sorted(unknown))}"
    for country in sorted(product.sold_to & markets.countries):
        rules = markets.all_of(country, product.insurance_class)
        if all(market.sale is Sale.FORBIDDEN for market in rules):
            yield f"{product.insurance_class} may not be sold in {country}"
        # A region that cannot be served is refused by name; one that can is worth the file.
        gaps = (next(_gaps_in(product, market), "") for market in rules)
        if (first := next(gaps, "")) and all(gaps):
            yield first


def lacks_language(product: Product, market: Market) -> bool:
    """Tell whether a product is written in no language that customers must be offered."""
    written = {locale.split("-", maxsplit=1)[0] for locale in product.text}
    return bool(market.languages) and not written & market.languages


def _gaps_in(product: Product, market: Market) -> Iterator[str]:
    kinds = {document.code for document in product.document}
    for kind in sorted(market.documents - kinds - ALWAYS_NEEDED):
        name = market.document_names.get(kind, kind)
        yield f"{market.place} asks for the document {kind!r} ({name})"
    if market.language_duty is LanguageDuty.ALWAYS and lacks_language(product, market):
        languages = ", ".join(sorted(market.languages))
        yield f"{market.place} asks for a text in {languages}"
    for tax in market.taxes:
        if tax.fixed and not product.currencies <= {tax.fixed.currency}:
            yield f"the tax {tax.code} of {market.place} is in {tax.fixed.currency} only"

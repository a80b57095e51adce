"""The house upstream: prices from our own catalogue, and binds at once."""

from __future__ import annotations

import secrets
import uuid
from datetime import datetime

from widget.bookings import Policy
from widget.errors import InputInvalid, Problems
from widget.markets import MARKETS
from widget.offers import Offer, Quote
from widget.products import Catalogue, Product
from widget.purchases import Item, Purchase
from widget.rates import ineligibility, premium_of

#: Letters and digits that nobody confuses on the phone or in print.
_CLEAR = "23456789ABCDEFGHJKMNPQRSTVWXYZ"


class House:
    """Sells what the catalogue holds, under delegated authority: our commit is the contract."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    async def price(self, purchase: Purchase, *, now: datetime) -> tuple[Quote, ...]:
        """Return a quote for each plan of each item's product; see `Upstream.price`."""
        problems: dict[str, list[str]] = {}
        products: list[Product] = []
        for index, item in enumerate(purchase.items):
            product, faults = self._product_for(item, purchase, now)
            products.append(product) if product else None
            problems |= {_path(index, field): list(texts) for field, texts in faults.items()}
        if problems:
            raise InputInvalid(problems)
        pairs = zip(products, purchase.items, strict=True)
        return tuple(
            quote
            for index, (product, item) in enumerate(pairs)
            for quote in _quotes(product, item, index, purchase, now)
        )

    async def issue(self, offer: Offer) -> tuple[Policy, ...]:
        """Return a policy with a fresh number for each chosen quote; see `Upstream.issue`."""
        return tuple(Policy(self._policy_number(quote), quote.id) for quote in offer.chosen_quotes)

    def _product_for(
        self, item: Item, purchase: Purchase, now: datetime
    ) -> tuple[Product | None, Problems]:
        product = self._catalogue.on_sale(item.product_code)
        if product is None:
            return None, {"policy_type": [f"There is no product {item.product_code!r}."]}
        if item.product_version not in {None, product.version}:
            return None, {"policy_type_version": [f"Version {product.version} is on sale."]}
        faults = item.trip.problems(now=now)
        if not faults:
            days_ahead = (item.trip.starts_at - now).days
            faults = ineligibility(product, purchase, item.trip, days_ahead=days_ahead)
        return product, faults

    def _policy_number(self, quote: Quote) -> str:
        product = self._catalogue.get(quote.product_code, quote.product_version)
        number = "".join(secrets.choice(_CLEAR) for _ in range(10))
        return f"{product.policy_prefix}-{number[:5]}-{number[5:]}"


def _quotes(
    product: Product, item: Item, index: int, purchase: Purchase, now: datetime
) -> list[Quote]:
    market = MARKETS[purchase.customer_country]
    quotes = []
    for plan in product.plan:
        premium = premium_of(plan, product, item.trip, market)
        quotes.append(
            Quote(
                id=str(uuid.UUID(bytes=secrets.token_bytes(16), version=4)),
                item=index,
                product_code=product.code,
                product_version=product.version,
                plan_code=plan.code,
                premium=premium.total,
                tax=premium.tax,
                tax_code=market.tax_code,
                starts_at=now,
                ends_at=item.trip.ends_at,
            )
        )
    return quotes


#: Faults that belong to the purchase as a whole and not to one of its items.
_TOP_LEVEL = {"currency", "customer_country"}


def _path(index: int, field: str) -> str:
    return field if field in _TOP_LEVEL else f"request.{index}.{field}"

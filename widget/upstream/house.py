"""The house upstream: prices from our own catalogue, and binds at once."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Collection, Iterator
from dataclasses import replace
from datetime import datetime

from widget.amendments import Amendment, Terms
from widget.bookings import Booking, Policy
from widget.bundles import Bundle, bundle_for
from widget.editions import Shelf
from widget.errors import InputInvalid, Problems
from widget.markets import Market
from widget.offers import Bundled, Offer, Quote
from widget.products import Catalogue, Plan, Product
from widget.purchases import Item, Purchase
from widget.rates import premium_of
from widget.refusals import ineligibility
from widget.sales import market_of, refusals
from widget.terms import months_later, term_of_plan
from widget.upstream import after_sale
from widget.upstream.base import Priced

#: Letters and digits that nobody confuses on the phone or in print.
_CLEAR = "23456789ABCDEFGHJKMNPQRSTVWXYZ"

#: Faults that belong to the purchase as a whole and not to one of its items.
_TOP_LEVEL = {"currency", "customer_country"}


class House:
    """Sells what the catalogue holds, under delegated authority: our commit is the contract."""

    is_remote = False
    sends_mail = False

    def __init__(self, catalogue: Catalogue, shelf: Shelf | None = None) -> None:
        """Sell a catalogue.

        Args:
            shelf: Has the documents that new quotes are offered with.
        """
        self._catalogue = catalogue
        self._shelf = shelf or Shelf()

    async def close(self) -> None:
        """Do nothing: nothing was opened."""

    async def price(self, purchase: Purchase, *, now: datetime) -> Priced:
        """Return a quote for each plan of each item's product; see `Upstream.price`."""
        problems = dict(refusals(purchase, self._catalogue))
        products: list[Product] = []
        for index, item in enumerate(purchase.items):
            product, faults = self._product_for(item, purchase, now)
            products.append(product) if product else None
            problems |= {_path(index, field): texts for field, texts in faults.items()}
        if problems:
            raise InputInvalid(problems)
        pairs = zip(products, purchase.items, strict=True)
        codes = {product.code for product in products}
        bundle = bundle_for(self._catalogue.bundles, codes)
        return Priced(
            tuple(
                replace(quote, documents=self._shelf.name_for(product))
                for index, (product, item) in enumerate(pairs)
                for quote in _quotes(
                    product,
                    item,
                    index,
                    market_of(item, purchase, self._catalogue),
                    bundle=bundle,
                    now=now,
                )
            )
        )

    async def issue(self, booking: Booking, *, now: datetime) -> tuple[Policy, ...]:
        """Return a policy with a fresh number for each chosen quote; see `Upstream.issue`.

        Cover starts with the policy, which is later than it was quoted, if not later still.
        """
        return tuple(
            Policy(self._policy_number(quote), self._issued(quote, now), issued_at=now)
            for quote in booking.offer.chosen_quotes
        )

    async def decline(self, offer: Offer) -> None:
        """Do nothing: our own record of the decline is all there is."""

    async def price_update(self, booking: Booking, wanted: Booking, *, now: datetime) -> Terms:
        """Return the terms for a changed purchase; see `Upstream.price_update`."""
        return after_sale.updated(booking, wanted.purchase, self._catalogue, now=now)

    async def price_cancellation(
        self, booking: Booking, quote_ids: Collection[str], *, reason: str | None, now: datetime
    ) -> Terms:
        """Return the terms with some policies cancelled; see `Upstream.price_cancellation`."""
        del reason  # a refund does not depend on it
        return after_sale.cancelled(booking, quote_ids, self._catalogue, now=now)

    async def price_renewal(self, booking: Booking, *, now: datetime) -> Terms:
        """Return the terms with the next term of each policy; see `Upstream.price_renewal`."""
        numbers = {policy.number: self._policy_number(policy.quote) for policy in booking.in_force}
        terms = after_sale.renewed(booking, numbers, self._catalogue, new_id=_new_id, now=now)
        before = {policy.quote_id for policy in booking.policies}
        policies = tuple(
            policy if policy.quote_id in before else self._with_documents(policy)
            for policy in terms.policies
        )
        return replace(terms, policies=policies)

    async def apply(self, booking: Booking, amendment: Amendment) -> None:
        """Do nothing: storing an amendment makes it."""

    def _product_for(
        self, item: Item, purchase: Purchase, now: datetime
    ) -> tuple[Product | None, Problems]:
        product = self._catalogue.on_sale(item.product_code)
        if product is None:
            return None, {"policy_type": [f"There is no product {item.product_code!r}."]}
        if item.product_version not in {None, product.version}:
            return None, {"policy_type_version": [f"Version {product.version} is on sale."]}
        plans = [plan.code for plan in product.plan]
        if item.plan_code not in {None, *plans}:
            return None, {"policy_code": [f"The plans are {', '.join(plans)}."]}
        faults = item.subject.problems(product.line, now=now)
        if not faults:
            days_ahead = (item.subject.starts_at - now).days
            faults = ineligibility(product, purchase, item.subject, days_ahead=days_ahead)
        return product, faults

    def _issued(self, quote: Quote, now: datetime) -> Quote:
        """Return a quote as it is sold: a plan of so many months runs all of them."""
        if quote.starts_at >= now:
            return quote
        product = self._catalogue.get(quote.product_code, quote.product_version)
        months = product.plan_named(quote.plan_code).months
        ends_at = quote.ends_at if months is None else months_later(now, months)
        return replace(quote, starts_at=now, ends_at=ends_at)

    def _with_documents(self, policy: Policy) -> Policy:
        """Return a new term's policy with the documents that are shown today."""
        quote = policy.quote
        product = self._catalogue.get(quote.product_code, quote.product_version)
        return replace(policy, quote=replace(quote, documents=self._shelf.name_for(product)))

    def _policy_number(self, quote: Quote) -> str:
        product = self._catalogue.get(quote.product_code, quote.product_version)
        number = "".join(secrets.choice(_CLEAR) for _ in range(10))
        return f"{product.policy_prefix}-{number[:5]}-{number[5:]}"


def _quotes(
    product: Product,
    item: Item,
    index: int,
    market: Market,
    *,
    bundle: Bundle | None,
    now: datetime,
) -> Iterator[Quote]:
    for plan in product.plan:
        if item.plan_code not in {None, plan.code}:
            continue
        premium = premium_of(plan, product, item.subject, market)
        starts_at, ends_at = term_of_plan(plan, item.subject, now=now)
        yield Quote(
            id=_new_id(),
            item=index,
            product_code=product.code,
            product_version=product.version,
            plan_code=plan.code,
            premium=premium.total,
            tax=premium.tax,
            tax_code=market.tax_code,
            starts_at=starts_at,
            ends_at=ends_at,
            taxes=premium.parts,
            bundled=_bundled(bundle, plan, product, item, market),
        )


def _bundled(
    bundle: Bundle | None, plan: Plan, product: Product, item: Item, market: Market
) -> Bundled | None:
    if bundle is None or product.code not in bundle.products:
        return None
    off = bundle.percent
    premium = premium_of(plan, product, item.subject, market, percent_off=off)
    codes = tuple(sorted(bundle.products))
    return Bundled(bundle.code, codes, off, premium.total, premium.tax, premium.parts)


def _new_id() -> str:
    return str(uuid.UUID(bytes=secrets.token_bytes(16), version=4))


def _path(index: int, field: str) -> str:
    return field if field in _TOP_LEVEL else f"request.{index}.{field}"

"""The parts that a request may use."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import cast

from starlette.requests import Request

from widget.covers import Cover, Speech, cover_of, insured, speech_for
from widget.editions import Shelf
from widget.enclosing import Enclosing
from widget.errors import NotFound
from widget.formats import negotiate
from widget.limits import Limits
from widget.links import Links
from widget.offers import Offer, Quote
from widget.partners import Mode, token_key_of
from widget.press.base import Press
from widget.products import FALLBACK_LOCALE, Catalogue, Product
from widget.purchases import Purchase
from widget.settings import Settings
from widget.storage.base import Storage
from widget.texts import Texts
from widget.tokens import QuoteToken, issue_quote_token, quote_token_for
from widget.upstream.base import Upstream
from widget.web.rendering import Rendering


@dataclass(frozen=True, slots=True)
class House:
    """One running service: its parts, put together by the roof."""

    settings: Settings
    storage: Storage
    #: Who prices and issues, in each mode.
    upstreams: Mapping[Mode, Upstream]
    catalogue: Catalogue
    texts: Texts
    rendering: Rendering
    press: Press
    #: The documents that were published.
    shelf: Shelf
    #: Set when a message became due, so that it leaves at once.
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    limits: Limits = field(default_factory=Limits)

    @property
    def token_roots(self) -> list[bytes]:
        """The keys that tokens are signed with, oldest first."""
        return [key.encode() for key in self.settings.token_keys]

    @property
    def partner_roots(self) -> list[bytes]:
        """The keys that partners' secrets are derived from, oldest first."""
        return [key.encode() for key in self.settings.partner_keys]

    @property
    def links(self) -> Links:
        """The maker of addresses."""
        return Links(self.settings.public_url, self.token_roots, self.shelf)

    @property
    def enclosing(self) -> Enclosing:
        """What encloses certificates and documents, and prints them."""
        return Enclosing(self.catalogue, self.texts, self.links, self.storage, self.press)

    @property
    def lifetime(self) -> timedelta:
        """How long an offer stands."""
        return timedelta(seconds=self.settings.offer_lifetime_s)

    @property
    def grace(self) -> timedelta:
        """How much longer a payment under way may confirm."""
        return timedelta(seconds=self.settings.confirm_grace_s)

    @property
    def payment_lifetime(self) -> timedelta:
        """How long a booking waits for its payment."""
        return timedelta(seconds=self.settings.payment_lifetime_s)

    def cover(self, quote: Quote, purchase: Purchase, speech: Speech) -> Cover:
        """Return what a quote for a purchase protects, in words."""
        subject = purchase.items[quote.item].subject
        return cover_of(quote, subject, catalogue=self.catalogue, links=self.links, speech=speech)

    def insured(self, quote: Quote, purchase: Purchase, speech: Speech) -> str:
        """Return what a quote for a purchase is for, in words."""
        item = purchase.items[quote.item]
        return insured(item.subject, self.catalogue.line_of_item(item), quote, speech)

    def product_of(self, quote: Quote) -> Product | None:
        """Return the product of a quote in our own catalogue, None when a remote platform's."""
        if quote.provided is not None:
            return None
        return self.catalogue.get(quote.product_code, quote.product_version)

    def is_renewable(self, quote: Quote) -> bool:
        """Tell whether a quote's product is renewed for another term."""
        product = self.product_of(quote)
        return product is not None and product.after_sale.renew_within_days is not None

    def token_keys_of(self, partner_code: str, mode: Mode) -> list[bytes]:
        """Return the keys of a partner's quote tokens, oldest first."""
        return [token_key_of(partner_code, mode, root).encode() for root in self.token_roots]

    def quote_token(self, offer: Offer) -> str:
        """Return the signed quote token of an answered offer, stamped with the time of the answer.

        The same answer has the same token, however often it is asked for.
        """
        facts: QuoteToken = quote_token_for(offer, now=offer.chosen_at or offer.created_at)
        return issue_quote_token(facts, self.token_keys_of(offer.partner_code, offer.mode))

    def speech(self, offer: Offer, wanted: str | None = None) -> Speech:
        """Return how to speak to the customer of an offer: as asked, else as the purchase says."""
        purchase = offer.purchase
        locale = negotiate((wanted, purchase.language), self.texts.locales, FALLBACK_LOCALE)
        return speech_for(locale, purchase.customer_country, self.texts.in_locale(locale))

    def now(self) -> datetime:
        """Return the time by the database's clock."""
        return self.storage.now()


def house_of(request: Request) -> House:
    """Return the house that serves a request."""
    return cast(House, request.state.house)


async def offer_of(house: House, partner_code: str, offer_id: str, mode: Mode) -> Offer:
    """Return a partner's offer, in the mode of the credential or token that asks for it.

    Raises:
        NotFound: There is none; another partner's, or one of the other mode, looks the same.
    """
    offer = await house.storage.find_offer(partner_code, offer_id)
    if offer is None or offer.mode is not mode:
        raise NotFound("Quote package")
    return offer

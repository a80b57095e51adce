"""Offers: the quotes shown together for one purchase, and what the customer answers.

An offer is a value. Each move returns a new one, or says why the move is not allowed.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from widget.errors import (
    AlreadyConfirmed,
    ChoiceMissing,
    OfferDeclined,
    OfferExpired,
    QuoteNotOffered,
    SaleDeferred,
    StatusForbids,
)
from widget.money import Money
from widget.partners import Mode
from widget.purchases import Purchase
from widget.taxes import TaxPart

#: A partner's own facts: simple values, none of them personal.
Metadata = Mapping[str, str | int | float | bool | None]


class Choice(StrEnum):
    """What the customer answered. `open` is the beginning; nothing is ever chosen in advance."""

    OPEN = "open"
    OPTED_IN = "opted_in"
    OPTED_OUT = "opted_out"


class Status(StrEnum):
    """How far an offer, a booking or a policy has come, in XCover's words."""

    RECEIVED = "RECEIVED"
    OPTED_OUT = "OPTED_OUT"
    #: The upstream was asked to issue, and its answer is not known yet.
    PENDING = "PENDING"
    PENDING_PAYMENT = "PENDING_PAYMENT"
    CONFIRMED = "CONFIRMED"
    CANCELLED = "CANCELLED"
    #: Of a policy only: an earlier term, followed by a renewal.
    RENEWED = "RENEWED"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True)
class ProvidedBenefit:
    """One part of the cover, in a remote platform's words."""

    name: str
    limit: str = ""
    excess: str = ""


@dataclass(frozen=True, slots=True)
class ProvidedDocument:
    """A document that a remote platform serves."""

    title: str
    url: str


@dataclass(frozen=True, slots=True)
class Provided:
    """What a remote platform says about a quote: plain text, to be escaped wherever it is shown."""

    #: The language that it is written in.
    locale: str
    product_name: str
    plan_name: str
    heading: str = ""
    summary: str = ""
    benefits: tuple[ProvidedBenefit, ...] = ()
    exclusions: tuple[str, ...] = ()
    disclaimer: str = ""
    documents: tuple[ProvidedDocument, ...] = ()
    underwriter: str = ""


@dataclass(frozen=True, slots=True)
class Bundled:
    """What a quote costs when all products of a bundle are chosen."""

    code: str
    #: The codes of its products.
    products: tuple[str, ...]
    #: Taken off the net premium.
    percent: Decimal
    premium: Money
    tax: Money
    taxes: tuple[TaxPart, ...]


@dataclass(frozen=True, slots=True)
class Quote:
    """One priced proposal for one policy."""

    id: str
    #: The position of the purchase's item that it covers; plans for one item exclude each other.
    item: int
    product_code: str
    product_version: int
    plan_code: str
    premium: Money
    #: The part of `premium` that is tax.
    tax: Money
    tax_code: str
    #: Aware; the period of cover.
    starts_at: datetime
    ends_at: datetime
    #: The remote platform's own id of the quote; None when the house priced it.
    upstream_id: str | None = None
    #: Texts of a remote platform; None when the product is in our catalogue.
    provided: Provided | None = None
    #: Each tax inside `tax`, in the order of the law; empty where only the sum is known.
    taxes: tuple[TaxPart, ...] = ()
    #: How long the customer may withdraw, as it was promised; None: as the market says.
    withdrawal_days: int | None = None
    #: Before that it is not for sale, only shown; None: at once.
    sold_from: datetime | None = None
    #: What it costs together with others; None where they make up no bundle.
    bundled: Bundled | None = None
    #: What was taken off the net premium when it was sold in a bundle.
    percent_off: Decimal = Decimal(0)
    #: The name of the edition of documents that it is offered with; empty when the documents are a
    #: remote platform's, or when the quote is older than editions.
    documents: str = ""

    @property
    def in_bundle(self) -> Quote:
        """The quote as it is sold with all products of its bundle."""
        if self.bundled is None:
            return self
        together = self.bundled
        return replace(
            self,
            premium=together.premium,
            tax=together.tax,
            taxes=together.taxes,
            bundled=None,
            percent_off=together.percent,
        )

    @property
    def tax_parts(self) -> tuple[TaxPart, ...]:
        """The taxes one by one, or the sum of them under one code where no more is known."""
        return self.taxes or (TaxPart(self.tax_code, self.tax),)


@dataclass(frozen=True, slots=True)
class Offer:
    """The quotes for one purchase, with one choice."""

    id: str
    partner_code: str
    mode: Mode
    purchase: Purchase
    purchase_hash: str
    quotes: tuple[Quote, ...]
    #: Aware UTC.
    created_at: datetime
    expires_at: datetime
    #: Its own until it is booked, then that of its booking.
    status: Status = Status.RECEIVED
    choice: Choice = Choice.OPEN
    #: The chosen quotes, in the order of the offer; empty unless opted in.
    chosen: tuple[str, ...] = ()
    chosen_at: datetime | None = None
    #: The language that the choice was made in.
    chosen_locale: str | None = None
    #: Counts the answers and the changes; two at once cannot both be the next.
    revision: int = 0
    #: The remote platform's own id of the offer; None when the house priced it.
    upstream_id: str | None = None
    metadata: Metadata = field(default_factory=dict)

    @property
    def chosen_quotes(self) -> tuple[Quote, ...]:
        """The quotes that the customer opted in to, at what they cost together."""
        return self.sold_together(self.chosen)

    def sold_together(self, quote_ids: Collection[str]) -> tuple[Quote, ...]:
        """Return some quotes at what they cost together: less, where they make up a bundle."""
        wanted = frozenset(quote_ids)
        quotes = tuple(quote for quote in self.quotes if quote.id in wanted)
        codes = {quote.product_code for quote in quotes}
        return tuple(
            quote.in_bundle if quote.bundled and codes.issuperset(quote.bundled.products) else quote
            for quote in quotes
        )

    @property
    def premium(self) -> Money:
        """What the chosen quotes cost together; zero when none is chosen."""
        return Money.total((q.premium for q in self.chosen_quotes), self.purchase.currency)

    @property
    def tax(self) -> Money:
        """The tax inside `premium`."""
        return Money.total((q.tax for q in self.chosen_quotes), self.purchase.currency)

    @property
    def terms_version(self) -> str:
        """The product versions that were offered, for example `travel_protection@1`."""
        terms = dict.fromkeys(f"{q.product_code}@{q.product_version}" for q in self.quotes)
        return "+".join(terms)

    @property
    def is_booked(self) -> bool:
        """Tell whether there is a booking of this offer, in whatever state."""
        return self.status not in {Status.RECEIVED, Status.OPTED_OUT}

    @property
    def opens_at(self) -> datetime | None:
        """Before that the offer informs and cannot be sold; None: it is for sale."""
        return max((q.sold_from for q in self.quotes if q.sold_from), default=None)

    def is_deferred(self, now: datetime) -> bool:
        """Tell whether the offer only informs, because the law defers its sale."""
        return not self.is_booked and self.opens_at is not None and now < self.opens_at

    def is_expired(self, now: datetime) -> bool:
        """Tell whether the premiums have run out. A booked offer does not expire."""
        return not self.is_booked and now >= self.expires_at

    def opt_in(
        self, quote_ids: Collection[str], *, at: datetime, locale: str, is_reported: bool = False
    ) -> Offer:
        """Return this offer with `quote_ids` chosen by the customer.

        Opting in twice with the same quotes is the same choice and changes nothing.

        Args:
            is_reported: The partner tells of the choice as it confirms; whether that is too late
                is for `check_confirmable` to say.

        Raises:
            QuoteNotOffered: There is no such quote, none at all, or two plans for one item.
            OfferExpired, OfferDeclined, AlreadyConfirmed, StatusForbids: It is too late to choose.
            SaleDeferred: It is too early.
        """
        self._check_for_sale(at)
        if not is_reported:
            self._check_open_to_choices(at)
        known = {quote.id: quote for quote in self.quotes}
        items = [known[quote_id].item for quote_id in quote_ids if quote_id in known]
        if not quote_ids or len(items) < len(quote_ids) or len(set(items)) < len(items):
            wrong = next((q for q in quote_ids if q not in known), ", ".join(quote_ids))
            raise QuoteNotOffered(self.id, wrong)
        ordered = tuple(quote.id for quote in self.quotes if quote.id in quote_ids)
        return self._choose(Choice.OPTED_IN, ordered, at, locale)

    def opt_out(self, *, at: datetime, locale: str) -> Offer:
        """Return this offer declined by the customer, who may still change their mind.

        Raises:
            OfferExpired, OfferDeclined, AlreadyConfirmed, StatusForbids: It is too late to choose.
        """
        self._check_open_to_choices(at)
        return self._choose(Choice.OPTED_OUT, (), at, locale)

    def reopen(self, *, at: datetime, locale: str) -> Offer:
        """Return this offer without an answer, as when a form is reset.

        Raises:
            OfferExpired, OfferDeclined, AlreadyConfirmed, StatusForbids: It is too late to choose.
        """
        self._check_open_to_choices(at)
        return self._choose(Choice.OPEN, (), at, locale)

    def decline(self, metadata: Metadata | None = None) -> Offer:
        """Return this offer closed by the partner: the customer bought without cover.

        Args:
            metadata: What the partner says of its own of that; added to what it said before.

        Raises:
            AlreadyConfirmed, StatusForbids: It is a booking; cancel that instead.
        """
        self._check_not_booked()
        facts = {**self.metadata, **(metadata or {})}
        return replace(self, status=Status.OPTED_OUT, metadata=facts)

    def repriced(
        self,
        purchase: Purchase,
        quotes: tuple[Quote, ...],
        *,
        upstream_id: str | None,
        expires_at: datetime,
    ) -> Offer:
        """Return this offer for a purchase that was changed: new premiums, and no answer yet.

        Whether it may be changed is `check_changeable`'s to say.
        """
        return replace(
            self,
            purchase=purchase,
            purchase_hash=purchase.content_hash(),
            quotes=quotes,
            upstream_id=upstream_id,
            expires_at=expires_at,
            choice=Choice.OPEN,
            chosen=(),
            revision=self.revision + 1,
        )

    def booked(self, status: Status) -> Offer:
        """Return this offer as it is once its booking has `status`."""
        return replace(self, status=status)

    def check_changeable(self) -> None:
        """Make sure that purchase and quotes may still change; an expired offer may.

        Raises:
            OfferDeclined, AlreadyConfirmed, StatusForbids: They may not.
        """
        self._check_not_booked()
        if self.status is Status.OPTED_OUT:
            raise OfferDeclined(self.id)

    def check_confirmable(self, *, last_moment: datetime, at: datetime) -> None:
        """Make sure that the offer may become a booking.

        Args:
            last_moment: When it is too late for this confirmation; a payment that was under way
                when the premiums ran out gets a little longer than a choice.

        Raises:
            OfferDeclined, OfferExpired, ChoiceMissing: It may not.
            SaleDeferred: It may not yet.
        """
        self._check_for_sale(at)
        if self.status is Status.OPTED_OUT:
            raise OfferDeclined(self.id)
        if self.choice is not Choice.OPTED_IN:
            raise ChoiceMissing(self.id)
        if at >= last_moment:
            raise OfferExpired(self.id, self.expires_at)

    def _check_for_sale(self, at: datetime) -> None:
        if self.opens_at is not None and self.is_deferred(at):
            raise SaleDeferred(self.id, self.opens_at)

    def _check_not_booked(self) -> None:
        if self.status is Status.CONFIRMED:
            raise AlreadyConfirmed(self.id)
        if self.is_booked:
            raise StatusForbids(self.id, self.status)

    def _check_open_to_choices(self, at: datetime) -> None:
        self.check_changeable()
        if self.is_expired(at):
            raise OfferExpired(self.id, self.expires_at)

    def _choose(self, choice: Choice, chosen: tuple[str, ...], at: datetime, locale: str) -> Offer:
        if (choice, chosen) == (self.choice, self.chosen):
            return self
        return replace(
            self,
            choice=choice,
            chosen=chosen,
            chosen_at=at,
            chosen_locale=locale,
            revision=self.revision + 1,
        )

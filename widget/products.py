"""The catalogue: products, plans, benefits, documents and their texts.

A product is one TOML file. It is read and checked as a whole, so that a gap stops the service at
its start and not a customer at the checkout. A version that has been sold is never edited, only
followed by the next, because offers and policies go on naming it.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from widget.countries import COUNTRIES
from widget.errors import CatalogueFaulty
from widget.markets import MARKETS
from widget.money import CURRENCIES, Money

#: The locale that every product must have, and that stands in for one that it lacks.
FALLBACK_LOCALE = "en"

#: Amounts in major units, one for each currency of the product.
Amounts = Mapping[str, Annotated[Decimal, Field(ge=0)]]

Traveller = Literal["adult", "child", "infant"]

Localized = TypeVar("Localized")


class _Part(BaseModel):
    """A table of a product file: nothing unknown, nothing changed after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Eligibility(_Part):
    """Which trips the product takes."""

    travellers_max: int = Field(ge=1)
    trip_days_max: int = Field(ge=1)
    days_ahead_max: int = Field(ge=1)
    cost_min: Amounts
    cost_max: Amounts


class CostRate(_Part):
    """A share of the ticket price, for trips of up to so many days."""

    days_up_to: int = Field(ge=1)
    percent: Decimal = Field(ge=0, le=100)


class Plan(_Part):
    """One level of cover and what it costs before tax."""

    code: str
    cost_rate: tuple[CostRate, ...] = Field(min_length=1)
    #: The least net premium for each traveller.
    minimum: Amounts
    #: By zone and kind of traveller, for each day; None for plans without such a part.
    day_rate: Mapping[str, Mapping[Traveller, Amounts]] | None = None


class Benefit(_Part):
    """One part of the cover."""

    code: str
    plans: tuple[str, ...] = Field(min_length=1)
    #: The most that is paid: fixed amounts, or the price of the tickets.
    limit: Amounts | Literal["trip_cost"]
    #: What the customer bears of each claim: fixed amounts, or a share of the claim.
    excess: Amounts | None = None
    excess_percent: int | None = Field(default=None, ge=1, le=99)

    def limit_for(self, cost: Money) -> Money:
        """Return the most that is paid, for tickets of this cost."""
        if self.limit == "trip_cost":
            return cost
        return Money.exactly(self.limit[cost.currency], cost.currency)

    def excess_in(self, currency: str) -> Money | None:
        """Return the fixed amount that the customer bears, None when there is none."""
        amount = (self.excess or {}).get(currency)
        return Money.exactly(amount, currency) if amount else None


class PlanText(_Part):
    """A plan in the customer's words."""

    name: str
    summary: str


class Text(_Part):
    """A product in one language."""

    name: str
    #: The question that the choice answers.
    heading: str
    exclusions: tuple[str, ...] = Field(min_length=1)
    disclaimer: str
    plan: Mapping[str, PlanText]
    benefit: Mapping[str, str]


class Section(_Part):
    """A headed part of a document."""

    heading: str
    paragraphs: tuple[str, ...] = ()
    items: tuple[str, ...] = ()


class DocumentText(_Part):
    """A document in one language."""

    title: str
    section: tuple[Section, ...] = Field(min_length=1)


class Document(_Part):
    """A document that the customer must be able to read before the choice."""

    code: Literal["product_information", "wording"]
    text: Mapping[str, DocumentText]


class Product(_Part):
    """Everything that is sold under one code, in one version."""

    code: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    version: int = Field(ge=1)
    line: Literal["travel"]
    policy_prefix: str = Field(pattern=r"^[A-Z]{3}$")
    underwriter: str
    underwriter_address: str
    contact: str
    currencies: frozenset[str] = Field(min_length=1)
    #: Countries where its customers live.
    sold_to: frozenset[str] = Field(min_length=1)
    eligibility: Eligibility
    #: Destinations by name; `home` and `world` are always there and need no list.
    zones: Mapping[str, frozenset[str]]
    plan: tuple[Plan, ...] = Field(min_length=1)
    benefit: tuple[Benefit, ...] = Field(min_length=1)
    text: Mapping[str, Text]
    document: tuple[Document, ...]

    @model_validator(mode="after")
    def _has_no_gap(self) -> Self:
        gaps = [
            *self._gaps_in_codes(),
            *self._gaps_in_money(),
            *self._gaps_in_rates(),
            *self._gaps_in_texts(),
        ]
        if gaps:
            raise ValueError(gaps[0])
        return self

    @property
    def terms_version(self) -> str:
        """The name of this version in tokens and evidence: `travel_protection@1`."""
        return f"{self.code}@{self.version}"

    def benefits_of(self, plan_code: str) -> tuple[Benefit, ...]:
        """Return the parts of a plan's cover, in the file's order."""
        return tuple(benefit for benefit in self.benefit if plan_code in benefit.plans)

    def text_in(self, locale: str) -> Text:
        """Return the texts in `locale`, in its language, or in the fallback."""
        return _pick(self.text, locale)

    def document_in(self, code: str, locale: str) -> DocumentText:
        """Return a document's text in `locale`, in its language, or in the fallback.

        Raises:
            KeyError: The product has no such document.
        """
        known: Mapping[str, Document] = {document.code: document for document in self.document}
        return _pick(known[code].text, locale)

    def zone_of(self, departure: str, destination: str) -> str:
        """Return the zone of a destination."""
        if departure == destination:
            return "home"
        named = (name for name, countries in self.zones.items() if destination in countries)
        return next(named, "world")

    def _gaps_in_codes(self) -> Iterable[str]:
        parts = (("plan", self.plan), ("benefit", self.benefit), ("document", self.document))
        for name, tables in parts:
            codes = [table.code for table in tables]
            for code in sorted({code for code in codes if codes.count(code) > 1}):
                yield f"{name} {code} is there twice"

    def _gaps_in_money(self) -> Iterable[str]:
        for currency in self.currencies - CURRENCIES:
            yield f"currencies: {currency!r} is not an ISO 4217 currency"
        for name, amounts in self._amounts():
            for currency in sorted(self.currencies - amounts.keys()):
                yield f"{name} has no amount in {currency}"
        for name, amounts in self._cover():
            for currency, amount in amounts.items():
                try:
                    Money.exactly(amount, currency)
                except ValueError as error:
                    yield f"{name}: {error}"
        rules = self.eligibility
        for currency in sorted(rules.cost_min.keys() & rules.cost_max.keys()):
            if rules.cost_min[currency] > rules.cost_max[currency]:
                yield f"eligibility: cost_min is above cost_max in {currency}"

    def _amounts(self) -> Iterable[tuple[str, Amounts]]:
        yield "eligibility.cost_min", self.eligibility.cost_min
        yield "eligibility.cost_max", self.eligibility.cost_max
        for plan in self.plan:
            yield f"plan {plan.code}: minimum", plan.minimum
            for zone, kinds in (plan.day_rate or {}).items():
                for kind, amounts in kinds.items():
                    yield f"plan {plan.code}: day_rate.{zone}.{kind}", amounts
        yield from self._cover()

    def _cover(self) -> Iterable[tuple[str, Amounts]]:
        for benefit in self.benefit:
            for name, value in (("limit", benefit.limit), ("excess", benefit.excess)):
                if isinstance(value, Mapping):
                    yield f"benefit {benefit.code}: {name}", value

    def _gaps_in_rates(self) -> Iterable[str]:
        for plan in self.plan:
            bands = [band.days_up_to for band in plan.cost_rate]
            if bands != sorted(set(bands)):
                yield f"plan {plan.code}: cost_rate bands must rise"
            if bands[-1] < self.eligibility.trip_days_max:
                yield f"plan {plan.code}: cost_rate ends at {bands[-1]} days, trips may be longer"
            zones = ("home", *self.zones, "world")
            for zone in sorted((plan.day_rate or {}).keys() - set(zones)):
                yield f"plan {plan.code}: day_rate.{zone} is for a zone that does not exist"
            for zone in zones:
                kinds = (plan.day_rate or {}).get(zone, {})
                if plan.day_rate is not None and kinds.keys() != {"adult", "child", "infant"}:
                    yield f"plan {plan.code}: day_rate.{zone} needs adult, child and infant"
        unknown = (self.sold_to - MARKETS.keys()) | (
            frozenset().union(*self.zones.values()) - COUNTRIES
        )
        if unknown:
            yield f"there is no market or country {', '.join(sorted(unknown))}"

    def _gaps_in_texts(self) -> Iterable[str]:
        plans = {plan.code for plan in self.plan}
        benefits = {benefit.code for benefit in self.benefit}
        if FALLBACK_LOCALE not in self.text:
            yield f"there is no [text.{FALLBACK_LOCALE}]"
        for locale, text in self.text.items():
            if text.plan.keys() != plans or text.benefit.keys() != benefits:
                yield f"text.{locale} must name each plan and each benefit, and no others"
        for benefit in self.benefit:
            if not set(benefit.plans) <= plans:
                yield f"benefit {benefit.code} names a plan that does not exist"
            if benefit.excess is not None and benefit.excess_percent is not None:
                yield f"benefit {benefit.code} has an excess and an excess_percent; keep one"
        for code in sorted(plans - {code for benefit in self.benefit for code in benefit.plans}):
            yield f"plan {code} has no benefit"
        yield from self._gaps_in_documents()

    def _gaps_in_documents(self) -> Iterable[str]:
        for needed in ("product_information", "wording"):
            if needed not in {document.code for document in self.document}:
                yield f"the document {needed!r} is missing"
        for document in self.document:
            for locale in self.text.keys() - document.text.keys():
                yield f"document {document.code} has no text in {locale!r}"


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Every version of every product that was ever sold here."""

    products: Mapping[tuple[str, int], Product]

    def on_sale(self, code: str) -> Product | None:
        """Return the newest version of a product, None when there is no such product."""
        versions = [version for known, version in self.products if known == code]
        return self.products[code, max(versions)] if versions else None

    def get(self, code: str, version: int) -> Product:
        """Return a version that was sold.

        Raises:
            CatalogueFaulty: Its file has gone; sold versions must stay in the catalogue.
        """
        try:
            return self.products[code, version]
        except KeyError:
            problem = "this version was sold, so its file must stay in the catalogue"
            raise CatalogueFaulty(f"{code}.v{version}.toml", problem) from None


def read_catalogue(files: Mapping[str, str]) -> Catalogue:
    """Return the catalogue written in `files`, TOML texts by file name.

    Raises:
        CatalogueFaulty: One of them cannot be read, has a gap, or repeats another.
    """
    products: dict[tuple[str, int], Product] = {}
    for source, text in sorted(files.items()):
        product = read_product(source, text)
        if (product.code, product.version) in products:
            raise CatalogueFaulty(source, f"{product.terms_version} is in another file too")
        products[product.code, product.version] = product
    return Catalogue(products)


def read_product(source: str, text: str) -> Product:
    """Return the product written in `text`.

    Raises:
        CatalogueFaulty: It cannot be read or has a gap; the sentence names the place.
    """
    try:
        return Product.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise CatalogueFaulty(source, str(error)) from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        sentence = first["msg"].removeprefix("Value error, ")
        raise CatalogueFaulty(source, f"{place}: {sentence}" if place else sentence) from error


def _pick(texts: Mapping[str, Localized], locale: str) -> Localized:
    for candidate in (locale, locale.split("-", maxsplit=1)[0]):
        if candidate in texts:
            return texts[candidate]
    return texts[FALLBACK_LOCALE]

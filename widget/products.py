"""The catalogue: products, plans, benefits, documents and their texts.

A product is one TOML file. `catalogues` reads it and `gaps` checks it as a whole. A version that
has been sold is never edited, only followed by the next, because offers and policies go on naming
it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from widget.errors import CatalogueFaulty
from widget.markets import Markets
from widget.money import Money

#: The locale that every product must have, and that stands in for one that it lacks.
FALLBACK_LOCALE = "en"

#: Amounts in major units, one for each currency of the product.
Amounts = Mapping[str, Annotated[Decimal, Field(ge=0)]]

Traveller = Literal["adult", "child", "infant"]

#: Up to which moment of the term something is allowed; `never` allows it at no time.
Until = Literal["start", "end", "never"]

#: What may be changed of a trip after the sale, in the words of the wire.
TripField = Literal[
    "departure_country",
    "destination_country",
    "trip_start_date",
    "trip_end_date",
    "total_tickets_price",
    "number_of_adults",
    "number_of_children",
    "number_of_infants",
]

Localized = TypeVar("Localized")


class _Part(BaseModel):
    """A table of a product file: nothing unknown, nothing changed after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Eligibility(_Part):
    """Which trips the product takes."""

    travellers_max: int = Field(ge=1)
    #: The shortest; a product that is sold for a year has a term, and says so here.
    trip_days_min: int = Field(default=1, ge=1)
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


class InstalmentPlan(_Part):
    """A way to pay the premium in parts."""

    code: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    #: From one due date to the next.
    every_months: int = Field(ge=1, le=12)
    count: int = Field(ge=2, le=60)


class AfterSale(_Part):
    """What a product allows once it is sold. What is not written here is not allowed."""

    #: The withdrawal that the market's law gives stands beside it, and needs no line here.
    cancel_until: Until = "never"
    #: The share of the premium that is paid back then, see `refunds`.
    refund_percent_after_withdrawal: int = Field(default=0, ge=0, le=100)
    #: The policyholder's contact data can always be changed and are not named here.
    changes: frozenset[TripField] = frozenset()
    change_until: Until = "never"
    #: How many days before the end of the term its renewal may be quoted; None: not at all.
    renew_within_days: int | None = Field(default=None, ge=1)
    instalment_plan: tuple[InstalmentPlan, ...] = ()


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
    instalment_plan: Mapping[str, str] = Field(default_factory=dict)


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

    code: Literal["product_information", "wording", "target_market"]
    text: Mapping[str, DocumentText]


class Product(_Part):
    """Everything that is sold under one code, in one version."""

    code: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    version: int = Field(ge=1)
    line: Literal["travel"]
    #: The class of insurance that the rules of markets know it by; None: that of its line.
    sold_as: str | None = Field(default=None, pattern=r"^[a-z][a-z0-9_]*$")
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
    after_sale: AfterSale = AfterSale()
    text: Mapping[str, Text]
    document: tuple[Document, ...]

    @property
    def terms_version(self) -> str:
        """The name of this version in tokens and evidence: `travel_protection@1`."""
        return f"{self.code}@{self.version}"

    @property
    def insurance_class(self) -> str:
        """The class of insurance that the rules of markets know it by."""
        return self.sold_as or self.line

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


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Every version of every product that was ever sold here."""

    products: Mapping[tuple[str, int], Product]
    #: The rules of every place that we sell in.
    markets: Markets

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


def _pick(texts: Mapping[str, Localized], locale: str) -> Localized:
    for candidate in (locale, locale.split("-", maxsplit=1)[0]):
        if candidate in texts:
            return texts[candidate]
    return texts[FALLBACK_LOCALE]

"""The catalogue: products, plans, benefits, documents and their texts.

A product is one TOML file. `catalogues` reads it and `gaps` checks it as a whole. A version that
has been sold is never edited, only followed by the next, because offers and policies go on naming
it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass as plain
from dataclasses import field
from fractions import Fraction
from functools import cached_property
from typing import Literal, TypeVar

from pydantic import Field
from pydantic.dataclasses import dataclass

from widget.bundles import Bundle
from widget.errors import CatalogueFaulty
from widget.lines import Line
from widget.markets import Markets
from widget.money import Money
from widget.purchases import Item
from widget.tariffs import STRICT, Amounts, Charge, Discount, Part, exactly

#: The locale that every product must have, and that stands in for one that it lacks.
FALLBACK_LOCALE = "en"

#: Up to which moment of the term something is allowed; `never` allows it at no time.
Until = Literal["start", "end", "never"]

Localized = TypeVar("Localized")


class AmountRule(Part):
    """How much an amount may be."""

    least: Amounts
    most: Amounts


class CountRule(Part):
    """How many there may be."""

    least: int = Field(default=0, ge=0)
    most: int = Field(ge=0)


class WordRule(Part):
    """Which countries, or which codes, are taken."""

    one_of: frozenset[str] | None = None
    none_of: frozenset[str] = frozenset()


class Eligibility(Part):
    """What the product takes, by the fields of its line; those of parts are `list.field`."""

    #: The most that are counted, or the most parts.
    units_max: int = Field(default=1, ge=1)
    #: The shortest; a product that is sold for a year has a term, and says so here.
    days_min: int = Field(default=1, ge=1)
    #: The longest; None where the plan says for how long.
    days_max: int | None = Field(default=None, ge=1)
    #: Whole days from the sale to the beginning: the lead time, and the furthest.
    days_ahead_min: int = Field(default=0, ge=0)
    days_ahead_max: int = Field(ge=0)
    #: How many days ago it may have begun; only where the plan says for how long.
    days_past_max: int = Field(default=0, ge=0)
    amount: Mapping[str, AmountRule] = Field(default_factory=dict)
    count: Mapping[str, CountRule] = Field(default_factory=dict)
    word: Mapping[str, WordRule] = Field(default_factory=dict)
    #: Flags that must not be set.
    never: frozenset[str] = frozenset()
    #: What must be told, beside what the line requires.
    needs: frozenset[str] = frozenset()


class Plan(Part):
    """One level of cover and what it costs before tax."""

    code: str
    charge: tuple[Charge, ...] = Field(min_length=1)
    #: The least net premium for each unit.
    minimum: Amounts
    #: For how many months it runs; None: as long as what it insures.
    months: int | None = Field(default=None, ge=1, le=120)
    #: A count of months for which somebody else stands in, after which it begins.
    begins_after: str | None = None

    @cached_property
    def minimums(self) -> Mapping[str, Fraction]:
        """The least net premium, exactly."""
        return exactly(self.minimum)


class Benefit(Part):
    """One part of the cover."""

    code: str
    plans: tuple[str, ...] = Field(min_length=1)
    #: The most that is paid: fixed amounts, or what the thing is worth.
    limit: Amounts | Literal["value"]
    #: What the customer bears of each claim: fixed amounts, or a share of the claim.
    excess: Amounts | None = None
    excess_percent: int | None = Field(default=None, ge=1, le=99)

    def limit_for(self, value: Money) -> Money:
        """Return the most that is paid, for a thing that is worth `value`."""
        if self.limit == "value":
            return value
        return Money.exactly(self.limit[value.currency], value.currency)

    def excess_in(self, currency: str) -> Money | None:
        """Return the fixed amount that the customer bears, None when there is none."""
        amount = (self.excess or {}).get(currency)
        return Money.exactly(amount, currency) if amount else None


class InstalmentPlan(Part):
    """A way to pay the premium in parts."""

    code: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    #: From one due date to the next.
    every_months: int = Field(ge=1, le=12)
    count: int = Field(ge=2, le=60)


class AfterSale(Part):
    """What a product allows once it is sold. What is not written here is not allowed."""

    #: The withdrawal that the market's law gives stands beside it, and needs no line here.
    cancel_until: Until = "never"
    #: The share of the premium that is paid back then, see `refunds`.
    refund_percent_after_withdrawal: int = Field(default=0, ge=0, le=100)
    #: The policyholder's contact data can always be changed and are not named here.
    changes: frozenset[str] = frozenset()
    change_until: Until = "never"
    #: How many days before the end of the term its renewal may be quoted; None: not at all.
    renew_within_days: int | None = Field(default=None, ge=1)
    instalment_plan: tuple[InstalmentPlan, ...] = ()


class PlanText(Part):
    """A plan in the customer's words."""

    name: str
    summary: str


class Text(Part):
    """A product in one language."""

    name: str
    #: The question that the choice answers.
    heading: str
    exclusions: tuple[str, ...] = Field(min_length=1)
    disclaimer: str
    plan: Mapping[str, PlanText]
    benefit: Mapping[str, str]
    instalment_plan: Mapping[str, str] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True, config=STRICT)
class Section:
    """A headed part of a document."""

    heading: str
    paragraphs: tuple[str, ...] = ()
    items: tuple[str, ...] = ()


class DocumentText(Part):
    """A document in one language."""

    title: str
    section: tuple[Section, ...] = Field(min_length=1)


class Document(Part):
    """A document that the customer must be able to read before the choice."""

    code: Literal["product_information", "wording", "target_market"]
    text: Mapping[str, DocumentText]


class Product(Part):
    """Everything that is sold under one code, in one version."""

    code: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    version: int = Field(ge=1)
    #: How a purchase of it is told; a file names a line of the catalogue, or brings its own.
    line: Line
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
    zones: Mapping[str, frozenset[str]] = Field(default_factory=dict)
    #: The oldest of each kind of unit, in years, when ages are told; rising.
    age: Mapping[str, int] = Field(default_factory=dict)
    plan: tuple[Plan, ...] = Field(min_length=1)
    discount: tuple[Discount, ...] = ()
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
        return self.sold_as or self.line.code

    def must_be_told(self, path: str) -> bool:
        """Tell whether nobody can ask for it without this field; those of parts are `list.field`.

        A list that must be told has parts, and each has what it must have.
        """
        listed, _, own = path.rpartition(".")
        holder = self.line.fields[listed].part if listed else self.line.field
        required = {field.name for field in holder if field.required}
        if listed:
            return own in required and self.must_be_told(listed)
        return own in required | self.eligibility.needs

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

    def plan_named(self, code: str) -> Plan:
        """Return a plan by its code.

        Raises:
            KeyError: There is no such plan.
        """
        for plan in self.plan:
            if plan.code == code:
                return plan
        raise KeyError(code)

    def zone_of(self, origin: str | None, destination: str | None) -> str:
        """Return the zone of a destination; home is where it begins."""
        if origin == destination:
            return "home"
        named = (name for name, countries in self.zones.items() if destination in countries)
        return next(named, "world")


@plain(frozen=True, slots=True)
class Catalogue:
    """Every version of every product that was ever sold here, and the lines that they are of."""

    products: Mapping[tuple[str, int], Product]
    #: The rules of every place that we sell in.
    markets: Markets
    lines: Mapping[str, Line] = field(default_factory=dict)
    bundles: tuple[Bundle, ...] = ()

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

    def line_of(self, product_code: str, told: Collection[str]) -> Line:
        """Return the line that what is told of a thing is read by.

        It is that of the product. A remote platform's products are not in the catalogue: theirs is
        the line that knows the most of the fields, and of these the first by its code.

        Args:
            told: The names of the fields.
        """
        product = self.on_sale(product_code)
        if product is not None:
            return product.line
        names = frozenset(told)
        known = sorted(self.lines.values(), key=lambda line: line.code)
        return max(known, key=lambda line: len(names & line.fields.keys()))

    def line_of_item(self, item: Item) -> Line:
        """Return the line of a thing that was told before.

        Raises:
            CatalogueFaulty: Its file has gone; lines that were sold must stay in the catalogue.
        """
        try:
            return self.lines[item.subject.line]
        except KeyError:
            problem = "it was sold, so it must stay in the catalogue"
            raise CatalogueFaulty(f"{item.subject.line}.line.toml", problem) from None


def _pick(texts: Mapping[str, Localized], locale: str) -> Localized:
    for candidate in (locale, locale.split("-", maxsplit=1)[0]):
        if candidate in texts:
            return texts[candidate]
    return texts[FALLBACK_LOCALE]

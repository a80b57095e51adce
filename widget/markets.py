"""Markets: what the law asks of a sale to a customer who lives somewhere. Data, not ifs.

The market follows the customer, never the partner. It has a country, a region where the law
differs by region, and a class of insurance. `market_files` reads the rules in `market_rules/`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from functools import cached_property

from widget.errors import CatalogueFaulty
from widget.taxes import Tax

#: The class whose rules hold for every class that a market does not name.
OTHER = "other"

_DAY = timedelta(days=1)


class Sale(StrEnum):
    """Whether insurance may be sold in the path of another purchase."""

    IN_PATH = "in_path"
    #: Inform now, and sell later by a link.
    DEFERRED = "deferred"
    FORBIDDEN = "forbidden"


class LanguageDuty(StrEnum):
    """What holds where a product is not written in a language of the market."""

    #: It is not sold there.
    ALWAYS = "always"
    #: It is sold to customers who ask for a language that it has.
    UNLESS_ASKED = "unless_asked"


@dataclass(frozen=True, slots=True)
class Market:
    """The rules for one class of insurance, for customers who live in one place."""

    country: str
    #: ISO 3166-2, such as `US-NY`; None for all of the country.
    region: str | None
    insurance_class: str
    sale: Sale
    #: What is charged on top of the net premium, in the order of the law.
    taxes: tuple[Tax, ...]
    #: How long the customer may withdraw, in days from the policy confirmation.
    withdrawal_days: int
    #: The kinds of documents that must be in reach before the choice.
    documents: frozenset[str]
    #: What must be in view before the choice, by the keys of `disclosures`, in this order.
    disclosures: tuple[str, ...]
    #: How many years the record of a sale is kept.
    record_years: int
    #: Whether customers must be able to withdraw online, by a function that is always in reach.
    has_withdrawal_function: bool = False
    #: Policies for fewer days of cover need no such function.
    withdrawal_function_from_days: int = 0
    #: Languages of which the customer must be offered one; empty where the law asks for none.
    languages: frozenset[str] = frozenset()
    language_duty: LanguageDuty = LanguageDuty.UNLESS_ASKED
    #: Clear days between informing and selling; only where the sale is deferred.
    deferral_days: int = 0
    #: What the law calls the kinds of documents, such as `IPID`.
    document_names: Mapping[str, str] = field(default_factory=dict)
    #: Who decides complaints out of court.
    ombudsman: str = ""
    #: The law behind each rule, by the rule's name.
    sources: Mapping[str, str] = field(default_factory=dict)
    #: The rules, and the codes of the taxes, that are working assumptions.
    assumed: frozenset[str] = frozenset()

    @property
    def place(self) -> str:
        """Where its customers live: `DE` or `US-NY`."""
        return self.region or self.country

    @property
    def tax_rate(self) -> Decimal:
        """What all taxes are together, as a share of the net premium: 0.19 is 19 %."""
        rate = Decimal(0)
        for tax in self.taxes:
            rate += tax.share * (1 + rate if tax.on == "net_and_taxes" else 1)
        return rate

    @property
    def tax_code(self) -> str:
        """The code of the first tax, `NONE` where there is none."""
        return self.taxes[0].code if self.taxes else "NONE"

    def needs_withdrawal_function(self, days_of_cover: int) -> bool:
        """Tell whether a policy must have a function to withdraw online."""
        return self.has_withdrawal_function and days_of_cover >= self.withdrawal_function_from_days

    def opens_at(self, informed_at: datetime) -> datetime | None:
        """Return when cover may first be sold to who was informed then; None: at once.

        The day of informing does not count, and the clear days count to the end of the last, on
        the customer's clock. We do not know that clock; one day of 24 hours more reaches midnight
        on every clock.
        """
        if self.sale is not Sale.DEFERRED:
            return None
        return informed_at + (self.deferral_days + 1) * _DAY


@dataclass(frozen=True)
class Markets:
    """Every market that there are rules for."""

    #: By country, region and class. The region None stands for the whole country; a country whose
    #: regions differ in what cannot be evened out has none for that class.
    known: Mapping[tuple[str, str | None, str], Market]
    #: Every class that some market has rules of its own for.
    classes: frozenset[str]

    @cached_property
    def countries(self) -> frozenset[str]:
        """The countries that there are rules for."""
        return frozenset(country for country, _, _ in self.known)

    def find(self, country: str, region: str | None, insurance_class: str) -> Market | None:
        """Return the market of a customer; None without rules, or where the region must be known.

        A class that no market names has the rules of the class that its name begins with, as
        `travel_ski` has those of `travel`, or else those of the class `other`.
        """
        return self.known.get((country, region, self._named(insurance_class)))

    def get(self, country: str, region: str | None, insurance_class: str) -> Market:
        """Return the market that something was sold in.

        Raises:
            CatalogueFaulty: Its rules have gone; where there are customers, rules must stay.
        """
        if found := self.find(country, region, insurance_class):
            return found
        problem = f"there are customers in {region or country}, so its rules must stay"
        raise CatalogueFaulty("market_rules", problem)

    def all_of(self, country: str, insurance_class: str) -> tuple[Market, ...]:
        """Return the rules for a class in each region of a country, or in all of it."""
        name = self._named(insurance_class)
        return self._by_country.get((country, name), ())

    @cached_property
    def _by_country(self) -> Mapping[tuple[str, str], tuple[Market, ...]]:
        """The rules for each class in each country: of its regions, or of all of it."""
        found: dict[tuple[str, str], list[Market]] = {}
        for (country, _, name), market in self.known.items():
            found.setdefault((country, name), []).append(market)
        return {
            place: tuple(market for market in own if market.region) or tuple(own)
            for place, own in found.items()
        }

    def regions_of(self, country: str) -> frozenset[str]:
        """Return the regions of a country that have rules of their own."""
        return frozenset(region for place, region, _ in self.known if place == country and region)

    def _named(self, insurance_class: str) -> str:
        kinds = (insurance_class, insurance_class.partition("_")[0])
        return next((kind for kind in kinds if kind in self.classes), OTHER)

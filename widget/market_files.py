"""Market rules: read from files, each layer of a file adding to the one around it.

A file has rules for all of its markets, a market has its own, and so has each of its regions: the
narrower place holds. Each of these may say something else for a class of insurance, and that holds
over everything that is said for all classes. What is said of `travel` is said of `travel_domestic`
too, unless that has rules of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from widget.countries import COUNTRIES, REGIONS
from widget.markets import OTHER, LanguageDuty, Market, Markets, Sale
from widget.money import Money
from widget.places import Gap, Place
from widget.tables import Source
from widget.taxes import Tax

#: What must be in view before the choice; `disclosures` has the words.
DisclosureKey = Literal[
    "optional",
    "underwriter",
    "price",
    "period",
    "cooling_off",
    "intermediary",
    "travel_retailer",
    "complaints",
]
DocumentKind = Literal["product_information", "wording", "target_market"]

#: The rules of a market that must name the law that they come from.
_SOURCED = ("sale", "withdrawal_days", "documents", "disclosures", "record_years", "languages")


class _Table(BaseModel):
    """A table of a file: nothing unknown, nothing changed after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class _TaxTable(_Table):
    code: str = Field(pattern=r"^[A-Z][A-Z0-9_]*$")
    share: Decimal = Field(default=Decimal(0), ge=0, lt=1)
    #: An amount for each policy, in major units of `currency`.
    fixed: Decimal | None = Field(default=None, gt=0)
    currency: str | None = None
    on: Literal["net", "net_and_taxes"] = "net"
    source: str = Field(min_length=1)
    since: date
    is_assumed: bool = False

    def tax(self) -> Tax:
        fixed = None
        if self.fixed is not None:
            fixed = Money.exactly(self.fixed, self.currency or "")
        return Tax(self.code, self.source, self.since, self.share, fixed, self.on)


class _Rules(_Table):
    """One layer; what it does not say, the layer around it says."""

    sale: Sale | None = None
    tax: tuple[_TaxTable, ...] | None = None
    withdrawal_days: int | None = Field(default=None, ge=1)
    documents: frozenset[DocumentKind] | None = None
    disclosures: tuple[DisclosureKey, ...] | None = None
    record_years: int | None = Field(default=None, ge=1)
    has_withdrawal_function: bool | None = None
    withdrawal_function_from_days: int | None = Field(default=None, ge=0)
    languages: frozenset[str] | None = None
    language_duty: LanguageDuty | None = None
    deferral_days: int | None = Field(default=None, ge=1)
    document_names: Mapping[DocumentKind, str] | None = None
    ombudsman: str | None = None
    #: The act behind a rule, by the rule's name.
    sources: Mapping[str, str] = Field(default_factory=dict)
    #: Rules whose figures we have not had confirmed by a lawyer of that place.
    assumed: frozenset[str] = frozenset()


class _Layer(_Rules):
    # Called `class` in the file: rules for one class of insurance.
    classes: Mapping[str, _Rules] = Field(default_factory=dict, alias="class")


class _RegionTable(_Layer):
    code: str


class _MarketTable(_Layer):
    country: str
    region: tuple[_RegionTable, ...] = ()


class _File(_Layer):
    name: str
    #: When the rules of this file were last looked at.
    as_of: date
    market: tuple[_MarketTable, ...] = Field(min_length=1)


def read_markets(files: Mapping[str, str]) -> Markets:
    """Return the markets written in `files`, TOML texts by file name.

    Raises:
        CatalogueFaulty: One of them cannot be read, has a gap, or repeats another.
    """
    sources = [Source(name, text) for name, text in sorted(files.items())]
    read = [(source, source.validated(_File, source.told())) for source in sources]
    classes = frozenset(name for _, file in read for name in _classes_in(file))
    known: dict[tuple[str, str | None, str], Market] = {}
    for source, file in read:
        for place, market in _markets_in(source, file, sorted({OTHER, *classes})):
            key = (market.country, market.region, market.insurance_class)
            if key in known:
                raise source.faulty([Gap(place, f"market {market.place} is there twice")])
            known[key] = market
    return Markets(known, classes)


def _markets_in(
    source: Source, file: _File, classes: Sequence[str]
) -> Iterator[tuple[Place, Market]]:
    for index, table in enumerate(file.market):
        place: Place = ("market", index)
        source.hold(_gaps_in_places(place, table))
        for name in classes:
            regional = [
                _market(source, name, file, (place, table), ((*place, "region", i), region))
                for i, region in enumerate(table.region)
            ]
            yield from ((place, market) for market in regional)
            if not regional:
                yield place, _market(source, name, file, (place, table))
            elif whole := _evened_out(regional):
                yield place, whole


def _gaps_in_places(place: Place, table: _MarketTable) -> Iterator[Gap]:
    if table.country not in COUNTRIES:
        yield Gap((*place, "country"), f"there is no country {table.country}")
    codes = {region.code for region in table.region}
    if codes and (odd := codes ^ REGIONS.get(table.country, frozenset())):
        sentence = f"market {table.country} must name each of its regions, see {min(odd)}"
        yield Gap((*place, "region"), sentence)


def _classes_in(file: _File) -> Iterator[str]:
    yield from file.classes
    for table in file.market:
        for layer in (table, *table.region):
            yield from layer.classes


def _market(
    source: Source,
    name: str,
    file: _File,
    country: tuple[Place, _MarketTable],
    region: tuple[Place, _RegionTable] | None = None,
) -> Market:
    place, _ = region or country
    said: dict[str, Any] = {}
    sources: dict[str, str] = {}
    assumed: set[str] = set()
    layers = (file, country[1], *((region[1],) if region else ()))
    # What is said for a class holds over what is said for all of them.
    kinds = dict.fromkeys((name.partition("_")[0], name))
    narrower = [layer.classes.get(kind) for kind in kinds for layer in layers]
    for rules in (*layers, *(rules for rules in narrower if rules)):
        own = {rule: getattr(rules, rule) for rule in _Rules.model_fields}
        news = {rule: value for rule, value in own.items() if value is not None}
        said |= news
        # Who says a rule anew says anew whether it is certain.
        assumed = assumed - news.keys() | rules.assumed
        sources |= rules.sources
    taxes = said.pop("tax", ())
    code = region[1].code if region else country[1].country
    where = f"market {code}, class {name}"
    source.hold(Gap(place, f"{where} {sentence}") for sentence in _unsaid(said, sources))
    assumed |= {tax.code for tax in taxes if tax.is_assumed}
    if said["sale"] is not Sale.DEFERRED:
        said.pop("deferral_days", None)
    said |= {"sources": sources, "assumed": frozenset(assumed)}
    return Market(
        country=country[1].country,
        region=region[1].code if region else None,
        insurance_class=name,
        taxes=tuple(_tax(source, (*place, "tax", i), where, tax) for i, tax in enumerate(taxes)),
        **said,
    )


def _unsaid(said: Mapping[str, Any], sources: Mapping[str, str]) -> Iterator[str]:
    for rule in ("sale", "withdrawal_days", "documents", "disclosures", "record_years"):
        if rule not in said:
            yield f"does not say {rule}"
    for rule in _SOURCED:
        if said.get(rule) and rule not in sources:
            yield f"has no sources.{rule}"
    if said.get("sale") is Sale.DEFERRED and "deferral_days" not in said:
        yield "defers the sale and has no deferral_days"


def _tax(source: Source, place: Place, where: str, table: _TaxTable) -> Tax:
    try:
        return table.tax()
    except ValueError as error:
        raise source.faulty([Gap(place, f"{where}, tax {table.code}: {error}")]) from error


def _evened_out(markets: list[Market]) -> Market | None:
    """Return the rules for a customer whose region is not known, None when it must be known.

    A longer withdrawal, a longer record and a further disclosure can be given to everybody, so
    the most of them is. Taxes, documents, languages and whether it may be sold cannot.
    """
    first = markets[0]
    same = ("sale", "taxes", "documents", "languages", "language_duty", "deferral_days")
    if any(getattr(market, rule) != getattr(first, rule) for market in markets for rule in same):
        return None
    longest = max(markets, key=lambda market: market.withdrawal_days)
    return replace(
        longest,
        region=None,
        record_years=max(market.record_years for market in markets),
        disclosures=tuple(dict.fromkeys(key for m in markets for key in m.disclosures)),
        has_withdrawal_function=any(market.has_withdrawal_function for market in markets),
        withdrawal_function_from_days=min(m.withdrawal_function_from_days for m in markets),
        ombudsman=first.ombudsman if len({m.ombudsman for m in markets}) == 1 else "",
    )

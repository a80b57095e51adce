"""Gaps: what a product lacks, or says against itself, each told in one clear sentence."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Protocol

from widget.bundles import Bundle
from widget.countries import COUNTRIES
from widget.lines import Kind
from widget.market_gaps import ALWAYS_NEEDED, market_gaps_in
from widget.markets import Markets
from widget.money import CURRENCIES, Money
from widget.places import Gap, Place
from widget.products import FALLBACK_LOCALE, Product
from widget.rate_gaps import gaps_in_rates
from widget.tariffs import Amounts


class _Coded(Protocol):
    @property
    def code(self) -> str: ...


def gaps_in(product: Product, markets: Markets) -> Iterator[Gap]:
    """Yield each gap, with the place at fault; nothing when the product is whole."""
    yield from _gaps_in_codes(product)
    yield from _gaps_in_money(product)
    yield from _gaps_in_rules(product)
    yield from gaps_in_rates(product)
    yield from _gaps_in_texts(product)
    yield from _gaps_after_sale(product)
    yield from market_gaps_in(product, markets)


def _gaps_in_codes(product: Product) -> Iterator[Gap]:
    parts: tuple[tuple[Place, Collection[_Coded]], ...] = (
        (("plan",), product.plan),
        (("benefit",), product.benefit),
        (("document",), product.document),
        (("after_sale", "instalment_plan"), product.after_sale.instalment_plan),
    )
    for place, tables in parts:
        known: set[str] = set()
        for index, table in enumerate(tables):
            if table.code in known:
                yield Gap((*place, index), f"{place[-1]} {table.code} is there twice")
            known.add(table.code)


def _gaps_in_money(product: Product) -> Iterator[Gap]:
    for currency in sorted(product.currencies - CURRENCIES):
        yield Gap(("currencies",), f"currencies: {currency!r} is not an ISO 4217 currency")
    for place, name, amounts in _amounts(product):
        for currency in sorted(product.currencies - amounts.keys()):
            yield Gap(place, f"{name} has no amount in {currency}")
    for place, name, amounts in _cover(product):
        for currency, amount in amounts.items():
            try:
                Money.exactly(amount, currency)
            except ValueError as error:
                yield Gap((*place, currency), f"{name}: {error}")
    for field, rule in product.eligibility.amount.items():
        for currency in sorted(rule.least.keys() & rule.most.keys()):
            if rule.least[currency] > rule.most[currency]:
                sentence = f"eligibility.amount.{field}: least is above most in {currency}"
                yield Gap(("eligibility", "amount", field, "least", currency), sentence)


def _amounts(product: Product) -> Iterator[tuple[Place, str, Amounts]]:
    for field, rule in product.eligibility.amount.items():
        place: Place = ("eligibility", "amount", field)
        yield (*place, "least"), f"eligibility.amount.{field}: least", rule.least
        yield (*place, "most"), f"eligibility.amount.{field}: most", rule.most
    for index, plan in enumerate(product.plan):
        yield ("plan", index, "minimum"), f"plan {plan.code}: minimum", plan.minimum
        for number, charge in enumerate(plan.charge):
            for row, rate in enumerate(charge.rate):
                where = ", ".join(f"{name} {value}" for name, value in rate.when.items())
                if rate.amount is not None:
                    place = ("plan", index, "charge", number, "rate", row, "amount")
                    yield place, f"plan {plan.code}: charge {charge.code}, {where}", rate.amount
    yield from _cover(product)


def _cover(product: Product) -> Iterator[tuple[Place, str, Amounts]]:
    for index, benefit in enumerate(product.benefit):
        for name, value in (("limit", benefit.limit), ("excess", benefit.excess)):
            if isinstance(value, Mapping):
                yield ("benefit", index, name), f"benefit {benefit.code}: {name}", value


def _gaps_in_rules(product: Product) -> Iterator[Gap]:
    rules, line = product.eligibility, product.line
    if rules.days_max is not None and rules.days_min > rules.days_max:
        yield Gap(("eligibility", "days_min"), "eligibility: days_min is above days_max")
    if line.ends is not None and rules.days_max is None:
        sentence = f"eligibility: there is no days_max, and a {line.code} can be of any length"
        yield Gap(("eligibility",), sentence)
    if line.value not in rules.amount:
        sentence = f"eligibility: there is no [eligibility.amount] for {line.value}"
        yield Gap(("eligibility",), sentence)
    tables = (
        ("amount", rules.amount, {Kind.AMOUNT}),
        ("count", rules.count, {Kind.COUNT}),
        ("word", rules.word, {Kind.CODE, Kind.COUNTRY, Kind.TEXT}),
        ("never", rules.never, {Kind.FLAG}),
    )
    for table, names, kinds in tables:
        for name in sorted(set(names) - line.paths(kinds)):
            place: Place = ("eligibility", table)
            sentence = f"eligibility.{table}: {name!r} is not such a field of the line {line.code}"
            yield Gap((*place, name), sentence)
    for name in sorted(rules.needs - {field.name for field in line.field if field.used}):
        sentence = f"eligibility.needs: {name!r} is not a field of the line {line.code}"
        yield Gap(("eligibility", "needs"), sentence)
    oldest = list(product.age.values())
    if oldest != sorted(set(oldest)):
        yield Gap(("age",), "age: the oldest of each kind must rise")
    for zone, countries in product.zones.items():
        if unknown := countries - COUNTRIES:
            yield Gap(("zones", zone), f"zones: there is no country {', '.join(sorted(unknown))}")


def _gaps_in_texts(product: Product) -> Iterator[Gap]:
    if FALLBACK_LOCALE not in product.text:
        yield Gap(("text",), f"there is no [text.{FALLBACK_LOCALE}]")
    codes = {
        "plan": {plan.code for plan in product.plan},
        "benefit": {benefit.code for benefit in product.benefit},
        "instalment_plan": {plan.code for plan in product.after_sale.instalment_plan},
    }
    for locale, text in product.text.items():
        for part, named in (
            ("plan", text.plan.keys()),
            ("benefit", text.benefit.keys()),
            ("instalment_plan", text.instalment_plan.keys()),
        ):
            place: Place = ("text", locale, part)
            for code in sorted(codes[part] - named):
                yield Gap(place, f"text.{locale}.{part} has no words for {code!r}")
            for code in sorted(named - codes[part]):
                sentence = f"text.{locale}.{part} has {code!r}, and there is no such {part}"
                yield Gap((*place, code), sentence)
    yield from _gaps_in_benefits(product)
    yield from _gaps_in_documents(product)


def _gaps_in_benefits(product: Product) -> Iterator[Gap]:
    plans = {plan.code for plan in product.plan}
    for index, benefit in enumerate(product.benefit):
        if not set(benefit.plans) <= plans:
            sentence = f"benefit {benefit.code} names a plan that does not exist"
            yield Gap(("benefit", index, "plans"), sentence)
        if benefit.excess is not None and benefit.excess_percent is not None:
            sentence = f"benefit {benefit.code} has an excess and an excess_percent; keep one"
            yield Gap(("benefit", index, "excess"), sentence)
    covered = {code for benefit in product.benefit for code in benefit.plans}
    for index, plan in enumerate(product.plan):
        if plan.code not in covered:
            yield Gap(("plan", index, "code"), f"plan {plan.code} has no benefit")


def _gaps_in_documents(product: Product) -> Iterator[Gap]:
    for missing in sorted(ALWAYS_NEEDED - {document.code for document in product.document}):
        yield Gap(("document",), f"the document {missing!r} is missing")
    for index, document in enumerate(product.document):
        for locale in sorted(product.text.keys() - document.text.keys()):
            sentence = f"document {document.code} has no text in {locale!r}"
            yield Gap(("document", index), sentence)


def _gaps_after_sale(product: Product) -> Iterator[Gap]:
    for key, sentence in _contradictions(product):
        yield Gap(("after_sale", key), f"after_sale: {sentence}")
    shortest = product.eligibility.days_min
    for index, plan in enumerate(product.after_sale.instalment_plan):
        # A month has up to 31 days; of the first and last day of a term there may be minutes.
        needed = plan.every_months * (plan.count - 1) * 31 + 2
        if needed > shortest:
            sentence = (
                f"instalment_plan {plan.code}: the last must be due before the term ends, so"
                f" eligibility.days_min must be at least {needed}, not {shortest}"
            )
            yield Gap(("after_sale", "instalment_plan", index, "count"), sentence)


def _contradictions(product: Product) -> Iterator[tuple[str, str]]:
    """Yield the key of `after_sale` that contradicts something, and what."""
    rules, line = product.after_sale, product.line
    if rules.cancel_until == "never" and rules.refund_percent_after_withdrawal:
        key = "refund_percent_after_withdrawal"
        yield key, f"there is a {key}, but cancel_until is never"
    if rules.changes and rules.change_until == "never":
        yield "changes", "changes names fields, but change_until is never"
    if not rules.changes and rules.change_until != "never":
        yield "change_until", f"change_until is {rules.change_until}, but changes names no field"
    if line.starts in rules.changes and rules.change_until == "end":
        yield "change_until", f"{line.starts} cannot change up to the end, only up to the start"
    for name in sorted(rules.changes - line.fields.keys()):
        yield "changes", f"changes names {name!r}, which is not a field of {line.code}"
    within = rules.renew_within_days
    if within is None:
        return
    shortest = product.eligibility.days_min
    if within >= shortest:
        sentence = f"is {within}, so eligibility.days_min must be more, not {shortest}"
        yield "renew_within_days", f"renew_within_days {sentence}"
    if line.ends is None:
        yield "renew_within_days", "there is no next term of what has no end of its own"
    if within > product.eligibility.days_ahead_max:
        yield "renew_within_days", "renew_within_days is above eligibility.days_ahead_max"


def bundle_gaps_in(bundle: Bundle, products: Collection[Product]) -> Iterator[Gap]:
    """Yield what a bundle lacks."""
    if FALLBACK_LOCALE not in bundle.text:
        yield Gap(("text",), f"there is no text in {FALLBACK_LOCALE!r}")
    known = {product.code: product for product in products}
    for code in sorted(bundle.products - known.keys()):
        yield Gap(("products",), f"there is no product {code!r}")
    for code in sorted(bundle.products & known.keys()):
        for locale in sorted(known[code].text.keys() - bundle.text.keys()):
            yield Gap(("text",), f"{code} is sold in {locale!r}, and the bundle has no name in it")

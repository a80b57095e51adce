"""Gaps: what a product lacks, or says against itself, each told in one clear sentence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from widget.countries import COUNTRIES
from widget.lines import Kind
from widget.market_gaps import market_gaps_in
from widget.markets import Markets
from widget.money import CURRENCIES, Money
from widget.products import FALLBACK_LOCALE, Amounts, Product
from widget.rate_gaps import gaps_in_rates


def gaps_in(product: Product, markets: Markets) -> Iterator[str]:
    """Yield a sentence for each gap, that names the table at fault; nothing when it is whole."""
    yield from _gaps_in_codes(product)
    yield from _gaps_in_money(product)
    yield from _gaps_in_rules(product)
    yield from gaps_in_rates(product)
    yield from _gaps_in_texts(product)
    yield from _gaps_after_sale(product)
    yield from market_gaps_in(product, markets)


def _gaps_in_codes(product: Product) -> Iterator[str]:
    parts = (
        ("plan", product.plan),
        ("benefit", product.benefit),
        ("document", product.document),
        ("instalment_plan", product.after_sale.instalment_plan),
    )
    for name, tables in parts:
        codes = [table.code for table in tables]
        for code in sorted({code for code in codes if codes.count(code) > 1}):
            yield f"{name} {code} is there twice"


def _gaps_in_money(product: Product) -> Iterator[str]:
    for currency in product.currencies - CURRENCIES:
        yield f"currencies: {currency!r} is not an ISO 4217 currency"
    for name, amounts in _amounts(product):
        for currency in sorted(product.currencies - amounts.keys()):
            yield f"{name} has no amount in {currency}"
    for name, amounts in _cover(product):
        for currency, amount in amounts.items():
            try:
                Money.exactly(amount, currency)
            except ValueError as error:
                yield f"{name}: {error}"
    for field, rule in product.eligibility.amount.items():
        for currency in sorted(rule.least.keys() & rule.most.keys()):
            if rule.least[currency] > rule.most[currency]:
                yield f"eligibility.amount.{field}: least is above most in {currency}"


def _amounts(product: Product) -> Iterator[tuple[str, Amounts]]:
    for field, rule in product.eligibility.amount.items():
        yield f"eligibility.amount.{field}: least", rule.least
        yield f"eligibility.amount.{field}: most", rule.most
    for plan in product.plan:
        yield f"plan {plan.code}: minimum", plan.minimum
        for charge in plan.charge:
            for rate in charge.rate:
                where = ", ".join(f"{name} {value}" for name, value in rate.when.items())
                if rate.amount is not None:
                    yield f"plan {plan.code}: charge {charge.code}, {where}", rate.amount
    yield from _cover(product)


def _cover(product: Product) -> Iterator[tuple[str, Amounts]]:
    for benefit in product.benefit:
        for name, value in (("limit", benefit.limit), ("excess", benefit.excess)):
            if isinstance(value, Mapping):
                yield f"benefit {benefit.code}: {name}", value


def _gaps_in_rules(product: Product) -> Iterator[str]:
    rules, line = product.eligibility, product.line
    if rules.days_max is not None and rules.days_min > rules.days_max:
        yield "eligibility: days_min is above days_max"
    if line.ends is not None and rules.days_max is None:
        yield f"eligibility: there is no days_max, and a {line.code} can be of any length"
    if line.value not in rules.amount:
        yield f"eligibility: there is no [eligibility.amount] for {line.value}"
    tables = (
        ("amount", rules.amount, {Kind.AMOUNT}),
        ("count", rules.count, {Kind.COUNT}),
        ("word", rules.word, {Kind.CODE, Kind.COUNTRY, Kind.TEXT}),
        ("never", rules.never, {Kind.FLAG}),
    )
    for table, names, kinds in tables:
        for name in sorted(set(names) - line.paths(kinds)):
            yield f"eligibility.{table}: {name!r} is not such a field of the line {line.code}"
    oldest = list(product.age.values())
    if oldest != sorted(set(oldest)):
        yield "age: the oldest of each kind must rise"
    if unknown := frozenset().union(*product.zones.values()) - COUNTRIES:
        yield f"zones: there is no country {', '.join(sorted(unknown))}"


def _gaps_in_texts(product: Product) -> Iterator[str]:
    plans = {plan.code for plan in product.plan}
    benefits = {benefit.code for benefit in product.benefit}
    instalment_plans = {plan.code for plan in product.after_sale.instalment_plan}
    if FALLBACK_LOCALE not in product.text:
        yield f"there is no [text.{FALLBACK_LOCALE}]"
    for locale, text in product.text.items():
        if text.plan.keys() != plans or text.benefit.keys() != benefits:
            yield f"text.{locale} must name each plan and each benefit, and no others"
        if text.instalment_plan.keys() != instalment_plans:
            yield f"text.{locale} must name each instalment_plan, and no others"
    for benefit in product.benefit:
        if not set(benefit.plans) <= plans:
            yield f"benefit {benefit.code} names a plan that does not exist"
        if benefit.excess is not None and benefit.excess_percent is not None:
            yield f"benefit {benefit.code} has an excess and an excess_percent; keep one"
    for code in sorted(plans - {code for benefit in product.benefit for code in benefit.plans}):
        yield f"plan {code} has no benefit"
    yield from _gaps_in_documents(product)


def _gaps_in_documents(product: Product) -> Iterator[str]:
    for needed in ("product_information", "wording"):
        if needed not in {document.code for document in product.document}:
            yield f"the document {needed!r} is missing"
    for document in product.document:
        for locale in product.text.keys() - document.text.keys():
            yield f"document {document.code} has no text in {locale!r}"


def _gaps_after_sale(product: Product) -> Iterator[str]:
    rules = product.after_sale
    if rules.cancel_until == "never" and rules.refund_percent_after_withdrawal:
        yield "after_sale: there is a refund_percent_after_withdrawal, but cancel_until is never"
    if rules.changes and rules.change_until == "never":
        yield "after_sale: changes names fields, but change_until is never"
    if not rules.changes and rules.change_until != "never":
        yield f"after_sale: change_until is {rules.change_until}, but changes names no field"
    starts = product.line.starts
    if starts in rules.changes and rules.change_until == "end":
        yield f"after_sale: {starts} cannot change up to the end, only up to the start"
    for name in sorted(rules.changes - product.line.fields.keys()):
        yield f"after_sale: changes names {name!r}, which is not a field of {product.line.code}"
    yield from _gaps_in_terms(product)


def _gaps_in_terms(product: Product) -> Iterator[str]:
    shortest = product.eligibility.days_min
    within = product.after_sale.renew_within_days
    if within is not None and within >= shortest:
        yield (
            f"after_sale: renew_within_days is {within}, so eligibility.days_min must be more,"
            f" not {shortest}"
        )
    if within is not None and product.line.ends is None:
        yield "after_sale: there is no next term of what has no end of its own"
    if within is not None and within > product.eligibility.days_ahead_max:
        yield "after_sale: renew_within_days is above eligibility.days_ahead_max"
    for plan in product.after_sale.instalment_plan:
        # A month has up to 31 days; of the first and last day of a term there may be minutes.
        needed = plan.every_months * (plan.count - 1) * 31 + 2
        if needed > shortest:
            yield (
                f"instalment_plan {plan.code}: the last must be due before the term ends, so"
                f" eligibility.days_min must be at least {needed}, not {shortest}"
            )

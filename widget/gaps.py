"""Gaps: what a product lacks, or says against itself, each told in one clear sentence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from widget.countries import COUNTRIES
from widget.market_gaps import market_gaps_in
from widget.markets import Markets
from widget.money import CURRENCIES, Money
from widget.products import FALLBACK_LOCALE, Amounts, Product


def gaps_in(product: Product, markets: Markets) -> Iterator[str]:
    """Yield a sentence for each gap, that names the table at fault; nothing when it is whole."""
    yield from _gaps_in_codes(product)
    yield from _gaps_in_money(product)
    yield from _gaps_in_rates(product)
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
    rules = product.eligibility
    for currency in sorted(rules.cost_min.keys() & rules.cost_max.keys()):
        if rules.cost_min[currency] > rules.cost_max[currency]:
            yield f"eligibility: cost_min is above cost_max in {currency}"


def _amounts(product: Product) -> Iterator[tuple[str, Amounts]]:
    yield "eligibility.cost_min", product.eligibility.cost_min
    yield "eligibility.cost_max", product.eligibility.cost_max
    for plan in product.plan:
        yield f"plan {plan.code}: minimum", plan.minimum
        for zone, kinds in (plan.day_rate or {}).items():
            for kind, amounts in kinds.items():
                yield f"plan {plan.code}: day_rate.{zone}.{kind}", amounts
    yield from _cover(product)


def _cover(product: Product) -> Iterator[tuple[str, Amounts]]:
    for benefit in product.benefit:
        for name, value in (("limit", benefit.limit), ("excess", benefit.excess)):
            if isinstance(value, Mapping):
                yield f"benefit {benefit.code}: {name}", value


def _gaps_in_rates(product: Product) -> Iterator[str]:
    if product.eligibility.trip_days_min > product.eligibility.trip_days_max:
        yield "eligibility: trip_days_min is above trip_days_max"
    for plan in product.plan:
        bands = [band.days_up_to for band in plan.cost_rate]
        if bands != sorted(set(bands)):
            yield f"plan {plan.code}: cost_rate bands must rise"
        if bands[-1] < product.eligibility.trip_days_max:
            yield f"plan {plan.code}: cost_rate ends at {bands[-1]} days, trips may be longer"
        zones = ("home", *product.zones, "world")
        for zone in sorted((plan.day_rate or {}).keys() - set(zones)):
            yield f"plan {plan.code}: day_rate.{zone} is for a zone that does not exist"
        for zone in zones:
            kinds = (plan.day_rate or {}).get(zone, {})
            if plan.day_rate is not None and kinds.keys() != {"adult", "child", "infant"}:
                yield f"plan {plan.code}: day_rate.{zone} needs adult, child and infant"
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
    if "trip_start_date" in rules.changes and rules.change_until == "end":
        yield "after_sale: trip_start_date cannot change up to the end, only up to the start"
    yield from _gaps_in_terms(product)


def _gaps_in_terms(product: Product) -> Iterator[str]:
    shortest = product.eligibility.trip_days_min
    within = product.after_sale.renew_within_days
    if within is not None and within >= shortest:
        yield (
            f"after_sale: renew_within_days is {within}, so eligibility.trip_days_min must be more,"
            f" not {shortest}"
        )
    if within is not None and within > product.eligibility.days_ahead_max:
        yield "after_sale: renew_within_days is above eligibility.days_ahead_max"
    for plan in product.after_sale.instalment_plan:
        # A month has up to 31 days; of the first and last day of a term there may be minutes.
        needed = plan.every_months * (plan.count - 1) * 31 + 2
        if needed > shortest:
            yield (
                f"instalment_plan {plan.code}: the last must be due before the term ends, so"
                f" eligibility.trip_days_min must be at least {needed}, not {shortest}"
            )

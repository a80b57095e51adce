"""Synopses: a product on a page of plain text, for who writes it and who sells it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal

from widget.markets import Market, Markets
from widget.printouts import exact, row_of, wrapped
from widget.products import Benefit, Plan, Product, Text
from widget.tariffs import Amounts, Charge


def synopsis(product: Product, markets: Markets, locale: str) -> Iterator[str]:
    """Yield the lines of a product's page, its texts in `locale` or what stands in for it."""
    text = product.text_in(locale)
    yield f"{product.terms_version}  {text.name}"
    yield from _facts(
        ("line", f"{product.line.code}, sold as {product.insurance_class}"),
        ("underwriter", f"{product.underwriter}, {product.underwriter_address}"),
        ("contact", product.contact),
        ("policies", f"{product.policy_prefix}-…"),
        ("currencies", ", ".join(sorted(product.currencies))),
        ("sold to", ", ".join(sorted(product.sold_to))),
        ("texts", ", ".join(sorted(product.text))),
        ("documents", ", ".join(document.code for document in product.document)),
    )
    for title, lines in (
        ("Eligibility", _eligibility(product)),
        ("Zones, ages and discounts", _dimensions(product)),
        *((f"Plan {plan.code}", _plan(plan, product, text)) for plan in product.plan),
        ("Not covered", (one for item in text.exclusions for one in wrapped(item, indent=2))),
        ("After the sale", _after_sale(product)),
        ("Markets", _markets(product, markets)),
    ):
        yield from _section(title, lines)


def _section(title: str, lines: Iterable[str]) -> Iterator[str]:
    told = list(lines)
    if told:
        yield from ("", title, *told)


def _facts(*facts: tuple[str, str], indent: int = 2) -> Iterator[str]:
    for name, value in facts:
        yield from wrapped(f"{name}: {value}", indent=indent)


def _eligibility(product: Product) -> Iterator[str]:
    rules, line = product.eligibility, product.line
    longest = "as long as the plan runs" if rules.days_max is None else f"to {rules.days_max} days"
    yield from _facts(
        (line.units, f"up to {rules.units_max}"),
        ("lasts", f"{rules.days_min} {longest}" if rules.days_max else longest),
        ("begins", f"{rules.days_ahead_min} to {rules.days_ahead_max} days after the sale"),
    )
    if rules.days_past_max:
        yield from _facts(("or began", f"up to {rules.days_past_max} days before"))
    for name, amount in rules.amount.items():
        yield from _facts((name, f"{_amounts(amount.least)} to {_amounts(amount.most)}"))
    for name, count in rules.count.items():
        yield from _facts((name, f"{count.least} to {count.most}"))
    for name, word in rules.word.items():
        if word.one_of is not None:
            yield from _facts((name, f"one of {', '.join(sorted(word.one_of))}"))
        if word.none_of:
            yield from _facts((name, f"none of {', '.join(sorted(word.none_of))}"))
    if rules.needs:
        yield from _facts(("must be told", ", ".join(sorted(rules.needs))))
    for name in sorted(rules.never):
        yield from _facts((name, "never"))


def _dimensions(product: Product) -> Iterator[str]:
    for zone, countries in product.zones.items():
        yield from _facts((f"zone {zone}", ", ".join(sorted(countries))))
    for kind, oldest in product.age.items():
        yield from _facts((kind, f"up to {oldest} years old"))
    for discount in product.discount:
        percent = exact(discount.percent)
        yield from _facts((f"from no. {discount.units_from} on", f"{percent} % off each"))


def _plan(plan: Plan, product: Product, text: Text) -> Iterator[str]:
    words = text.plan[plan.code]
    yield from wrapped(f"{words.name}. {words.summary}", indent=2)
    if plan.months is not None:
        yield f"  runs for {plan.months} months"
    if plan.begins_after is not None:
        yield f"  begins after {plan.begins_after}"
    yield from _facts(("minimum for each", _amounts(plan.minimum)))
    for charge in plan.charge:
        yield from _charge(charge)
    for benefit in product.benefits_of(plan.code):
        yield from _benefit(benefit, text.benefit[benefit.code])


def _charge(charge: Charge) -> Iterator[str]:
    of = f" of {charge.of}" if charge.of else ""
    each = ", each day" if charge.each == "day" else ""
    yield f"  charge {charge.code}{of}{each}"
    for rate in charge.rate:
        cost = f"{exact(rate.percent)} %" if rate.percent is not None else _amounts(rate.amount)
        yield from wrapped(f"{row_of(rate.when)}: {cost}", indent=4)


def _benefit(benefit: Benefit, name: str) -> Iterator[str]:
    limit = "what it is worth" if benefit.limit == "value" else _amounts(benefit.limit)
    has_excess = any((benefit.excess or {}).values())
    excess = _amounts(benefit.excess) if has_excess else "none"
    if benefit.excess_percent is not None:
        excess = f"{benefit.excess_percent} % of the claim"
    yield from wrapped(f"benefit {benefit.code}: {name}", indent=2)
    yield from _facts(("up to", limit), ("excess", excess), indent=4)


def _after_sale(product: Product) -> Iterator[str]:
    rules = product.after_sale
    yield from _facts(
        ("cancelled until", rules.cancel_until),
        ("refund after the withdrawal period", f"{rules.refund_percent_after_withdrawal} %"),
        ("changed until", rules.change_until),
    )
    if rules.changes:
        yield from _facts(("changes", ", ".join(sorted(rules.changes))))
    if rules.renew_within_days is not None:
        yield f"  renewed from {rules.renew_within_days} days before its end"
    for plan in rules.instalment_plan:
        yield f"  paid in {plan.count} parts, {plan.every_months} months apart: {plan.code}"


def _markets(product: Product, markets: Markets) -> Iterator[str]:
    """Yield the rules of each market once, under all the places that have them."""
    places: dict[tuple[str, ...], list[str]] = {}
    for country in sorted(product.sold_to):
        for market in markets.all_of(country, product.insurance_class):
            places.setdefault(tuple(_market(market, product)), []).append(market.place)
    for rules, named in places.items():
        yield from wrapped(", ".join(named), indent=2)
        for rule in rules:
            yield from wrapped(rule, indent=4)


def _market(market: Market, product: Product) -> Iterator[str]:
    yield f"sale: {market.sale}, withdrawal {market.withdrawal_days} days"
    names = market.document_names
    kinds = [document.code for document in product.document if document.code in market.documents]
    yield f"documents: {', '.join(f'{kind} ({names.get(kind, kind)})' for kind in kinds)}"
    yield f"in view before the choice: {', '.join(market.disclosures)}"
    for tax in market.taxes:
        on = "the net premium" if tax.on == "net" else "that and the taxes above"
        fixed = f", {tax.fixed} a policy" if tax.fixed else ""
        doubt = "assumed: " if tax.code in market.assumed else ""
        yield (
            f"tax {tax.code}: {exact(tax.share * 100)} % of {on}{fixed}"
            f" ({doubt}{tax.source}; since {tax.since})"
        )
    if not market.taxes:
        yield "tax: none"


def _amounts(amounts: Amounts | Mapping[str, Decimal] | None) -> str:
    return " / ".join(f"{amount:,f} {name}" for name, amount in sorted((amounts or {}).items()))

"""Examples: for each product, a purchase that it takes, and the JSON Schema of such a purchase."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from widget.lines import Kind, Line, LineField, PartField
from widget.products import Product
from widget.wire import PurchaseBody
from widget.wire.subjects import bodies_of

#: Far enough ahead for most products.
_DAYS_AHEAD = 30

_DAYS = 7

_CURRENCY = "EUR"

#: A country to go to; whoever lives there goes to the other one.
_DESTINATIONS = ("PT", "ES")

#: Where schemas that stand in one document lie.
COMPONENTS = "#/components/schemas/{model}"


def example_of(
    product: Product, *, now: datetime, currency: str | None = None, country: str | None = None
) -> dict[str, Any]:
    """Return the body of a quote call that the product takes today.

    Args:
        currency: One of the product's own; None: euro, or the first of them.
        country: Where the customer lives; None: the first that it is sold to.
    """
    country = country or min(product.sold_to)
    usual = _CURRENCY if _CURRENCY in product.currencies else min(product.currencies)
    currency = currency or usual
    told = {
        field.name: value
        for field in product.line.field
        if (value := _example(field, product, country, currency, now)) is not None
    }
    entry = {
        "policy_type": product.code,
        "policy_type_version": product.version,
        "policy_code": product.plan[0].code,
        **told,
    }
    return {"currency": currency, "customer_country": country, "request": [entry]}


def schema_of(product: Product) -> dict[str, Any]:
    """Return the JSON Schema of the body of a quote call for a product.

    It is the schema that the body is read by, narrowed to what the product is sold for.
    """
    schema = PurchaseBody.model_json_schema()
    entry = bodies_of(product.line).entry.model_json_schema()
    schema["properties"]["currency"] = {"enum": sorted(product.currencies)}
    schema["properties"]["customer_country"] = {"enum": sorted(product.sold_to)}
    schema["$defs"] |= entry.pop("$defs", {})
    entry["required"] = sorted({*entry["required"], *product.eligibility.needs})
    entry["properties"]["policy_type"] = {"const": product.code}
    entry["properties"]["policy_type_version"] = {"enum": [product.version, None]}
    entry["properties"]["policy_code"] = {"enum": [*(plan.code for plan in product.plan), None]}
    schema["properties"]["request"]["items"] = entry
    return schema


def schemas_of(lines: Mapping[str, Line]) -> dict[str, dict[str, Any]]:
    """Return the schemas that entries of each line are read by, by the name of the model.

    `Subject` is any of them, `QuoteChange` and `PolicyChange` any change.
    """
    found: dict[str, dict[str, Any]] = {}
    bodies = [bodies_of(lines[code]) for code in sorted(lines)]
    for name, models in (
        ("Subject", [one.entry for one in bodies]),
        ("PolicyChange", [one.policy_change for one in bodies]),
        ("QuoteChange", [one.quote_change for one in bodies]),
    ):
        for model in models:
            schema = model.model_json_schema(ref_template=COMPONENTS)
            found |= schema.pop("$defs", {})
            found[model.__name__] = schema
        places = [{"$ref": COMPONENTS.format(model=model.__name__)} for model in models]
        found[name] = {"anyOf": places}
    return found


def _example(
    field: LineField, product: Product, country: str, currency: str, now: datetime
) -> object:
    """Return a value that a field may have; None where it may be left out."""
    if field.name not in _needed(product) and not field.required:
        return None
    if field.kind is Kind.MOMENT:
        return _moment(field, product, now).isoformat()
    if field.kind is Kind.PARTS:
        return [
            {
                part.name: value
                for part in field.part
                if (value := _simple(part, f"{field.name}.{part.name}", product, country, currency))
            }
        ]
    return _simple(field, field.name, product, country, currency)


def _needed(product: Product) -> set[str]:
    """Return the fields that are asked for, or without which nothing is worth anything."""
    line, rules = product.line, product.eligibility
    chosen = (name for name, rule in rules.word.items() if rule.one_of)
    counted = (unit.count for unit in line.unit[:1])
    return {line.value_field, line.starts, *counted, *rules.count, *chosen, *rules.needs}


def _simple(field: PartField, path: str, product: Product, country: str, currency: str) -> object:
    rules = product.eligibility
    if field.kind is Kind.COUNTRY:
        asked = field.required or path in _needed(product)
        return _country(path, product, country) if asked else None
    if field.kind is Kind.AMOUNT:
        bounds = rules.amount.get(path)
        return int(min(bounds.least[currency] * 10, bounds.most[currency])) if bounds else None
    if field.kind is Kind.COUNT:
        return max(rules.count[path].least, 1) if path in rules.count else 1
    if field.kind is Kind.CODE:
        rule = rules.word.get(path)
        allowed = (rule.one_of if rule else None) or field.one_of
        return min(allowed) if allowed else "standard" if field.required else None
    return "Example" if field.required and field.kind is Kind.TEXT else None


def _country(path: str, product: Product, country: str) -> str:
    rule = product.eligibility.word.get(path)
    taken = rule.one_of if rule is not None else None
    if path != product.line.destination:
        return country if taken is None or country in taken else min(taken)
    others = [place for place in _DESTINATIONS if place != country]
    return next((place for place in others if taken is None or place in taken), country)


def _moment(field: LineField, product: Product, now: datetime) -> datetime:
    line, rules = product.line, product.eligibility
    ahead = min(max(_DAYS_AHEAD, rules.days_ahead_min), rules.days_ahead_max)
    starts_at = now.replace(minute=0, second=0, microsecond=0) + timedelta(days=ahead, hours=1)
    if ahead == rules.days_ahead_max:
        starts_at -= timedelta(hours=2)
    # Both the first and the last day count.
    days = max(rules.days_min, min(_DAYS, rules.days_max or _DAYS)) - 1
    return starts_at + timedelta(days=days) if field.name == line.ends else starts_at

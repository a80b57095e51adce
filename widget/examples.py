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

#: A country to go to; whoever lives there goes to the other one.
_DESTINATIONS = ("PT", "ES")

#: Where schemas that stand in one document lie.
COMPONENTS = "#/components/schemas/{model}"


def example_of(product: Product, *, now: datetime) -> dict[str, Any]:
    """Return the body of a quote call that the product takes today."""
    country, currency = min(product.sold_to), min(product.currencies)
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
    line, rules = product.line, product.eligibility
    if field.name not in {*_needed(line), *rules.count, *rules.word} and not field.required:
        return None
    if field.kind is Kind.MOMENT:
        return _moment(field, product, now).isoformat()
    if field.kind is Kind.PARTS:
        return [
            {
                part.name: value
                for part in field.part
                if (value := _simple(part, f"{field.name}.{part.name}", product, currency))
            }
        ]
    if field.kind is Kind.COUNTRY:
        return _country(field, product, country)
    return _simple(field, field.name, product, currency)


def _needed(line: Line) -> set[str]:
    """Return the fields without which it is worth nothing, or nobody is there."""
    return {line.value_field, line.starts, *(unit.count for unit in line.unit[:1])}


def _simple(field: PartField, path: str, product: Product, currency: str) -> object:
    rules = product.eligibility
    if field.kind is Kind.AMOUNT:
        rule = rules.amount.get(path)
        return int(min(rule.least[currency] * 10, rule.most[currency])) if rule else None
    if field.kind is Kind.COUNT:
        return max(rules.count[path].least, 1) if path in rules.count else 1
    if field.kind is Kind.CODE:
        allowed = rules.word[path].one_of if path in rules.word else None
        return min(allowed or field.one_of or ("standard",))
    return "EX-1" if field.required and field.kind is Kind.TEXT else None


def _country(field: LineField, product: Product, country: str) -> str:
    rule = product.eligibility.word.get(field.name)
    taken = rule.one_of if rule is not None else None
    if field.name != product.line.destination:
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

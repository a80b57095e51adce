"""Examples: for each product, a purchase that it takes, and the JSON Schema of such a purchase."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from widget.products import Product
from widget.wire import PurchaseBody

#: Far enough ahead for every product, and no product is sold further ahead than a year.
_DAYS_AHEAD = 30

_DAYS = 7

#: A country to travel to; whoever lives there goes to the other one.
_DESTINATIONS = ("PT", "ES")


def example_of(product: Product, *, now: datetime) -> dict[str, Any]:
    """Return the body of a quote call that the product takes today."""
    rules = product.eligibility
    country, currency = min(product.sold_to), min(product.currencies)
    starts_at = (now + timedelta(days=_DAYS_AHEAD)).replace(minute=0, second=0, microsecond=0)
    # Both the first and the last day count.
    days = max(rules.trip_days_min, min(_DAYS, rules.trip_days_max)) - 1
    trip = {
        "policy_type": product.code,
        "policy_type_version": product.version,
        "policy_code": product.plan[0].code,
        "departure_country": country,
        "destination_country": next(place for place in _DESTINATIONS if place != country),
        "trip_start_date": starts_at.isoformat(),
        "trip_end_date": (starts_at + timedelta(days=days)).isoformat(),
        "total_tickets_price": int(min(rules.cost_min[currency] * 10, rules.cost_max[currency])),
        "number_of_adults": 1,
    }
    return {"currency": currency, "customer_country": country, "request": [trip]}


def schema_of(product: Product) -> dict[str, Any]:
    """Return the JSON Schema of the body of a quote call for a product.

    It is the schema that the body is read by, narrowed to what the product is sold for.
    """
    schema = PurchaseBody.model_json_schema()
    schema["properties"]["currency"] = {"enum": sorted(product.currencies)}
    schema["properties"]["customer_country"] = {"enum": sorted(product.sold_to)}
    trip = schema["$defs"]["TripBody"]
    trip["properties"]["policy_type"] = {"const": product.code}
    trip["properties"]["policy_type_version"] = {"enum": [product.version, None]}
    trip["properties"]["policy_code"] = {"enum": [*(plan.code for plan in product.plan), None]}
    return schema

"""Ours: which products there are, what each needs, and an example of each that works."""

from __future__ import annotations

from starlette.responses import Response

from widget.examples import example_of, schema_of
from widget.formats import negotiate
from widget.products import FALLBACK_LOCALE, Product
from widget.web.answers import Json
from widget.web.calls import Call, json_response


async def list_schemas(call: Call) -> Response:
    """Show every product on sale."""
    catalogue = call.house.catalogue
    codes = sorted({code for code, _ in catalogue.products})
    products = [product for code in codes if (product := catalogue.on_sale(code))]
    results = [_schema(product, call) for product in products]
    return json_response({"count": len(results), "results": results})


def _schema(product: Product, call: Call) -> Json:
    wanted = call.request.query_params.get("language")
    locale = negotiate((wanted,), product.text, FALLBACK_LOCALE)
    text = product.text_in(locale)
    return {
        "schema": product.terms_version.replace("@", ":"),
        "policy_type": product.code,
        "policy_type_version": product.version,
        "name": text.name,
        "category": product.line.code,
        "plans": [
            {"policy_code": plan.code, "name": text.plan[plan.code].name} for plan in product.plan
        ],
        "currencies": sorted(product.currencies),
        "customer_countries": sorted(product.sold_to),
        "instalment_plans": [plan.code for plan in product.after_sale.instalment_plan],
        "is_renewable": product.after_sale.renew_within_days is not None,
        "json_schema": schema_of(product),
        "example": example_of(product, now=call.house.now()),
    }

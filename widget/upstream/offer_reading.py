"""A remote platform's offers, as quotes of ours."""

from __future__ import annotations

import re
import uuid
from typing import Any

from widget.errors import UpstreamUnavailable
from widget.offers import Provided, Quote
from widget.purchases import Purchase
from widget.upstream.reading import (
    Json,
    amount,
    benefit_of,
    documents_of,
    entries,
    moment,
    sound_premium,
    table,
    text,
)


def offered_quotes(told: Json, purchase: Purchase) -> tuple[Quote, ...]:
    """Return the products of an offer as quotes.

    Raises:
        UpstreamUnavailable: One of them is not sound.
    """
    products = entries(told.get("products"))
    if told.get("errors") or not products or told.get("currency") != purchase.currency:
        raise UpstreamUnavailable("it did not price the purchase.")
    content = table(told.get("content"))
    texts = {text(table(one).get("id"), 64): table(one) for one in entries(content.get("products"))}
    schema = text(told.get("offer_schema"), 80)
    return tuple(_quote(table(product), texts, content, schema, purchase) for product in products)


def _quote(
    told: Json, texts: dict[str, Json], content: Json, schema: str, purchase: Purchase
) -> Quote:
    upstream_id, details = text(told.get("id"), 64), table(told.get("details"))
    finance = table(details.get("finance"))
    tax = table(finance.get("tax"))
    premium = amount(table(finance.get("price")).get("total_amount"), purchase.currency)
    inside = amount(tax.get("total_amount", 0), purchase.currency)
    sound_premium(premium, inside, upstream_id)
    code, _, version = schema.partition(":")
    breakdown = entries(tax.get("breakdown"))
    return Quote(
        id=str(uuid.uuid4()),
        item=0,
        product_code=code or purchase.items[0].product_code,
        product_version=int(version) if re.fullmatch(r"[0-9]{1,4}", version) else 1,
        plan_code=text(told.get("name"), 64).removeprefix(f"{code}.") or "standard",
        premium=premium,
        tax=inside,
        tax_code=text(table(breakdown[0] if breakdown else None).get("tax_code"), 20),
        starts_at=moment(details.get("start_date")),
        ends_at=moment(details.get("end_date")),
        upstream_id=upstream_id,
        provided=_provided(details, texts.get(upstream_id, {}), content, purchase),
    )


def _provided(details: Json, own: Json, content: Json, purchase: Purchase) -> Provided:
    title = text(content.get("title"), 200)
    return Provided(
        locale=text(content.get("locale"), 35) or purchase.language or "en",
        product_name=title,
        plan_name=text(own.get("title"), 200) or title,
        heading=text(content.get("heading"), 300),
        summary=text(own.get("description")) or text(content.get("description")),
        benefits=tuple(benefit_of(table(one)) for one in entries(details.get("benefits"))),
        exclusions=tuple(filter(None, map(text, _listed(own.get("exclusions"))))),
        disclaimer=text(own.get("disclaimer")) or text(content.get("disclaimer")),
        documents=documents_of(details),
    )


def _listed(value: object) -> list[Any]:
    """Return the values of an object that stands for a list."""
    return entries(list(table(value).values()))

"""The JSON of XCover's newer offers: products with their finance, and the texts beside them."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request

from widget.covers import Cover
from widget.errors import InputInvalid
from widget.offer_ids import uuid_of
from widget.offers import Offer, Quote
from widget.web.answers import (
    Json,
    Telling,
    benefits_of,
    files_of,
    taxes_of,
    telling_of,
    widget_session,
)
from widget.web.house import House

#: What `extra_fields` may ask for.
EXTRA_FIELDS = frozenset({"tax", "commission", "benefits", "surcharge"})


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which parts of an offer are asked for."""

    content: bool
    extra_fields: frozenset[str]


def wanted_of(request: Request) -> Wanted:
    """Return which parts of an offer a request asks for.

    Raises:
        InputInvalid: `include_content` is not true or false, or there is no such extra field.
    """
    content = request.query_params.get("include_content", "true").lower()
    extra = frozenset(filter(None, request.query_params.get("extra_fields", "").split(",")))
    problems = {}
    if content not in {"true", "false"}:
        problems["include_content"] = ["Send true or false."]
    if extra - EXTRA_FIELDS:
        problems["extra_fields"] = [f"Choose from {', '.join(sorted(EXTRA_FIELDS))}."]
    if problems:
        raise InputInvalid(problems)
    return Wanted(content == "true", extra)


def offer_answer(offer: Offer, house: House, wanted: Wanted) -> Json:
    """Return an offer in the newer form, with our offer address, choice and token."""
    telling = telling_of(house, offer)
    covers = [(quote, telling.cover(quote, offer.purchase)) for quote in offer.quotes]
    first = offer.quotes[0]
    return {
        "id": uuid_of(offer.id),
        "session_id": uuid_of(offer.id),
        "offer_config_id": None,
        "offer_schema": f"{first.product_code}:{first.product_version}",
        "currency": offer.purchase.currency,
        "products": [_product(quote, cover, telling, wanted) for quote, cover in covers],
        "content": _content(covers, telling) if wanted.content else None,
        "errors": {},
        "status": offer.status,
        "booking_id": offer.id,
        **widget_session(offer, house),
    }


def _product(quote: Quote, cover: Cover, telling: Telling, wanted: Wanted) -> Json:
    return {
        "id": quote.id,
        "product_config_id": None,
        "name": f"{quote.product_code}.{quote.plan_code}",
        "type": None,
        "schema_url": None,
        "details": {
            "policy_version_id": f"{quote.product_code}@{quote.product_version}",
            "start_date": quote.starts_at.isoformat(),
            "end_date": quote.ends_at.isoformat(),
            "finance": _finance(quote, telling, wanted),
            "pds_url": cover.wording_url,
            "files": files_of(cover),
            "extra_fields": {},
            "experiment": {},
            "benefits": benefits_of(cover) if "benefits" in wanted.extra_fields else None,
        },
    }


def _finance(quote: Quote, telling: Telling, wanted: Wanted) -> Json:
    net = quote.premium - quote.tax
    tax = {
        **telling.money("total_amount", quote.tax),
        "breakdown": taxes_of(quote, telling),
    }
    return {
        "price": {
            **telling.money("total_amount", quote.premium),
            **telling.money("total_amount_without_tax", net),
        },
        "tax": tax if "tax" in wanted.extra_fields else None,
        "surcharge": None,
        "commission": None,
    }


def _content(covers: list[tuple[Quote, Cover]], telling: Telling) -> Json:
    """Return the offer's texts.

    Both answers read alike, nothing urges, and nothing is claimed that we cannot prove: the fields
    for a warning and for popularity are there and empty.
    """
    cover = covers[0][1]
    say = telling.speech.texts.gettext
    return {
        "schema_version": 1,
        "locale": telling.speech.locale,
        "slug": covers[0][0].product_code,
        "title": cover.product_name,
        "heading": cover.heading,
        "sub_heading": "",
        "description": cover.summary,
        "price_unit": "total",
        "positive_cta": cover.plan_name,
        "negative_cta": say("No, I don't want cover"),
        "negative_cta_warning": "",
        "required_message": say("Please choose one of the answers."),
        "credibility_message": "",
        "disclaimer": cover.disclaimer,
        "extras": {},
        "products": [_product_content(quote, cover, telling) for quote, cover in covers],
    }


def _product_content(quote: Quote, cover: Cover, telling: Telling) -> Json:
    return {
        "id": quote.id,
        "product_config_id": None,
        "slug": f"{quote.product_code}-{quote.plan_code}",
        "locale": telling.speech.locale,
        "title": cover.plan_name,
        "description": cover.summary,
        "benefits": {str(i): benefit.name for i, benefit in enumerate(cover.benefits)},
        "inclusions": {str(i): benefit.name for i, benefit in enumerate(cover.benefits)},
        "exclusions": {str(i): text for i, text in enumerate(cover.exclusions)},
        "disclaimer": cover.disclaimer,
        "credibility_badge": "",
    }

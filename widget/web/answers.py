"""The JSON that partners get: XCover's quote package and booking, and what we add.

`quotes` is an object by position in a package and a list in a booking: that is how XCover has it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from widget import formats
from widget.bookings import Booking, Policyholder
from widget.certificates import Speech, benefits_of, documents_of, trip_of
from widget.links import Links
from widget.money import Money
from widget.offers import Choice, Offer, Quote, Status
from widget.partners import Mode
from widget.products import Product
from widget.web.house import House
from widget.wire import priced, timestamp

Json = dict[str, Any]


def quote_package(offer: Offer, house: House, speech: Speech) -> Json:
    """Return an offer as XCover's quote package, with our offer address, choice and token."""
    package = {
        "id": offer.id,
        "status": offer.status,
        "currency": offer.purchase.currency,
        **_money("total_price", _total(offer), speech),
        "created_at": timestamp(offer.created_at),
        "updated_at": timestamp(offer.chosen_at or offer.created_at),
        "partner_transaction_id": None,
        "pds_url": _wording_url(offer.quotes[0], house, speech),
        "quotes": {str(index): quote for index, quote in enumerate(_quotes(offer, house, speech))},
        "errors": {},
    }
    return package | _ours(offer, house)


def booking_answer(booking: Booking, house: House, speech: Speech) -> Json:
    """Return a booking as XCover writes it, with our policy numbers."""
    offer = booking.offer
    numbers = {policy.quote_id: policy.number for policy in booking.policies}
    certificates = {
        policy.quote_id: house.links.certificate(booking, policy.number, speech.locale)
        for policy in booking.policies
    }
    quotes = []
    for quote, answer in zip(offer.quotes, _quotes(offer, house, speech), strict=True):
        if quote.id in numbers:
            sold = {
                "status": booking.status,
                "policy_number": numbers[quote.id],
                "policy_start_date": booking.confirmed_at.isoformat(),
                "confirmed_at": timestamp(booking.confirmed_at),
                "coi": {"url": certificates[quote.id]},
            }
            quotes.append(answer | sold)
    return {
        "id": booking.id,
        "status": booking.status,
        "currency": offer.purchase.currency,
        **_money("total_price", booking.premium, speech),
        **_money("total_premium", booking.premium, speech),
        **_money("total_tax", offer.tax, speech),
        "created_at": timestamp(offer.created_at),
        "updated_at": timestamp(booking.confirmed_at),
        "confirmed_at": timestamp(booking.confirmed_at),
        "partner_transaction_id": booking.transaction_id,
        "pds_url": _wording_url(offer.chosen_quotes[0], house, speech),
        "coi": {"url": certificates[offer.chosen[0]]},
        "policyholder": _person(booking.policyholder),
        "quotes": quotes,
        "test": booking.mode is Mode.TEST,
    }


def _ours(offer: Offer, house: House) -> Json:
    is_answered = offer.choice is not Choice.OPEN
    return {
        "choice": offer.choice,
        "chosen_quotes": list(offer.chosen),
        "expires_at": timestamp(offer.expires_at),
        "offer_url": house.links.offer(offer),
        "offer_token": house.links.offer_token(offer),
        "quote_token": house.quote_token(offer) if is_answered else None,
        "test": offer.mode is Mode.TEST,
    }


def _total(offer: Offer) -> Money:
    """Return the premium of what was chosen, or of the first plan of each item."""
    if offer.chosen:
        return offer.premium
    firsts = {quote.item: quote.premium for quote in reversed(offer.quotes)}
    return Money.total(firsts.values(), offer.purchase.currency)


def _quotes(offer: Offer, house: House, speech: Speech) -> Iterator[Json]:
    for quote in offer.quotes:
        product = house.catalogue.get(quote.product_code, quote.product_version)
        yield {
            "id": quote.id,
            "status": Status.RECEIVED,
            "policy_start_date": quote.starts_at.isoformat(),
            "policy_end_date": quote.ends_at.isoformat(),
            **_money("price", quote.premium, speech),
            "tax": _tax(quote, speech),
            "policy": _policy(quote, product, speech),
            "benefits": _benefits(offer, quote, product, speech),
            **_money("cover_amount", trip_of(offer, quote).cost, speech),
            "created_at": timestamp(offer.created_at),
            "confirmed_at": None,
            "cancelled_at": None,
            "pds_url": _wording_url(quote, house, speech),
            "files": _files(product, house.links, speech),
        }


def _policy(quote: Quote, product: Product, speech: Speech) -> Json:
    text = product.text_in(speech.locale)
    plan = text.plan[quote.plan_code]
    return {
        "policy_type": product.code,
        "policy_type_version": product.version,
        "policy_name": plan.name,
        "policy_code": quote.plan_code,
        "policy_version": str(product.version),
        "category": product.line,
        "content": {
            "title": plan.name,
            "header": text.heading,
            "description": plan.summary,
            "inclusions": [
                text.benefit[benefit.code] for benefit in product.benefits_of(quote.plan_code)
            ],
            "exclusions": list(text.exclusions),
            "disclaimer": text.disclaimer,
        },
        "underwriter": {"name": product.underwriter, "disclaimer": text.disclaimer},
    }


def _tax(quote: Quote, speech: Speech) -> Json:
    return {
        **_money("total_tax", quote.tax, speech),
        **_money("total_amount_without_tax", quote.premium - quote.tax, speech),
        "taxes": [{"tax_code": quote.tax_code, **_money("tax_amount", quote.tax, speech)}],
    }


def _benefits(offer: Offer, quote: Quote, product: Product, speech: Speech) -> list[Json]:
    return [
        {
            "description": benefit.name,
            "limit_description": benefit.limit,
            "excess_description": benefit.excess,
        }
        for benefit in benefits_of(product, quote.plan_code, trip_of(offer, quote), speech)
    ]


def _files(product: Product, links: Links, speech: Speech) -> list[Json]:
    documents = documents_of(product, links, speech.locale)
    return [{"title": document.title, "url": document.url} for document in documents]


def _wording_url(quote: Quote, house: House, speech: Speech) -> str:
    product = house.catalogue.get(quote.product_code, quote.product_version)
    return house.links.document(product, "wording", speech.locale)


def _person(person: Policyholder) -> Json:
    return {name: value for name, value in asdict(person).items() if value is not None}


def _money(name: str, amount: Money, speech: Speech) -> Json:
    return priced(name, amount, formats.money(amount, speech.formats))

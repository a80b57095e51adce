"""The JSON of quotes: XCover's quote package, and what we add.

`quotes` is an object by position in a package and a list in a booking: that is how XCover has it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from widget import formats
from widget.covers import Cover, Speech
from widget.instalments import schedule_of
from widget.money import Money
from widget.offers import Choice, Offer, Quote, Status
from widget.partners import Mode
from widget.purchases import Purchase
from widget.web.house import House
from widget.wire import duration, priced, timestamp

Json = dict[str, Any]

#: What XCover's answers have and we have nothing for; its clients find the names, and null.
NO_BUNDLE = (
    *("bundle_code", "bundle_price", "bundle_price_formatted", "bundle_content"),
    *("bundle_discount_percent", "bundle_discount_amount", "bundle_discount_amount_formatted"),
)
NO_DISCOUNT = (
    *("discount_price", "discount_price_formatted"),
    *("discount_amount", "discount_amount_formatted"),
)
EMPTY: Mapping[str, tuple[str, ...]] = {
    "quote": ("confirmed_at", "cancelled_at"),
    "facts": ("commission", "surcharge", "third_party_admins", "ombudsman_list"),
    "content": ("optout_msg", "disclaimer_html", "payment_disclaimer", "in_path_disclaimer"),
    "benefit": ("limit", "excess"),
    "booking": ("sign_up_url", "fnol_link", "cancel_link", "booking_agent"),
    "booked": ("next_renewal", "cancelled_from", "cancellation_info"),
    "cancelled": ("policy_coolingoff_date", "refund_type"),
}


@dataclass(frozen=True, slots=True)
class Telling:
    """In whose words, and in which language, an answer is told."""

    house: House
    speech: Speech

    def money(self, name: str, amount: Money) -> Json:
        """Return an amount as XCover writes it: a number, and the same formatted."""
        return priced(name, amount, formats.money(amount, self.speech.formats))

    def bundle_name(self, code: str) -> str:
        """Return the name of a bundle of the catalogue."""
        known = {bundle.code: bundle for bundle in self.house.catalogue.bundles}
        return known[code].name_in(self.speech.locale) if code in known else code

    def cover(self, quote: Quote, purchase: Purchase) -> Cover:
        """Return what a quote for a purchase protects."""
        return self.house.cover(quote, purchase, self.speech)


def telling_of(house: House, offer: Offer, language: str | None = None) -> Telling:
    """Return how to tell of an offer: as asked, else as its purchase says."""
    return Telling(house, house.speech(offer, language))


def quote_package(offer: Offer, telling: Telling) -> Json:
    """Return an offer as XCover's quote package, with our offer address, choice and token."""
    quotes = [quote_answer(quote, offer, telling) for quote in offer.quotes]
    package = {
        **package_head(offer, telling),
        **telling.money("total_price", _total(offer)),
        "quotes": {str(index): quote for index, quote in enumerate(quotes)},
        "pds_url": quotes[0]["pds_url"],
        "partner_transaction_id": None,
        **_bundle(offer, telling),
        "errors": {},
    }
    return package | widget_session(offer, telling.house)


def _bundle(offer: Offer, telling: Telling) -> Json:
    """Return what the first plan of each thing costs in their bundle, and what that takes off."""
    firsts = {quote.item: quote.id for quote in reversed(offer.quotes)}.values()
    together = offer.sold_together(firsts)
    bundled = [quote for quote in together if quote.percent_off]
    if not bundled:
        return dict.fromkeys(NO_BUNDLE)
    currency = offer.purchase.currency
    alone = Money.total((quote.premium for quote in offer.quotes if quote.id in firsts), currency)
    price = Money.total((quote.premium for quote in together), currency)
    code = next(quote.bundled.code for quote in offer.quotes if quote.bundled)
    return {
        "bundle_code": code,
        **telling.money("bundle_price", price),
        "bundle_content": {"title": telling.bundle_name(code)},
        "bundle_discount_percent": float(bundled[0].percent_off),
        **telling.money("bundle_discount_amount", alone - price),
    }


def fast_package(offer: Offer, telling: Telling) -> Json:
    """Return prices that nothing is kept of, and that nothing can be confirmed by."""
    package = quote_package(offer, telling)
    quotes = {place: quote | {"id": None} for place, quote in package["quotes"].items()}
    ids = ("id", "offer_id", "offer_url", "offer_token", "quote_token", "security_token")
    nothing = dict.fromkeys(ids)
    return package | nothing | {"quotes": quotes, "fast_quote": True}


def package_head(offer: Offer, telling: Telling) -> Json:
    """Return what packages and bookings begin with."""
    return {
        "id": offer.id,
        "status": offer.status,
        "currency": offer.purchase.currency,
        "created_at": timestamp(offer.created_at),
        "updated_at": timestamp(offer.chosen_at or offer.created_at),
        "partner_metadata": dict(offer.metadata),
        "customer_language": telling.speech.locale,
        "test": offer.mode is Mode.TEST,
        "security_token": telling.house.links.security_token(offer),
    }


def widget_session(offer: Offer, house: House) -> Json:
    """Return what we add: where the shopper chooses, what was chosen, and the token for it."""
    is_answered = offer.choice is not Choice.OPEN
    offer_token = house.links.offer_token(offer)
    return {
        "choice": offer.choice,
        "chosen_quotes": list(offer.chosen),
        "expires_at": timestamp(offer.expires_at),
        "for_sale_from": timestamp(offer.opens_at) if offer.opens_at else None,
        "offer_url": house.links.offer_at(offer_token),
        "offer_token": offer_token,
        "quote_token": house.quote_token(offer) if is_answered else None,
    }


def quote_answer(quote: Quote, offer: Offer, telling: Telling) -> Json:
    """Return a quote that was offered."""
    cover = telling.cover(quote, offer.purchase)
    return {
        **quote_facts(quote, offer.purchase, cover, telling),
        "status": Status.RECEIVED,
        "insured": [],
        "created_at": timestamp(offer.created_at),
        "updated_at": timestamp(offer.chosen_at or offer.created_at),
        **dict.fromkeys(EMPTY["quote"]),
        **_together(quote, telling),
        "instalment_plans": list(_instalment_plans(quote, telling)),
    }


def _together(quote: Quote, telling: Telling) -> Json:
    """Return what a quote costs with all of its bundle, and which products these are."""
    if quote.bundled is None:
        return {**dict.fromkeys(NO_DISCOUNT), "bundled": None}
    together = quote.bundled
    return {
        **telling.money("discount_price", together.premium),
        **telling.money("discount_amount", quote.premium - together.premium),
        "bundled": {
            "products": list(together.products),
            **telling.money("total_tax", together.tax),
        },
    }


def quote_facts(quote: Quote, purchase: Purchase, cover: Cover, telling: Telling) -> Json:
    """Return what is said of a quote in packages and in bookings."""
    return {
        "id": quote.id,
        "item": quote.item,
        "policy_start_date": quote.starts_at.isoformat(),
        "policy_end_date": quote.ends_at.isoformat(),
        "duration": duration(quote.starts_at, quote.ends_at),
        **telling.money("price", quote.premium),
        "tax": tax_facts(quote, telling),
        "policy": _policy(quote, cover),
        "benefits": benefits_of(cover),
        **telling.money("cover_amount", purchase.items[quote.item].subject.value),
        "is_renewable": telling.house.is_renewable(quote),
        "is_pricebeat_enabled": False,
        "pds_url": cover.wording_url,
        "attachments": [],
        "files": files_of(cover),
        "extra_fields": {},
        **dict.fromkeys(EMPTY["facts"]),
    }


def tax_facts(quote: Quote, telling: Telling) -> Json:
    """Return the tax inside a premium."""
    return {
        **telling.money("total_tax", quote.tax),
        **telling.money("total_amount_without_tax", quote.premium - quote.tax),
        "taxes": taxes_of(quote, telling),
    }


def taxes_of(quote: Quote, telling: Telling) -> list[Json]:
    """Return each tax inside a premium; they add up to its tax."""
    return [
        {"tax_code": part.code, **telling.money("tax_amount", part.amount)}
        for part in quote.tax_parts
    ]


def files_of(cover: Cover) -> list[Json]:
    """Return the documents that belong to a cover."""
    return [
        {"title": document.title, "url": document.url, "pdf": document.pdf_url or None}
        for document in cover.documents
    ]


def _total(offer: Offer) -> Money:
    """Return the premium of what was chosen, or of the first plan of each item."""
    if offer.chosen:
        return offer.premium
    firsts = {quote.item: quote.premium for quote in reversed(offer.quotes)}
    return Money.total(firsts.values(), offer.purchase.currency)


def _policy(quote: Quote, cover: Cover) -> Json:
    return {
        "policy_type": quote.product_code,
        "policy_type_version": quote.product_version,
        "policy_type_group_name": cover.product_name,
        "policy_name": cover.plan_name,
        "policy_code": quote.plan_code,
        "policy_version": str(quote.product_version),
        "category": cover.line,
        "content": {
            "title": cover.plan_name,
            "header": cover.heading,
            "description": cover.summary,
            "inclusions": [benefit.name for benefit in cover.benefits],
            "exclusions": list(cover.exclusions),
            "disclaimer": cover.disclaimer,
            **dict.fromkeys(EMPTY["content"]),
        },
        "underwriter": {"name": cover.underwriter, "disclaimer": cover.disclaimer},
        "policy_type_slug": quote.product_code,
        "policy_currency": quote.premium.currency,
        "claim_selector_id": None,
    }


def benefits_of(cover: Cover) -> list[Json]:
    """Return the benefits of a cover."""
    return [
        {
            "description": benefit.name,
            "limit_description": benefit.limit,
            "excess_description": benefit.excess,
            **dict.fromkeys(EMPTY["benefit"]),
        }
        for benefit in cover.benefits
    ]


def _instalment_plans(quote: Quote, telling: Telling) -> Iterator[Json]:
    product = telling.house.product_of(quote)
    if product is None:
        return
    names = product.text_in(telling.speech.locale).instalment_plan
    for plan in product.after_sale.instalment_plan:
        amount = schedule_of(plan, quote.premium, first_due=quote.starts_at.date())[0].amount
        yield {"name": plan.code, "label": names[plan.code], **telling.money("amount", amount)}

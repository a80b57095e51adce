"""Offers on the wire: the bodies of XCover's newer calls, which say the same in other words."""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, Field

from widget.errors import InputInvalid, Problems
from widget.products import Catalogue
from widget.purchases import Purchase
from widget.wire.bookings import CardToken, ChosenQuoteBody, PolicyholderBody, Token
from widget.wire.fields import (
    Amount,
    Body,
    Country,
    Currency,
    Language,
    Metadata,
    Once,
    Postcode,
    Reference,
    Short,
)
from widget.wire.purchases import PurchaseBody, purchase_of
from widget.wire.reading import read_body

#: How a schema is named: the product's code, and its version or the one on sale.
_SCHEMA = r"^(?P<code>[a-z][a-z0-9_]{0,63})(:(?P<version>[1-9][0-9]{0,3}))?$"


#: What `schema` says already.
_NAMED = {"policy_type", "policy_type_version"}


class CustomerBody(Body):
    """Who asks, as far as prices need it."""

    currency: Currency
    """Of every amount here, and of the premium."""
    country: Country
    """Where the customer lives: decides law, tax and documents."""
    language: Language | None = None
    """A tag such as `de` or `de-AT`, for texts."""
    region: Short | None = None
    """The region, where the law differs by it: `NY` or `US-NY`."""
    postcode: Postcode | None = None
    """Accepted and not used."""


class PartnerFactsBody(Body):
    """What the partner says of itself and of this checkout."""

    transaction_id: Reference | None = None
    """Your id of this checkout, unique per shopper: with it, asking again is the same offer."""
    customer_id: Reference | None = None
    """Accepted and not used."""
    metadata: Metadata | None = None


class OfferBody(Body):
    """What an offer is asked for: `context` is what the schema asks for."""

    schema_: Annotated[str, Field(alias="schema", pattern=_SCHEMA)] = "travel_protection"
    """The product, and its version after a colon; without it the one on sale."""
    customer: CustomerBody
    """Who asks, as far as prices need it."""
    partner: PartnerFactsBody
    """What you say of this checkout; may be empty."""
    context: dict[str, object]
    """The fields of the product, as its schema names them."""

    model_config = ConfigDict(populate_by_name=False)


class PaymentDetailsBody(Body):
    """How the partner was paid."""

    provider: Short | None = None
    """Accepted and not used."""
    transaction_id: Reference | None = None
    """Your id of the payment, if `partner_transaction_id` is not given."""


class ConfirmOfferBody(Body):
    """The confirmation of an offer after payment."""

    quote_token: Token | None = None
    """The signed choice that your page got; ours."""
    quotes: Annotated[list[ChosenQuoteBody], Field(min_length=1, max_length=100), Once]
    """Those to bind: `products[].id` of the offer."""
    policyholder: PolicyholderBody
    """Who enters the contract."""
    partner_transaction_id: Reference | None = None
    """Your id of the payment; one payment pays for one booking."""
    partner_metadata: Metadata | None = None
    payment_details: PaymentDetailsBody | None = None
    """How you were paid."""
    booking_agent: Short | None = None
    """Accepted and not used."""
    customer_token_id: CardToken | None = None
    """Accepted and not used: we charge no cards."""
    total_price: Amount | None = None
    """What the customer paid for cover; when given, it must be the premium; ours."""


def purchase_of_offer(body: OfferBody, catalogue: Catalogue) -> Purchase:
    """Return the purchase that an offer is asked for.

    Raises:
        InputInvalid: `context` is not what the schema asks for; every fault is named.
    """
    if named := _NAMED & body.context.keys():
        raise InputInvalid({f"context.{name}": ["Unexpected field"] for name in sorted(named)})
    code, _, version = body.schema_.partition(":")
    entry = {
        **body.context,
        "policy_type": code,
        "policy_type_version": int(version) if version else None,
    }
    told = {
        "currency": body.customer.currency,
        "customer_country": body.customer.country,
        "customer_region": body.customer.region,
        "customer_language": body.customer.language,
        "partner_reference": body.partner.transaction_id,
        "request": [entry],
    }
    try:
        return purchase_of(read_body(PurchaseBody, told, catalogue))
    except InputInvalid as error:
        raise InputInvalid(as_context(error.problems)) from error


def as_context(problems: Problems) -> Problems:
    """Return problems under the names that the newer call has for their fields."""
    return {
        _NAMES.get(path, f"context.{path.removeprefix('request.0.')}"): sentences
        for path, sentences in problems.items()
    }


#: How the newer call names what stands beside the thing to insure.
_NAMES = {
    "currency": "customer.currency",
    "customer_country": "customer.country",
    "customer_region": "customer.region",
    "customer_language": "customer.language",
}

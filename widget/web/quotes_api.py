"""XCover's quote calls: make a package, look at it, change it, decline it."""

from __future__ import annotations

from collections.abc import Callable

from starlette.responses import Response

from widget.choosing import record_decline
from widget.offers import Metadata, Offer
from widget.quoting import add_quotes, delete_quotes, make_offer, price_offer, update_quotes
from widget.web.access import token_of
from widget.web.answers import Json, fast_package, quote_package, telling_of
from widget.web.calls import Call, empty_response, json_response
from widget.web.forms import flag_of
from widget.web.house import offer_of
from widget.wire import (
    AddQuotesBody,
    DeleteQuotesBody,
    OptOutBody,
    PurchaseBody,
    UpdateQuotesBody,
    changed_purchase,
    items_of,
    purchase_of,
)
from widget.wire.purchases import MAX_ITEMS


async def create_quotes(call: Call) -> Response:
    """Price a purchase; the same purchase with the same reference is the same package."""
    body = await call.body(PurchaseBody)
    if flag_of(call.request, "fast_quote", default=False):
        return await _price_only(call, body)
    quoting = call.quoting(201, _teller(call), body.partner_metadata)
    offer = await make_offer(
        quoting, purchase_of(body), storage=call.house.storage, upstream=call.upstream
    )
    return call.answer(201, offer, _teller(call))


async def read_quotes(call: Call) -> Response:
    """Show a package, with the customer's choice and its token."""
    offer = await offer_of(call.house, call.code, call.path(), call.caller.mode)
    return call.answer(200, offer, _teller(call))


async def update(call: Call) -> Response:
    """Change a package's currency or purchase, and price it again."""
    body = await call.body(UpdateQuotesBody)
    offer = await update_quotes(
        call.quoting(200, _teller(call)),
        call.path(),
        lambda purchase, items: changed_purchase(purchase, body, items, call.house.catalogue),
        storage=call.house.storage,
        upstream=call.upstream,
    )
    return call.answer(200, offer, _teller(call))


async def add(call: Call) -> Response:
    """Add quotes to a package; the new ones come first."""
    body = await call.body(AddQuotesBody)
    offer = await add_quotes(
        call.quoting(201, _teller(call)),
        call.path(),
        lambda purchase: items_of(body.request, purchase.currency),
        storage=call.house.storage,
        upstream=call.upstream,
        max_items=MAX_ITEMS,
    )
    return call.answer(201, offer, _teller(call))


async def delete(call: Call) -> Response:
    """Take quotes out of a package."""
    body = await call.body(DeleteQuotesBody)
    offer = await delete_quotes(
        call.quoting(200, _teller(call)),
        call.path(),
        [quote.id for quote in body.quotes],
        storage=call.house.storage,
    )
    return call.answer(200, offer, _teller(call))


async def opt_out(call: Call) -> Response:
    """Take the report that the customer bought without cover."""
    offer = await offer_of(call.house, call.code, call.path(), call.caller.mode)
    body = await call.body(OptOutBody)
    if body.quote_token is not None:
        token_of(call.house, call.caller, body.quote_token, offer.id)
    return await decline(call, offer, body.partner_metadata)


async def decline(call: Call, offer: Offer, metadata: Metadata | None) -> Response:
    """Note that the partner's customer bought without cover."""
    await record_decline(
        call.code,
        offer.id,
        storage=call.house.storage,
        upstream=call.upstream,
        metadata=metadata,
        reply=call.empty_reply(204, offer.id),
    )
    call.house.wake.set()
    return empty_response(204)


async def _price_only(call: Call, body: PurchaseBody) -> Response:
    offer = await price_offer(
        call.quoting(201, _teller(call)),
        purchase_of(body),
        storage=call.house.storage,
        upstream=call.upstream,
    )
    return json_response(fast_package(offer, telling_of(call.house, offer)), 201)


def _teller(call: Call) -> Callable[[Offer], Json]:
    return lambda offer: quote_package(offer, telling_of(call.house, offer))

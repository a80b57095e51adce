"""XCover's newer offer calls: the same offers, under the names that those calls use."""

from __future__ import annotations

from collections.abc import Callable

from starlette.responses import Response

from widget.errors import InputInvalid, NotFound
from widget.offer_ids import offer_id_of
from widget.offers import Offer
from widget.quoting import make_offer
from widget.web.access import token_of
from widget.web.answers import Json
from widget.web.bookings_api import confirm
from widget.web.calls import Call
from widget.web.forms import offer_confirmation_of
from widget.web.house import offer_of
from widget.web.offer_answers import offer_answer, wanted_of
from widget.web.quotes_api import decline
from widget.wire import ConfirmOfferBody, OfferBody, OptOutBody, as_context, purchase_of_offer


async def create_offer(call: Call) -> Response:
    """Price a purchase that is told in the newer way."""
    body = await call.body(OfferBody)
    purchase = purchase_of_offer(body, call.house.catalogue)
    quoting = call.quoting(200, _teller(call), body.partner.metadata)
    try:
        offer = await make_offer(
            quoting, purchase, storage=call.house.storage, upstream=call.upstream
        )
    except InputInvalid as error:
        raise InputInvalid(as_context(error.problems)) from error
    return call.answer(200, offer, _teller(call))


async def read_offer(call: Call) -> Response:
    """Show an offer."""
    return call.answer(200, await _offer(call), _teller(call))


async def confirm_offer(call: Call) -> Response:
    """Confirm an offer after payment."""
    offer = await _offer(call)
    body = await call.body(ConfirmOfferBody)
    token = None
    if body.quote_token is not None:
        token = token_of(call.house, call.caller, body.quote_token, offer.id)
    return await confirm(call, offer_confirmation_of(body, token, offer, call.house.catalogue))


async def opt_out(call: Call) -> Response:
    """Take the report that the customer bought without cover."""
    offer = await _offer(call)
    body = await call.body(OptOutBody)
    if body.quote_token is not None:
        token_of(call.house, call.caller, body.quote_token, offer.id)
    return await decline(call, offer, body.partner_metadata)


async def _offer(call: Call) -> Offer:
    offer_id = offer_id_of(call.path())
    if offer_id is None:
        raise NotFound("Quote package")
    return await offer_of(call.house, call.code, offer_id, call.caller.mode)


def _teller(call: Call) -> Callable[[Offer], Json]:
    wanted = wanted_of(call.request)
    return lambda offer: offer_answer(offer, call.house, wanted)

"""JSON for the partner's backend, in XCover's language."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from widget.bookings import Booking
from widget.choosing import record_decline
from widget.confirming import confirm_offer
from widget.errors import NotFound
from widget.quoting import make_offer
from widget.web.access import Caller, caller_of, token_of
from widget.web.answers import Json, booking_answer, quote_package
from widget.web.forms import body_of, confirmation_of, read_purchase
from widget.web.house import House, house_of, offer_of
from widget.wire import BookingBody, OptOutBody, read_body, read_json

#: Answers hold prices and people: no cache keeps them.
_PRIVATE = {"Cache-Control": "no-store"}


async def create_quotes(request: Request) -> Response:
    """Price a purchase; the same purchase with the same reference is the same package."""
    house = house_of(request)
    caller = await caller_of(request)
    purchase = read_purchase(await request.body())
    offer = await make_offer(
        caller.partner.code,
        caller.mode,
        purchase,
        storage=house.storage,
        upstream=house.upstream,
        lifetime=house.lifetime,
        texts_version=house.rendering.version,
    )
    package = quote_package(offer, house, house.speech(offer))
    return JSONResponse(package, status_code=201, headers=_PRIVATE)


async def read_quotes(request: Request) -> Response:
    """Show a package, with the customer's choice and its token."""
    house = house_of(request)
    caller = await caller_of(request)
    offer = await offer_of(house, caller.partner.code, _id(request), caller.mode)
    return JSONResponse(quote_package(offer, house, house.speech(offer)), headers=_PRIVATE)


async def booking(request: Request) -> Response:
    """Serve one address for both: read a booking, and make it."""
    if request.method == "POST":
        return await create_booking(request)
    return await read_booking(request)


async def create_booking(request: Request) -> Response:
    """Confirm an offer after payment; confirming again shows the same booking."""
    house = house_of(request)
    caller = await caller_of(request)
    await offer_of(house, caller.partner.code, _id(request), caller.mode)
    body = await body_of(request, BookingBody)
    token = token_of(house, caller, body.quote_token, _id(request))
    confirmed = await confirm_offer(
        confirmation_of(body, token),
        storage=house.storage,
        upstream=house.upstream,
        grace=house.grace,
    )
    house.wake.set()
    made = confirmed.booking
    headers = _PRIVATE | ({"Idempotent-Replayed": "true"} if confirmed.is_replay else {})
    return JSONResponse(_told(house, made), headers=headers)


async def read_booking(request: Request) -> Response:
    """Show a booking."""
    house = house_of(request)
    caller = await caller_of(request)
    found = await house.storage.find_booking(caller.partner.code, _id(request))
    if found is None or found.mode is not caller.mode:
        raise NotFound("Booking")
    return JSONResponse(_told(house, found), headers=_PRIVATE)


async def opt_out(request: Request) -> Response:
    """Take the report that the customer bought without cover."""
    house = house_of(request)
    caller = await caller_of(request)
    offer = await offer_of(house, caller.partner.code, _id(request), caller.mode)
    await _check_opt_out(request, caller)
    await record_decline(caller.partner.code, offer.id, storage=house.storage)
    return Response(status_code=204, headers=_PRIVATE)


async def _check_opt_out(request: Request, caller: Caller) -> None:
    text = await request.body()
    body = read_body(OptOutBody, read_json(text)) if text else OptOutBody()
    if body.quote_token is not None:
        token_of(house_of(request), caller, body.quote_token, _id(request))


def _told(house: House, made: Booking) -> Json:
    return booking_answer(made, house, house.speech(made.offer, made.offer.chosen_locale))


def _id(request: Request) -> str:
    return str(request.path_params["id"])

"""XCover's booking calls: confirm, pay, read, list, write to the customer, instalments."""

from __future__ import annotations

from collections.abc import Callable

from starlette.responses import Response

from widget.bookings import Booking, InstalmentReport, Policyholder
from widget.collecting import report_instalments
from widget.confirming import Confirmation, Confirmed, confirm_offer, confirm_payment
from widget.errors import NotFound, PaymentAlreadyUsed
from widget.events import Event
from widget.mailing import send_mail
from widget.offers import Offer, Status
from widget.purchases import Purchase
from widget.quoting import make_offer
from widget.web.access import token_of
from widget.web.answers import Json
from widget.web.booking_answers import booking_answer, instalments_answer, list_answer
from widget.web.calls import Call, empty_response, json_response
from widget.web.forms import chosen_at_once, confirmation_of, page_of
from widget.web.house import offer_of
from widget.wire import (
    BookingBody,
    InstalmentsBody,
    InstantBookingBody,
    NothingBody,
    SendEmailBody,
    policyholder_of,
    purchase_of,
)


async def create_booking(call: Call) -> Response:
    """Confirm an offer after payment; confirming again shows the same booking."""
    offer = await offer_of(call.house, call.code, call.path(), call.caller.mode)
    body = await call.body(BookingBody)
    token = None
    if body.quote_token is not None:
        token = token_of(call.house, call.caller, body.quote_token, offer.id)
    return await confirm(call, confirmation_of(body, token, offer, call.house.catalogue))


async def confirm(call: Call, confirmation: Confirmation) -> Response:
    """Make the booking of an offer, and show it."""
    confirmed = await confirm_offer(confirmation, call.selling(200, teller(call)))
    return _shown(call, confirmed, 200)


async def instant_booking(call: Call) -> Response:
    """Quote and confirm in one; the same again leads to the booking that it has begun."""
    body = await call.body(InstantBookingBody)
    purchase = purchase_of(body)
    person = policyholder_of(body.policyholder, purchase.customer_country)
    offer = await _begun(call, body, purchase, person)
    if offer is None:
        quoting = call.quoting(200, lambda _: {}, body.partner_metadata).without_reply()
        offer = await make_offer(
            quoting, purchase, storage=call.house.storage, upstream=call.upstream
        )
    try:
        return await confirm(call, chosen_at_once(body, offer))
    except PaymentAlreadyUsed:
        # Of two at once with one payment, the other one may have been first with the same sale.
        if (first := await _begun(call, body, purchase, person)) is None:
            raise
    return await confirm(call, chosen_at_once(body, first))


async def _begun(
    call: Call, body: InstantBookingBody, purchase: Purchase, person: Policyholder
) -> Offer | None:
    """Return the offer that this purchase and person were sold before, None for a new sale.

    They are known by the idempotency key, or by the payment; without both, asking again sells
    again, unless the purchase has a reference.
    """
    if call.begun is not None:
        return await offer_of(call.house, call.code, call.begun.offer_id, call.caller.mode)
    payment, storage = body.partner_transaction_id, call.house.storage
    if payment is None or not (
        booking := await storage.find_paid(call.code, call.caller.mode, payment)
    ):
        return None
    is_same = booking.offer.purchase_hash == purchase.content_hash()
    is_same_person = booking.policyholder == person
    return booking.offer if is_same and is_same_person else None


async def confirm_booking(call: Call) -> Response:
    """Take the report that the payment of a booking has arrived."""
    await call.body(NothingBody)
    selling = call.selling(201, teller(call))
    confirmed = await confirm_payment(call.path(), call.caller.mode, selling)
    return _shown(call, confirmed, 201)


async def read_booking(call: Call) -> Response:
    """Show a booking, in the language that is asked for."""
    language = call.request.query_params.get("language")
    booking = await booking_of(call)
    return call.answer(200, booking, lambda made: booking_answer(made, call.house, language))


async def list_bookings(call: Call) -> Response:
    """Show some of the partner's bookings, the newest first."""
    limit, offset = page_of(call.request)
    page = await call.house.storage.list_bookings(
        call.code, call.caller.mode, limit=limit, offset=offset
    )
    url = f"{call.house.settings.public_url}{call.request.url.path}"
    return json_response(list_answer(page, call.house, url=url, limit=limit, offset=offset))


async def send_email(call: Call) -> Response:
    """Write to the customer once more."""
    body = await call.body(SendEmailBody)
    booking = await booking_of(call)
    await send_mail(
        booking.id,
        Event(body.event) if body.event else None,
        call.amending(),
        again=call.key or call.request.scope["request_id"],
        reply=call.empty_reply(202, booking.id),
    )
    call.house.wake.set()
    return empty_response(202)


async def read_instalments(call: Call) -> Response:
    """Show the payment schedules of a booking."""
    return json_response(instalments_answer(await booking_of(call), call.house))


async def report_payments(call: Call) -> Response:
    """Note which instalments the customer paid."""
    body = await call.body(InstalmentsBody)
    reports = [
        InstalmentReport(
            quote_id=report.id,
            number=report.instalment_number,
            is_paid=report.payment_status == "PAID",
            attempted_at=report.payment_attempted_date,
        )
        for report in body.quotes
    ]
    reply = call.empty_reply(204, call.path())
    await report_instalments(call.path(), reports, call.amending(), reply=reply)
    return empty_response(204)


async def booking_of(call: Call) -> Booking:
    """Return the booking that an address names.

    Raises:
        NotFound: There is none for this partner and mode.
    """
    booking = await call.house.storage.find_booking(call.code, call.path())
    if booking is None or booking.mode is not call.caller.mode:
        raise NotFound("Booking")
    return booking


def teller(call: Call) -> Callable[[Booking], Json]:
    """Return how a booking is told."""
    return lambda booking: booking_answer(booking, call.house)


def _shown(call: Call, confirmed: Confirmed, status: int) -> Response:
    """Show a booking; one whose outcome is unknown is 202, and to be asked for again."""
    call.house.wake.set()
    booking = confirmed.booking
    shown = 202 if booking.status is Status.PENDING else status
    return call.answer(shown, booking, teller(call), is_replay=confirmed.is_replay)

"""XCover's calls that change, cancel and renew a booking."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from starlette.responses import Response

from widget.amending import Amended, confirm
from widget.amendments import AmendmentKind
from widget.cancelling import cancel, preview_cancellation
from widget.modifying import modify, price_update
from widget.renewing import decline_renewal, price_renewal
from widget.web.answers import Json
from widget.web.booking_answers import amended_answer, cancelled_answer, priced_answer
from widget.web.calls import Call, empty_response
from widget.web.forms import modification_of
from widget.wire import (
    CancellationBody,
    ModificationBody,
    NothingBody,
    PaidRenewalBody,
    RenewalBody,
)


async def modify_booking(call: Call) -> Response:
    """Change a booking now."""
    modification = modification_of(await call.body(ModificationBody), call.house.catalogue)
    amended = await modify(call.path(), modification, call.amending(200, _made(call)))
    return _done(call, amended, 200, _made(call))


async def quote_for_update(call: Call) -> Response:
    """Price a change, and change nothing."""
    modification = modification_of(await call.body(ModificationBody), call.house.catalogue)
    amended = await price_update(call.path(), modification, call.amending(200, _priced(call)))
    return call.answer(200, amended, _priced(call))


async def confirm_update(call: Call) -> Response:
    """Make a change that was priced."""
    await call.body(NothingBody)
    return await _confirm(call, call.path("update_id"), AmendmentKind.UPDATE, 201, _made(call))


async def cancel_booking(call: Call) -> Response:
    """Cancel now, or tell what that would pay back."""
    body = await call.body(CancellationBody)
    quote_ids = None if body.quotes is None else {quote.id for quote in body.quotes}
    reasons = [quote.reason_for_cancellation for quote in body.quotes or ()]
    reason = body.reason_for_cancellation or next(filter(None, reasons), None)
    render = _cancelled(call, is_preview=body.preview)
    amending = call.amending(200, render)
    if body.preview:
        amended = await preview_cancellation(call.path(), quote_ids, amending, reason=reason)
        return call.answer(200, amended, render)
    amended = await cancel(call.path(), quote_ids, amending, reason=reason)
    return _done(call, amended, 200, render)


async def confirm_cancellation(call: Call) -> Response:
    """Cancel what was previewed."""
    await call.body(NothingBody)
    render = _cancelled(call, is_preview=False)
    kind = AmendmentKind.CANCELLATION
    return await _confirm(call, call.path("cancellation_id"), kind, 200, render)


async def quote_for_renewal(call: Call) -> Response:
    """Price the next term, and renew nothing."""
    await call.body(NothingBody)
    amended = await price_renewal(call.path(), call.amending(200, _priced(call)))
    return call.answer(200, amended, _priced(call))


async def confirm_renewal(call: Call) -> Response:
    """Renew for the next term."""
    await call.body(RenewalBody)
    return await _confirm(call, call.path("renewal_id"), AmendmentKind.RENEWAL, 200, _made(call))


async def confirm_paid_renewal(call: Call) -> Response:
    """Renew for the next term, as XCover's PHP client asks for it: by the renewal alone."""
    await call.body(PaidRenewalBody)
    amending = replace(call.amending(), reply_with=lambda made: call.empty_reply(202, made.id))
    await confirm(None, call.path("renewal_id"), AmendmentKind.RENEWAL, amending)
    call.house.wake.set()
    return empty_response(202)


async def opt_out_of_renewal(call: Call) -> Response:
    """Note that the customer does not want the next term."""
    await call.body(NothingBody)
    reply = call.empty_reply(204, call.path())
    await decline_renewal(call.path(), call.amending(), reply=reply)
    return empty_response(204)


async def _confirm(
    call: Call,
    amendment_id: str,
    kind: AmendmentKind,
    status: int,
    render: Callable[[Amended], Json],
) -> Response:
    amended = await confirm(call.path(), amendment_id, kind, call.amending(status, render))
    return _done(call, amended, status, render)


def _done(call: Call, amended: Amended, status: int, render: Callable[[Amended], Json]) -> Response:
    call.house.wake.set()
    return call.answer(status, amended, render)


def _made(call: Call) -> Callable[[Amended], Json]:
    return lambda amended: amended_answer(amended, call.house)


def _priced(call: Call) -> Callable[[Amended], Json]:
    return lambda amended: priced_answer(amended, call.house)


def _cancelled(call: Call, *, is_preview: bool) -> Callable[[Amended], Json]:
    return lambda amended: cancelled_answer(amended, call.house, is_preview=is_preview)

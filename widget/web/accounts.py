"""The customer's own pages, behind the signed link in their mail: see the policies, end them.

Looking ends nothing and stores nothing, so that whatever follows links in mails does no harm. What
ends a policy is the post of the form that showed what it pays back. The address stays the same
before and after: whoever posts twice, reloads, or has it open twice sees how things stand.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from widget import formats
from widget.amending import Amending
from widget.bookings import Policy
from widget.errors import (
    AccessDenied,
    DoorError,
    NotAllowedByProduct,
    NotFound,
    PeopleErased,
    QuoteNotOffered,
    RequestMalformed,
    StatusForbids,
    TokenInvalid,
    UpstreamRefused,
)
from widget.formats import negotiate
from widget.offers import Status
from widget.products import FALLBACK_LOCALE
from widget.tokens import read_account_token
from widget.web.account_views import (
    EndingView,
    Visitor,
    account_view,
    done_view,
    endable_of,
    question_view,
    refusal_view,
)
from widget.web.failures import RETRY_AFTER_S
from widget.web.forms import read_refund
from widget.web.headers import account_headers, is_origin_allowed
from widget.web.house import House, house_of
from widget.withdrawing import Withdrawal, preview_withdrawal, withdraw
from widget.witnesses import Witness

Handler = Callable[[Request, Visitor], Awaitable[Response]]

#: Somebody else has ended it, or what it was has changed: the page shows how things stand.
_OVERTAKEN = (StatusForbids, QuoteNotOffered)

_REFUSED = (NotAllowedByProduct, UpstreamRefused)


async def show_account(request: Request) -> Response:
    """Show a booking to the customer who has the link."""
    return await _answered(request, _account)


async def withdrawal(request: Request) -> Response:
    """Show what ending policies pays back, and end them when that is confirmed."""
    return await _answered(request, _confirmed if request.method == "POST" else _asked)


async def _answered(request: Request, handler: Handler) -> Response:
    """Let a handler answer; whatever goes wrong, a person reads one page about it."""
    house = house_of(request)
    try:
        return await handler(request, await _visitor(request, house))
    except (TokenInvalid, NotFound):
        return _trouble(request, "missing", 404)
    except PeopleErased:
        return _trouble(request, "missing", 410)
    except (AccessDenied, RequestMalformed):
        return _trouble(request, "foreign", 403)
    except DoorError:
        answer = _trouble(request, "unavailable", 503)
        answer.headers["Retry-After"] = str(RETRY_AFTER_S)
        return answer


async def _visitor(request: Request, house: House) -> Visitor:
    token = read_account_token(request.path_params["token"], house.token_roots)
    booking = await house.storage.find_booking(token.partner_code, token.booking_id)
    partner = await house.storage.find_partner(token.partner_code)
    if booking is None or partner is None or booking.mode is not token.mode:
        raise NotFound("This page")
    booking.check_not_erased()
    wanted = request.query_params.get("locale") or booking.offer.chosen_locale
    return Visitor(house, partner, booking, house.speech(booking.offer, wanted))


async def _account(request: Request, visitor: Visitor) -> Response:
    del request
    return _page(visitor, "policy/account.html", account=account_view(visitor))


async def _asked(request: Request, visitor: Visitor) -> Response:
    policies = _named(request, visitor)
    endable = endable_of(visitor, policies)
    if not endable:
        return _standing(visitor, policies)
    try:
        quotes = {policy.quote_id for policy in endable}
        priced = await preview_withdrawal(visitor.booking.id, quotes, _amending(visitor))
    except (*_OVERTAKEN, *_REFUSED):
        return _ending(visitor, refusal_view(visitor, policies))
    return _question(request, visitor, priced)


async def _confirmed(request: Request, visitor: Visitor) -> Response:
    if not is_origin_allowed(request, visitor.house.settings.public_url, (), way_back=""):
        raise AccessDenied("A page of another origin sent this.")
    shown = await read_refund(request)
    policies = _named(request, visitor)
    endable = endable_of(visitor, policies)
    here = _address(request, visitor)
    if not endable:
        return RedirectResponse(here, status_code=303)
    try:
        quotes = {policy.quote_id for policy in endable}
        done = await withdraw(visitor.booking.id, quotes, shown, _amending(visitor))
    except _OVERTAKEN:
        return RedirectResponse(here, status_code=303)
    except _REFUSED:
        return _ending(visitor, refusal_view(visitor, policies), 409)
    if not done.is_made:
        return _question(request, visitor, done, has_changed=True)
    visitor.house.wake.set()
    return RedirectResponse(here, status_code=303)


def _named(request: Request, visitor: Visitor) -> tuple[Policy, ...]:
    """Return the policies that an address speaks of: one, or all.

    Raises:
        NotFound: The booking has no such policy.
    """
    number = request.path_params.get("number")
    policies = visitor.booking.policies
    found = tuple(policy for policy in policies if number in {None, policy.number})
    if not found:
        raise NotFound("This policy")
    return found


def _standing(visitor: Visitor, policies: tuple[Policy, ...]) -> Response:
    """Show how things stand with policies that cannot be ended, or have been."""
    ended = tuple(policy for policy in policies if policy.status is Status.CANCELLED)
    return _ending(visitor, done_view(visitor, ended) if ended else refusal_view(visitor, policies))


def _question(
    request: Request, visitor: Visitor, priced: Withdrawal, *, has_changed: bool = False
) -> Response:
    here = _address(request, visitor)
    view = question_view(visitor, priced, here, has_changed=has_changed)
    return _ending(visitor, view, 409 if has_changed else 200)


def _address(request: Request, visitor: Visitor) -> str:
    number = request.path_params.get("number", "")
    return visitor.house.links.withdrawal(visitor.booking, number, visitor.speech.locale)


def _amending(visitor: Visitor) -> Amending:
    house, booking = visitor.house, visitor.booking
    return Amending(
        partner=visitor.partner,
        mode=booking.mode,
        storage=house.storage,
        upstream=house.upstreams[booking.mode],
        catalogue=house.catalogue,
        asked_by=Witness.SHOPPER,
    )


def _ending(visitor: Visitor, view: EndingView, status: int = 200) -> Response:
    return _page(visitor, "policy/ending.html", status, ending=view)


def _page(visitor: Visitor, name: str, status: int = 200, **values: object) -> Response:
    return _rendered(visitor.house, name, visitor.speech.locale, status, **values)


def _trouble(request: Request, what: str, status: int) -> Response:
    house = house_of(request)
    wanted = request.query_params.get("locale"), request.headers.get("accept-language", "")[:2]
    locale = negotiate(wanted, house.texts.locales, FALLBACK_LOCALE)
    return _rendered(house, f"policy/{what}.html", locale, status)


def _rendered(house: House, name: str, locale: str, status: int, **values: object) -> HTMLResponse:
    html = house.rendering.render(
        name,
        texts=house.texts.in_locale(locale),
        locale=locale,
        dir=formats.direction(locale),
        **values,
    )
    return HTMLResponse(html, status_code=status, headers=account_headers())

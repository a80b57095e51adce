"""The shopper's addresses: open an offer, look at it, answer it, ask again.

Each has the same answer with htmx and without: the offer in the state that it is in. Whatever goes
wrong, the shopper reads one sentence or nothing, and the partner's checkout goes on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from starlette.requests import Request
from starlette.responses import Response

from widget.choosing import record_choice
from widget.errors import (
    AccessDenied,
    AlreadyConfirmed,
    DoorError,
    InputInvalid,
    OfferDeclined,
    OfferExpired,
    QuoteNotOffered,
    SaleDeferred,
    StatusForbids,
    WidgetError,
)
from widget.offers import Offer, Status
from widget.partners import Mode, Partner
from widget.purchases import Purchase
from widget.questions import questions_of
from widget.quoting import Quoting, make_offer
from widget.showings import Showing
from widget.tokens import OfferToken, read_offer_token
from widget.web.access import opener_of, partner_of
from widget.web.failures import status_of
from widget.web.forms import answer_of, read_answers, read_purchase, read_return
from widget.web.headers import is_htmx, is_origin_allowed
from widget.web.house import House, house_of, offer_of
from widget.web.pages import (
    Surface,
    Visit,
    go_back,
    show_nothing,
    show_refusal,
    surface_of,
)
from widget.web.screen import Screen


async def open_page(request: Request) -> Response:
    """Open the offer for the purchase that a page carries, as a page for a frame."""
    return await _open(request, Surface.PAGE)


async def open_fragment(request: Request) -> Response:
    """Open the offer for the purchase that a page carries, as a fragment for an include."""
    return await _open(request, Surface.INCLUDE)


async def show_page(request: Request) -> Response:
    """Show an offer that was opened before."""
    return await _show(request, surface_of(request))


async def show_fragment(request: Request) -> Response:
    """Show an offer that was opened before, as a fragment for an include."""
    return await _show(request, Surface.INCLUDE)


async def choose(request: Request) -> Response:
    """Store the shopper's answer, and show it."""
    visit = _visit(request, surface_of(request))
    try:
        token, _, visit = await _enter(request, visit)
        seen = await offer_of(visit.house, token.partner_code, token.offer_id, token.mode)
        locale = visit.house.speech(seen, visit.locale).locale
        questions = questions_of(seen)
        told, return_to = await read_answers(request, questions)
        visit = replace(visit, return_to=_allowed_return(return_to, visit.partner))
        _check_origin(request, visit)
        screen = Screen(visit)
        try:
            answer = answer_of(told, questions, seen, locale)
            if answer is None:
                return await screen.show_unfinished(seen, told)
            offer = await record_choice(
                token.partner_code,
                token.offer_id,
                answer,
                storage=visit.house.storage,
                texts_version=visit.house.rendering.version,
                show_with=screen.showing_of if is_htmx(request) else None,
            )
        except QuoteNotOffered:
            say = visit.house.speech(seen, visit.locale).texts.gettext
            return await screen.show(seen, hint=say("Please choose one of the answers."))
        except (OfferExpired, OfferDeclined, AlreadyConfirmed, SaleDeferred, StatusForbids):
            # Not an error of the shopper's: the offer shows by itself how things stand.
            offer = await offer_of(visit.house, token.partner_code, token.offer_id, token.mode)
        return await _answer(request, visit, offer, screen)
    except WidgetError as error:
        return show_refusal(visit, error, status_of(error), Mode.LIVE)


async def renew(request: Request) -> Response:
    """Price an expired offer's purchase again, and show what came of it."""
    visit = _visit(request, surface_of(request))
    try:
        token, partner, visit = await _enter(request, visit)
        return_to = await read_return(request)
        visit = replace(visit, return_to=_allowed_return(return_to, visit.partner))
        _check_origin(request, visit)
        offer = await offer_of(visit.house, token.partner_code, token.offer_id, token.mode)
        screen = Screen(visit)
        if _is_renewable(offer, visit.house.now()):
            shown = screen.showing_of if is_htmx(request) else None
            offer = await _make(
                visit.house, partner, token.mode, offer.purchase, shown, follows=offer
            )
        return await _answer(request, visit, offer, screen)
    except DoorError as error:
        return show_nothing(visit, error.code)
    except WidgetError as error:
        return show_refusal(visit, error, status_of(error), Mode.LIVE)


async def _open(request: Request, surface: Surface) -> Response:
    visit = _visit(request, surface)
    sealed = request.query_params.get("purchase", "")
    mode = Mode.TEST if sealed.startswith("pk_test_") else Mode.LIVE
    try:
        partner = await partner_of(visit.house, request.path_params["partner"])
        return_to = _allowed_return(request.query_params.get("return_to", ""), partner)
        visit = replace(visit, partner=partner, return_to=return_to)
        caller, carried = await opener_of(request, sealed)
        purchase = read_purchase(carried.body, visit.house.catalogue)
        if purchase.reference is None:
            # Without it, every reload would be another offer and forget the answer.
            raise InputInvalid({"partner_reference": ["This field is required in a page."]})
        screen = Screen(visit)
        offer = await _make(visit.house, partner, caller.mode, purchase, screen.showing_of)
        return await screen.show(offer)
    except DoorError as error:
        return show_nothing(visit, error.code)
    except WidgetError as error:
        return show_refusal(visit, error, status_of(error), mode)


async def _show(request: Request, surface: Surface) -> Response:
    visit = _visit(request, surface)
    try:
        token, partner, visit = await _enter(request, visit)
        return_to = _allowed_return(request.query_params.get("return_to", ""), visit.partner)
        visit = replace(visit, return_to=return_to)
        offer = await offer_of(visit.house, token.partner_code, token.offer_id, token.mode)
        screen = Screen(visit)
        comes_back = offer.opens_at is not None and offer.purchase.reference is not None
        if comes_back and _is_renewable(offer, visit.house.now()):
            # The link that the customer was given to come back with is priced anew by itself; as
            # the purchase has a reference, reloading it leads to the same new offer.
            shown = screen.showing_of
            offer = await _make(
                visit.house, partner, token.mode, offer.purchase, shown, follows=offer
            )
        return await screen.show(offer)
    except DoorError as error:
        return show_nothing(visit, error.code)
    except WidgetError as error:
        return show_refusal(visit, error, status_of(error), Mode.LIVE)


def _is_renewable(offer: Offer, now: datetime) -> bool:
    """Tell whether an offer may be followed by one at today's premium."""
    is_over = offer.is_expired(now) and not offer.is_deferred(now)
    return offer.status is Status.RECEIVED and is_over


def _visit(request: Request, surface: Surface) -> Visit:
    return Visit(house_of(request), None, surface, request.query_params.get("locale"))


async def _enter(request: Request, visit: Visit) -> tuple[OfferToken, Partner, Visit]:
    token = read_offer_token(request.path_params["token"], visit.house.token_roots)
    partner = await partner_of(visit.house, token.partner_code)
    return token, partner, replace(visit, partner=partner)


async def _make(
    house: House,
    partner: Partner,
    mode: Mode,
    purchase: Purchase,
    show_with: Callable[[Offer], Showing | None] | None,
    *,
    follows: Offer | None = None,
) -> Offer:
    quoting = Quoting(
        partner.code,
        mode,
        house.lifetime,
        house.rendering.version,
        house.catalogue,
        restrictions=partner.restrictions,
        show_with=show_with or (lambda _: None),
    )
    return await make_offer(
        quoting,
        purchase,
        storage=house.storage,
        upstream=house.upstreams[mode],
        follows=follows,
    )


async def _answer(request: Request, visit: Visit, offer: Offer, screen: Screen) -> Response:
    """Show the new state to htmx, and lead a plain form post on to it."""
    if is_htmx(request):
        return await screen.show(offer)
    locale = visit.house.speech(offer, visit.locale).locale
    return go_back(visit, f"{visit.house.links.offer(offer)}?locale={locale}")


def _check_origin(request: Request, visit: Visit) -> None:
    url, origins = visit.house.settings.public_url, visit.partner.origins if visit.partner else ()
    if not is_origin_allowed(request, url, origins, way_back=visit.return_to):
        raise AccessDenied("A page of another origin sent this answer.")


def _allowed_return(address: str, partner: Partner | None) -> str:
    """Return `address` if it is a page of the partner; anything else leads nowhere."""
    origins = partner.origins if partner else ()
    return address if any(address.startswith(f"{origin}/") for origin in origins) else ""

"""What the offer's pages say: an offer and a state, put into words for one customer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from math import ceil

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from widget import formats
from widget.covers import Speech
from widget.errors import InputInvalid, Problems, WidgetError
from widget.offers import Offer, Status
from widget.partners import Mode, Partner
from widget.questions import questions_of
from widget.showings import Blank, Filling, Rendered
from widget.web.headers import frame_headers, is_htmx, new_nonce
from widget.web.house import House
from widget.web.question_views import Asking
from widget.web.term_views import terms_of
from widget.web.views import OfferView


class Surface(StrEnum):
    """What is asked for: a page for a frame, the part that htmx swaps, or an include."""

    PAGE = "offer/page.html"
    SWAP = "offer/_content.html"
    INCLUDE = "offer/fragment.html"


def surface_of(request: Request) -> Surface:
    """Return what a request on the frame's own addresses wants."""
    return Surface.SWAP if is_htmx(request) else Surface.PAGE


@dataclass(frozen=True, slots=True)
class Visit:
    """Whose page the offer is shown in, and how."""

    house: House
    partner: Partner | None
    surface: Surface
    #: Asked for by the page; None leaves it to the purchase.
    locale: str | None = None
    #: Where a plain form post leads back to: an address of the partner, or nothing.
    return_to: str = ""


def show_offer(
    visit: Visit,
    offer: Offer,
    policy_numbers: tuple[str, ...] = (),
    *,
    told: Mapping[str, str] | None = None,
    hint: str = "",
) -> tuple[Response, Rendered | None]:
    """Show an offer in the state that it is in.

    Args:
        told: Answers that a form has and that cannot be stored yet; None: as they are stored.
        hint: What was wrong with the answer, when there was one that could not be stored.

    Returns:
        The answer, and what it shows of the offer; None when there is nothing to show any more.
    """
    speech = visit.house.speech(offer, visit.locale)
    if offer.status is Status.OPTED_OUT:
        say = speech.texts.gettext
        message = say("You have booked without cover.")
        return _unavailable(visit, speech, reason="offer_declined", message=message), None
    asking = Asking(offer, questions_of(offer), visit.house, speech, told)
    view = _view(visit, asking, policy_numbers, hint)
    filling = Filling(new_nonce(), _seconds_left(offer, visit.house), visit.return_to)
    page = _rendered(visit, speech, view=view)
    rendered = Rendered(page, filling, visit.surface.name.lower(), speech.locale, view.state)
    return _respond(visit, rendered.html, filling.nonce, 422 if hint else 200), rendered


def show_refusal(visit: Visit, error: WidgetError, status: int, mode: Mode | None) -> Response:
    """Show that there is no offer: one sentence, with which the checkout goes on.

    In test mode the partner's developer also reads which fields are at fault.
    """
    locale = formats.negotiate((visit.locale,), visit.house.texts.locales, "en")
    speech = Speech(locale, locale, visit.house.texts.in_locale(locale))
    message = speech.texts.gettext(
        "Insurance cannot be offered for this purchase. You can go on without it."
    )
    problems = error.problems if isinstance(error, InputInvalid) else {"purchase": [str(error)]}
    return _unavailable(
        visit,
        speech,
        reason=error.code,
        message=message,
        problems=problems if mode is Mode.TEST else None,
        status=status,
    )


def show_nothing(visit: Visit, reason: str) -> Response:
    """Show nothing, validly: no premium could be had, and the checkout goes on."""
    speech = Speech("en", "en", visit.house.texts.in_locale("en"))
    return _unavailable(visit, speech, reason=reason)


def go_back(visit: Visit, address: str) -> Response:
    """Lead a plain form post on to a page that can be reloaded."""
    return RedirectResponse(visit.return_to or address, status_code=303)


def _rendered(visit: Visit, speech: Speech, **values: object) -> str:
    """Return a page with blanks for what is different in each answer."""
    origins = visit.partner.origins if visit.partner else ()
    return visit.house.rendering.render(
        visit.surface.value,
        nonce=Blank.NONCE.value,
        parents=" ".join(origins),
        texts=speech.texts,
        locale=speech.locale,
        dir=formats.direction(speech.locale),
        **values,
    )


def _respond(visit: Visit, html: str, nonce: str, status: int) -> Response:
    origins = visit.partner.origins if visit.partner else ()
    headers = frame_headers(origins, nonce, way_back=visit.return_to)
    return HTMLResponse(html, status_code=status, headers=headers)


def _unavailable(
    visit: Visit,
    speech: Speech,
    *,
    reason: str,
    message: str = "",
    problems: Problems | None = None,
    status: int = 200,
) -> Response:
    values = {"reason": reason, "message": message, "problems": problems or {}}
    filling = Filling(new_nonce(), 0)
    html = filling.into(_rendered(visit, speech, **values))
    return _respond(visit, html, filling.nonce, status)


def _view(visit: Visit, asking: Asking, policy_numbers: tuple[str, ...], hint: str) -> OfferView:
    offer, house, speech = asking.offer, visit.house, asking.speech
    address = house.links.offer(offer)
    query = f"?locale={speech.locale}"
    questions, terms = asking.questions(), terms_of(asking, visit.partner)
    chosen = offer.chosen_quotes
    state = _state(offer, house)
    return OfferView(
        state=state,
        offer_id=offer.id,
        is_test=offer.mode is Mode.TEST,
        layout="one" if len(questions) == 1 else "cart",
        heading=asking.heading(),
        insured=asking.insured(questions),
        bundle=asking.bundle(),
        questions=questions,
        kinds=asking.kinds(questions),
        disclosures=terms.disclosures,
        terms=terms.products,
        status=hint or _status(asking, state),
        offer_url=f"{address}{query}",
        choice_url=f"{address}/choice{query}",
        renew_url=f"{address}/renew{query}",
        return_to=Blank.RETURN_TO.value if visit.return_to else "",
        quote_token=house.quote_token(offer) if _has_token(state) else "",
        premium_amount=str(offer.premium.amount) if chosen else "",
        premium_currency=offer.purchase.currency if chosen else "",
        premium=formats.money(offer.premium, speech.formats) if chosen else "",
        plan_name=asking.what_is_chosen(),
        for_sale_from=_for_sale_from(offer, speech),
        expires_in_s=Blank.EXPIRES_IN_S.value,
        policy_numbers=policy_numbers,
    )


#: What the shopper sees of a booking.
_BOOKED = {
    Status.PENDING: "pending",
    Status.PENDING_PAYMENT: "pending",
    Status.CONFIRMED: "confirmed",
    Status.CANCELLED: "cancelled",
    Status.FAILED: "failed",
}


def _state(offer: Offer, house: House) -> str:
    if offer.is_booked:
        return _BOOKED[offer.status]
    if offer.is_deferred(house.now()):
        return "deferred"
    return "expired" if offer.is_expired(house.now()) else str(offer.choice)


def _seconds_left(offer: Offer, house: House) -> int:
    # Rounded up: a page that asks a moment too early would hear that nothing has changed.
    return max(0, ceil((offer.expires_at - house.now()).total_seconds()))


def _has_token(state: str) -> bool:
    return state in {"opted_in", "opted_out", "confirmed"}


def _for_sale_from(offer: Offer, speech: Speech) -> str:
    if offer.opens_at is None:
        return ""
    # Up to the next minute: whoever comes back at the time that is named is not too early.
    opens_at = offer.opens_at + timedelta(seconds=59, microseconds=999_999)
    return speech.texts.gettext("%(day)s, %(time)s UTC") % {
        "day": formats.day(opens_at.date(), speech.formats),
        "time": f"{opens_at:%H:%M}",
    }


def _status(asking: Asking, state: str) -> str:
    say = asking.speech.texts.gettext
    if asking.told is not None or (state == "open" and len(asking.asked) > 1):
        return asking.progress(asking.told or {})
    sentences = {
        "open": say("Nothing is chosen yet."),
        "opted_in": say("Saved: %(plan)s for %(premium)s. You can change this until you pay."),
        "opted_out": say("Saved: no cover. You can change this until you pay."),
        "deferred": say("You cannot buy this cover today: the law gives you time to think."),
        "expired": say("Nothing was bought. You can ask again, or go on without cover."),
        "pending": say("You need not do anything; the confirmation comes by e-mail."),
        "confirmed": say("Your policy confirmation comes by e-mail."),
        "cancelled": say("You are no longer insured by it."),
        "failed": say("You are not insured by it. The shop tells you what comes next."),
    }
    premium = formats.money(asking.offer.premium, asking.speech.formats)
    return sentences[state] % {"plan": asking.what_is_chosen(), "premium": premium}

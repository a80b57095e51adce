"""Pages that stand by themselves: product documents, certificates, and the list of errors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import structlog
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from widget import errors, formats
from widget.bookings import Booking, Policy
from widget.certificates import certificate_of, certificate_sheet
from widget.covers import Speech, speech_for
from widget.editions import HTML, PDF, File, is_digest
from widget.enclosing import printed_certificate
from widget.enclosures import file_name
from widget.errors import NotFound, SettingInvalid, TokenInvalid, WidgetError
from widget.formats import negotiate
from widget.products import FALLBACK_LOCALE
from widget.sheets import Paper
from widget.tokens import read_policy_token
from widget.web.assets import FOREVER, Asset, asset_response
from widget.web.failures import CRASH, FRAMEWORK, status_of
from widget.web.headers import page_headers
from widget.web.house import House, house_of

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class ErrorRow:
    """One error that the partner API may answer with."""

    code: str
    status: int
    meaning: str


async def show_file(request: Request) -> Response:
    """Show what was published under a digest: the same bytes for ever."""
    house = house_of(request)
    digest = request.path_params["digest"]
    file = await house.storage.find_file(digest) if is_digest(digest) else None
    if file is None:
        raise NotFound("This document")
    return asset_response(
        request, Asset(file.body, file.media_type, file.digest), FOREVER, _headers_of(file)
    )


async def find_document(request: Request) -> Response:
    """Lead to the edition of a product document that is shown today."""
    house = house_of(request)
    path, query = request.path_params, request.query_params
    edition = house.shelf.edition(path["product"], path["version"])
    if edition is None:
        raise NotFound("This document")
    paper = Paper.LETTER if query.get("paper") == Paper.LETTER else Paper.A4
    copy = edition.copy_of(path["code"], _locale(request, house), paper)
    address = house.links.file(copy.pdf if query.get("form") == "pdf" else copy.html)
    return RedirectResponse(address, 302, headers={"Cache-Control": "no-cache"})


async def show_certificate(request: Request) -> Response:
    """Show the certificate of a policy to whoever has the signed link from the mail."""
    house = house_of(request)
    booking, policy, speech = await _policy_of(request, house)
    links = house.links
    certificate = certificate_of(
        booking, policy, catalogue=house.catalogue, links=links, speech=speech
    )
    sheet = certificate_sheet(certificate, speech)
    pdf_url = links.certificate_pdf(booking, policy.number, speech.locale)
    values = {"sheet": sheet, "facts": sheet.facts, "pdf_url": pdf_url}
    page = _page(house, "documents/certificate.html", speech.locale, **values)
    page.headers["Cache-Control"] = "no-store"
    return page


async def print_certificate(request: Request) -> Response:
    """Give the same certificate as PDF; where no font can draw it, lead to its page."""
    house = house_of(request)
    booking, policy, speech = await _policy_of(request, house)
    try:
        body = await printed_certificate(booking, policy, speech, house.enclosing)
    except SettingInvalid as error:
        _log.warning("certificate_not_printed", booking=booking.id, problem=str(error))
        address = house.links.certificate(booking, policy.number, speech.locale)
        return RedirectResponse(address, 303, headers={"Cache-Control": "no-store"})
    headers = {
        "Cache-Control": "no-store",
        "Content-Disposition": f'inline; filename="{file_name(policy.number, "pdf")}"',
    }
    return Response(body, media_type=PDF, headers=headers)


async def show_errors(request: Request) -> Response:
    """Show what each `code` of an error answer means; `href` in the answer leads here."""
    ours = {
        kind.code: (status_of(kind.__new__(kind)), (kind.__doc__ or "").splitlines()[0])
        for kind in _kinds(WidgetError)
        if not issubclass(
            kind, errors.CatalogueFaulty | errors.SettingInvalid | errors.SettingInvalid
        )
    }
    theirs = {code: (status, meaning) for status, (code, meaning) in FRAMEWORK.items()}
    crash = {CRASH[0]: (500, CRASH[1])}
    rows = [ErrorRow(code, *row) for code, row in sorted((theirs | crash | ours).items())]
    return _page(house_of(request), "documents/errors.html", FALLBACK_LOCALE, rows=rows)


def _kinds(kind: type[WidgetError]) -> list[type[WidgetError]]:
    below = [descendant for child in kind.__subclasses__() for descendant in _kinds(child)]
    return [kind, *below] if "code" in vars(kind) and kind is not WidgetError else below


async def _policy_of(request: Request, house: House) -> tuple[Booking, Policy, Speech]:
    """Return the policy that a signed link opens, and how to speak to who has it.

    Raises:
        NotFound: The link is not ours, or the policy is not of its booking.
    """
    number = request.path_params["number"]
    try:
        token = read_policy_token(request.path_params["token"], house.token_roots)
    except TokenInvalid:
        raise NotFound("This certificate") from None
    booking = await house.storage.find_booking(token.partner_code, token.booking_id)
    policies = booking.policies if booking else ()
    policy = next((policy for policy in policies if policy.number == number), None)
    if booking is None or policy is None:
        raise NotFound("This certificate")
    locale = _locale(request, house)
    country = booking.offer.purchase.customer_country
    return booking, policy, speech_for(locale, country, house.texts.in_locale(locale))


def _headers_of(file: File) -> Mapping[str, str]:
    """Return what a browser is told of a published file besides its type.

    A page may load its stylesheet and nothing else. A PDF gets no policy: the browser's own viewer
    would be held to it.
    """
    if file.media_type == PDF:
        return {"Content-Disposition": f'inline; filename="{file.digest[:16]}.pdf"'}
    return page_headers() if file.media_type == HTML else {}


def _locale(request: Request, house: House) -> str:
    wanted = request.query_params.get("locale")
    return negotiate((wanted,), house.texts.locales, FALLBACK_LOCALE)


def _page(house: House, name: str, locale: str, **values: object) -> HTMLResponse:
    html = house.rendering.render(
        name,
        texts=house.texts.in_locale(locale),
        locale=locale,
        dir=formats.direction(locale),
        **values,
    )
    return HTMLResponse(html, headers=page_headers())

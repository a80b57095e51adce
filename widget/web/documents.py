"""Pages that stand by themselves: product documents, certificates, and the list of errors."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from widget import errors, formats
from widget.certificates import certificate_of
from widget.covers import speech_for
from widget.errors import NotFound, TokenInvalid, WidgetError
from widget.formats import negotiate
from widget.products import FALLBACK_LOCALE, Section
from widget.tokens import read_policy_token
from widget.web.failures import CRASH, FRAMEWORK, status_of
from widget.web.headers import page_headers
from widget.web.house import House, house_of


@dataclass(frozen=True, slots=True)
class DocumentPage:
    """A product document in one language; the templates in `templates/documents/` name these."""

    title: str
    product_name: str
    underwriter: str
    version: str
    language: str
    sections: tuple[Section, ...]


@dataclass(frozen=True, slots=True)
class ErrorRow:
    """One error that the partner API may answer with."""

    code: str
    status: int
    meaning: str


async def show_document(request: Request) -> Response:
    """Show a document of a product version; sold versions never change."""
    house = house_of(request)
    path = request.path_params
    product = house.catalogue.products.get((path["product"], path["version"]))
    if product is None or path["code"] not in {document.code for document in product.document}:
        raise NotFound("This document")
    locale = _locale(request, house)
    text = product.document_in(path["code"], locale)
    page = DocumentPage(
        title=text.title,
        product_name=product.text_in(locale).name,
        underwriter=product.underwriter,
        version=str(product.version),
        language=locale,
        sections=text.section,
    )
    return _page(house, f"documents/{path['code']}.html", locale, document=page)


async def show_certificate(request: Request) -> Response:
    """Show the certificate of a policy to whoever has the signed link from the mail."""
    house = house_of(request)
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
    speech = speech_for(locale, country, house.texts.in_locale(locale))
    certificate = certificate_of(
        booking, policy, catalogue=house.catalogue, links=house.links, speech=speech
    )
    page = _page(house, "documents/certificate.html", locale, certificate=certificate)
    page.headers["Cache-Control"] = "no-store"
    return page


async def show_errors(request: Request) -> Response:
    """Show what each `code` of an error answer means; `href` in the answer leads here."""
    ours = {
        kind.code: (status_of(kind.__new__(kind)), (kind.__doc__ or "").splitlines()[0])
        for kind in _kinds(WidgetError)
        if not issubclass(kind, errors.CatalogueFaulty | errors.SettingInvalid)
    }
    theirs = {code: (status, meaning) for status, (code, meaning) in FRAMEWORK.items()}
    crash = {CRASH[0]: (500, CRASH[1])}
    rows = [ErrorRow(code, *row) for code, row in sorted((theirs | crash | ours).items())]
    return _page(house_of(request), "documents/errors.html", FALLBACK_LOCALE, rows=rows)


def _kinds(kind: type[WidgetError]) -> list[type[WidgetError]]:
    below = [descendant for child in kind.__subclasses__() for descendant in _kinds(child)]
    return [kind, *below] if "code" in vars(kind) and kind is not WidgetError else below


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

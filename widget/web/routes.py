"""Every address on one page.

The partner's paths are XCover's, on both of its prefixes, with and without the final slash where
its clients differ. Nothing is redirected to another spelling: a redirect makes a client send a
signature again that does not fit the new path.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from starlette.routing import BaseRoute, Route

from widget.web import (
    amendments_api,
    bookings_api,
    documents,
    embed,
    health,
    offer,
    offers_api,
    quotes_api,
    schemas_api,
    webhooks_api,
)
from widget.web.calls import OTHERS, SALES, Handler, by_method, partner_call

#: XCover's clients use either.
PREFIXES = ("/x", "/xcover")

_BOOKING: Mapping[str, tuple[Handler, str]] = {
    "GET": (bookings_api.read_booking, OTHERS),
    "POST": (bookings_api.create_booking, SALES),
    "PATCH": (amendments_api.modify_booking, OTHERS),
}

#: Each call of the partner API: its path as XCover writes it, its methods, and the limit that it
#: counts against.
_CALLS: Mapping[str, Mapping[str, tuple[Handler, str]]] = {
    "quotes/": {"POST": (quotes_api.create_quotes, SALES)},
    "quotes/{id}/": {
        "GET": (quotes_api.read_quotes, OTHERS),
        "PATCH": (quotes_api.update, OTHERS),
    },
    "quotes/{id}/add/": {"POST": (quotes_api.add, OTHERS)},
    "quotes/{id}/delete/": {"POST": (quotes_api.delete, OTHERS)},
    "instant_booking/": {"POST": (bookings_api.instant_booking, SALES)},
    "bookings/": {"GET": (bookings_api.list_bookings, OTHERS)},
    "bookings/{id}/": _BOOKING,
    "bookings/{id}": _BOOKING,
    "bookings/{id}/confirm": {"PUT": (bookings_api.confirm_booking, SALES)},
    "bookings/{id}/opt_out": {"POST": (quotes_api.opt_out, OTHERS)},
    "bookings/{id}/send_email": {"POST": (bookings_api.send_email, OTHERS)},
    "bookings/{id}/instalments/": {
        "GET": (bookings_api.read_instalments, OTHERS),
        "POST": (bookings_api.report_payments, OTHERS),
    },
    "bookings/{id}/quote_for_update": {"PATCH": (amendments_api.quote_for_update, OTHERS)},
    "bookings/{id}/confirm_update/{update_id}/": {"POST": (amendments_api.confirm_update, OTHERS)},
    "bookings/{id}/cancel": {"POST": (amendments_api.cancel_booking, OTHERS)},
    "bookings/{id}/confirm_cancellation/{cancellation_id}/": {
        "POST": (amendments_api.confirm_cancellation, OTHERS)
    },
    "renewals/{id}/quote_for_renewal/": {"PATCH": (amendments_api.quote_for_renewal, OTHERS)},
    "renewals/{id}/confirm/{renewal_id}/": {"POST": (amendments_api.confirm_renewal, OTHERS)},
    "renewals/{renewal_id}/confirmation": {"PATCH": (amendments_api.confirm_paid_renewal, OTHERS)},
    "renewals/{id}/opt_out/": {"POST": (amendments_api.opt_out_of_renewal, OTHERS)},
    "webhooks/": {"GET": (webhooks_api.list_calls, OTHERS)},
    "webhooks/{id}/redeliver/": {"POST": (webhooks_api.redeliver, OTHERS)},
    "schemas/": {"GET": (schemas_api.list_schemas, OTHERS)},
    "offers/": {"POST": (offers_api.create_offer, SALES)},
    "offers/{id}/": {"GET": (offers_api.read_offer, OTHERS)},
    "offers/{id}/confirm/": {"POST": (offers_api.confirm_offer, SALES)},
    "offers/{id}/opt_out/": {"POST": (offers_api.opt_out, OTHERS)},
}


def routes() -> list[BaseRoute]:
    """Return all routes of the service."""
    return [*_shopper(), *_partner(), *_pages(), *_operator()]


def _shopper() -> Iterator[BaseRoute]:
    yield Route("/open/{partner}", offer.open_page)
    yield Route("/open/{partner}/fragment", offer.open_fragment)
    yield Route("/offer/{token}", offer.show_page)
    yield Route("/offer/{token}/fragment", offer.show_fragment)
    yield Route("/offer/{token}/choice", offer.choose, methods=["POST"])
    yield Route("/offer/{token}/renew", offer.renew, methods=["POST"])
    yield Route("/insurance-offer.js", embed.loader)
    yield Route("/static/{digest}/{name:path}", embed.static_file)


def _partner() -> Iterator[BaseRoute]:
    for prefix in PREFIXES:
        base = f"{prefix}/partners/{{partner}}"
        for path, methods in _CALLS.items():
            handlers = {method: partner_call(*handler) for method, handler in methods.items()}
            yield Route(f"{base}/{path}", by_method(handlers), methods=list(handlers))


def _pages() -> Iterator[BaseRoute]:
    yield Route("/documents/{product}/{version:int}/{code}", documents.show_document)
    yield Route("/policies/{token}/{number}", documents.show_certificate)
    yield Route("/errors", documents.show_errors)


def _operator() -> Iterator[BaseRoute]:
    yield Route("/healthz", health.healthz)
    yield Route("/readyz", health.readyz)

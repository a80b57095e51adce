"""Every address on one page.

The partner's paths are XCover's, on both of its prefixes, with and without the final slash where
its clients differ. Nothing is redirected to another spelling: a redirect makes a client send a
signature again that does not fit the new path.
"""

from __future__ import annotations

from collections.abc import Iterator

from starlette.routing import BaseRoute, Route

from widget.web import documents, embed, health, offer, partner_api

#: XCover's clients use either.
PREFIXES = ("/x", "/xcover")


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
        yield Route(f"{base}/quotes/", partner_api.create_quotes, methods=["POST"])
        yield Route(f"{base}/quotes/{{id}}/", partner_api.read_quotes)
        yield Route(f"{base}/bookings/{{id}}/opt_out", partner_api.opt_out, methods=["POST"])
        for slash in ("/", ""):
            path = f"{base}/bookings/{{id}}{slash}"
            yield Route(path, partner_api.booking, methods=["GET", "POST"])


def _pages() -> Iterator[BaseRoute]:
    yield Route("/documents/{product}/{version:int}/{code}", documents.show_document)
    yield Route("/policies/{token}/{number}", documents.show_certificate)
    yield Route("/errors", documents.show_errors)


def _operator() -> Iterator[BaseRoute]:
    yield Route("/healthz", health.healthz)
    yield Route("/readyz", health.readyz)

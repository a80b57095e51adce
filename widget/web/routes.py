"""Every address on one page.

The partner's paths are XCover's, on both of its prefixes, with and without the final slash where
its clients differ. Nothing is redirected to another spelling: a redirect makes a client send a
signature again that does not fit the new path.
"""

from __future__ import annotations

from collections.abc import Iterator

from starlette.routing import BaseRoute, Route

from widget.web import accounts, documents, embed, health, offer, reference
from widget.web.calls import Endpoint, by_method, partner_call
from widget.web.operations import OPERATIONS

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
        yield Route(f"{prefix}/openapi.json", reference.show_openapi)
        yield Route(f"{prefix}/reference", reference.show_reference)
        for path, endpoints in _endpoints().items():
            yield Route(f"{base}/{path}", by_method(endpoints), methods=list(endpoints))


def _endpoints() -> dict[str, dict[str, Endpoint]]:
    """Return the endpoints of the partner API by path and method."""
    found: dict[str, dict[str, Endpoint]] = {}
    for one in OPERATIONS:
        for path in (one.path, *one.aliases):
            found.setdefault(path, {})[one.method] = partner_call(one.handler, one.limit)
    return found


def _pages() -> Iterator[BaseRoute]:
    yield Route("/documents/{digest}", documents.show_file)
    yield Route("/documents/{product}/{version:int}/{code}", documents.find_document)
    yield Route("/policies/{token}/{number}.pdf", documents.print_certificate)
    yield Route("/policies/{token}/{number}", documents.show_certificate)
    yield Route("/policy/{token}", accounts.show_account)
    # A remote platform's policy numbers may hold a slash.
    for path in ("/policy/{token}/withdraw", "/policy/{token}/withdraw/{number:path}"):
        yield Route(path, accounts.withdrawal, methods=["GET", "POST"])
    yield Route("/errors", documents.show_errors)


def _operator() -> Iterator[BaseRoute]:
    yield Route("/healthz", health.healthz)
    yield Route("/readyz", health.readyz)

"""Response headers: who may frame a page, what it may load, and what every answer carries."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Mapping, Sequence

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from widget.web.failures import on_http_error

#: An id that a proxy gave a request is kept when it cannot do harm in a log or a header.
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}", re.ASCII)

#: On every answer. The referrer stays inside: an offer's address holds its token. It is not
#: `no-referrer`, with which browsers send `Origin: null` on a form post of our own page.
_ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
}

_log = structlog.get_logger(__name__)


def new_nonce() -> str:
    """Return a nonce for one page."""
    return secrets.token_urlsafe(16)


def frame_headers(origins: Sequence[str], nonce: str, *, way_back: str = "") -> Mapping[str, str]:
    """Return the headers of a page or fragment of the offer.

    Args:
        way_back: The partner's address that a form post leads back to; browsers hold a redirect
            against `form-action` too.

    Only the partner's origins may frame it. Only scripts with the nonce run, and only htmx may
    write HTML (Trusted Types). Nothing is kept by a cache.
    """
    policy = (
        f"default-src 'none'; script-src 'nonce-{nonce}'; style-src 'self'; img-src 'self' data:;"
        f" connect-src 'self'; form-action 'self'{_origin_of(way_back)}; base-uri 'none';"
        f" frame-ancestors {' '.join(origins) or chr(39) + 'none' + chr(39)};"
        " require-trusted-types-for 'script'; trusted-types htmx"
    )
    return {
        "Content-Security-Policy": policy,
        "Cross-Origin-Resource-Policy": "cross-origin",
        "Cache-Control": "no-store",
    }


def _origin_of(address: str) -> str:
    return f" {'/'.join(address.split('/')[:3])}" if address else ""


def page_headers() -> Mapping[str, str]:
    """Return the headers of a document, certificate or help page: a page by itself, no scripts."""
    policy = (
        "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none';"
        " form-action 'none'; frame-ancestors 'none'"
    )
    return {"Content-Security-Policy": policy}


def account_headers() -> Mapping[str, str]:
    """Return the headers of the customer's own pages: no scripts, no cache, no search engine.

    Their address holds a token. By the referrer policy that every answer has, it is told to no
    other origin, and their forms still say where they come from.
    """
    policy = (
        "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none';"
        " form-action 'self'; frame-ancestors 'none'"
    )
    return {
        "Content-Security-Policy": policy,
        "Cache-Control": "no-store",
        "X-Robots-Tag": "noindex, nofollow, noarchive",
        "Cross-Origin-Opener-Policy": "same-origin",
    }


def is_htmx(request: Request) -> bool:
    """Tell whether htmx asks, and so wants the swapped part only."""
    return request.headers.get("hx-request") == "true"


def is_origin_allowed(
    request: Request, public_url: str, origins: Sequence[str], *, way_back: str
) -> bool:
    """Tell whether a form post comes from our own page or from one of the partner's.

    Without cookies there is nothing to ride on; this keeps a stranger's page from using a token
    that it got hold of. Older browsers and tools send no `Origin`, and a page whose referrer policy
    hides where it is sends `null`: that is good enough for an include that names its way back.
    """
    origin = request.headers.get("origin")
    hidden = {"null"} if way_back else set()
    return origin is None or origin in {public_url, *origins, *hidden}


class Envelope:
    """Gives every request an id and every answer its headers, and logs one line for each."""

    def __init__(self, app: ASGIApp, *, max_body_bytes: int) -> None:
        self._app = app
        self._max_body_bytes = max_body_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get("x-request-id", "")
        request_id = given if _REQUEST_ID.fullmatch(given) else secrets.token_hex(8)
        scope["request_id"] = request_id
        status = 0

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers["X-Request-Id"] = request_id
                for name, value in {**_ALWAYS, **scope.get("more_headers", {})}.items():
                    headers.setdefault(name, value)
            await send(message)

        begun = time.perf_counter()
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            try:
                await self._serve(scope, receive, send_with_headers)
            finally:
                _log_request(scope, status, time.perf_counter() - begun)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse a body that says itself that it is too large, and serve everything else.

        A body that does not say its size is cut off by Starlette while it is read.
        """
        length = Headers(scope=scope).get("content-length", "0")
        if length.isdecimal() and int(length) > self._max_body_bytes:
            too_large = HTTPException(413)
            response = await on_http_error(Request(scope), too_large)
            await response(scope, receive, send)
            return
        await self._app(scope, receive, send)


def _log_request(scope: Scope, status: int, seconds: float) -> None:
    """Log the route and not the path: paths hold tokens."""
    route = scope.get("route")
    _log.info(
        "request",
        method=scope["method"],
        route=getattr(route, "path", "-"),
        status=status,
        duration_ms=round(seconds * 1000, 1),
    )

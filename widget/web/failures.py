"""One table: which status each of our errors becomes, and how it is told.

The partner's backend gets XCover's envelope: `type`, `message`, `errors`, and `code`, `error_id`,
`href` of ours. A state that forbids something is 422 as in XCover, never 409: an XCover client
takes a 409 for a success that it has seen before.
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import structlog
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from widget import errors
from widget.errors import Problems, WidgetError
from widget.web.house import house_of

#: The first matching row counts: statuses and XCover's `type`.
_TABLE: tuple[tuple[type[WidgetError], int, str], ...] = (
    (errors.RequestMalformed, 400, "validation_error"),
    (errors.InputInvalid, 422, "validation_error"),
    (errors.CredentialInvalid, 401, "auth_error"),
    (errors.AccessDenied, 403, "auth_error"),
    (errors.NotFound, 404, "api_error"),
    (errors.PeopleErased, 410, "api_error"),
    (errors.RateLimited, 429, "throttled"),
    (errors.TokenInvalid, 422, "validation_error"),
    (errors.RuleBroken, 422, "validation_error"),
    (errors.DoorError, 503, "api_error"),
)

#: What the framework refuses, by status: the code and its meaning. Python renames its own names.
FRAMEWORK: Mapping[int, tuple[str, str]] = {
    400: ("malformed_request", "The bytes are not what they claim to be."),
    404: ("not_found", "There is nothing at this address."),
    405: ("method_not_allowed", "This address does not take this method."),
    413: ("payload_too_large", "The body is larger than what this service reads."),
}

#: A fault of ours.
CRASH = ("internal_error", "Something is wrong on our side. The error_id finds it in our log.")

#: Soon enough for a customer who waits, late enough for a database that restarts.
RETRY_AFTER_S = 2

_log = structlog.get_logger(__name__)


def status_of(error: WidgetError) -> int:
    """Return the HTTP status of one of our errors."""
    return next((status for kind, status, _ in _TABLE if isinstance(error, kind)), 500)


async def on_widget_error(request: Request, error: Exception) -> Response:
    """Answer with one of our errors."""
    if not isinstance(error, WidgetError):
        raise error
    status = status_of(error)
    kind = next((kind for known, _, kind in _TABLE if isinstance(error, known)), "api_error")
    problems = error.problems if isinstance(error, errors.InputInvalid) else {}
    headers = {}
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers["Retry-After"] = str(RETRY_AFTER_S)
    if isinstance(error, errors.RateLimited):
        headers["Retry-After"] = str(error.retry_after_s)
    if status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer, Signature"
    _log.info("refused", code=error.code, fields=len(problems), status=status)
    return _envelope(
        request, status, error.code, str(error), kind=kind, problems=problems, headers=headers
    )


async def on_http_error(request: Request, error: Exception) -> Response:
    """Answer what the framework refused: no such address, wrong method, body too large."""
    if not isinstance(error, HTTPException):
        raise error
    status = error.status_code
    code, message = FRAMEWORK.get(status, (f"http_{status}", HTTPStatus(status).phrase))
    headers = dict(error.headers or {})
    if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        # The rest of the body is not worth reading.
        headers["Connection"] = "close"
    return _envelope(request, status, code, message, headers=headers)


async def on_crash(request: Request, error: Exception) -> Response:
    """Answer a fault of ours: the log has it under the same id."""
    _log.error("crashed", exc_info=error)
    # The server ends the connection after a fault, so the client must not send more on it.
    return _envelope(request, 500, *CRASH, headers={"Connection": "close"})


def nested(problems: Problems) -> dict[str, Any]:
    """Return problems by path as XCover nests them: `{"request": {"0": {"currency": […]}}}`."""
    result: dict[str, Any] = {}
    for path, sentences in problems.items():
        *parents, last = path.split(".")
        place = result
        for parent in parents:
            place = place.setdefault(parent, {})
        place[last] = list(sentences)
    return result


def _envelope(
    request: Request,
    status: int,
    code: str,
    message: str,
    *,
    kind: str = "api_error",
    problems: Problems | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    body = {
        "type": kind,
        "message": message,
        "errors": nested(problems or {}),
        "code": code,
        "error_id": request.scope.get("request_id", ""),
        "href": f"{house_of(request).settings.public_url}/errors#{code}",
    }
    return JSONResponse(
        body, status_code=status, headers={"Cache-Control": "no-store", **(headers or {})}
    )

"""Whatever is refused or breaks: one envelope, the right status, nothing of our inside."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.testclient import TestClient
from structlog.testing import LogCapture

from tests.builders import NOON, purchase_json, some_settings
from tests.fakes import Postbox, SilentUpstream
from tests.service import Service, running_service
from widget import denials, errors
from widget.app import build_app
from widget.errors import WidgetError
from widget.storage.sqlite import SqliteStorage
from widget.web.failures import nested

REFUSALS: dict[WidgetError, tuple[int, str, str]] = {
    errors.RequestMalformed("It is not JSON."): (400, "validation_error", "malformed_request"),
    errors.DigestMismatch("sha-256=:AAAA=:", 7): (400, "validation_error", "digest_mismatch"),
    errors.InputInvalid({"a.0.b": ["No."]}): (422, "validation_error", "validation_failed"),
    errors.AccessDenied("Not you."): (403, "auth_error", "access_denied"),
    errors.CredentialInvalid("Who?"): (401, "auth_error", "credential_invalid"),
    denials.ClockSkewed(NOON, NOON, 900): (401, "auth_error", "clock_skewed"),
    denials.SignatureInvalid("GET", "/", ["date"], "hmac-sha256"): (
        403,
        "auth_error",
        "signature_invalid",
    ),
    denials.DigestRequired(): (403, "auth_error", "digest_required"),
    errors.NotFound("Booking"): (404, "api_error", "not_found"),
    errors.PeopleErased("A-B-INS"): (410, "api_error", "people_erased"),
    errors.TokenInvalid(): (422, "validation_error", "token_invalid"),
    errors.OfferExpired("A-B-INS", NOON): (422, "validation_error", "offer_expired"),
    errors.QuoteNotOffered("A-B-INS", "q"): (422, "validation_error", "quote_not_offered"),
    errors.ChoiceMissing("A-B-INS"): (422, "validation_error", "choice_missing"),
    errors.ChoiceChanged("A-B-INS"): (422, "validation_error", "choice_changed"),
    errors.SaleDeferred("A-B-INS", NOON): (422, "validation_error", "sale_deferred"),
    errors.OfferDeclined("A-B-INS"): (422, "validation_error", "offer_declined"),
    errors.AlreadyConfirmed("A-B-INS"): (422, "validation_error", "already_confirmed"),
    errors.RateLimited(20, 1): (429, "throttled", "rate_limited"),
    errors.StatusForbids("A-B-INS", "CANCELLED"): (422, "validation_error", "status_forbids"),
    errors.RecordsKept("A-B-INS", NOON): (422, "validation_error", "records_kept"),
    errors.NotAllowedByProduct("No."): (422, "validation_error", "not_allowed_by_product"),
    errors.AmendmentExpired("a-UPD", NOON): (422, "validation_error", "amendment_expired"),
    errors.AmendmentApplied("a-UPD"): (422, "validation_error", "amendment_applied"),
    errors.AmendmentStale("a-UPD"): (422, "validation_error", "amendment_stale"),
    errors.IdempotencyKeyReused("k"): (422, "validation_error", "idempotency_key_reused"),
    errors.UpstreamRefused("No."): (422, "validation_error", "upstream_refused"),
    errors.ReplyTaken("Taken."): (503, "api_error", "temporarily_unavailable"),
    errors.PaymentAlreadyUsed("ORDER-1"): (422, "validation_error", "payment_already_used"),
    errors.PurchaseMismatch("A-B-INS"): (422, "validation_error", "purchase_mismatch"),
    errors.PremiumMismatch("A-B-INS", "1", "2"): (422, "validation_error", "premium_mismatch"),
    errors.StorageUnavailable("Away."): (503, "api_error", "temporarily_unavailable"),
    errors.UpstreamUnavailable("Away."): (503, "api_error", "temporarily_unavailable"),
    errors.DeliveryFailed("Refused."): (503, "api_error", "delivery_failed"),
    errors.CatalogueFaulty("a.toml", "gone"): (500, "api_error", "catalogue_faulty"),
    errors.SettingInvalid("PORT", "taken"): (500, "api_error", "setting_invalid"),
}


@pytest.fixture
def raising(storage: SqliteStorage) -> Iterator[tuple[TestClient, list[Exception]]]:
    """A service with one address more, at which the errors of a test are raised in turn."""
    waiting: list[Exception] = []

    async def raise_next(_: Request) -> Response:
        raise waiting.pop(0)

    app = build_app(some_settings(), storage=storage, delivery=Postbox())
    app.router.routes.append(Route("/raise", raise_next))
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client, waiting


def leaves(kind: type[WidgetError]) -> set[type[WidgetError]]:
    below = {leaf for child in kind.__subclasses__() for leaf in leaves(child)}
    return below or {kind}


def test_every_kind_of_error_is_tried_here() -> None:
    assert leaves(WidgetError) <= {type(error) for error in REFUSALS}


@pytest.mark.parametrize("error", REFUSALS, ids=lambda error: type(error).__name__)
def test_every_error_is_told_in_the_same_envelope(
    raising: tuple[TestClient, list[Exception]], error: WidgetError
) -> None:
    client, waiting = raising
    waiting.append(error)

    response = client.get("/raise", headers={"X-Request-Id": "request-0001"})

    status, kind, code = REFUSALS[error]
    problems = {"a": {"0": {"b": ["No."]}}} if code == "validation_failed" else {}
    assert response.status_code == status
    assert response.headers["Content-Type"] == "application/json"
    assert response.headers["Cache-Control"] == "no-store"
    assert response.json() == {
        "type": kind,
        "message": str(error),
        "errors": problems,
        "code": code,
        "error_id": "request-0001",
        "href": f"https://cover.test/errors#{code}",
    }


def test_what_may_succeed_later_says_when(raising: tuple[TestClient, list[Exception]]) -> None:
    client, waiting = raising
    waiting.append(errors.StorageUnavailable("Away."))

    assert client.get("/raise").headers["Retry-After"] == "2"


def test_who_is_not_known_is_told_how_to_be(service: Service) -> None:
    response = service.client.post("/x/partners/acme/quotes/", json=purchase_json())

    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == "Bearer, Signature"


def test_no_refusal_looks_like_a_replay() -> None:
    # XCover's clients take a 409 for a success that they have seen before.
    assert 409 not in {status for status, _, _ in REFUSALS.values()}


def test_problems_are_nested_by_their_path() -> None:
    problems = {"request.0.trip_end_date": ["No."], "request.0.flights": ["No."], "currency": ["?"]}

    assert nested(problems) == {
        "request": {"0": {"trip_end_date": ["No."], "flights": ["No."]}},
        "currency": ["?"],
    }


# -- what the framework refuses


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nowhere", 404, "not_found"),
        ("GET", "/x/partners/acme/nowhere/", 404, "not_found"),
        ("GET", "/x/partners/acme/quotes", 404, "not_found"),
        ("POST", "/healthz", 405, "method_not_allowed"),
        ("DELETE", "/x/partners/acme/quotes/", 405, "method_not_allowed"),
        ("PUT", "/x/partners/acme/bookings/A-B-INS/", 405, "method_not_allowed"),
        ("GET", "/offer/token/choice", 405, "method_not_allowed"),
    ],
)
def test_a_wrong_address_or_method_is_told_in_the_envelope(
    service: Service, method: str, path: str, status: int, code: str
) -> None:
    response = service.client.request(method, path)

    assert response.status_code == status
    assert response.json()["code"] == code
    assert response.json()["error_id"] == response.headers["X-Request-Id"]
    assert (status == 405) == ("Allow" in response.headers)


def test_nothing_is_redirected_to_another_spelling(service: Service) -> None:
    response = service.client.post("/x/partners/acme/quotes", follow_redirects=False)

    assert response.status_code == 404


TOO_LARGE = b"x" * (some_settings().max_body_bytes + 1)


def in_pieces() -> Iterator[bytes]:
    for start in range(0, len(TOO_LARGE), 8192):
        yield TOO_LARGE[start : start + 8192]


@pytest.mark.parametrize("path", ["quotes/", "bookings/A-B-INS/"])
@pytest.mark.parametrize("is_declared", [True, False], ids=["declared", "in pieces"])
def test_a_body_that_is_too_large_is_not_read(
    service: Service,
    path: str,
    is_declared: bool,  # noqa: FBT001 - pytest passes it by name
) -> None:
    path = path.replace("A-B-INS", service.quote()["id"])

    response = service.call("POST", path, content=TOO_LARGE if is_declared else in_pieces())

    assert response.status_code == 413
    assert response.json()["code"] == "payload_too_large"
    assert response.json()["error_id"] == response.headers["X-Request-Id"]
    assert response.headers["X-Content-Type-Options"] == "nosniff"


def test_a_body_of_the_largest_size_is_read(service: Service) -> None:
    body = b'{"a": "' + b"x" * (some_settings().max_body_bytes - 9) + b'"}'
    assert len(body) == some_settings().max_body_bytes

    assert service.call("POST", "quotes/", content=body).status_code == 422


# -- what breaks


def test_a_fault_of_ours_tells_an_id_and_nothing_else(
    raising: tuple[TestClient, list[Exception]],
) -> None:
    client, waiting = raising
    waiting.append(ZeroDivisionError("canary"))

    response = client.get("/raise", headers={"X-Request-Id": "request-0001"})

    assert response.status_code == 500
    assert response.json()["code"] == "internal_error"
    assert response.json()["error_id"] == response.headers["X-Request-Id"] == "request-0001"
    assert response.headers["Connection"] == "close"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert not any(word in response.text for word in ("canary", "ZeroDivision", "Traceback", ".py"))


def test_the_log_has_a_fault_of_ours_under_the_id_that_was_told(
    raising: tuple[TestClient, list[Exception]],
) -> None:
    client, waiting = raising
    waiting.append(ZeroDivisionError("canary"))
    capture = LogCapture()
    before = structlog.get_config()
    structlog.configure(
        processors=[structlog.contextvars.merge_contextvars, capture],
        cache_logger_on_first_use=False,
    )
    try:
        error_id = client.get("/raise").json()["error_id"]
    finally:
        structlog.configure(**before)

    lines = {line["event"]: line for line in capture.entries}
    assert lines["crashed"]["request_id"] == error_id
    assert lines["request"]["request_id"] == error_id
    assert lines["request"]["status"] == 500


def test_a_storage_that_is_away_is_503_for_the_partner(service: Service) -> None:
    service.run(service.storage.close)

    response = service.call("POST", "quotes/", json=purchase_json())

    assert response.status_code == 503
    assert response.json()["code"] == "temporarily_unavailable"
    assert response.headers["Retry-After"]


def test_an_upstream_that_is_silent_is_503_for_the_partner(storage: SqliteStorage) -> None:
    with running_service(storage, upstream=SilentUpstream()) as service:
        response = service.call("POST", "quotes/", json=purchase_json())

    assert response.status_code == 503
    assert response.json()["code"] == "temporarily_unavailable"


# -- what an orchestrator asks


def test_a_service_that_lives_says_so_even_without_its_database(service: Service) -> None:
    service.run(service.storage.close)

    response = service.client.get("/healthz")

    assert response.status_code == 200
    assert response.json()["status"] == "ok"


def test_a_service_is_ready_when_its_database_reads_and_writes(service: Service) -> None:
    assert service.client.get("/readyz").json() == {"status": "ready"}


def test_a_service_whose_database_is_away_is_not_ready(service: Service) -> None:
    service.run(service.storage.close)

    response = service.client.get("/readyz")

    assert response.status_code == 503
    assert response.json()["code"] == "temporarily_unavailable"


def test_a_service_whose_database_cannot_be_written_is_not_ready(service: Service) -> None:
    assert service.storage._writing is not None
    service.storage._writing.execute("PRAGMA query_only = ON")

    assert service.client.get("/readyz").status_code == 503

"""What every answer carries, and what a page of ours may do in a page that is not."""

from __future__ import annotations

import re

import httpx2
import pytest

from tests.builders import a_partner
from tests.service import Service
from widget.web.headers import frame_headers, new_nonce


def answers(service: Service) -> dict[str, httpx2.Response]:
    """Return one answer of each kind."""
    package = service.quote()
    service.choose_first(package)
    booking = service.confirm(package["id"])
    get = service.client.get
    return {
        "page": service.open(),
        "fragment": get(f"/offer/{package['offer_token']}/fragment"),
        "swap": get(package["offer_url"], headers={"HX-Request": "true"}),
        "refused page": get("/open/initech"),
        "package": service.call("GET", f"quotes/{package['id']}/"),
        "booking": booking,
        "error": get("/x/partners/acme/quotes/1/"),
        "nowhere": get("/nowhere"),
        "loader": get("/insurance-offer.js"),
        "document": get("/documents/travel_protection/1/wording"),
        "certificate": get(booking.json()["coi"]["url"]),
        "errors": get("/errors"),
        "health": get("/healthz"),
        "readiness": get("/readyz"),
        "redirect": service.choose(service.quote(partner_reference="CHK-2"), "opted_out"),
        "too large": service.call("POST", "quotes/", content=b"x" * 100_000),
    }


def policy(answer: httpx2.Response) -> dict[str, str]:
    """Return the directives of a content security policy."""
    parts = answer.headers["Content-Security-Policy"].split(";")
    return {name: rest for name, _, rest in (part.strip().partition(" ") for part in parts)}


def test_every_answer_carries_what_every_answer_must(service: Service) -> None:
    for name, answer in answers(service).items():
        assert answer.headers["X-Content-Type-Options"] == "nosniff", name
        assert answer.headers["Referrer-Policy"] == "same-origin", name
        assert "camera=()" in answer.headers["Permissions-Policy"], name
        assert re.fullmatch(r"[0-9a-f]{16}", answer.headers["X-Request-Id"]), name
        assert "Server" not in answer.headers, name
        assert "Set-Cookie" not in answer.headers, name


def test_every_page_has_a_policy_without_a_gap(service: Service) -> None:
    pages = {
        name: answer
        for name, answer in answers(service).items()
        if answer.headers.get("Content-Type", "").startswith("text/html")
    }

    assert len(pages) >= 7
    for name, page in pages.items():
        directives = policy(page)
        assert directives["default-src"] == "'none'", name
        assert directives["base-uri"] == "'none'", name
        assert "frame-ancestors" in directives, name
        assert "unsafe" not in page.headers["Content-Security-Policy"], name
        assert "*" not in page.headers["Content-Security-Policy"], name


def test_what_is_private_is_kept_by_no_cache(service: Service) -> None:
    private = {"page", "fragment", "swap", "package", "booking", "error", "certificate"}

    for name, answer in answers(service).items():
        if name in private:
            assert answer.headers["Cache-Control"] == "no-store", name


@pytest.mark.parametrize("state", ["open", "opted_in", "unavailable"])
def test_exactly_the_partners_origins_may_frame_an_offer(service: Service, state: str) -> None:
    origins = ("https://shop.test", "https://m.shop.test:8443")
    service.add(a_partner(origins=origins))
    service.add(a_partner("globex", origins=("https://globex.test",)))
    package = service.quote()
    if state == "opted_in":
        service.choose_first(package)
    address = "/open/acme" if state == "unavailable" else package["offer_url"]

    page = service.client.get(address)

    assert f'data-state="{state}"' in page.text
    assert policy(page)["frame-ancestors"].split() == list(origins)


def test_nobody_may_frame_the_refusal_of_a_partner_that_does_not_exist(service: Service) -> None:
    assert policy(service.client.get("/open/initech"))["frame-ancestors"] == "'none'"


@pytest.mark.parametrize("path", ["/errors", "/documents/travel_protection/1/wording"])
def test_nobody_may_frame_a_page_that_stands_by_itself(service: Service, path: str) -> None:
    page = service.client.get(path)

    assert policy(page)["frame-ancestors"] == "'none'"
    assert "script-src" not in policy(page)


def test_a_partner_without_origins_is_framed_by_nobody() -> None:
    headers = frame_headers((), "nonce")

    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]


def test_only_scripts_with_the_pages_own_nonce_run(service: Service) -> None:
    page = service.open()

    nonce = re.search(r"'nonce-([^']+)'", page.headers["Content-Security-Policy"])
    assert nonce is not None
    scripts = re.findall(r"<script\b[^>]*>", page.text)
    assert scripts
    assert all(f'nonce="{nonce[1]}"' in script for script in scripts)
    assert set(re.findall(r'hx-nonce="([^"]*)"', page.text)) == {nonce[1]}


def test_no_two_pages_have_the_same_nonce(service: Service) -> None:
    first, second = (policy(service.open())["script-src"] for _ in range(2))

    assert first != second
    assert len(new_nonce()) >= 22  # 128 random bits


# -- the id of a request


@pytest.mark.parametrize("given", ["abcdefgh", "A.b_c-0123456789", "x" * 64])
def test_a_requests_id_is_kept_when_it_is_harmless(service: Service, given: str) -> None:
    answer = service.client.get("/nowhere", headers={"X-Request-Id": given})

    assert answer.headers["X-Request-Id"] == given
    assert answer.json()["error_id"] == given


@pytest.mark.parametrize(
    "given", ["", "short", "x" * 65, "with space", "semi;colon", "quote\"'<b>", "ümlaut-id"]
)
def test_another_id_is_given_to_a_request_whose_id_is_not(service: Service, given: str) -> None:
    headers = {b"X-Request-Id": given.encode("latin-1")}

    answer = service.client.get("/nowhere", headers=headers)

    assert re.fullmatch(r"[0-9a-f]{16}", answer.headers["X-Request-Id"])
    assert answer.json()["error_id"] == answer.headers["X-Request-Id"]


def test_links_come_from_the_settings_and_never_from_the_request(service: Service) -> None:
    package = service.call(
        "GET",
        f"quotes/{service.quote()['id']}/",
        headers={"Host": "evil.test", "X-Forwarded-Host": "evil.test"},
    )

    assert package.json()["offer_url"].startswith("https://cover.test/")
    assert "evil.test" not in package.text

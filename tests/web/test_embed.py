"""What a page that is not ours loads from us."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest

from tests.service import Service
from widget.app import folder

FILES = [
    "offer.css",
    "offer.js",
    "vendor/htmx@4.0.1/htmx.min.js",
    "vendor/htmx@4.0.1/hx-csp.min.js",
]


def served(name: str) -> bytes:
    """Return a file as it goes out: our own scripts without the lines that only hold comments."""
    body = (folder("static") / name).read_bytes()
    if "vendor" in name or not name.endswith(".js"):
        return body
    lines = body.splitlines(keepends=True)
    return b"".join(line for line in lines if not line.lstrip().startswith(b"//"))


def digest(name: str) -> str:
    return hashlib.sha256(served(name)).hexdigest()[:16]


def test_the_loader_is_the_file_and_any_page_may_load_it(service: Service) -> None:
    answer = service.client.get("/insurance-offer.js", headers={"Origin": "https://any.test"})

    assert answer.status_code == 200
    assert answer.content == served("insurance-offer.js")
    assert answer.headers["Content-Type"].startswith("text/javascript")
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"


def test_a_release_of_the_loader_reaches_every_page_within_minutes(service: Service) -> None:
    caching = service.client.get("/insurance-offer.js").headers["Cache-Control"]

    assert "public" in caching
    age = re.search(r"max-age=(\d+)", caching)
    assert age is not None
    assert int(age[1]) <= 300
    assert "immutable" not in caching


def test_a_browser_that_has_the_loader_is_told_so(service: Service) -> None:
    first = service.client.get("/insurance-offer.js")

    again = service.client.get(
        "/insurance-offer.js", headers={"If-None-Match": first.headers["ETag"]}
    )

    assert again.status_code == 304
    assert again.content == b""
    assert again.headers["ETag"] == first.headers["ETag"]
    assert again.headers["Cache-Control"] == first.headers["Cache-Control"]


@pytest.mark.parametrize("tag", ['"0123456789abcdef"', "rubbish", ""])
def test_a_browser_that_has_an_older_loader_gets_the_new_one(service: Service, tag: str) -> None:
    answer = service.client.get("/insurance-offer.js", headers={"If-None-Match": tag})

    assert answer.status_code == 200


@pytest.mark.parametrize("form", ["W/{}", '"older", {}', "*"])
def test_a_proxy_may_spell_the_same_tag_in_another_way(service: Service, form: str) -> None:
    tag = service.client.get("/insurance-offer.js").headers["ETag"]

    answer = service.client.get("/insurance-offer.js", headers={"If-None-Match": form.format(tag)})

    assert answer.status_code == 304


@pytest.mark.parametrize("name", FILES)
def test_a_file_with_its_digest_is_kept_for_ever(service: Service, name: str) -> None:
    answer = service.client.get(f"/static/{digest(name)}/{name}")

    assert answer.status_code == 200
    assert answer.content == served(name)
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"


@pytest.mark.parametrize(
    "path",
    [
        "0123456789abcdef/offer.css",
        f"{digest('offer.js')}/offer.css",
        f"{digest('offer.css')}/nothing.css",
        f"{digest('offer.css')}/../offer.css",
        f"{digest('offer.css')}/..%2f..%2fpyproject.toml",
        f"{digest('offer.css')}/vendor/htmx@4.0.1/README.md",
        f"{digest('offer.css')}/",
        "offer.css",
    ],
)
def test_another_version_and_another_file_are_not_found(service: Service, path: str) -> None:
    answer = service.client.get(f"/static/{path}")

    assert answer.status_code == 404
    assert "immutable" not in answer.headers.get("Cache-Control", "")


def test_a_page_asks_for_files_by_their_digest(service: Service) -> None:
    page = service.open().text

    asked = re.findall(r'(?:src|href)="https://cover\.test(/static/[^"]+)"', page)

    assert {Path(path).name for path in asked} >= {"offer.css", "offer.js", "htmx.min.js"}
    for path in asked:
        assert service.client.get(path).status_code == 200


def test_a_head_request_has_the_same_headers_and_no_body(service: Service) -> None:
    head = service.client.head("/insurance-offer.js")

    assert head.status_code == 200
    assert head.content == b""
    assert head.headers["ETag"] == service.client.get("/insurance-offer.js").headers["ETag"]

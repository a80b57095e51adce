"""The document that was shown before the choice is the one that is sent, to the last byte."""

from __future__ import annotations

import asyncio
import hashlib
import re
import shutil
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest

import widget
from tests.live import LiveService, environment, serving
from tests.mailserver import Inbox, running
from tests.test_race import a_client, confirmation, opted_in, prepare, purchase

pytestmark = pytest.mark.anyio

SENTENCE = "for the same reasons"


@pytest.fixture
def catalogue(tmp_path: Path) -> Path:
    """A catalogue of the operator's own, to be changed by the test."""
    folder = tmp_path / "catalogue"
    shutil.copytree(Path(widget.__file__).parent / "catalogue", folder)
    return folder


async def fetched(client: httpx2.AsyncClient, live: LiveService, address: str) -> bytes:
    answer = await client.get(f"{live.url}{urlsplit(address).path}")
    assert answer.status_code == 200
    return answer.content


def documents_on(page: bytes) -> list[str]:
    """Return the addresses of the documents that an offer's page leads to."""
    return re.findall(r'href="(https://cover\.test/documents/[^"]+)"', page.decode())


def attached(inbox: Inbox) -> dict[str | None, bytes]:
    """Return the files that came with the only mail, by name."""
    (mail,) = inbox.mails
    return {part.get_filename(): part.get_content() for part in mail.iter_attachments()}


async def test_what_was_shown_is_sent_although_the_catalogue_was_changed_between(
    tmp_path: Path, catalogue: Path
) -> None:
    path = tmp_path / "sale.db"
    await prepare(path)
    file = catalogue / "travel_protection.v1.toml"
    async with running(Inbox()) as inbox:
        environ = environment(
            path, SMTP_URL=f"smtp://127.0.0.1:{inbox.port}", CATALOGUE_DIR=catalogue
        )
        with serving(environ) as live:
            async with a_client(live) as client:
                package = await opted_in(client, live, "SHOWN-1")
                page = await fetched(client, live, package["offer_url"])
                addresses = documents_on(page)
                pages = [await fetched(client, live, address) for address in addresses]
                files: list[dict[str, Any]] = package["quotes"]["0"]["files"]
                printed = [await fetched(client, live, file["pdf"]) for file in files]
        changed = file.read_text(encoding="utf-8").replace(SENTENCE, "for other reasons")
        assert changed != file.read_text(encoding="utf-8")
        file.write_text(changed, encoding="utf-8")
        with serving(environ) as live:
            async with a_client(live) as client:
                again = await fetched(client, live, package["offer_url"])
                kept = [await fetched(client, live, address) for address in addresses]
                body = confirmation(package, "ORDER-SHOWN-1")
                await client.post(f"bookings/{package['id']}/", json=body)
                await asyncio.wait_for(inbox.has_mail.wait(), 20)
                other = (await client.post("quotes/", json=purchase("SHOWN-2"))).json()

    assert SENTENCE.encode() in b"".join(pages)
    assert documents_on(again) == addresses
    assert kept == pages
    sent = list(attached(inbox).values())
    assert sent[1:] == printed
    assert [hashlib.sha256(body).hexdigest() for body in sent[1:]] == [
        file["pdf"].rpartition("/")[2] for file in files
    ]
    # The next offer is shown with what the catalogue says now.
    assert {file["url"] for file in other["quotes"]["0"]["files"]}.isdisjoint(addresses)


async def test_the_confirmation_carries_the_certificate_and_the_documents(tmp_path: Path) -> None:
    path = tmp_path / "mail.db"
    await prepare(path)
    async with running(Inbox()) as inbox:
        with serving(environment(path, SMTP_URL=f"smtp://127.0.0.1:{inbox.port}")) as live:
            async with a_client(live) as client:
                package = await opted_in(client, live, "SENT-1")
                body = confirmation(package, "ORDER-SENT-1")
                booking = (await client.post(f"bookings/{package['id']}/", json=body)).json()
                await asyncio.wait_for(inbox.has_mail.wait(), 20)
                certificate = await fetched(client, live, booking["coi"]["pdf"])

    number = booking["quotes"][0]["policy_number"]
    files = attached(inbox)
    assert list(files) == [
        f"{number}.pdf",
        "Insurance-product-information-document.pdf",
        "Policy-wording.pdf",
    ]
    # The locale of the letter is the one of the choice, as in the answer.
    assert files[f"{number}.pdf"] == certificate

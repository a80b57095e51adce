"""Real HTTP to a real process: many at once, one mail, a body without an end."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.builders import PARTNER_KEY, a_key, a_partner, policyholder_json, purchase_json
from tests.live import LiveService, environment, serving
from tests.mailserver import Inbox, running
from widget.partners import Mode, secret_of
from widget.storage.sqlite import SqliteStorage

pytestmark = pytest.mark.anyio

KEY = a_key(mode=Mode.LIVE)


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with the partner `acme`, who has a live key."""
    path = tmp_path_factory.mktemp("live") / "live.db"
    asyncio.run(prepare(path))
    return path


async def prepare(path: Path) -> None:
    storage = SqliteStorage(str(path))
    await storage.open()
    await storage.save_partner(a_partner())
    await storage.add_key(KEY)
    await storage.close()


@pytest.fixture(scope="module")
def live(database: Path) -> Iterator[LiveService]:
    # There is no mail server at this port: what is owed waits in the database.
    with serving(environment(database, SMTP_URL="smtp://127.0.0.1:1")) as service:
        yield service


@pytest.fixture
async def client(live: LiveService) -> AsyncIterator[httpx2.AsyncClient]:
    async with a_client(live) as client:
        yield client


def a_client(live: LiveService) -> httpx2.AsyncClient:
    secret = secret_of(KEY, [PARTNER_KEY.encode()])
    return httpx2.AsyncClient(
        base_url=f"{live.url}/x/partners/acme/",
        headers={"Authorization": f"Bearer {secret}"},
        limits=httpx2.Limits(max_connections=64),
        timeout=30,
        trust_env=False,
    )


def purchase(reference: str) -> dict[str, Any]:
    """Return a purchase in the future of the machine's own clock."""
    starts_at = datetime.now(UTC).replace(microsecond=0) + timedelta(days=30)
    trip = {
        "trip_start_date": starts_at.isoformat(),
        "trip_end_date": (starts_at + timedelta(days=7)).isoformat(),
    }
    return purchase_json(partner_reference=reference, trip=trip)


async def opted_in(client: httpx2.AsyncClient, live: LiveService, reference: str) -> dict[str, Any]:
    """Return a package in which the first plan was chosen, with its token."""
    package = (await client.post("quotes/", json=purchase(reference))).json()
    await client.post(
        f"{live.url}/offer/{package['offer_token']}/choice",
        data={"choice": package["quotes"]["0"]["id"]},
        headers={"HX-Request": "true"},
    )
    chosen: dict[str, Any] = (await client.get(f"quotes/{package['id']}/")).json()
    return chosen


def confirmation(package: dict[str, Any], transaction_id: str) -> dict[str, Any]:
    return {
        "quote_token": package["quote_token"],
        "policyholder": policyholder_json(),
        "partner_transaction_id": transaction_id,
    }


async def test_64_confirmations_at_once_make_one_booking(
    client: httpx2.AsyncClient, live: LiveService
) -> None:
    package = await opted_in(client, live, "RACE-1")
    body = confirmation(package, "ORDER-RACE-1")

    answers = await asyncio.gather(
        *(client.post(f"bookings/{package['id']}/", json=body) for _ in range(64))
    )

    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    replayed = [answer.headers.get("Idempotent-Replayed") for answer in answers]
    assert replayed.count(None) == 1
    booking = (await client.get(f"bookings/{package['id']}/")).json()
    assert booking == answers[0].json()
    assert len(booking["quotes"]) == 1


async def test_one_payment_for_many_offers_at_once_makes_one_booking(
    client: httpx2.AsyncClient, live: LiveService
) -> None:
    packages = [await opted_in(client, live, f"RACE-2-{number}") for number in range(16)]

    answers = await asyncio.gather(
        *(
            client.post(f"bookings/{package['id']}/", json=confirmation(package, "ORDER-RACE-2"))
            for package in packages
        )
    )

    assert sorted(answer.status_code for answer in answers) == [200, *[422] * 15]
    refused = {answer.json().get("code") for answer in answers if answer.status_code == 422}
    assert refused == {"payment_already_used"}


async def test_64_openings_at_once_are_one_offer(client: httpx2.AsyncClient) -> None:
    body = purchase("RACE-3")

    answers = await asyncio.gather(*(client.post("quotes/", json=body) for _ in range(64)))

    assert len({answer.content for answer in answers}) == 1


async def test_a_booking_survives_the_sudden_death_of_the_service(database: Path) -> None:
    path = database.with_name("killed.db")
    await prepare(path)
    environ = environment(path, SMTP_URL="smtp://127.0.0.1:1")
    with serving(environ) as one:
        async with a_client(one) as client:
            package = await opted_in(client, one, "KILL-1")
            body = confirmation(package, "ORDER-KILL-1")
            first = await client.post(f"bookings/{package['id']}/", json=body)
            one.process.kill()
            one.wait()

    with serving(environ) as two:
        async with a_client(two) as client:
            again = await client.post(f"bookings/{package['id']}/", json=body)

    assert first.status_code == again.status_code == 200
    assert again.content == first.content
    assert again.headers["Idempotent-Replayed"] == "true"


async def test_a_booking_brings_one_mail_to_its_customer(tmp_path: Path) -> None:
    path = tmp_path / "mail.db"
    await prepare(path)
    async with running(Inbox()) as inbox:
        environ = environment(path, SMTP_URL=f"smtp://127.0.0.1:{inbox.port}")
        with serving(environ) as live:
            async with a_client(live) as client:
                package = await opted_in(client, live, "MAIL-1")
                body = confirmation(package, "ORDER-MAIL-1")
                booking = (await client.post(f"bookings/{package['id']}/", json=body)).json()
                await client.post(f"bookings/{package['id']}/", json=body)
                await asyncio.wait_for(inbox.has_mail.wait(), 10)

    assert inbox.recipients == [["ada.muster@customer.example"]]
    number = booking["quotes"][0]["policy_number"]
    assert inbox.mails[0]["Subject"] == f"Your policy {number} is confirmed"


def test_a_body_without_an_end_is_cut_off(live: LiveService) -> None:
    secret = secret_of(KEY, [PARTNER_KEY.encode()])
    head = (
        "POST /x/partners/acme/quotes/ HTTP/1.1\r\nHost: cover.test\r\n"
        f"Authorization: Bearer {secret}\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    piece = b"2000\r\n" + b" " * 0x2000 + b"\r\n"
    with socket.create_connection(("127.0.0.1", live.port), timeout=10) as connection:
        connection.sendall(head.encode())
        sent = 0
        try:
            while sent < 100_000_000:
                connection.sendall(piece)
                sent += len(piece)
        except OSError:
            pass  # the service has hung up, as it should
        answer = _received(connection)

    assert sent < 10_000_000
    assert answer.startswith(b"HTTP/1.1 413") or not answer


def _received(connection: socket.socket) -> bytes:
    try:
        return connection.recv(65_536)
    except OSError:
        return b""  # with what we sent unread, the answer may be lost on the way


async def test_the_log_holds_no_secret_and_no_person(
    client: httpx2.AsyncClient, live: LiveService
) -> None:
    package = await opted_in(client, live, "LOG-1")
    body = confirmation(package, "ORDER-LOG-1")
    assert (await client.post(f"bookings/{package['id']}/", json=body)).status_code == 200

    log = str(live.lines)

    assert "serving" in log
    for secret in (
        *("Ada", "Muster", "ada.muster", "Bearer", "sk_live", PARTNER_KEY),
        *(package["quote_token"], package["offer_token"]),
    ):
        assert secret not in log

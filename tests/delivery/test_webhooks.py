"""Calls of webhooks over real HTTP: taken, refused, late, and never into our own network."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import trustme
from starlette.responses import RedirectResponse, Response

from tests.builders import NOON, PARTNER_KEY, a_booking, a_message, a_partner
from tests.receiver import Receiver, receiving
from widget.bookings import Booking
from widget.delivery.webhooks import WebhookDelivery
from widget.errors import DeliveryFailed
from widget.messages import Kind, Message
from widget.partners import Mode, Partner
from widget.webhooks import headers_for, with_webhook

pytestmark = pytest.mark.anyio

ROOT = PARTNER_KEY.encode()
BODY = '{"event":"BOOKING_CREATED","payload":{"name":"Müller"}}'
EVENT = a_message(id="evt_1", kind=Kind.WEBHOOK, body=BODY)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


def told_at(url: str) -> Partner:
    """Return a partner with a webhook whose address nobody has looked at."""
    partner = with_webhook(a_partner(), Mode.TEST, "https://shop.test/", root=ROOT)
    return replace(partner, webhooks=(replace(partner.webhooks[0], url=url),))


def delivery(**changes: object) -> WebhookDelivery:
    """Return a delivery that may call this machine, unless a test says otherwise."""
    own = WebhookDelivery([ROOT], lambda: NOON, private_hosts={"127.0.0.1"})
    return replace(own, **changes)  # type: ignore[arg-type]


async def call(
    url: str,
    *,
    by: WebhookDelivery | None = None,
    message: Message = EVENT,
    booking: Booking | None = None,
) -> None:
    await (by or delivery()).deliver(message, booking or a_booking(), told_at(url))


async def failure_of(url: str, *, by: WebhookDelivery | None = None) -> DeliveryFailed:
    with pytest.raises(DeliveryFailed) as failure:
        await call(url, by=by)
    return failure.value


async def test_a_call_brings_the_body_byte_for_byte_with_its_headers(receiver: Receiver) -> None:
    partner = told_at(f"{receiver.url}/hooks?shop=1")

    await delivery().deliver(EVENT, a_booking(), partner)

    (received,) = receiver.received
    wanted = headers_for(EVENT, partner.webhooks[0], roots=[ROOT], now=NOON)
    assert received.path == "/hooks?shop=1"
    assert received.body == BODY.encode()
    assert {name: received.headers[name.lower()] for name in wanted} == wanted
    assert received.headers["host"] == f"127.0.0.1:{receiver.port}"
    assert "cookie" not in received.headers


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
async def test_any_success_takes_a_call(receiver: Receiver, status: int) -> None:
    receiver.answers = [Response(status_code=status)]

    await call(receiver.url)


@pytest.mark.parametrize("status", [400, 401, 404, 409, 422, 429, 500, 502, 503])
async def test_any_other_answer_is_tried_again(receiver: Receiver, status: int) -> None:
    receiver.answers = [Response(status_code=status)]

    failure = await failure_of(receiver.url)

    assert str(failure) == f"The webhook answered {status}."
    assert not failure.is_final


async def test_a_receiver_that_is_gone_is_not_called_again(receiver: Receiver) -> None:
    receiver.answers = [Response(status_code=410)]

    assert (await failure_of(receiver.url)).is_final


@pytest.mark.parametrize(
    ("status", "text", "patience_s"),
    [
        (429, "120", 120),
        (503, "7200", 7200),
        (503, "999999999", 0),
        (429, "99999", 86_400),
        (429, "-5", 0),
        (429, "Mon, 01 Mar 2027 13:00:00 GMT", 0),
        (500, "120", 0),
    ],
)
async def test_a_receiver_that_asks_for_patience_gets_some(
    receiver: Receiver, status: int, text: str, patience_s: int
) -> None:
    receiver.answers = [Response(status_code=status, headers={"Retry-After": text})]

    assert (await failure_of(receiver.url)).patience_s == patience_s


async def test_a_redirect_is_not_followed(receiver: Receiver) -> None:
    receiver.answers = [RedirectResponse(f"{receiver.url}/elsewhere", status_code=307)]

    failure = await failure_of(receiver.url)

    assert str(failure) == "The webhook answered 307."
    assert len(receiver.received) == 1


async def test_the_proxies_of_the_environment_are_not_used(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")

    await call(receiver.url)


async def test_nobody_there_is_tried_again() -> None:
    failure = await failure_of("http://127.0.0.1:1/")

    assert str(failure) == "The webhook failed: ConnectError."
    assert not failure.is_final


async def test_a_receiver_that_never_answers_is_left_in_time() -> None:
    async def hold(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)

    writers: list[asyncio.StreamWriter] = []
    server = await asyncio.start_server(hold, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]

    failure = await failure_of(f"http://127.0.0.1:{port}/", by=delivery(timeout_s=0.1))

    assert str(failure) == "No answer within 0.1 s."
    for writer in writers:
        writer.close()
    server.close()


async def test_an_answer_that_never_ends_is_not_read() -> None:
    async def drip(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n")
        await writer.drain()
        writers.append(writer)

    writers: list[asyncio.StreamWriter] = []
    server = await asyncio.start_server(drip, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]

    await call(f"http://127.0.0.1:{port}/", by=delivery(timeout_s=10))

    for writer in writers:
        writer.close()
    server.close()


async def test_a_webhook_that_was_removed_is_given_up() -> None:
    with pytest.raises(DeliveryFailed) as failure:
        await delivery().deliver(EVENT, a_booking(), a_partner())

    assert failure.value.is_final


async def test_without_a_secret_it_waits_for_a_new_one(receiver: Receiver) -> None:
    failure = await failure_of(receiver.url, by=delivery(roots=[b"another-root-key" * 3]))

    assert not failure.is_final
    assert receiver.received == []


# -- where it may go


def names(**known: Sequence[str]) -> object:
    """Return a name service that knows a few hosts."""

    async def resolve(host: str, _port: int) -> Sequence[str]:
        return known[host.replace(".", "_")]

    return resolve


@pytest.mark.parametrize(
    "spelling",
    [
        "127.0.0.1",
        "127.1",
        "0x7f000001",
        "2130706433",
        "0177.0.0.1",
        "localhost",
        "[::1]",
        "0.0.0.0",  # noqa: S104 - it is refused
    ],
)
async def test_no_spelling_of_this_machine_is_called(receiver: Receiver, spelling: str) -> None:
    by = delivery(private_hosts=())

    failure = await failure_of(f"https://{spelling}:{receiver.port}/", by=by)

    assert "public internet" in str(failure) or "failed" in str(failure)
    assert receiver.received == []


async def test_a_name_with_one_private_address_among_public_ones_is_not_called(
    receiver: Receiver,
) -> None:
    by = delivery(private_hosts=(), resolve=names(hooks_test=["93.184.215.14", "127.0.0.1"]))

    failure = await failure_of(f"https://hooks.test:{receiver.port}/", by=by)

    assert str(failure) == "hooks.test is not in the public internet."


async def test_a_name_is_looked_up_once_and_the_checked_address_is_called(
    receiver: Receiver,
) -> None:
    asked: list[str] = []

    async def resolve(host: str, _port: int) -> Sequence[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["127.0.0.9"]

    by = delivery(private_hosts={"hooks.test"}, resolve=resolve)

    await call(f"http://hooks.test:{receiver.port}/", by=by)

    assert asked == ["hooks.test"]
    assert receiver.received[0].headers["host"] == f"hooks.test:{receiver.port}"


async def test_plain_http_is_for_hosts_that_the_operator_named() -> None:
    by = delivery(private_hosts=(), resolve=names(hooks_test=["93.184.215.14"]))

    failure = await failure_of("http://hooks.test/", by=by)

    assert str(failure) == "A webhook is called over https only."


# -- https


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def secure(authority: trustme.CA, tmp_path: Path) -> Iterator[Receiver]:
    issued = authority.issue_cert("hooks.test")
    chain, key = tmp_path / "chain.pem", tmp_path / "key.pem"
    issued.cert_chain_pems[0].write_to_path(chain)
    issued.private_key_pem.write_to_path(key)
    with receiving(certificate=(str(chain), str(key))) as receiver:
        yield receiver


def trusting(authority: trustme.CA, host: str) -> WebhookDelivery:
    tls = ssl.create_default_context()
    authority.configure_trust(tls)
    found = names(**{host.replace(".", "_"): ["127.0.0.1"]})
    return delivery(private_hosts={host}, resolve=found, tls=tls)


async def test_the_certificate_is_that_of_the_name_and_not_of_the_address(
    secure: Receiver, authority: trustme.CA
) -> None:
    await call(f"https://hooks.test:{secure.port}/", by=trusting(authority, "hooks.test"))

    assert len(secure.received) == 1


async def test_another_names_certificate_is_refused(
    secure: Receiver, authority: trustme.CA
) -> None:
    by = trusting(authority, "other.test")

    failure = await failure_of(f"https://other.test:{secure.port}/", by=by)

    assert str(failure) == "The webhook failed: ConnectError."
    assert secure.received == []


async def test_a_certificate_that_nobody_vouches_for_is_refused(secure: Receiver) -> None:
    by = delivery(private_hosts={"hooks.test"}, resolve=names(hooks_test=["127.0.0.1"]))

    await failure_of(f"https://hooks.test:{secure.port}/", by=by)

    assert secure.received == []

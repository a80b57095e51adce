"""Webhooks, as an operator sets and watches them."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.builders import NOON, a_message, an_offer
from tests.live import environment
from tests.test_cli import Command, refused, typed
from widget.evidence import offer_made
from widget.messages import Kind, Message
from widget.storage.sqlite import SqliteStorage

URL = "https://shop.test/hooks"
BODY = '{"event":"BOOKING_CREATED","timestamp":"2027-03-01T12:00:00.000000Z"}'


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "cli.db"


@pytest.fixture
def acme(database: Path) -> Command:
    """The command, once there is the partner `acme`."""
    environ = environment(database)
    typed(environ, "partners", "add", "acme", "--name", "Acme", "--origin", "https://shop.test")
    return lambda *arguments: typed(environ, *arguments)


def secrets_in(text: str) -> list[str]:
    return re.findall(r"secret  (whsec_[A-Za-z0-9+/]{43}=)", text)


def owe(database: Path, *messages: Message, failing: Sequence[str] = ()) -> None:
    """Put messages into the database, some of which were tried in vain."""

    async def work() -> None:
        storage = SqliteStorage(str(database))
        await storage.open()
        await storage.save_offer(an_offer(), offer_made(an_offer(), texts_version="texts-1"))
        await storage.add_messages(messages)
        for message in messages:
            if message.id in failing:
                await storage.mark_failed(message, next_try_at=None, problem="It answered 410.")
        await storage.close()

    asyncio.run(work())


def event(number: int = 1) -> Message:
    return a_message(
        id=f"evt_{number}",
        kind=Kind.WEBHOOK,
        lane="webhook:acme:test",
        body=BODY,
        due_at=NOON,
        sequence=number,
    )


def test_a_webhook_is_set_and_its_secret_shown(acme: Command) -> None:
    told = acme("webhooks", "set", "acme", URL, "--mode", "test")

    assert told.stdout.startswith(f"test\t{URL}\n")
    assert len(secrets_in(told.stdout)) == 1
    assert "newest" in told.stdout


def test_listing_shows_no_secret(acme: Command) -> None:
    acme("webhooks", "set", "acme", URL)

    told = acme("webhooks", "list", "acme")

    assert told.stdout == f"live\t{URL}\n"


def test_the_modes_have_webhooks_of_their_own(acme: Command) -> None:
    acme("webhooks", "set", "acme", URL, "--mode", "test")

    assert acme("webhooks", "list", "acme").stdout == "acme has no webhook for live.\n"


def test_a_rotation_shows_the_old_secret_and_the_new_one(acme: Command) -> None:
    (first,) = secrets_in(acme("webhooks", "set", "acme", URL).stdout)

    rotated = acme("webhooks", "rotate", "acme", "--keep-hours", "48")

    old, new = secrets_in(rotated.stdout)
    assert old == first != new
    assert re.search(r"until \d{4}-\d\d-\d\d \d\d:\d\d UTC", rotated.stdout)


def test_another_address_keeps_the_secret(acme: Command) -> None:
    first = acme("webhooks", "set", "acme", URL)

    moved = acme("webhooks", "set", "acme", "https://shop.test/new")

    assert secrets_in(moved.stdout) == secrets_in(first.stdout)


def test_a_webhook_stays_when_its_partner_is_changed(acme: Command) -> None:
    acme("webhooks", "set", "acme", URL)

    acme("partners", "add", "acme", "--name", "A", "--origin", "https://a.test", "--update")

    assert acme("webhooks", "list", "acme").stdout == f"live\t{URL}\n"


def test_a_webhook_can_be_removed(acme: Command) -> None:
    acme("webhooks", "set", "acme", URL)

    removed = acme("webhooks", "remove", "acme")

    assert removed.stdout == "acme has no webhook for live.\n"


def test_events_are_listed_with_what_became_of_them(acme: Command, database: Path) -> None:
    owe(database, event(1), event(2), failing=["evt_1"])

    lines = acme("webhooks", "list", "acme", "--mode", "test").stdout.splitlines()

    assert lines[1:] == [
        "evt_2\tAAAAA-BBBBB-INS #2\twaiting after 0 failures, next try 2027-03-01 12:00:00 UTC",
        "evt_1\tAAAAA-BBBBB-INS #1\tgave_up after 1 failures: It answered 410.",
    ]


def test_what_was_given_up_can_be_sent_once_more(acme: Command, database: Path) -> None:
    owe(database, event(1), failing=["evt_1"])

    told = acme("webhooks", "redeliver", "acme", "evt_1", "--mode", "test")

    assert told.stdout == "evt_1 is due now.\n"
    assert "waiting after 0 failures" in acme("webhooks", "list", "acme", "--mode", "test").stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ("set", "nobody", URL),
        ("rotate", "nobody"),
        ("remove", "nobody"),
        ("list", "nobody"),
        ("redeliver", "acme", "evt_0"),
    ],
)
def test_what_does_not_exist_is_said_in_one_sentence(
    acme: Command, arguments: tuple[str, ...]
) -> None:
    assert refused(acme("webhooks", *arguments)).endswith(" does not exist")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("rotate", "acme"), "mode: acme has no webhook for live; set one first."),
        (
            ("set", "acme", "shop.test"),
            "url: 'shop.test' is not like https://shop.example/webhooks.",
        ),
    ],
)
def test_what_cannot_be_done_is_said_in_one_sentence(
    acme: Command, arguments: tuple[str, ...], sentence: str
) -> None:
    assert refused(acme("webhooks", *arguments)) == sentence

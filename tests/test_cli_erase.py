"""Erasing a person, as an operator types it."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.builders import TOKEN_KEY, a_partner, a_policyholder, a_quote, an_offer
from tests.live import environment
from tests.storage.contract import booking_of, sell, shown
from tests.test_cli import Command, refused, typed
from tests.test_docs import block_after
from widget import erase_command
from widget.offers import Offer
from widget.partners import Mode
from widget.sealing import seal_due
from widget.storage.sqlite import SqliteStorage

EMAIL = "ada.muster@customer.example"
TEST_ID, LIVE_ID, OTHER_ID = "AAAAA-AAAAA-INS", "BBBBB-BBBBB-INS", "CCCCC-CCCCC-INS"


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "cli.db"


@pytest.fixture
def command(database: Path) -> Command:
    """The command, on a database with a test and a live booking of Ada, and one of somebody."""
    asyncio.run(sold(database))
    environ = environment(database)
    return lambda *arguments: typed(environ, *arguments)


def offered(offer_id: str, mode: Mode) -> Offer:
    now = datetime.now(UTC)
    quote = a_quote(starts_at=now, ends_at=now + timedelta(days=30))
    offer = an_offer(id=offer_id, mode=mode, quotes=(quote,))
    offer = replace(offer, purchase=replace(offer.purchase, reference=None))
    return offer.opt_in({"q-1"}, at=offer.created_at, locale="en")


async def sold(database: Path) -> None:
    storage = SqliteStorage(str(database))
    await storage.open()
    await storage.save_partner(a_partner())
    for offer_id, mode, email in (
        (TEST_ID, Mode.TEST, EMAIL),
        (LIVE_ID, Mode.LIVE, EMAIL),
        (OTHER_ID, Mode.TEST, "somebody@customer.example"),
    ):
        offer = offered(offer_id, mode)
        await storage.save_offer(offer, shown(offer))
        booking = booking_of(offer, transaction_id=offer_id)
        await sell(storage, replace(booking, policyholder=a_policyholder(email=email)))
    await seal_due(storage=storage, key=TOKEN_KEY.encode())
    await storage.close()


def test_a_booking_is_erased_and_no_byte_of_its_person_stays(
    command: Command, database: Path
) -> None:
    told = command("erase", "acme", TEST_ID)
    assert command("erase", "acme", LIVE_ID, "--force").returncode == 0

    assert told.returncode == 0
    assert told.stdout.startswith(f"acme {TEST_ID}: erased 1 people, 1 messages.\n")
    assert told.stdout.endswith("No trace is left in the database's files.\n")
    assert EMAIL.encode() not in database.read_bytes()
    assert b"somebody@customer.example" in database.read_bytes()
    assert command("evidence", "verify").returncode == 0


def test_a_proof_from_before_and_one_from_after_are_good_by_the_documented_program(
    command: Command,
) -> None:
    prove = ("evidence", "prove", "acme", TEST_ID, "--kind", "offer_confirmed")
    before = command(*prove).stdout
    command("erase", "acme", TEST_ID)
    after = command(*prove).stdout

    program = block_after("Evidence", "python", "docs/operating.md")
    for proof in (before, after):
        checked = subprocess.run(
            [sys.executable, "-c", program], input=proof, capture_output=True, text=True, check=True
        )
        assert json.loads(proof)["root"] in checked.stdout


def test_what_the_law_keeps_is_refused_and_the_rest_is_erased(command: Command) -> None:
    told = command("erase", "--email", EMAIL.upper())

    assert told.returncode == 1
    assert f"acme {TEST_ID}: erased" in told.stdout
    assert OTHER_ID not in told.stdout
    reason = f"The records of booking {LIVE_ID} are kept by law until"
    assert told.stderr.startswith(f"acme {LIVE_ID}: nothing was erased. {reason}")


def test_force_erases_what_the_law_keeps(command: Command) -> None:
    assert refused(command("erase", "acme", LIVE_ID)).startswith(
        f"The records of booking {LIVE_ID}"
    )

    assert command("erase", "--email", EMAIL, "--force").returncode == 0


def test_how_long_the_law_keeps_is_a_setting(command: Command, database: Path) -> None:
    short = environment(database, RECORDS_KEPT_DAYS=0)

    sentence = refused(typed(short, "erase", "acme", LIVE_ID))

    in_30_days = datetime.now(UTC) + timedelta(days=30)
    assert sentence.endswith(f"kept by law until {in_30_days:%Y-%m-%d}.")
    assert command("erase", "acme", OTHER_ID).returncode == 0


def test_a_large_file_is_left_for_a_quiet_hour(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(erase_command, "SMALL_BYTES", 1000)

    left = command("erase", "acme", TEST_ID)
    done = command("erase", "acme", TEST_ID, "--compact")

    assert "was not written anew" in left.stdout
    assert done.stdout.startswith(f"acme {TEST_ID}: erased nothing.\n")
    assert done.stdout.endswith("No trace is left in the database's files.\n")


@pytest.mark.parametrize(
    "arguments",
    [(), ("acme",), ("acme", TEST_ID, "--email", EMAIL), ("acme", "--email", EMAIL)],
)
def test_what_is_to_be_erased_is_named_in_one_way(
    command: Command, arguments: tuple[str, ...]
) -> None:
    sentence = refused(command("erase", *arguments))

    assert sentence == "erase: Name a partner and a booking, or --email alone."


def test_nobody_to_erase_is_told(command: Command) -> None:
    assert refused(command("erase", "acme", "ZZZZZ-ZZZZZ-INS")) == (
        "Offer ZZZZZ-ZZZZZ-INS does not exist"
    )
    assert refused(command("erase", "--email", "nobody@customer.example")) == (
        "A booking that names this address does not exist"
    )

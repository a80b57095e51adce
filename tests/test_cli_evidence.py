"""The evidence, as an operator or an auditor asks for it."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.builders import TOKEN_KEY, a_partner, an_offer
from tests.live import environment
from tests.test_cli import Command, refused, typed
from widget.evidence import choice_made, offer_made
from widget.sealing import seal_due
from widget.storage.sqlite import SqliteStorage


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "cli.db"


@pytest.fixture
def command(database: Path) -> Command:
    """The command, on a database with one offer and its choice, sealed."""
    asyncio.run(sold(database))
    environ = environment(database)
    return lambda *arguments: typed(environ, *arguments)


async def sold(database: Path) -> None:
    storage = SqliteStorage(str(database))
    await storage.open()
    await storage.save_partner(a_partner())
    offer = an_offer()
    await storage.save_offer(offer, offer_made(offer, texts_version="texts-1"))
    chosen = offer.opt_in({offer.quotes[0].id}, at=offer.created_at, locale="en")
    leaf = choice_made(chosen, at=offer.created_at, texts_version="texts-1")
    await storage.change_offer(offer, chosen, leaf)
    await seal_due(storage=storage, key=TOKEN_KEY.encode())
    await storage.close()


def lines(text: str) -> list[Any]:
    return [json.loads(line) for line in text.splitlines()]


def test_evidence_that_nobody_has_changed_is_sound(command: Command) -> None:
    told = command("evidence", "verify")

    assert told.returncode == 0
    assert told.stdout == (
        "2 leaves, 1 roots; 0 leaves are not sealed yet.\nNothing was changed.\n"
    )


def test_evidence_that_was_changed_ends_with_1_and_says_where(
    command: Command, database: Path
) -> None:
    with closing(sqlite3.connect(database)) as db, db:
        db.execute("DROP TRIGGER evidence_is_never_changed")
        db.execute("UPDATE evidence SET body = replace(body, '4892', '4000') WHERE position = 2")

    told = command("evidence", "verify")

    assert told.returncode == 1
    assert "Leaf 2 (choice_made of AAAAA-BBBBB-INS) is not what its hash says." in told.stderr
    assert "Nothing was changed." not in told.stdout


def test_the_facts_of_an_offer_are_shown_in_their_order(command: Command) -> None:
    facts = lines(command("evidence", "show", "acme", "AAAAA-BBBBB-INS").stdout)

    assert [fact["kind"] for fact in facts] == ["offer_made", "choice_made"]
    assert facts[0]["preselected"] is None
    assert facts[1]["choice"] == "opted_in"


def test_a_fact_is_proved(command: Command) -> None:
    proof = json.loads(command("evidence", "prove", "acme", "AAAAA-BBBBB-INS").stdout)

    assert json.loads(proof["leaf"])["kind"] == "choice_made"
    assert (proof["index"], proof["size"], len(proof["path"])) == (1, 2, 1)


def test_what_is_not_there_cannot_be_proved(command: Command) -> None:
    sentence = refused(command("evidence", "prove", "acme", "ZZZZZ-ZZZZZ-INS"))

    assert sentence == "A sealed leaf choice_made of ZZZZZ-ZZZZZ-INS does not exist"


def test_an_export_holds_every_leaf_and_every_root(command: Command) -> None:
    exported = lines(command("evidence", "export").stdout)

    assert [line["leaf"] for line in exported if "leaf" in line] == [1, 2]
    (root,) = [line for line in exported if "root" in line]
    assert root["size"] == 2

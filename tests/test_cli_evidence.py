"""The evidence, as an operator or an auditor asks for it."""

from __future__ import annotations

import asyncio
import hashlib
import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.builders import TOKEN_KEY, a_partner, a_rendered_page, a_showing, an_offer
from tests.live import environment
from tests.test_cli import Command, refused, typed
from widget.evidence import choice_made, offer_made
from widget.sealing import seal_due
from widget.showings import Filling
from widget.storage.sqlite import SqliteStorage

FILLING = Filling("n", 60, "https://shop.test/pay")


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
    made = offer_made(offer, texts_version="texts-1")
    await storage.save_offer(offer, made, None, a_showing(offer, filling=FILLING))
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
        "3 leaves, 1 roots; 0 leaves are not sealed yet.\nNothing was changed.\n"
    )


def test_evidence_that_was_changed_ends_with_1_and_says_where(
    command: Command, database: Path
) -> None:
    with closing(sqlite3.connect(database)) as db, db:
        db.execute("DROP TRIGGER evidence_is_never_changed")
        db.execute("UPDATE evidence SET body = replace(body, '4892', '4000') WHERE position = 3")

    told = command("evidence", "verify")

    assert told.returncode == 1
    assert "Leaf 3 (choice_made of AAAAA-BBBBB-INS) is not what its hash says." in told.stderr
    assert "Nothing was changed." not in told.stdout


def test_the_facts_of_an_offer_are_shown_in_their_order(command: Command) -> None:
    facts = lines(command("evidence", "show", "acme", "AAAAA-BBBBB-INS").stdout)

    assert [fact["kind"] for fact in facts] == ["offer_made", "offer_shown", "choice_made"]
    assert facts[0]["preselected"] is None
    assert facts[2]["choice"] == "opted_in"


def test_what_the_shopper_saw_is_written_byte_for_byte(command: Command, tmp_path: Path) -> None:
    folder = tmp_path / "shown" / "here"

    told = command("evidence", "show", "acme", "AAAAA-BBBBB-INS", "--pages", str(folder))

    assert told.stderr.splitlines() == [str(folder / "2.html")]
    assert [path.name for path in folder.iterdir()] == ["2.html"]
    assert (folder / "2.html").read_bytes() == a_rendered_page(filling=FILLING).html.encode()


def test_a_page_that_was_changed_is_not_written_and_the_fault_is_told(
    command: Command, database: Path, tmp_path: Path
) -> None:
    with closing(sqlite3.connect(database)) as db, db:
        db.execute("DROP TRIGGER pages_are_never_changed")
        db.execute("UPDATE pages SET packed = x'00'")

    told = command("evidence", "show", "acme", "AAAAA-BBBBB-INS", "--pages", str(tmp_path / "p"))

    assert told.stderr == f"{tmp_path}/p/2.html: its page is not the one that was shown\n"
    assert list((tmp_path / "p").iterdir()) == []


def test_a_folder_that_cannot_be_written_to_is_told(command: Command, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")

    sentence = refused(
        command("evidence", "show", "acme", "AAAAA-BBBBB-INS", "--pages", str(tmp_path / "file"))
    )

    assert sentence == f"pages: {tmp_path / 'file'} cannot be written to: File exists."


def test_evidence_of_what_is_not_there_is_not_shown(command: Command) -> None:
    sentence = refused(command("evidence", "show", "acme", "ZZZZZ-ZZZZZ-INS"))

    assert sentence == "Evidence of ZZZZZ-ZZZZZ-INS does not exist"


def test_a_fact_is_proved(command: Command) -> None:
    proof = json.loads(command("evidence", "prove", "acme", "AAAAA-BBBBB-INS").stdout)

    assert json.loads(proof["leaf"])["kind"] == "choice_made"
    assert (proof["index"], proof["size"], len(proof["path"])) == (2, 3, 1)


def test_the_fact_at_a_place_is_proved(command: Command) -> None:
    arguments = ("evidence", "prove", "acme", "AAAAA-BBBBB-INS", "--kind", "offer_shown")

    proof = json.loads(command(*arguments, "--leaf", "2").stdout)

    assert json.loads(proof["leaf"])["kind"] == "offer_shown"
    assert refused(command(*arguments, "--leaf", "1")).startswith("A sealed leaf offer_shown")


def test_what_is_not_there_cannot_be_proved(command: Command) -> None:
    sentence = refused(command("evidence", "prove", "acme", "ZZZZZ-ZZZZZ-INS"))

    assert sentence == "A sealed leaf choice_made of ZZZZZ-ZZZZZ-INS does not exist"


def test_an_export_holds_every_leaf_and_every_root(command: Command) -> None:
    exported = lines(command("evidence", "export").stdout)

    assert [line["leaf"] for line in exported if "leaf" in line] == [1, 2, 3]
    (root,) = [line for line in exported if "root" in line]
    assert (root["size"], root["previous"]) == (3, 0)
    (page,) = [line for line in exported if "page" in line]
    fact = json.loads(next(line["body"] for line in exported if line.get("leaf") == page["page"]))
    assert hashlib.sha256(page["html"].encode()).hexdigest() == fact["content"]
    assert "shop.test" not in page["html"] + fact["kind"]


def test_evidence_is_compared_with_what_was_kept_elsewhere(
    command: Command, tmp_path: Path
) -> None:
    export = tmp_path / "export.jsonl"
    export.write_text(command("evidence", "export").stdout, encoding="utf-8")
    forged = tmp_path / "forged.jsonl"
    forged.write_text(json.dumps({"size": 1, "root": "a" * 64}), encoding="utf-8")
    nothing = tmp_path / "nothing.jsonl"
    nothing.write_text("{}\n", encoding="utf-8")

    same, other, none = (
        command("evidence", "verify", "--against", str(path)) for path in (export, forged, nothing)
    )

    assert (same.returncode, same.stdout.splitlines()[-1]) == (0, "Nothing was changed.")
    assert other.returncode == 1
    assert "Leaves 1 to 1 are not those whose root was kept elsewhere." in other.stderr
    assert none.returncode == 1
    assert "tells of no root" in none.stderr

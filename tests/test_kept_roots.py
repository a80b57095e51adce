"""Evidence against roots that were kept elsewhere, after somebody with all rights rewrote it."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import apsw
import pytest

from tests.builders import a_partner, a_purchase, an_offer
from tests.fakes import Clock
from widget.auditing import Audit, verify
from widget.evidence import offer_made
from widget.roots import kept_roots
from widget.sealing import seal_due
from widget.storage.sqlite import SqliteStorage
from widget.trees import leaf_hash

pytestmark = pytest.mark.anyio

KEY = b"evidence-key-" + b"e" * 32
TRIGGERS = "SELECT name FROM sqlite_schema WHERE type = 'trigger'"


async def opened(path: Path, clock: Clock) -> SqliteStorage:
    storage = SqliteStorage(str(path), clock=clock)
    await storage.open()
    return storage


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "evidence.db"


@pytest.fixture
async def kept(path: Path, clock: Clock) -> dict[int, bytes]:
    """The roots of six leaves, two at a time, as they were kept elsewhere."""
    storage = await opened(path, clock)
    await storage.save_partner(a_partner())
    lines = []
    for number in range(6):
        clock.move(seconds=10)
        purchase = a_purchase(reference=f"CHK-{number}")
        offer = an_offer(id=f"AAAAA-{number:05}-INS", purchase=purchase, created_at=clock.time)
        await storage.save_offer(offer, offer_made(offer, texts_version="texts-1"))
        if number % 2:
            root = await seal_due(storage=storage, key=KEY)
            assert root is not None
            lines.append(json.dumps(root.as_facts()))
    await storage.close()
    return kept_roots(["2027-03-01 a line of something else", *lines])


def rewritten(db: apsw.Connection) -> None:
    """Change the fourth leaf with its hash, and take away every root that seals it."""
    (body,) = next(db.execute("SELECT body FROM evidence WHERE position = 4"))
    forged = body.replace('"premium":4892', '"premium":1')
    assert forged != body
    values = (forged, leaf_hash(forged.encode()))
    db.execute("UPDATE evidence SET body = ?, digest = ? WHERE position = 4", values)
    db.execute("DELETE FROM roots WHERE size >= 4")


def cut_off(db: apsw.Connection) -> None:
    """Take away the last two leaves, their root, and the counter's memory of them."""
    db.execute("DELETE FROM evidence WHERE position > 4")
    db.execute("DELETE FROM roots WHERE size > 4")
    db.execute("UPDATE sqlite_sequence SET seq = 4 WHERE name = 'evidence'")


def emptied(db: apsw.Connection) -> None:
    """Take away everything."""
    db.execute("DELETE FROM evidence")
    db.execute("DELETE FROM roots")
    db.execute("DELETE FROM sqlite_sequence WHERE name = 'evidence'")


def forge(path: Path, edit: Callable[[apsw.Connection], None]) -> None:
    with closing(apsw.Connection(str(path))) as db:
        db.execute("PRAGMA foreign_keys = OFF")
        made = list(db.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'"))
        for name, _ in made:
            db.execute(f"DROP TRIGGER {name}")
        edit(db)
        for _, sql in made:
            db.execute(sql)


async def audited(path: Path, clock: Clock, kept: dict[int, bytes]) -> Audit:
    """Return the audit after the service has run once more, and sealed what it found."""
    storage = await opened(path, clock)
    await seal_due(storage=storage, key=KEY)
    audit = await verify(storage, [KEY], kept=kept)
    await storage.close()
    return audit


async def test_what_nobody_has_touched_is_what_was_kept(
    path: Path, clock: Clock, kept: dict[int, bytes]
) -> None:
    audit = await audited(path, clock, kept)

    assert kept.keys() == {2, 4, 6}
    assert audit.problems == ()


@pytest.mark.parametrize(
    ("edit", "sentence"),
    [
        (rewritten, "Leaves 1 to 4 are not those whose root was kept elsewhere."),
        (cut_off, "A root of 6 leaves was kept elsewhere, and 4 leaves are here."),
        (emptied, "A root of 2 leaves was kept elsewhere, and 0 leaves are here."),
    ],
)
async def test_a_log_that_was_rewritten_and_sealed_again_is_not_what_was_kept(
    path: Path,
    clock: Clock,
    kept: dict[int, bytes],
    edit: Callable[[apsw.Connection], None],
    sentence: str,
) -> None:
    forge(path, edit)

    audit = await audited(path, clock, kept)

    assert sentence in audit.problems


def test_kept_roots_that_contradict_each_other_are_told() -> None:
    lines = [json.dumps({"size": 2, "root": letter * 64}) for letter in ("a", "b")]

    with pytest.raises(ValueError, match="two roots of 2 leaves contradict each other"):
        kept_roots(lines)

"""A thousand edits of the evidence, each by somebody with all rights on the file: all are named."""

from __future__ import annotations

import asyncio
import json
import random
import re
import zlib
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import apsw
import pytest

from tests.builders import a_partner, a_purchase, a_showing, an_offer
from tests.fakes import Clock
from widget.auditing import verify
from widget.errors import StorageUnavailable
from widget.evidence import choice_made, offer_made
from widget.sealing import seal_due
from widget.showings import Filling
from widget.storage.sqlite import SqliteStorage
from widget.trees import leaf_hash

KEY = b"evidence-key-" + b"e" * 32
TIMES = 1000
ROUNDS, SALES = 4, 6

TRIGGERS = "SELECT name FROM sqlite_schema WHERE type = 'trigger'"

#: A problem says which leaf, page or root it speaks of.
NAMED = r"(Leaf|Leaves|leaves|of|place) \d+"

Dice = random.Random
#: Changes the evidence, whatever the dice say.
Edit = Callable[[apsw.Connection, Dice], None]


async def write(path: Path, clock: Clock) -> None:
    """Write sales, with what was shown of them, and seal them in four steps."""
    storage = SqliteStorage(str(path), clock=clock)
    await storage.open()
    await storage.save_partner(a_partner())
    for number in range(ROUNDS * SALES):
        clock.move(seconds=10)
        purchase = a_purchase(reference=f"CHK-{number}")
        offer = an_offer(id=f"AAAAA-{number:05}-INS", purchase=purchase, created_at=clock.time)
        back = Filling(f"nonce-{number}", 60, "https://shop.test/?mail=ada@customer.example")
        shown = a_showing(offer, page=f"<p>{number}</p>" * 40, filling=back)
        await storage.save_offer(offer, offer_made(offer, texts_version="texts-1"), None, shown)
        opted = offer.opt_in({"q-1"}, at=clock.time, locale="en")
        leaf = choice_made(opted, at=clock.time, texts_version="texts-1")
        after = a_showing(opted, page=f"<b>{number}</b>" * 40, state="opted_in")
        await storage.change_offer(offer, opted, leaf, showing=after)
        if number % SALES == SALES - 1:
            await seal_due(storage=storage, key=KEY)
    await storage.close()


def leaves(db: apsw.Connection, kind: str = "") -> list[tuple[Any, ...]]:
    sql = "SELECT position, kind, body, digest FROM evidence WHERE kind LIKE ? || '%'"
    return list(db.execute(sql, (kind,)))


def other(dice: Dice, byte: int) -> int:
    return byte ^ dice.randint(1, 255)


def with_another_byte(dice: Dice, old: bytes) -> bytes:
    place = dice.randrange(len(old))
    return old[:place] + bytes([other(dice, old[place])]) + old[place + 1 :]


# -- leaves


def a_byte_of_a_body(db: apsw.Connection, dice: Dice) -> None:
    position, _, body, _ = dice.choice(leaves(db))
    place = dice.randrange(len(body))
    char = dice.choice([char for char in 'abc019{}:", ' if char != body[place]])
    changed = body[:place] + char + body[place + 1 :]
    db.execute("UPDATE evidence SET body = ? WHERE position = ?", (changed, position))


def a_body_with_its_hash(db: apsw.Connection, dice: Dice) -> None:
    position, _, body, _ = dice.choice(leaves(db))
    fact = json.loads(body)
    fact["revision"] = dice.randint(100, 10**9)
    changed = json.dumps(fact, sort_keys=True, separators=(",", ":"))
    sql = "UPDATE evidence SET body = ?, digest = ? WHERE position = ?"
    db.execute(sql, (changed, leaf_hash(changed.encode()), position))


def a_digest(db: apsw.Connection, dice: Dice) -> None:
    position, _, _, digest = dice.choice(leaves(db))
    changed = with_another_byte(dice, digest)
    db.execute("UPDATE evidence SET digest = ? WHERE position = ?", (changed, position))


def a_time(db: apsw.Connection, dice: Dice) -> None:
    position = dice.choice(leaves(db))[0]
    by = dice.choice([1, -1, 10**6, -(10**9), 2**62])
    db.execute("UPDATE evidence SET at = at + ? WHERE position = ?", (by, position))


def whose_it_is(db: apsw.Connection, dice: Dice) -> None:
    column = dice.choice(["partner_code", "offer_id", "kind"])
    position = dice.choice(leaves(db))[0]
    sql = f"UPDATE evidence SET {column} = {column} || ? WHERE position = ?"  # noqa: S608
    db.execute(sql, (dice.choice("x1 -"), position))


def a_position(db: apsw.Connection, dice: Dice) -> None:
    position = dice.choice(leaves(db))[0]
    away = dice.randint(1000, 2000)
    db.execute("UPDATE evidence SET position = ? WHERE position = ?", (away, position))


def a_leaf_gone(db: apsw.Connection, dice: Dice) -> None:
    db.execute("DELETE FROM evidence WHERE position = ?", (dice.choice(leaves(db))[0],))


def the_end_gone(db: apsw.Connection, dice: Dice) -> None:
    last = dice.randrange(len(leaves(db)))
    db.execute("DELETE FROM evidence WHERE position > ?", (last,))
    db.execute("DELETE FROM pages WHERE position > ?", (last,))
    db.execute("DELETE FROM ways_back WHERE position > ?", (last,))
    db.execute("DELETE FROM roots WHERE size > ?", (last,))


def two_leaves_swapped(db: apsw.Connection, dice: Dice) -> None:
    one, two = dice.sample([row[0] for row in leaves(db)], 2)
    for old, new in ((one, -1), (two, one), (-1, two)):
        for table in ("evidence", "pages", "ways_back"):
            sql = f"UPDATE {table} SET position = ? WHERE position = ?"  # noqa: S608
            db.execute(sql, (new, old))


def a_leaf_put_in(db: apsw.Connection, dice: Dice) -> None:
    """Make room in the middle, and forge a leaf that is sound by itself."""
    position, _, body, _ = dice.choice(leaves(db, "choice"))
    for table in ("evidence", "pages", "ways_back"):
        for sign in ("-position - 1", "-position"):
            limit = f"position > {position}" if sign.endswith("1") else "position < 0"
            db.execute(f"UPDATE {table} SET position = {sign} WHERE {limit}")  # noqa: S608
    forge(db, position, position + 1, body, dice)


def a_leaf_of_the_past_put_at_the_end(db: apsw.Connection, dice: Dice) -> None:
    position, _, body, _ = dice.choice(leaves(db, "choice")[:SALES])
    forge(db, position, len(leaves(db)) + 1, body, dice)


def forge(db: apsw.Connection, like: int, position: int, body: str, dice: Dice) -> None:
    fact = json.loads(body) | {"premium": dice.randint(1, 10**6)}
    forged = json.dumps(fact, sort_keys=True, separators=(",", ":"))
    sql = (
        "INSERT INTO evidence SELECT ?, partner_code, offer_id, kind, at, ?, ?"
        " FROM evidence WHERE position = ?"
    )
    db.execute(sql, (position, forged, leaf_hash(forged.encode()), like))


# -- pages


def a_page_of(db: apsw.Connection, dice: Dice) -> tuple[int, bytes]:
    position, packed = dice.choice(list(db.execute("SELECT position, packed FROM pages")))
    return position, packed


def put_page(db: apsw.Connection, position: int, packed: bytes) -> None:
    db.execute("UPDATE pages SET packed = ? WHERE position = ?", (packed, position))


def a_byte_of_a_page(db: apsw.Connection, dice: Dice) -> None:
    position, packed = a_page_of(db, dice)
    put_page(db, position, with_another_byte(dice, packed))


def a_price_on_a_page(db: apsw.Connection, dice: Dice) -> None:
    position, packed = a_page_of(db, dice)
    html = zlib.decompress(packed).replace(b"<", b"< ", dice.randint(1, 9))
    put_page(db, position, zlib.compress(html, 1))


def a_page_packed_anew(db: apsw.Connection, dice: Dice) -> None:
    position, packed = a_page_of(db, dice)
    put_page(db, position, packed + b"x" * dice.randint(1, 9))


def a_page_gone(db: apsw.Connection, dice: Dice) -> None:
    db.execute("DELETE FROM pages WHERE position = ?", (a_page_of(db, dice)[0],))


def two_pages_swapped(db: apsw.Connection, dice: Dice) -> None:
    (one, first), (two, second) = dice.sample(
        list(db.execute("SELECT position, packed FROM pages")), 2
    )
    put_page(db, one, second)
    put_page(db, two, first)


def a_page_of_nothing(db: apsw.Connection, dice: Dice) -> None:
    position = dice.choice([*(row[0] for row in leaves(db, "choice")), 5000])
    db.execute("INSERT INTO pages VALUES (?, ?)", (position, a_page_of(db, dice)[1]))


# -- where pages led back to


def a_way_back(db: apsw.Connection, dice: Dice) -> None:
    position = dice.choice(list(db.execute("SELECT position FROM ways_back")))[0]
    statement = dice.choice(
        [
            "UPDATE ways_back SET address = address || '&' WHERE position = ?",
            "UPDATE ways_back SET salt = randomblob(16) WHERE position = ?",
            "UPDATE ways_back SET position = position + 3000 WHERE position = ?",
            "DELETE FROM ways_back WHERE position = ?",
        ]
    )
    db.execute(statement, (position,))


def a_way_back_put_in(db: apsw.Connection, dice: Dice) -> None:
    taken = {row[0] for row in db.execute("SELECT position FROM ways_back")}
    position = dice.choice([row[0] for row in leaves(db) if row[0] not in taken])
    db.execute("INSERT INTO ways_back VALUES (?, randomblob(16), 'https://x.test')", (position,))


# -- roots


def a_root(db: apsw.Connection, dice: Dice) -> None:
    size = dice.choice(list(db.execute("SELECT size FROM roots")))[0]
    statement = dice.choice(
        [
            "UPDATE roots SET size = size + 1 WHERE size = ?",
            "UPDATE roots SET signed_at = signed_at - 1 WHERE size = ?",
            "UPDATE roots SET signed_at = 1 << 62 WHERE size = ?",
            "UPDATE roots SET signature = randomblob(32) WHERE size = ?",
            "UPDATE roots SET signature = x'' WHERE size = ?",
            "UPDATE roots SET key_id = 'unknown' WHERE size = ?",
            "UPDATE roots SET previous = previous + 1 WHERE size = ?",
            "UPDATE roots SET previous = NULL WHERE size = ?",
            "UPDATE roots SET frontier_json = '[]' WHERE size = ?",
            "UPDATE roots SET frontier_json = '' WHERE size = ?",
            "UPDATE roots SET frontier_json = replace(frontier_json, '1', '2') WHERE size = ?",
            "DELETE FROM roots WHERE size = ?",
        ]
    )
    db.execute(statement, (size,))


def two_roots_swapped(db: apsw.Connection, dice: Dice) -> None:
    one, two = dice.sample([row[0] for row in db.execute("SELECT size FROM roots")], 2)
    for old, new in ((one, -1), (two, one), (-1, two)):
        db.execute("UPDATE roots SET size = ? WHERE size = ?", (new, old))


EDITS: tuple[Edit, ...] = (
    a_byte_of_a_body,
    a_body_with_its_hash,
    a_digest,
    a_time,
    whose_it_is,
    a_position,
    a_leaf_gone,
    the_end_gone,
    two_leaves_swapped,
    a_leaf_put_in,
    a_leaf_of_the_past_put_at_the_end,
    a_byte_of_a_page,
    a_price_on_a_page,
    a_page_packed_anew,
    a_page_gone,
    two_pages_swapped,
    a_page_of_nothing,
    a_way_back,
    a_way_back_put_in,
    a_root,
    two_roots_swapped,
)


class Copy(SqliteStorage):
    """A copy of a database in memory, which was changed past the triggers and the references."""

    def __init__(self, sound: bytes, clock: Clock, edit: Edit, dice: Dice) -> None:
        super().__init__(":memory:", clock=clock)
        self._reader = apsw.Connection(":memory:")
        self._reader.deserialize("main", sound)
        for (name,) in list(self._reader.execute(TRIGGERS)):
            self._reader.execute(f"DROP TRIGGER {name}")
        edit(self._reader, dice)


async def told(storage: SqliteStorage) -> tuple[str, ...]:
    """Return what the audit names."""
    try:
        return (await verify(storage, [KEY])).problems
    except StorageUnavailable as error:
        return (str(error),)


def sold(path: Path, clock: Clock) -> bytes:
    """Return a database with sales, as a file that needs no other."""
    asyncio.run(write(path, clock))
    with closing(apsw.Connection(str(path))) as db:
        db.execute("PRAGMA journal_mode = DELETE")
    return path.read_bytes()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "test.db"


def nothing(db: apsw.Connection, dice: Dice) -> None:
    """Change nothing."""
    del db, dice


def test_a_thousand_edits_at_random_are_all_found_and_named(path: Path, clock: Clock) -> None:
    sound, dice = sold(path, clock), Dice(4)
    clock.move(hours=2)
    assert asyncio.run(told(Copy(sound, clock, nothing, dice))) == ()

    async def misses() -> list[tuple[str, tuple[str, ...]]]:
        missed = []
        for number in range(TIMES):
            edit = EDITS[number % len(EDITS)]
            problems = await told(Copy(sound, clock, edit, dice))
            if not any(re.search(NAMED, problem) for problem in problems):
                missed.append((edit.__name__, problems))
        return missed

    assert asyncio.run(misses()) == []


def test_each_edit_is_named_where_it_was_made(path: Path, clock: Clock) -> None:
    def edit(db: apsw.Connection, _: Dice) -> None:
        db.execute("UPDATE pages SET packed = x'00' WHERE position = 2")
        db.execute("DELETE FROM pages WHERE position = 4")
        db.execute("UPDATE ways_back SET address = 'https://x.test' WHERE position = 6")
        db.execute("DELETE FROM ways_back WHERE position = 10")
        db.execute("INSERT INTO pages VALUES (7, x'00')")
        db.execute("DELETE FROM roots WHERE size = 48")

    assert asyncio.run(told(Copy(sold(path, clock), clock, edit, Dice()))) == (
        "The root of 48 leaves, before that of 72, is gone.",
        "Leaf 2 (offer_shown of AAAAA-00000-INS): its page is not the one that was shown.",
        "Leaf 4 (offer_shown of AAAAA-00000-INS): its page is gone.",
        ("Leaf 6 (offer_shown of AAAAA-00001-INS): its way back is not the one that was shown."),
        "A page stands at place 7, where none was shown.",
        "Leaf 10 (offer_shown of AAAAA-00002-INS): its way back is gone.",
    )


def test_leaves_that_wait_too_long_for_a_root_are_told(path: Path, clock: Clock) -> None:
    def edit(db: apsw.Connection, _: Dice) -> None:
        db.execute("DELETE FROM roots WHERE size = 96")

    copy = Copy(sold(path, clock), clock, edit, Dice())
    assert asyncio.run(told(copy)) == ()

    clock.move(hours=1)

    (problem,) = asyncio.run(told(copy))
    assert problem == (
        "Leaves 73 to 96 wait for a root since 2027-03-01 12:03:10 UTC: it is gone, or the service"
        " has not run since."
    )

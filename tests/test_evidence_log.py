"""The evidence as a sealed log: whatever is changed in the database is found and named."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.builders import a_purchase, an_offer
from tests.fakes import Clock
from widget.auditing import Audit, verify
from widget.errors import NotFound, StorageUnavailable
from widget.evidence import offer_declined, offer_made
from widget.proving import prove
from widget.roots import key_id_of, sign_root
from widget.sealing import seal_due, seal_forever
from widget.storage.sqlite import SqliteStorage
from widget.trees import Frontier, leaf_hash, root_by

pytestmark = pytest.mark.anyio

KEY = b"evidence-key-" + b"e" * 32
OTHER = b"another-key-" + b"o" * 32


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "test.db"


async def write(storage: SqliteStorage, *numbers: int) -> None:
    """Write two leaves for each number: an offer, and its decline."""
    for number in numbers:
        purchase = a_purchase(reference=f"CHK-{number}")
        offer = an_offer(id=f"AAAAA-{number:05}-INS", purchase=purchase)
        await storage.save_offer(offer, offer_made(offer, texts_version="texts-1"))
        declined = offer.decline()
        leaf = offer_declined(declined, at=storage.now())
        await storage.change_offer(offer, declined, leaf)


async def sealed(storage: SqliteStorage, count: int = 4) -> None:
    """Write leaves, and seal them in two steps."""
    await write(storage, *range(count))
    await seal_due(storage=storage, key=KEY)
    await write(storage, *range(count, 2 * count))
    await seal_due(storage=storage, key=KEY)


def edit(path: Path, *statements: str, values: tuple[Any, ...] = ()) -> None:
    """Change the file as somebody with all rights on it could: past the triggers."""
    with closing(sqlite3.connect(path)) as db, db:
        for name in ("evidence_is_never_changed", "evidence_is_never_removed"):
            db.execute(f"DROP TRIGGER IF EXISTS {name}")
        for name in ("roots_are_never_changed", "roots_are_never_removed"):
            db.execute(f"DROP TRIGGER IF EXISTS {name}")
        for statement in statements:
            db.execute(statement, values)


async def audit(storage: SqliteStorage, *keys: bytes) -> Audit:
    return await verify(storage, keys or [KEY])


async def test_what_nobody_has_changed_is_sound(opened: SqliteStorage) -> None:
    await sealed(opened)
    await write(opened, 99)

    assert await audit(opened) == Audit(leaves=18, roots=2, unsealed=2, problems=())


async def test_nothing_at_all_is_sound(opened: SqliteStorage) -> None:
    assert await audit(opened) == Audit(leaves=0, roots=0, unsealed=0, problems=())


async def test_sealing_twice_seals_once(opened: SqliteStorage) -> None:
    await write(opened, 1)

    first = await seal_due(storage=opened, key=KEY)
    second = await seal_due(storage=opened, key=KEY)

    assert first is not None
    assert first.size == 2
    assert second is None
    assert [root.size for root in await opened.list_roots()] == [2]


async def test_two_that_seal_at_once_agree(opened: SqliteStorage) -> None:
    await write(opened, *range(5))

    await asyncio.gather(*(seal_due(storage=opened, key=KEY) for _ in range(4)))

    assert (await audit(opened)).problems == ()


async def test_sealing_goes_on_when_the_database_was_away(opened: SqliteStorage) -> None:
    await write(opened, 1)
    faults, find, has_sealed = [1], opened.find_root, asyncio.Event()
    save = opened.save_root

    async def find_root() -> Any:
        if faults:
            faults.pop()
            raise StorageUnavailable("The database did not take part.")
        return await find()

    async def save_root(root: Any) -> bool:
        is_saved = await save(root)
        has_sealed.set()
        return is_saved

    opened.find_root, opened.save_root = find_root, save_root  # type: ignore[method-assign]
    task = asyncio.create_task(seal_forever(storage=opened, key=KEY, poll_s=0.01))

    await asyncio.wait_for(has_sealed.wait(), 10)

    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


EDITS: dict[str, tuple[str, str]] = {
    "a body": (
        "UPDATE evidence SET body = replace(body, 'EUR', 'USD') WHERE position = 3",
        "Leaf 3 (offer_made of AAAAA-00001-INS) is not what its hash says.",
    ),
    "a body that is JSON no more": (
        "UPDATE evidence SET body = 'gone' WHERE position = 3",
        "Leaf 3 (offer_made of AAAAA-00001-INS) contradicts itself: body.",
    ),
    "a hash": (
        "UPDATE evidence SET digest = zeroblob(32) WHERE position = 3",
        "Leaf 3 (offer_made of AAAAA-00001-INS) is not what its hash says.",
    ),
    "the offer": (
        "UPDATE evidence SET offer_id = 'AAAAA-00000-INS' WHERE position = 3",
        "Leaf 3 (offer_made of AAAAA-00000-INS) contradicts itself: offer.",
    ),
    "the kind": (
        "UPDATE evidence SET kind = 'choice_made' WHERE position = 3",
        "Leaf 3 (choice_made of AAAAA-00001-INS) contradicts itself: kind.",
    ),
    "the time": (
        "UPDATE evidence SET at = at + 1 WHERE position = 3",
        "Leaf 3 (offer_made of AAAAA-00001-INS) contradicts itself: at.",
    ),
    "a leaf that is removed": (
        "DELETE FROM evidence WHERE position = 3",
        "Leaf 3 is gone.",
    ),
    "the last leaves": (
        "DELETE FROM evidence WHERE position > 14",
        "Leaves 15 to 16 are gone.",
    ),
    "the size of a root": (
        "UPDATE roots SET size = 7 WHERE size = 8",
        "The root of 7 leaves is not signed by us.",
    ),
    "the time of a root": (
        "UPDATE roots SET signed_at = signed_at + 1 WHERE size = 8",
        "The root of 8 leaves is not signed by us.",
    ),
    "a signature": (
        "UPDATE roots SET signature = zeroblob(32) WHERE size = 8",
        "The root of 8 leaves is not signed by us.",
    ),
}


@pytest.mark.parametrize("what", EDITS)
async def test_an_edit_is_found_and_named(opened: SqliteStorage, path: Path, what: str) -> None:
    await sealed(opened)
    statement, sentence = EDITS[what]

    edit(path, statement)

    assert sentence in (await audit(opened)).problems


def body_of(path: Path, position: int) -> str:
    with closing(sqlite3.connect(path)) as db:
        row = db.execute("SELECT body FROM evidence WHERE position = ?", (position,)).fetchone()
        return str(row[0])


async def test_an_edit_that_mends_its_own_hash_is_found_too(
    opened: SqliteStorage, path: Path
) -> None:
    await sealed(opened)
    body = body_of(path, 3).replace("EUR", "USD")

    edit(
        path,
        "UPDATE evidence SET body = ?, digest = ? WHERE position = 3",
        values=(body, leaf_hash(body.encode())),
    )

    (problem,) = (await audit(opened)).problems
    assert problem.startswith("Among leaves 1 to 8 is one that was not sealed")


async def test_leaves_that_change_places_are_found(opened: SqliteStorage, path: Path) -> None:
    await sealed(opened)

    edit(
        path,
        "UPDATE evidence SET position = 1000 WHERE position = 3",
        "UPDATE evidence SET position = 3 WHERE position = 5",
        "UPDATE evidence SET position = 5 WHERE position = 1000",
    )

    (problem,) = (await audit(opened)).problems
    assert problem.startswith("Among leaves 1 to 8 is one that was not sealed")


async def test_a_leaf_that_was_put_in_later_is_found(opened: SqliteStorage, path: Path) -> None:
    await sealed(opened)

    edit(
        path,
        "UPDATE evidence SET position = -position WHERE position > 3",
        "UPDATE evidence SET position = 1 - position WHERE position < 0",
        "INSERT INTO evidence SELECT 4, partner_code, offer_id, kind, at, body || ' ',"
        " zeroblob(32) FROM evidence WHERE position = 3",
    )

    assert len((await audit(opened)).problems) >= 2


async def test_a_root_by_another_key_is_found(opened: SqliteStorage) -> None:
    await write(opened, 1)
    await seal_due(storage=opened, key=OTHER)

    assert (await audit(opened)).problems == (
        f"The key {key_id_of(OTHER)} of the root of 2 leaves is not in the settings.",
    )
    assert (await audit(opened, KEY, OTHER)).problems == ()


# -- proofs


async def test_a_proof_leads_from_the_fact_to_the_root(opened: SqliteStorage) -> None:
    await sealed(opened)

    proof = await prove(opened, "acme", "AAAAA-00002-INS", "offer_declined")

    facts = json.loads(proof.as_json())
    assert json.loads(facts["leaf"])["offer"] == "AAAAA-00002-INS"
    assert (facts["index"], facts["size"]) == (5, 16)
    path = [bytes.fromhex(part) for part in facts["path"]]
    root = root_by(path, leaf_hash(facts["leaf"].encode()), index=5, size=16)
    assert root is not None
    assert root.hex() == facts["root"]


@pytest.mark.parametrize(
    ("code", "offer_id", "kind"),
    [
        ("globex", "AAAAA-00002-INS", "offer_made"),
        ("acme", "AAAAA-99999-INS", "offer_made"),
        ("acme", "AAAAA-00002-INS", "choice_made"),
        ("acme", "AAAAA-00050-INS", "offer_made"),
    ],
)
async def test_what_is_not_sealed_cannot_be_proved(
    opened: SqliteStorage, code: str, offer_id: str, kind: str
) -> None:
    await sealed(opened)
    await write(opened, 50)

    with pytest.raises(NotFound):
        await prove(opened, code, offer_id, kind)


async def test_before_the_first_root_nothing_can_be_proved(opened: SqliteStorage) -> None:
    await write(opened, 1)

    with pytest.raises(NotFound):
        await prove(opened, "acme", "AAAAA-00001-INS", "offer_made")


def test_a_root_is_signed_over_everything_that_it_says(clock: Clock) -> None:
    frontier = Frontier().grown([leaf_hash(b"one"), leaf_hash(b"two")])
    root = sign_root(frontier, at=clock.time, key=KEY)

    others = [
        replace(root, signed_at=clock.time.replace(microsecond=1)),
        replace(root, frontier=frontier.grown([leaf_hash(b"three")])),
        replace(root, frontier=Frontier().grown([leaf_hash(b"two"), leaf_hash(b"one")])),
        replace(root, signature=bytes(32)),
    ]

    assert root.is_signed_by([OTHER, KEY]) is True
    assert root.is_signed_by([OTHER]) is None
    assert [other.is_signed_by([KEY]) for other in others] == [False] * 4

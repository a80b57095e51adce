"""What every storage promises about evidence: leaves at their places, and the roots over them."""

from __future__ import annotations

import asyncio

import pytest

from tests.builders import NOON, a_purchase, an_offer
from widget.evidence import Leaf, offer_made
from widget.roots import Root, sign_root
from widget.storage.base import Storage
from widget.trees import Frontier, leaf_hash

pytestmark = pytest.mark.anyio


async def write(storage: Storage, number: int) -> Leaf:
    """Write one leaf."""
    purchase = a_purchase(reference=f"CHK-{number}")
    offer = an_offer(id=f"AAAAA-{number:05}-INS", purchase=purchase)
    leaf = offer_made(offer, texts_version="texts-1")
    await storage.save_offer(offer, leaf)
    return leaf


def root_after(size: int, previous: int = 0) -> Root:
    frontier = Frontier().grown(leaf_hash(bytes([number])) for number in range(size))
    return sign_root(frontier, at=NOON, key=b"key", previous=previous)


async def test_leaves_stand_in_the_order_in_which_they_were_written(storage: Storage) -> None:
    written = [await write(storage, number) for number in (3, 1, 2)]

    entries = await storage.list_entries(after=0, limit=9)

    assert [entry.leaf for entry in entries] == written
    assert [entry.position for entry in entries] == [1, 2, 3]
    assert all(entry.digest == entry.leaf.digest() for entry in entries)


async def test_leaves_that_are_written_at_once_leave_no_gap(storage: Storage) -> None:
    await asyncio.gather(*(write(storage, number) for number in range(20)))

    entries = await storage.list_entries(after=0, limit=99)

    assert [entry.position for entry in entries] == list(range(1, 21))


async def test_leaves_are_listed_from_a_place_up_to_a_limit(storage: Storage) -> None:
    for number in range(5):
        await write(storage, number)

    entries = await storage.list_entries(after=2, limit=2)

    assert [entry.position for entry in entries] == [3, 4]


async def test_before_the_first_there_is_no_root(storage: Storage) -> None:
    assert await storage.find_root() is None
    assert await storage.list_roots() == []


async def test_a_root_comes_back_as_it_was_stored(storage: Storage) -> None:
    assert await storage.save_root(root_after(5)) is True

    assert await storage.find_root() == root_after(5)


async def test_roots_are_listed_by_size(storage: Storage) -> None:
    for previous, size in ((0, 1), (1, 3), (3, 8)):
        await storage.save_root(root_after(size, previous))

    assert [root.size for root in await storage.list_roots()] == [1, 3, 8]
    newest = await storage.find_root()
    assert newest is not None
    assert newest.size == 8


@pytest.mark.parametrize("size", [2, 3, 4])
async def test_of_two_roots_that_follow_the_same_one_the_first_is_stored(
    storage: Storage, size: int
) -> None:
    await storage.save_root(root_after(3))

    assert await storage.save_root(root_after(size)) is False

    assert [root.size for root in await storage.list_roots()] == [3]

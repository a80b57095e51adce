"""What every storage promises of showings: each content of an offer once, with its leaf."""

from __future__ import annotations

import asyncio

import pytest

from tests.builders import a_rendered_page, a_showing, an_offer
from tests.storage.contract import chosen, kinds_of_evidence, shown
from widget.showings import Filling, Showing, StoredPage
from widget.storage.base import Storage

pytestmark = pytest.mark.anyio


def led_back(address: str) -> Showing:
    return a_showing(filling=Filling("n", 60, address))


async def test_a_showing_is_kept_beside_its_leaf(storage: Storage) -> None:
    await storage.save_offer(an_offer(), shown(an_offer()))
    showing = led_back("https://shop.test/pay")

    assert await storage.save_showing(showing) is True

    entries = await storage.list_entries_of("acme", an_offer().id)
    assert [entry.leaf.kind for entry in entries] == ["offer_made", "offer_shown"]
    assert entries[1].leaf == showing.leaf
    pages = await storage.list_pages(after=0, limit=9)
    assert pages == [StoredPage(2, showing.packed, showing.way_back)]


async def test_the_same_content_is_kept_once(storage: Storage) -> None:
    await storage.save_offer(an_offer(), shown(an_offer()))
    assert not await storage.has_shown("acme", an_offer().id, a_rendered_page().content)

    first = await storage.save_showing(a_showing())
    again = await storage.save_showing(a_showing(filling=Filling("another", 1799)))

    assert (first, again) == (True, False)
    assert await storage.has_shown("acme", an_offer().id, a_rendered_page().content)
    assert await kinds_of_evidence(storage, an_offer()) == ["offer_made", "offer_shown"]


async def test_of_showings_at_once_one_is_kept(storage: Storage) -> None:
    await storage.save_offer(an_offer(), shown(an_offer()))

    kept = await asyncio.gather(*(storage.save_showing(a_showing()) for _ in range(10)))

    assert sorted(kept) == [*[False] * 9, True]
    assert len(await storage.list_pages(after=0, limit=99)) == 1


async def test_an_offer_is_stored_with_what_is_shown_of_it(storage: Storage) -> None:
    await storage.save_offer(an_offer(), shown(an_offer()), None, a_showing())

    assert await kinds_of_evidence(storage, an_offer()) == ["offer_made", "offer_shown"]


async def test_of_an_offer_that_was_there_nothing_is_stored_as_shown(storage: Storage) -> None:
    await storage.save_offer(an_offer(), shown(an_offer()))
    late = an_offer(id="LATER-LATER-INS")

    await storage.save_offer(late, shown(late), None, a_showing(late))

    assert await storage.list_pages(after=0, limit=9) == []


async def test_an_answer_is_stored_with_what_is_shown_of_it(storage: Storage) -> None:
    offer = an_offer()
    await storage.save_offer(offer, shown(offer))
    opted = offer.opt_in({"q-1"}, at=offer.created_at, locale="en")
    showing = a_showing(opted, state="opted_in")

    assert await storage.change_offer(offer, opted, chosen(opted), showing=showing)
    assert not await storage.change_offer(offer, opted, chosen(opted), showing=a_showing(page="x"))

    kinds = await kinds_of_evidence(storage, offer)
    assert kinds == ["offer_made", "choice_made", "offer_shown"]


async def test_pages_are_listed_from_a_place_up_to_a_limit(storage: Storage) -> None:
    await storage.save_offer(an_offer(), shown(an_offer()))
    for number in range(5):
        await storage.save_showing(a_showing(page=f"page {number}"))

    pages = await storage.list_pages(after=3, limit=2)

    assert [page.position for page in pages] == [4, 5]


async def test_the_highest_place_counts_leaves(storage: Storage) -> None:
    assert await storage.count_leaves_ever() == 0

    await storage.save_offer(an_offer(), shown(an_offer()))
    await storage.save_showing(a_showing())

    assert await storage.count_leaves_ever() == 2

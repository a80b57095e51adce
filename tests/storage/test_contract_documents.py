"""What every storage promises about documents: the same bytes under the same name, for ever."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.builders import NOON
from tests.storage.contract import Opener, a_file, an_edition
from widget.storage.base import Storage

pytestmark = pytest.mark.anyio


async def test_a_file_comes_back_byte_for_byte(storage: Storage) -> None:
    file = a_file("\0\r\n\n ünï %PDF")

    await storage.save_edition(an_edition(file), [file])

    assert await storage.find_file(file.digest) == file


async def test_what_nobody_stored_is_not_found(storage: Storage) -> None:
    assert await storage.find_file("0" * 64) is None
    assert await storage.list_editions() == []


async def test_an_edition_comes_back_as_it_was_stored(storage: Storage) -> None:
    edition = an_edition(a_file())

    assert await storage.save_edition(edition, [a_file()]) == edition

    assert await storage.list_editions() == [edition]


async def test_an_edition_is_found_under_its_own_name_too(storage: Storage) -> None:
    edition = an_edition(a_file())

    await storage.save_edition(edition, [a_file()])

    assert await storage.find_file(edition.digest) == edition.file()


async def test_the_same_file_belongs_to_many_editions(storage: Storage) -> None:
    for source in ("source-1", "source-2"):
        await storage.save_edition(an_edition(a_file(), source=source), [a_file()])

    assert len(await storage.list_editions()) == 2
    assert await storage.find_file(a_file().digest) == a_file()


async def test_what_was_published_from_the_same_source_stays(storage: Storage) -> None:
    first = await storage.save_edition(an_edition(a_file("one")), [a_file("one")])
    later = replace(an_edition(a_file("two")), published_at=NOON + timedelta(days=1))

    assert await storage.save_edition(later, [a_file("two")]) == first

    assert await storage.list_editions() == [first]
    assert await storage.find_file(a_file("two").digest) is None


async def test_of_two_that_publish_at_once_both_get_the_first(opener: Opener) -> None:
    storages = [await opener() for _ in range(2)]
    editions = [an_edition(a_file(f"by {number}")) for number in range(2)]

    got = await asyncio.gather(
        *(
            storage.save_edition(edition, [a_file(f"by {number}")])
            for number, (storage, edition) in enumerate(zip(storages, editions, strict=True))
        )
    )

    assert got[0] == got[1]
    assert await storages[0].list_editions() == [got[0]]


async def test_editions_are_listed_oldest_first(storage: Storage) -> None:
    for day in (3, 1, 2):
        edition = an_edition(a_file(), source=f"source-{day}")
        published = replace(edition, published_at=NOON + timedelta(days=day))
        await storage.save_edition(published, [a_file()])

    assert [edition.source for edition in await storage.list_editions()] == [
        "source-1",
        "source-2",
        "source-3",
    ]

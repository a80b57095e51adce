"""Prove what the evidence says: that a fact stands in it, and what a shopper was shown."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass

from widget.errors import NotFound
from widget.evidence import Entry
from widget.roots import Root
from widget.showings import Filling, StoredPage, faults_of_page, unpack
from widget.storage.base import Storage
from widget.trees import proof_of

#: How many leaves are read at a time.
BATCH = 1000


@dataclass(frozen=True, slots=True)
class Proof:
    """That a leaf stands under a root."""

    entry: Entry
    root: Root
    #: From the leaf to the root, the nearest first.
    path: tuple[bytes, ...]

    def as_json(self) -> str:
        """Return the proof for whoever wants to check it; `index` counts from 0."""
        facts = {
            "leaf": self.entry.leaf.body,
            "index": self.entry.position - 1,
            "path": [part.hex() for part in self.path],
            **self.root.as_facts(),
        }
        return json.dumps(facts, indent=2, ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class Shown:
    """A page that a shopper was shown."""

    #: Of its leaf.
    position: int
    #: What was sent; None when what is kept is not what was shown.
    html: str | None
    #: What is not as it was: a fault, or that the address that it led back to was erased.
    note: str = ""


async def prove(
    storage: Storage, partner_code: str, offer_id: str, kind: str, *, position: int | None = None
) -> Proof:
    """Return the proof of the newest sealed leaf of a kind about an offer.

    Args:
        position: Instead of the newest one, the one at this place.

    Raises:
        NotFound: There is no such leaf, or no root seals it yet.
        StorageUnavailable: It could not be read.
    """
    root = await storage.find_root()
    entries = [entry async for entry in all_entries(storage)] if root else []
    sealed = entries[: root.size] if root else []
    wanted = (partner_code, offer_id, kind)
    found = [
        entry
        for entry in sealed
        if (entry.leaf.partner_code, entry.leaf.offer_id, entry.leaf.kind) == wanted
        and position in {None, entry.position}
    ]
    if root is None or not found:
        raise NotFound(f"A sealed leaf {kind} of {offer_id}")
    entry = found[-1]
    path = proof_of(entry.position - 1, [one.leaf.digest() for one in sealed])
    return Proof(entry, root, path)


async def show_again(storage: Storage, partner_code: str, offer_id: str) -> list[Shown]:
    """Return every page of an offer that a shopper was shown, byte for byte, in their order.

    Raises:
        StorageUnavailable: They could not be read.
    """
    shown = []
    for entry in await storage.list_entries_of(partner_code, offer_id):
        if entry.leaf.kind == "offer_shown":
            pages = await storage.list_pages(after=entry.position - 1, limit=1)
            page = next((page for page in pages if page.position == entry.position), None)
            shown.append(_shown_again(entry, page))
    return shown


def _shown_again(entry: Entry, page: StoredPage | None) -> Shown:
    facts = json.loads(entry.leaf.body)
    page = page or StoredPage(entry.position, None, None)
    faults = faults_of_page(facts, page)
    if page.packed is None or faults:
        return Shown(entry.position, None, ", ".join(faults))
    back = page.way_back.address if page.way_back else ""
    html = Filling(facts["nonce"], facts["expires_in_s"], back).into(unpack(page.packed))
    is_erased = facts["way_back"] is not None and page.way_back is None
    return Shown(entry.position, html, "the address that it led back to was erased" * is_erased)


async def all_entries(storage: Storage) -> AsyncIterator[Entry]:
    """Yield all leaves at their places, in order.

    Raises:
        StorageUnavailable: They could not be read.
    """
    after = 0
    while entries := await storage.list_entries(after=after, limit=BATCH):
        for entry in entries:
            yield entry
        after = entries[-1].position


async def all_pages(storage: Storage) -> AsyncIterator[StoredPage]:
    """Yield what is kept beside the leaves of showings, in order of their places.

    Raises:
        StorageUnavailable: They could not be read.
    """
    after = 0
    while pages := await storage.list_pages(after=after, limit=BATCH):
        for page in pages:
            yield page
        after = pages[-1].position

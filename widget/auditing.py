"""Audit the evidence: compare all of it with itself, and name whatever was changed."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from widget.evidence import Entry
from widget.proving import all_entries, all_pages
from widget.roots import Root
from widget.showings import StoredPage, faults_of_page
from widget.storage.base import Storage
from widget.trees import Frontier

#: Stands for a leaf that is not there; the hash of nothing that could be written.
_GONE = bytes(32)

#: A leaf may be written so long after what it tells of; a remote platform takes seconds.
LATE = timedelta(hours=1)

#: Leaves are sealed within seconds while the service runs; what waits longer is told.
OVERDUE = timedelta(hours=1)

#: A partner's code and the id of its offer.
OfferKey = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Audit:
    """What was looked at, and every contradiction that was found."""

    leaves: int
    roots: int
    #: How many of the newest leaves no root seals yet.
    unsealed: int
    problems: tuple[str, ...]


async def verify(
    storage: Storage, keys: Sequence[bytes], *, kept: Mapping[int, bytes] | None = None
) -> Audit:
    """Compare every leaf with its hash and its page, and every root with the leaves that it seals.

    Whoever has all rights on the database can take roots away and have the service seal what is
    left. Only roots that were kept where they have no hand show that.

    Args:
        keys: Those that have signed roots.
        kept: Hashes of roots that were kept elsewhere, by how many leaves they seal.

    Raises:
        StorageUnavailable: It could not be read.
    """
    log = _Log(await storage.list_roots(), kept or {})
    pages = _Pages(all_pages(storage))
    log.problems += [problem for root in log.roots for problem in _faults_of(root, keys)]
    log.problems += _faults_between(log.roots)
    async for entry in all_entries(storage):
        log.read(entry)
        await pages.compare(entry)
    log.end(at=storage.now(), leaves_ever=await storage.count_leaves_ever())
    problems = (*log.problems, *await pages.problems())
    return Audit(log.place - 1, len(log.roots), log.place - 1 - log.sealed, problems)


class _Log:
    """The log, as far as it was read."""

    def __init__(self, roots: Sequence[Root], kept: Mapping[int, bytes]) -> None:
        self.roots = roots
        self._kept = dict(kept)
        self.problems: list[str] = []
        #: How many leaves the newest root of those that were passed seals, and since when.
        self.sealed = 0
        self._sealed_at: datetime | None = None
        #: What the oldest leaf after it tells of happened then.
        self._waiting_since: datetime | None = None
        self._by_size = {root.size: root for root in roots}
        self._frontier = Frontier()

    @property
    def place(self) -> int:
        """Where the next leaf belongs."""
        return self._frontier.size + 1

    def read(self, entry: Entry) -> None:
        """Compare a leaf with its hash, with its place and with the root that seals it."""
        while self.place < entry.position:
            self.problems.append(f"Leaf {self.place} is gone.")
            self._add(_GONE)
        self.problems += _faults_at(entry)
        if self._sealed_at is not None and self._sealed_at - entry.leaf.at > LATE:
            self.problems.append(
                f"{_name_of(entry)} tells of {_spelled(entry.leaf.at)}, and stands after what was"
                f" sealed on {_spelled(self._sealed_at)}."
            )
        self._waiting_since = self._waiting_since or entry.leaf.at
        self._add(entry.leaf.digest())

    def end(self, *, at: datetime, leaves_ever: int) -> None:
        """Look for what should follow the last leaf: other leaves, or a root."""
        last = max(leaves_ever, self.roots[-1].size if self.roots else 0)
        if last >= self.place:
            self.problems.append(f"Leaves {self.place} to {last} are gone.")
        for size in sorted(self._kept):
            self.problems.append(
                f"A root of {size} leaves was kept elsewhere, and {self.place - 1} leaves are here."
            )
        if self._waiting_since is not None and at - self._waiting_since > OVERDUE:
            self.problems.append(
                f"Leaves {self.sealed + 1} to {self.place - 1} wait for a root since"
                f" {_spelled(self._waiting_since)}: it is gone, or the service has not run since."
            )

    def _add(self, digest: bytes) -> None:
        self._frontier = self._frontier.grown([digest])
        size = self._frontier.size
        if self._kept.pop(size, self._frontier.root) != self._frontier.root:
            self.problems.append(f"Leaves 1 to {size} are not those whose root was kept elsewhere.")
        root = self._by_size.get(self._frontier.size)
        if root is None:
            return
        if root.frontier != self._frontier:
            among = f"{self.sealed + 1} to {root.size}"
            when = _spelled(root.signed_at)
            self.problems.append(f"Among leaves {among} is one that was not sealed on {when}.")
            # What is sound after it is not to be blamed for it.
            self._frontier = root.frontier if root.frontier.is_whole else self._frontier
        self.sealed, self._sealed_at = root.size, root.signed_at
        self._waiting_since = None


class _Pages:
    """What is kept beside the leaves of showings, read side by side with the leaves."""

    def __init__(self, pages: AsyncIterator[StoredPage]) -> None:
        self._pages = pages
        self._next: StoredPage | None = None
        self._is_begun = False
        self._problems: list[str] = []
        #: Ways back that are gone. An erasure that follows in the evidence explains them.
        self._lost: dict[OfferKey, list[str]] = {}

    async def compare(self, entry: Entry) -> None:
        """Compare the page at a leaf's place with the leaf."""
        page = await self._page_at(entry.position)
        key = (entry.leaf.partner_code, entry.leaf.offer_id)
        if entry.leaf.kind == "people_erased":
            self._lost.pop(key, None)
        if entry.leaf.kind == "offer_shown":
            self._compare(entry, page, key)
        elif page is not None:
            self._stray(page)

    async def problems(self) -> list[str]:
        """Return what was found, once all leaves were compared."""
        await self._page_at(None)
        return [*self._problems, *(sentence for lost in self._lost.values() for sentence in lost)]

    def _compare(self, entry: Entry, page: StoredPage | None, key: OfferKey) -> None:
        name, facts = _name_of(entry), _facts_of(entry)
        page = page or StoredPage(entry.position, None, None)
        self._problems += [f"{name}: {fault}." for fault in faults_of_page(facts, page)]
        if facts.get("way_back") is not None and page.way_back is None:
            self._lost.setdefault(key, []).append(f"{name}: its way back is gone.")

    async def _page_at(self, position: int | None) -> StoredPage | None:
        """Return the page at a place, and name those before it; None is the end."""
        if not self._is_begun:
            self._is_begun, self._next = True, await anext(self._pages, None)
        while self._next and (position is None or self._next.position < position):
            self._stray(self._next)
            self._next = await anext(self._pages, None)
        if self._next is None or self._next.position != position:
            return None
        found, self._next = self._next, await anext(self._pages, None)
        return found

    def _stray(self, page: StoredPage) -> None:
        self._problems.append(f"A page stands at place {page.position}, where none was shown.")


def _faults_of(root: Root, keys: Sequence[bytes]) -> list[str]:
    is_signed = root.is_signed_by(keys)
    if is_signed is None:
        return [f"The key {root.key_id} of the root of {root.size} leaves is not in the settings."]
    return [] if is_signed else [f"The root of {root.size} leaves is not signed by us."]


def _faults_between(roots: Sequence[Root]) -> list[str]:
    """Return which roots are gone: each names the one before it."""
    before = [0, *(root.size for root in roots)]
    return [
        f"The root of {root.previous} leaves, before that of {root.size}, is gone."
        for root, last in zip(roots, before, strict=False)
        if root.previous not in {None, last}
    ]


def _faults_at(entry: Entry) -> list[str]:
    name = _name_of(entry)
    problems = []
    if entry.digest != entry.leaf.digest():
        problems.append(f"{name} is not what its hash says.")
    if faults := entry.leaf.faults():
        problems.append(f"{name} contradicts itself: {', '.join(faults)}.")
    return problems


def _name_of(entry: Entry) -> str:
    return f"Leaf {entry.position} ({entry.leaf.kind} of {entry.leaf.offer_id})"


def _spelled(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"


def _facts_of(entry: Entry) -> dict[str, object]:
    try:
        facts = json.loads(entry.leaf.body)
    except ValueError:
        return {}
    return facts if isinstance(facts, dict) else {}

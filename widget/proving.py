"""Prove what the evidence says: that nothing in it was changed, and that a fact stands in it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from widget.errors import NotFound
from widget.evidence import Entry
from widget.roots import Root
from widget.storage.base import Storage
from widget.trees import Frontier, proof_of

#: How many leaves are read at a time.
BATCH = 1000

#: Stands for a leaf that is not there; the hash of nothing that could be written.
_GONE = bytes(32)


@dataclass(frozen=True, slots=True)
class Audit:
    """What was looked at, and every contradiction that was found."""

    leaves: int
    roots: int
    #: How many of the newest leaves no root seals yet.
    unsealed: int
    problems: tuple[str, ...]


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
            "size": self.root.size,
            "path": [part.hex() for part in self.path],
            "root": self.root.hash.hex(),
            "signed_at": self.root.signed_at.isoformat(timespec="microseconds"),
            "key_id": self.root.key_id,
            "signature": self.root.signature.hex(),
        }
        return json.dumps(facts, indent=2, ensure_ascii=False)


async def verify(storage: Storage, keys: Sequence[bytes]) -> Audit:
    """Compare every leaf with its hash, and every root with the leaves that it seals.

    Args:
        keys: Those that have signed roots.

    Raises:
        StorageUnavailable: It could not be read.
    """
    log = _Log(await storage.list_roots())
    log.problems += [problem for root in log.roots for problem in _faults_of(root, keys)]
    async for entry in all_entries(storage):
        while log.place < entry.position:
            log.problems.append(f"Leaf {log.place} is gone.")
            log.add(_GONE)
        log.problems += _faults_at(entry)
        log.add(entry.leaf.digest())
    if log.roots and log.roots[-1].size >= log.place:
        log.problems.append(f"Leaves {log.place} to {log.roots[-1].size} are gone.")
    leaves = log.place - 1
    return Audit(leaves, len(log.roots), leaves - log.sealed, tuple(log.problems))


class _Log:
    """The log, as far as it was read."""

    def __init__(self, roots: Sequence[Root]) -> None:
        self.roots = roots
        self.problems: list[str] = []
        self.sealed = 0
        self._by_size = {root.size: root for root in roots}
        self._frontier = Frontier()

    @property
    def place(self) -> int:
        """Where the next leaf belongs."""
        return self._frontier.size + 1

    def add(self, digest: bytes) -> None:
        """Add a leaf by its hash, and compare what is there with the root that seals it."""
        self._frontier = self._frontier.grown([digest])
        root = self._by_size.get(self._frontier.size)
        if root is None:
            return
        if root.frontier != self._frontier:
            moment = f"{root.signed_at:%Y-%m-%d %H:%M:%S} UTC"
            among = f"{self.sealed + 1} to {root.size}"
            self.problems.append(f"Among leaves {among} is one that was not sealed on {moment}.")
            # What is sound after it is not to be blamed for it.
            self._frontier = root.frontier if root.frontier.is_whole else self._frontier
        self.sealed = root.size


async def prove(storage: Storage, partner_code: str, offer_id: str, kind: str) -> Proof:
    """Return the proof of the newest sealed leaf of a kind about an offer.

    Raises:
        NotFound: There is no such leaf, or no root seals it yet.
        StorageUnavailable: It could not be read.
    """
    root = await storage.find_root()
    entries = [entry async for entry in all_entries(storage)] if root else []
    sealed = entries[: root.size] if root else []
    wanted = (partner_code, offer_id, kind)
    found = [e for e in sealed if (e.leaf.partner_code, e.leaf.offer_id, e.leaf.kind) == wanted]
    if root is None or not found:
        raise NotFound(f"A sealed leaf {kind} of {offer_id}")
    entry = found[-1]
    path = proof_of(entry.position - 1, [one.leaf.digest() for one in sealed])
    return Proof(entry, root, path)


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


def _faults_of(root: Root, keys: Sequence[bytes]) -> list[str]:
    is_signed = root.is_signed_by(keys)
    if is_signed is None:
        return [f"The key {root.key_id} of the root of {root.size} leaves is not in the settings."]
    return [] if is_signed else [f"The root of {root.size} leaves is not signed by us."]


def _faults_at(entry: Entry) -> list[str]:
    name = f"Leaf {entry.position} ({entry.leaf.kind} of {entry.leaf.offer_id})"
    problems = []
    if entry.digest != entry.leaf.digest():
        problems.append(f"{name} is not what its hash says.")
    if faults := entry.leaf.faults():
        problems.append(f"{name} contradicts itself: {', '.join(faults)}.")
    return problems

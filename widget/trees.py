"""Hash trees: one short hash for a list of any length, and short proofs of what stands in it.

Whoever knows the root of a list can be shown that an entry stands at its place, by some twenty
hashes for a million entries. Source: RFC 6962, section 2.1; RFC 9162, section 2.1.3.2.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

#: The root of no entries.
EMPTY = hashlib.sha256(b"").digest()


def leaf_hash(entry: bytes) -> bytes:
    """Return the hash of an entry, 32 bytes."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of two subtrees."""
    return hashlib.sha256(b"\x01" + left + right).digest()


@dataclass(frozen=True, slots=True)
class Frontier:
    """A tree that only grows: the complete subtrees that it is made of, the largest first."""

    size: int = 0
    #: One hash for each bit that is set in `size`.
    hashes: tuple[bytes, ...] = ()

    def grown(self, leaves: Iterable[bytes]) -> Frontier:
        """Return this tree with more leaves at its end, given by their hashes."""
        size, hashes = self.size, list(self.hashes)
        for leaf in leaves:
            hashes.append(leaf)
            # Two complete subtrees of one height are one of the next.
            for _ in range(_ones_at_the_end(size)):
                right, left = hashes.pop(), hashes.pop()
                hashes.append(node_hash(left, right))
            size += 1
        return Frontier(size, tuple(hashes))

    @property
    def is_whole(self) -> bool:
        """Whether it has as many subtrees as its size says."""
        return len(self.hashes) == self.size.bit_count()

    @property
    def root(self) -> bytes:
        """The hash of all of it, 32 bytes."""
        if not self.hashes:
            return EMPTY
        *rest, root = self.hashes
        for left in reversed(rest):
            root = node_hash(left, root)
        return root


def root_of(leaves: Sequence[bytes]) -> bytes:
    """Return the root of a list of leaves, given by their hashes."""
    return Frontier().grown(leaves).root


def proof_of(index: int, leaves: Sequence[bytes]) -> tuple[bytes, ...]:
    """Return the hashes that lead from one of the leaves to the root, the nearest first.

    Raises:
        IndexError: There is no such leaf.
    """
    if not 0 <= index < len(leaves):
        raise IndexError(f"There is no leaf {index} among {len(leaves)}.")
    if len(leaves) == 1:
        return ()
    half = 1 << (len(leaves) - 1).bit_length() - 1
    if index < half:
        return (*proof_of(index, leaves[:half]), root_of(leaves[half:]))
    return (*proof_of(index - half, leaves[half:]), root_of(leaves[:half]))


def root_by(proof: Sequence[bytes], leaf: bytes, *, index: int, size: int) -> bytes | None:
    """Return the root that a proof leads to, None when it fits no tree of this size.

    Args:
        leaf: The leaf's hash.
        index: The leaf's place, from 0.
        size: How many leaves the tree has.
    """
    if not 0 <= index < size:
        return None
    place, last, root = index, size - 1, leaf
    for other in proof:
        if last == 0:
            return None
        if place % 2 or place == last:
            root = node_hash(other, root)
            while not place % 2 and place:
                place, last = place >> 1, last >> 1
        else:
            root = node_hash(root, other)
        place, last = place >> 1, last >> 1
    return root if last == 0 else None


def _ones_at_the_end(number: int) -> int:
    return (number ^ (number + 1)).bit_length() - 1

"""Roots: what seals the evidence. Whoever changes a leaf behind a root needs our key as well."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from widget.trees import Frontier


@dataclass(frozen=True, slots=True)
class Root:
    """The signed hash of all leaves up to a size."""

    frontier: Frontier
    #: Aware UTC.
    signed_at: datetime
    #: Which key signed it; see `key_id_of`.
    key_id: str
    #: 32 bytes.
    signature: bytes
    #: The size of the root before it, 0 for the first; None in roots that do not tell.
    previous: int | None = None

    @property
    def size(self) -> int:
        """How many leaves it seals."""
        return self.frontier.size

    @property
    def hash(self) -> bytes:
        """The hash of them all, 32 bytes."""
        return self.frontier.root

    def as_facts(self) -> dict[str, object]:
        """Return the root for whoever keeps it elsewhere."""
        return {
            "root": self.hash.hex(),
            "size": self.size,
            "previous": self.previous,
            "signed_at": self.signed_at.isoformat(timespec="microseconds"),
            "key_id": self.key_id,
            "signature": self.signature.hex(),
        }

    def is_signed_by(self, keys: Sequence[bytes]) -> bool | None:
        """Tell whether the signature is good; None when its key is not among these."""
        key = next((key for key in keys if key_id_of(key) == self.key_id), None)
        if key is None:
            return None
        expected = _signature(self.frontier, self.signed_at, self.previous, key)
        return hmac.compare_digest(expected, self.signature)


def kept_roots(lines: Iterable[str]) -> dict[int, bytes]:
    """Return the hashes of roots that were kept elsewhere, by their sizes.

    Args:
        lines: Of an export, or of the service's log; lines that speak of no root are passed over.

    Raises:
        ValueError: Two of them contradict each other.
    """
    kept: dict[int, bytes] = {}
    for line in lines:
        told = _told(line)
        size, spelled = told.get("size"), told.get("root")
        if not isinstance(size, int) or not isinstance(spelled, str):
            continue
        root = bytes.fromhex(spelled)
        if kept.setdefault(size, root) != root:
            raise ValueError(f"two roots of {size} leaves contradict each other")
    return kept


def sign_root(frontier: Frontier, *, at: datetime, key: bytes, previous: int = 0) -> Root:
    """Return the root of a tree, signed.

    Args:
        previous: The size of the root before it, so that none can be taken out.
    """
    signature = _signature(frontier, at, previous, key)
    return Root(frontier, at, key_id_of(key), signature, previous)


def key_id_of(key: bytes) -> str:
    """Return the public name of a key: enough to pick it from a list, nothing to guess it."""
    return hashlib.sha256(b"offer-widget.evidence-key:" + key).hexdigest()[:8]


def _told(line: str) -> dict[str, object]:
    try:
        told = json.loads(line)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _signature(frontier: Frontier, at: datetime, previous: int | None, key: bytes) -> bytes:
    moment = at.astimezone(UTC).isoformat(timespec="microseconds")
    version, after = ("v1", "") if previous is None else ("v2", f"\n{previous}")
    text = f"offer-widget.root.{version}\n{frontier.size}\n{frontier.root.hex()}\n{moment}{after}"
    return hmac.digest(key, text.encode(), hashlib.sha256)

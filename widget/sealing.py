"""Seal the evidence: sign the hash of all of it, so that nothing in it can change unseen."""

from __future__ import annotations

import asyncio

import structlog

from widget.errors import StorageUnavailable
from widget.roots import Root, sign_root
from widget.storage.base import Storage
from widget.trees import Frontier

#: How often to look for leaves that no root seals yet.
POLL_S = 10.0

#: How many leaves are read at a time.
BATCH = 1000

_log = structlog.get_logger(__name__)


async def seal_forever(*, storage: Storage, key: bytes, poll_s: float = POLL_S) -> None:
    """Seal new leaves until cancelled."""
    while True:
        try:
            await seal_due(storage=storage, key=key)
        except StorageUnavailable as error:
            # The leaves are safe where they are; the next round seals them.
            _log.warning("sealing_paused", problem=str(error))
        await asyncio.sleep(poll_s)


async def seal_due(*, storage: Storage, key: bytes) -> Root | None:
    """Seal all leaves that are there, and return the new root; None when none was needed.

    Raises:
        StorageUnavailable: Nothing is lost; seal again.
    """
    newest = await storage.find_root()
    frontier = newest.frontier if newest else Frontier()
    sealed = frontier.size
    while entries := await storage.list_entries(after=frontier.size, limit=BATCH):
        if entries[0].position != frontier.size + 1:
            # A leaf is missing: what would be signed is not what was written.
            _log.error("evidence_has_a_gap", problem=f"after leaf {frontier.size}")
            break
        frontier = frontier.grown(entry.digest for entry in entries)
    if frontier.size == sealed:
        return None
    root = sign_root(frontier, at=storage.now(), key=key, previous=sealed)
    if not await storage.save_root(root):
        return None
    # The log is kept where nobody who can write to the database has a hand.
    _log.info("evidence_sealed", size=root.size, root=root.hash.hex(), key_id=root.key_id)
    return root

"""Replies: the first answer to a request with an idempotency key, kept to be given again.

A reply is stored in the transaction that does what was asked, so that there is never one without
the other. Source: XCover, "idempotency keys" (kept for 48 hours).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from widget.errors import IdempotencyKeyReused
from widget.partners import Mode

#: How long a reply is kept.
KEPT_FOR = timedelta(hours=48)


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer, and the request that it is the answer to."""

    partner_code: str
    mode: Mode
    key: str
    #: Of the request: see `fingerprint_of`.
    fingerprint: str
    status: int
    #: The answer's JSON, or nothing.
    body: bytes
    #: The offer or booking that it speaks of.
    offer_id: str
    #: Aware UTC.
    created_at: datetime

    def check_same_request(self, fingerprint: str) -> None:
        """Make sure that the key was not used for something else.

        Raises:
            IdempotencyKeyReused: It was.
        """
        if fingerprint != self.fingerprint:
            raise IdempotencyKeyReused(self.key)


def fingerprint_of(method: str, path: str, query: str, body: bytes) -> str:
    """Return what tells one request from another, as 64 hexadecimal digits."""
    digest = hashlib.sha256()
    for part in (method.encode(), path.encode(), query.encode(), body):
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()

"""Replies: the first answer to a request with an idempotency key, kept to be given again.

A reply is stored in the transaction that does what was asked, so that there is never one without
the other. Source: XCover, "idempotency keys" (kept for 48 hours).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from widget.errors import IdempotencyKeyReused
from widget.partners import Mode

#: How long a reply is kept.
KEPT_FOR = timedelta(hours=48)

#: The status of a reply that is no answer yet: what the request began has no known outcome.
#: Source: RFC 2518, 10.1, "102 Processing".
_UNDER_WAY = 102


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer, and the request that it is the answer to."""

    partner_code: str
    mode: Mode
    key: str
    #: Of the request: see `fingerprint_of`.
    fingerprint: str
    #: Of HTTP; 102 while it is no answer yet.
    status: int
    #: The answer's JSON, or nothing.
    body: bytes
    #: The offer or booking that it speaks of.
    offer_id: str
    #: Aware UTC.
    created_at: datetime

    @property
    def is_answer(self) -> bool:
        """Whether it may be given again; else it says which booking the request has begun."""
        return self.status != _UNDER_WAY

    def under_way(self) -> Reply:
        """Return what is kept of a request until its outcome is known, in place of an answer."""
        return replace(self, status=_UNDER_WAY, body=b"")

    def may_follow(self, earlier: Reply) -> bool:
        """Tell whether this takes the place of what the same request has begun."""
        same = (self.fingerprint, self.offer_id) == (earlier.fingerprint, earlier.offer_id)
        return same and not earlier.is_answer

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

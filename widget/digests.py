"""`Content-Digest`: what a body has to be, said in a header that can be signed.

    Content-Digest: sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:

Several members may stand side by side. Those that we know must all fit, and there must be one.

Source: RFC 9530; its members are byte sequences of RFC 8941.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping

from widget.errors import DigestMismatch, RequestMalformed

#: RFC 9530's active algorithms, with Python's names; the older ones no longer protect anything.
ALGORITHMS: Mapping[str, str] = {"sha-256": "sha256", "sha-512": "sha512"}

MAX_DIGEST_CHARS = 1_024

_MEMBER = re.compile(r"([a-z*][a-z0-9_.*-]*)=:([A-Za-z0-9+/]*={0,2}):")
_COMMA = re.compile(r"[ \t]*,[ \t]*")


def content_digest(body: bytes, algorithm: str = "sha-256") -> str:
    """Return the `Content-Digest` of a body, by `sha-256` or `sha-512`."""
    digest = hashlib.new(ALGORITHMS[algorithm], body).digest()
    return f"{algorithm}=:{base64.b64encode(digest).decode()}:"


def check_digest(header: str, body: bytes) -> None:
    """Check that a body, as it was sent, is the one that its `Content-Digest` speaks of.

    Raises:
        RequestMalformed: The header cannot be read, or has no algorithm that we know.
        DigestMismatch: The body is another one.
    """
    known = [(name, member) for name, member in _members(header) if name in ALGORITHMS]
    if not known:
        raise RequestMalformed(f"Content-Digest has none of {' and '.join(ALGORITHMS)}.")
    for name, member in known:
        # Text with text: one digest has one spelling.
        if (actual := content_digest(body, name)) != member:
            raise DigestMismatch(actual, len(body))


def _members(header: str) -> list[tuple[str, str]]:
    """Return the algorithms with their members, one that stands twice included."""
    members = _COMMA.split(header.strip(" \t"))
    matches = [_MEMBER.fullmatch(member) for member in members]
    if len(header) > MAX_DIGEST_CHARS or None in matches:
        raise RequestMalformed(
            "Content-Digest is not written like sha-256=:<base64>:, "
            f"in at most {MAX_DIGEST_CHARS} characters."
        )
    return [(match[1], match[0]) for match in matches if match]

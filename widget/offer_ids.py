"""The two spellings of an offer's id: XCover's `XXXXX-XXXXX-INS`, and its newer UUID.

Both name the same offer. The UUID is the other one's letters, in a version that is free for such
use, so that neither has to be looked up. Source: RFC 9562, section 5.8 (UUID version 8).
"""

from __future__ import annotations

import re
import uuid

_LETTERS = re.compile(r"[2-9A-HJ-NP-Z]{10}", re.ASCII)
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}", re.ASCII)

#: What stands in the four bytes that the letters leave free, to tell ours from others.
_MARK = b"offr"


def uuid_of(offer_id: str) -> str:
    """Return the UUID that names an offer."""
    letters = offer_id.removesuffix("-INS").replace("-", "").encode()
    fields = bytearray(16)
    # Bytes 6 and 8 hold the version and the variant, so nothing of ours stands there.
    places = [place for place in range(16) if place not in {6, 8}]
    for place, value in zip(places, letters + _MARK, strict=True):
        fields[place] = value
    fields[6], fields[8] = 0x80, 0x80
    return str(uuid.UUID(bytes=bytes(fields)))


def offer_id_of(text: str) -> str | None:
    """Return the offer id that a UUID names, None when it names none."""
    if not _UUID.fullmatch(text):
        return None
    fields = uuid.UUID(text).bytes
    told = bytes(value for place, value in enumerate(fields) if place not in {6, 8})
    letters = told[:10].decode("latin-1")
    if told[10:] != _MARK or not _LETTERS.fullmatch(letters):
        return None
    return f"{letters[:5]}-{letters[5:]}-INS"

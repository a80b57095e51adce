"""Showings: what a shopper was shown, kept so that it comes back byte for byte.

Two answers of the same page differ in a nonce, in the seconds that are left, and in where a plain
form leads back to. So a page is rendered with blanks in these places. The page with blanks is kept
once; what filled the blanks the first time stands in the evidence, but for the way back, which is
the partner's address and may hold personal data.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from html import escape

from widget.evidence import Leaf, offer_shown
from widget.offers import Offer

#: Sizes differ by a twentieth from level to level, times by a half.
_LEVEL = 1


class Blank(StrEnum):
    """Stands in a page for a value of one answer; no text has Unicode's noncharacters."""

    NONCE = "\ufdd0nonce\ufdd1"
    EXPIRES_IN_S = "\ufdd0expires_in_s\ufdd1"
    RETURN_TO = "\ufdd0return_to\ufdd1"


@dataclass(frozen=True, slots=True)
class Filling:
    """The values of one answer."""

    nonce: str
    #: Seconds until the premiums run out; 0 once they have.
    expires_in_s: int
    #: Where a plain form post leads back to; empty inside the frame. May hold personal data.
    return_to: str = ""

    def into(self, page: str) -> str:
        """Return a page with its blanks filled: what is sent, and what is shown again."""
        filled = page.replace(Blank.NONCE, self.nonce)
        filled = filled.replace(Blank.EXPIRES_IN_S, str(self.expires_in_s))
        # The last, so that an address cannot spell a blank.
        return filled.replace(Blank.RETURN_TO, escape(self.return_to))


@dataclass(frozen=True, slots=True)
class Rendered:
    """A page as it was rendered for one shopper, and the values of this one answer."""

    #: With blanks.
    page: str
    filling: Filling
    #: `page`, `swap` or `include`.
    surface: str
    locale: str
    #: Of the offer, as the shopper sees it.
    state: str

    @property
    def html(self) -> str:
        """What is sent."""
        return self.filling.into(self.page)

    @property
    def content(self) -> str:
        """The name of the page with blanks: SHA-256, in hexadecimal digits."""
        return hashlib.sha256(self.page.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class WayBack:
    """Where a shown page led back to: kept apart from the evidence, and erased on request."""

    address: str
    #: 16 random bytes: without them, nobody can guess the address from its digest.
    salt: bytes

    @property
    def digest(self) -> str:
        """What the evidence says of it, in hexadecimal digits."""
        return hashlib.sha256(self.salt + self.address.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Showing:
    """That a page was shown for the first time, to be stored."""

    leaf: Leaf
    content: str
    packed: bytes
    #: None when it led nowhere.
    way_back: WayBack | None


@dataclass(frozen=True, slots=True)
class StoredPage:
    """What is kept beside the leaf of a showing; None for what is not there."""

    #: The leaf's place.
    position: int
    packed: bytes | None
    way_back: WayBack | None


def showing_of(
    offer: Offer, rendered: Rendered, *, at: datetime, salt: bytes, texts_version: str
) -> Showing:
    """Return the fact that an offer was shown, with all that it takes to show it again.

    Args:
        salt: 16 random bytes, for the way back.
        texts_version: Names the exact templates and texts that it was shown with.
    """
    packed, content, address = pack(rendered.page), rendered.content, rendered.filling.return_to
    way_back = WayBack(address, salt) if address else None
    facts = {
        "content": content,
        "packed": hashlib.sha256(packed).hexdigest(),
        "nonce": rendered.filling.nonce,
        "expires_in_s": rendered.filling.expires_in_s,
        "way_back": way_back.digest if way_back else None,
        "surface": rendered.surface,
        "locale": rendered.locale,
        "state": rendered.state,
        "texts": texts_version,
    }
    return Showing(offer_shown(offer, facts, at=at), content, packed, way_back)


def faults_of_page(facts: Mapping[str, object], page: StoredPage) -> list[str]:
    """Return what is kept of a showing and contradicts its leaf: nothing, unless it was changed.

    Args:
        facts: The leaf's.
    """
    faults = []
    if page.packed is None:
        faults.append("its page is gone")
    elif hashlib.sha256(page.packed).hexdigest() != facts.get("packed"):
        faults.append("its page is not the one that was shown")
    if page.way_back is not None and page.way_back.digest != facts.get("way_back"):
        faults.append("its way back is not the one that was shown")
    return faults


def pack(page: str) -> bytes:
    """Return a page as it is kept."""
    return zlib.compress(page.encode(), _LEVEL)


def unpack(packed: bytes) -> str:
    """Return a page that was kept.

    Raises:
        ValueError: It is damaged.
    """
    try:
        return zlib.decompress(packed).decode()
    except zlib.error as error:
        raise ValueError(str(error)) from error

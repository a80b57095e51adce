"""Editions: the documents of a product version as they were published, by their exact bytes.

A file is named by the SHA-256 of its bytes, and an edition by that of the list of its files. So the
one name in a quote, and in the evidence, says what the customer could read to the last comma. The
documents of a version are published anew when their text, their looks or the fonts change; what was
published stays for ever.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime

from widget.errors import NotFound
from widget.products import FALLBACK_LOCALE, Product
from widget.sheets import Paper

HTML = "text/html; charset=utf-8"
PDF = "application/pdf"
CSS = "text/css; charset=utf-8"
JSON = "application/json"

_DIGEST = re.compile(r"[0-9a-f]{64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class File:
    """Bytes that are never changed."""

    #: SHA-256 of the body in 64 hexadecimal digits: its name.
    digest: str
    media_type: str
    body: bytes


def file_of(media_type: str, body: bytes) -> File:
    """Return bytes with the name that follows from them."""
    return File(hashlib.sha256(body).hexdigest(), media_type, body)


def is_digest(text: str) -> bool:
    """Tell whether a text could name a file."""
    return _DIGEST.fullmatch(text) is not None


@dataclass(frozen=True, slots=True)
class Copy:
    """One document in one language, in both forms."""

    #: As the product file names it: `product_information`, `wording` and others.
    code: str
    locale: str
    paper: Paper
    title: str
    #: The names of its files.
    html: str
    pdf: str


@dataclass(frozen=True, slots=True)
class Edition:
    """All documents of a product version as they were published at one time."""

    product_code: str
    product_version: int
    #: Names all that the files were made of; the same is not published again.
    source: str
    #: Aware UTC.
    published_at: datetime
    copies: tuple[Copy, ...]

    def file(self) -> File:
        """Return the list of its files, which names it."""
        values = {**asdict(self), "published_at": self.published_at.isoformat()}
        text = json.dumps(values, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return file_of(JSON, text.encode())

    @property
    def digest(self) -> str:
        """The edition's name."""
        return self.file().digest

    def copies_for(self, locale: str, paper: Paper) -> tuple[Copy, ...]:
        """Return one copy of each document: in `locale`, its language or the fallback."""
        codes = dict.fromkeys(copy.code for copy in self.copies)
        return tuple(self._nearest(code, locale, paper) for code in codes)

    def copy_of(self, code: str, locale: str, paper: Paper) -> Copy:
        """Return the copy of a document that fits best.

        Raises:
            NotFound: The product has no such document.
        """
        if code not in {copy.code for copy in self.copies}:
            raise NotFound("This document")
        return self._nearest(code, locale, paper)

    def _nearest(self, code: str, locale: str, paper: Paper) -> Copy:
        wanted = (locale, locale.split("-", maxsplit=1)[0], FALLBACK_LOCALE)

        def distance(copy: Copy) -> tuple[int, bool]:
            known = copy.locale in wanted
            return wanted.index(copy.locale) if known else len(wanted), copy.paper is not paper

        return min((copy for copy in self.copies if copy.code == code), key=distance)


def edition_from(body: bytes) -> Edition:
    """Return the edition that a list of files describes."""
    values = json.loads(body)
    copies = tuple(Copy(**{**copy, "paper": Paper(copy["paper"])}) for copy in values["copies"])
    published_at = datetime.fromisoformat(values["published_at"])
    return Edition(**{**values, "published_at": published_at, "copies": copies})


@dataclass(slots=True)
class Shelf:
    """The editions that were ever published here, and which of them is shown today."""

    _current: dict[tuple[str, int], str] = field(default_factory=dict)
    _editions: dict[str, Edition] = field(default_factory=dict)

    def keep(self, editions: Sequence[Edition]) -> None:
        """Put editions in reach by their names."""
        self._editions |= {edition.digest: edition for edition in editions}

    def show(self, edition: Edition) -> None:
        """Make an edition the one that new quotes of its product version name."""
        self.keep([edition])
        self._current[edition.product_code, edition.product_version] = edition.digest

    def name_for(self, product: Product) -> str:
        """Return the name of the edition that is shown today; empty before the first one."""
        return self._current.get((product.code, product.version), "")

    def edition(self, product_code: str, product_version: int, name: str = "") -> Edition | None:
        """Return the edition of that name, or without a name the one that is shown today.

        None when nothing of this product version has been published.

        Raises:
            NotFound: No edition has that name, and no other may stand in for it.
        """
        digest = name or self._current.get((product_code, product_version), "")
        if not digest:
            return None
        if digest not in self._editions:
            raise NotFound(f"The edition {digest[:12]}")
        return self._editions[digest]

"""Enclosures: files that go with a letter."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

#: What no system minds in the name of a file.
_OTHERS = re.compile(r"[^A-Za-z0-9._-]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Enclosure:
    """One file, as its receiver saves it."""

    name: str
    media_type: str
    body: bytes


def file_name(title: str, ending: str) -> str:
    """Return a name for a file that every system takes: `Versicherungsbedingungen.pdf`."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode()
    return f"{_OTHERS.sub('-', plain).strip('-') or 'document'}.{ending}"

"""Reading what was typed into a form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

TEXT_MAX_CHARS = 60


def read_text(form: Mapping[str, Any], name: str) -> str:
    """Return a field of a form, without the spaces around it; empty when it is absent."""
    # A file in place of a text is nobody's mistake; it reads as nothing.
    value = form.get(name, "")
    return value.strip()[:TEXT_MAX_CHARS] if isinstance(value, str) else ""


def is_email(text: str) -> bool:
    """Whether `text` could be an e-mail address; only a mail that arrives proves that it is."""
    name, _, host = text.rpartition("@")
    return bool(name and host) and " " not in text

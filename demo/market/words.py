"""The texts of the marketplace: written in English, and translated in `german.toml`."""

from __future__ import annotations

import tomllib
from pathlib import Path

_GERMAN: dict[str, str] = tomllib.loads(
    (Path(__file__).parent / "german.toml").read_text(encoding="utf-8")
)


def translated(text: str, language: str) -> str:
    """Return an English text in `language`.

    Raises:
        KeyError: It has no translation: better a failing page in the tests than a mixed one.
    """
    return _GERMAN[text] if language == "de" else text

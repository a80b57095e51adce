"""The sentences of the interface, as templates and modules hold them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from babel.messages.extract import extract_from_file

ROOT = Path(__file__).parent.parent

_KEYWORDS = {"_": None, "gettext": None, "say": None, "ngettext": (1, 2)}

#: A message id: one sentence, or a singular and its plural.
MessageId = str | tuple[str, ...]


def extract() -> dict[MessageId, str]:
    """Return every sentence that can be translated, and the file that it stands in."""
    found: dict[MessageId, str] = {}
    for path in _sources():
        method = "python" if path.suffix == ".py" else "jinja2.ext:babel_extract"
        options = {"trim_blocks": "true", "lstrip_blocks": "true", "newstyle_gettext": "true"}
        for _, message, _, _ in extract_from_file(
            method, str(path), keywords=_KEYWORDS, options=options
        ):
            found.setdefault(message, path.relative_to(ROOT).as_posix())
    return found


def _sources() -> Iterator[Path]:
    yield from sorted((ROOT / "widget").rglob("*.py"))
    yield from sorted((ROOT / "templates").rglob("*.html"))
    yield from sorted((ROOT / "templates").rglob("*.txt"))

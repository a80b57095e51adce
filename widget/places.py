"""Places: where in a TOML file something stands, so that a sentence about it can name the line.

The parser of the standard library keeps no positions. Only a file that has a gap is ever looked at
here, after that parser has taken it: what follows relies on the text being TOML.
"""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

#: The way to a value: names of keys, and positions in arrays, as in `("plan", 0, "minimum")`.
Place = tuple[str | int, ...]

#: Spaces, ends of lines and comments: all that may stand between two values of an array.
_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")

#: One name of a key. Source: TOML 1.0, "Keys".
_NAME = re.compile(r"[ \t]*(?:([A-Za-z0-9_-]+)|(\"(?:[^\"\\]|\\.)*\")|'([^']*)')[ \t]*")

#: A value that holds no other: a string of any of the four kinds, or a number, date or flag.
_SIMPLE = re.compile(
    r"\"\"\"(?:[^\\]|\\.)*?\"{3,5}|'''.*?'{3,5}"
    r"|\"(?:[^\"\\]|\\.)*\"|'[^']*'|[^,\]}#\r\n]+",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Gap:
    """What is missing or contradicts itself, in one sentence, and the place that it is about."""

    place: Place
    sentence: str


class Places:
    """The line of each table, array, value and key of one text."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._starts = [0, *(found.end() for found in re.finditer("\n", text))]
        self._lines: dict[Place, int] = {(): 1}
        #: How many tables each array of tables has, up to where we are.
        self._tables: dict[Place, int] = {}
        self._read()

    @property
    def lines(self) -> Mapping[Place, int]:
        """The line of everything that stands in the text; the first one is 1."""
        return self._lines

    def line_of(self, place: Place) -> int:
        """Return the line of a place; of what is not there, that of the table that lacks it."""
        while place not in self._lines:
            place = place[:-1]
        return self._lines[place]

    def _read(self) -> None:
        table: Place = ()
        at = self._past_blank(0)
        while at < len(self._text):
            if self._text[at] == "[":
                table, at = self._header(at)
            else:
                at = self._pair(at, table)
            at = self._past_blank(at)

    def _header(self, at: int) -> tuple[Place, int]:
        """Read `[a.b]` or `[[a.b]]`; return the table that it opens, and where it ends."""
        start, is_array = at, self._text.startswith("[[", at)
        at += 2 if is_array else 1
        names, at = self._key(at)
        table: Place = ()
        for name in names[:-1]:
            table = self._newest((*table, name))
            self._note(table, start)
        table = (*table, names[-1])
        self._note(table, start)
        if is_array:
            self._tables[table] = self._tables.get(table, 0) + 1
            table = self._newest(table)
        # A table may have been spoken of before its own header: `[a.b]`, and then `[a]`.
        self._lines[table] = self._line_at(start)
        return table, at + (2 if is_array else 1)

    def _newest(self, table: Place) -> Place:
        return (*table, self._tables[table] - 1) if table in self._tables else table

    def _pair(self, at: int, table: Place) -> int:
        """Read `key = value`, and return where it ends."""
        names, after = self._key(at)
        for depth in range(1, len(names) + 1):
            self._note((*table, *names[:depth]), at)
        return self._value(self._past_blank(after + 1), (*table, *names))

    def _key(self, at: int) -> tuple[tuple[str, ...], int]:
        """Read a dotted key; return its names, and where what follows it stands."""
        names: list[str] = []
        while found := _NAME.match(self._text, at):
            bare, quoted, literal = found.groups()
            names.append(tomllib.loads(f"k = {quoted}")["k"] if quoted else bare or literal or "")
            at = found.end()
            if self._text[at] != ".":
                break
            at += 1
        return tuple(names), at

    def _value(self, at: int, place: Place) -> int:
        self._note(place, at)
        if self._text[at] not in "[{":
            found = _SIMPLE.match(self._text, at)
            return found.end() if found else len(self._text)
        is_array, index = self._text[at] == "[", 0
        at = self._past_blank(at + 1)
        while self._text[at] not in "]}":
            at = self._value(at, (*place, index)) if is_array else self._pair(at, place)
            index, at = index + 1, self._past_blank(at)
            if self._text[at] == ",":
                at = self._past_blank(at + 1)
        return at + 1

    def _note(self, place: Place, at: int) -> None:
        self._lines.setdefault(place, self._line_at(at))

    def _line_at(self, at: int) -> int:
        return bisect_right(self._starts, at)

    def _past_blank(self, at: int) -> int:
        found = _BLANK.match(self._text, at)
        return found.end() if found else at


def leaves_of(told: object, place: Place = ()) -> Iterator[Place]:
    """Yield the place of each value that holds no other, in what a TOML text was read to."""
    if isinstance(told, Mapping):
        for name, value in told.items():
            yield from leaves_of(value, (*place, name))
    elif isinstance(told, list):
        for index, value in enumerate(told):
            yield from leaves_of(value, (*place, index))
    else:
        yield place

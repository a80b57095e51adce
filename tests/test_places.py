from __future__ import annotations

import string
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import widget
from widget.places import Place, Places, leaves_of

ROOT = Path(widget.__file__).parent
SHIPPED = sorted([*ROOT.glob("catalogue/*.toml"), *ROOT.glob("market_rules/*.toml")])

TEXT = '''\
# A comment with = and [brackets]
code = "x" # and = one more
"quoted \\"key\\"" = 1
'literal.key' = 2
a.b.c = [ # an array
  1, # with a comment ]
  [2, { d = "}" }],
]
long = """
not = a key
\\"""
"""
after = \'\'\'one ' two\'\'\'

[[plan]]
code = "first"

[[plan.charge]]
rate = [
  { when = { days = 8 }, percent = "1" },
  { percent = "2" },
]

[plan.minimum]
EUR = "1"

[[plan]]
code = "second"
day = 2026-01-01T00:00:00Z

[[plan.charge]]
code = "of the second"

[text.de.plan]
x = 1

[text]
en = 1
'''


@pytest.mark.parametrize(
    ("place", "line"),
    [
        ((), 1),
        (("code",), 2),
        (('quoted "key"',), 3),
        (("literal.key",), 4),
        (("a",), 5),
        (("a", "b", "c"), 5),
        (("a", "b", "c", 0), 6),
        (("a", "b", "c", 1, 1, "d"), 7),
        (("long",), 9),
        (("after",), 13),
        (("plan",), 15),
        (("plan", 0), 15),
        (("plan", 0, "charge", 0, "rate", 0, "when", "days"), 20),
        (("plan", 0, "charge", 0, "rate", 1, "percent"), 21),
        (("plan", 0, "minimum"), 24),
        (("plan", 0, "minimum", "EUR"), 25),
        (("plan", 1), 27),
        (("plan", 1, "day"), 29),
        (("plan", 1, "charge", 0, "code"), 32),
        (("text",), 37),
        (("text", "de"), 34),
        (("text", "de", "plan", "x"), 35),
    ],
)
def test_each_place_has_its_line(place: Place, line: int) -> None:
    assert Places(TEXT).line_of(place) == line


@pytest.mark.parametrize(
    ("place", "line"),
    [
        (("plan", 0, "minimum", "GBP"), 24),
        (("plan", 1, "minimum", "GBP"), 27),
        (("plan", 1, "charge", 0, "rate", 3, "when"), 31),
        (("text", "en", "name"), 38),
        (("nothing", "of", "it"), 1),
    ],
)
def test_what_is_not_there_has_the_line_of_the_table_that_lacks_it(place: Place, line: int) -> None:
    assert Places(TEXT).line_of(place) == line


def test_lines_may_end_as_on_windows() -> None:
    assert Places(TEXT.replace("\n", "\r\n")).lines == Places(TEXT).lines


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_the_line_of_each_leaf_of_the_shipped_files_holds_its_key(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    places, lines = Places(text), text.splitlines()

    leaves = list(leaves_of(tomllib.loads(text)))

    assert leaves
    assert set(leaves) <= places.lines.keys()
    for leaf in leaves:
        if isinstance(leaf[-1], str):
            assert leaf[-1] in lines[places.lines[leaf] - 1], leaf


NAMES = st.text(string.ascii_lowercase + " .#=[]{}\"'\\\n", min_size=1, max_size=6)
VALUES = st.recursive(
    st.integers() | st.booleans() | st.text(string.printable, max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=12,
)


@given(st.dictionaries(NAMES, VALUES, max_size=6))
def test_whatever_can_be_written_is_found_on_its_line(told: dict[str, Any]) -> None:
    expected: dict[Place, int] = {}
    written: list[str] = []
    for name, value in told.items():
        expected |= dict.fromkeys(leaves_of(value, (name,)), len(written) + 1)
        written.append(f"{spelled(name)} = {inline(value)} # {name!r}")
    text = "\n".join(written)
    assert tomllib.loads(text) == told

    places = Places(text)

    assert {leaf: places.lines.get(leaf) for leaf in expected} == expected


def inline(value: object) -> str:
    """Return a value as TOML writes it in one line."""
    if isinstance(value, dict):
        inside = ", ".join(f"{spelled(name)} = {inline(one)}" for name, one in value.items())
        return f"{{ {inside} }}"
    if isinstance(value, list):
        return f"[{', '.join(inline(one) for one in value)}]"
    if isinstance(value, bool | int):
        return str(value).lower()
    return spelled(str(value))


def spelled(text: str) -> str:
    plain = string.ascii_letters + string.digits + " .#=[]{}'"
    return '"' + "".join(c if c in plain else f"\\u{ord(c):04x}" for c in text) + '"'

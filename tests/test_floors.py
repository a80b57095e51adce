"""The import rules of `widget/__init__.py`, one sentence for each breach."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest

import widget

#: Module name → source. The rules take sources, so that they can be broken on purpose.
Sources = Mapping[str, str]

ROOF = set(
    """
    app cli desk evidence_commands erase_command market_commands offer_lint product_commands server
    showcase __main__
    """.split()
)
WEB = {"web"}
DEEDS = set(
    """
    quoting choosing confirming amending modifying cancelling renewing collecting mailing
    enclosing delivering reconciling showing sealing proving auditing erasing publishing
    withdrawing
    """.split()
)
DOORS = {"storage", "upstream", "delivery", "press"}
GROUND = set(
    """
    addresses amendments bookings bundles cancellations catalogues certificates changes countries
    covers denials digests disclosures editions enclosures erasures errors events evidence examples
    formats gaps instalments lanes limits lines links lints logs market_files market_gaps markets
    messages money news offer_ids offers partners places printouts products purchases questions
    rate_gaps rates refunds refusals replies restrictions roots sales schedules seals settings
    sheets showings signatures synopses tables tariffs taxes terms texts tokens trees webhooks wire
    witnesses workings
    """.split()
)

#: From the ground up. A module imports from its own floor or from below.
FLOORS = (GROUND, DOORS, DEEDS, WEB, ROOF)

#: What the ground may use besides the standard library, module by module.
THIRD_PARTIES = {
    "formats": {"babel"},
    "texts": {"babel"},
    "tokens": {"itsdangerous"},
    "wire": {"pydantic", "typing_extensions"},
    "market_files": {"pydantic"},
    "products": {"pydantic"},
    "lines": {"pydantic"},
    "bundles": {"pydantic"},
    "tables": {"pydantic", "pydantic_core", "tomli"},
    "tariffs": {"pydantic"},
    "logs": {"structlog"},
}

#: The ground has no way to the outside, no clock and no dice.
OUTSIDE = set(
    """
    asyncio ftplib glob http io os pathlib random requests secrets select selectors shutil signal
    smtplib socket socketserver sqlite3 ssl subprocess tempfile threading time urllib.request uuid
    """.split()
)
#: `texts` keeps a file in memory, where Babel wants one; `offer_ids` spells, and draws nothing.
ALLOWED_OUTSIDE = {"texts": {"io"}, "offer_ids": {"uuid"}}

#: Calls that read a clock or open a file without an import that tells.
TELLTALE_METHODS = set(
    "now utcnow today getrandbits read_text write_text urandom monotonic".split()
)
TELLTALE_NAMES = set("open input print exec eval __import__".split())

EMPTY_WORDS = set("utils util helpers helper common core manager service misc base".split())

MAX_LINES = 400


@cache
def shipped() -> Sources:
    root = Path(widget.__file__).parent
    return {
        ".".join(path.relative_to(root.parent).with_suffix("").parts).removesuffix(".__init__"): (
            path.read_text(encoding="utf-8")
        )
        for path in root.rglob("*.py")
    }


def breaches(sources: Sources) -> list[str]:
    """Return a sentence for each rule that a module breaks."""
    return sorted(
        sentence
        for rule in (
            unknown_floors,
            climbs,
            door_to_door,
            concrete_doors,
            third_parties,
            ways_outside,
            empty_names,
            deep_modules,
            long_modules,
        )
        for sentence in rule(sources)
    )


# -- the rules


def unknown_floors(sources: Sources) -> Iterator[str]:
    for room in sorted({room_of(name) for name in sources} - {""} - set().union(*FLOORS)):
        yield f"widget.{room} stands on no floor: decide where, and say so in widget/__init__.py."


def climbs(sources: Sources) -> Iterator[str]:
    for name, imported in inside_imports(sources):
        if floor_of(imported) > floor_of(name):
            yield f"{name} imports {imported}, which stands on a higher floor."


def door_to_door(sources: Sources) -> Iterator[str]:
    for name, imported in inside_imports(sources):
        if {room_of(name), room_of(imported)} <= DOORS and room_of(name) != room_of(imported):
            yield f"{name} imports {imported}: a door never opens another door."


def concrete_doors(sources: Sources) -> Iterator[str]:
    for name, imported in inside_imports(sources):
        is_base = imported == f"widget.{room_of(imported)}.base"
        if room_of(name) in DEEDS | WEB and room_of(imported) in DOORS and not is_base:
            yield f"{name} imports {imported}: it may know a door only by its base."


def third_parties(sources: Sources) -> Iterator[str]:
    for name, imported in outside_imports(sources):
        package = imported.split(".")[0]
        if (
            room_of(name) in GROUND
            and package not in sys.stdlib_module_names
            and package not in THIRD_PARTIES.get(room_of(name), set())
        ):
            yield f"{name} imports {package}: the ground stands on the standard library."


def ways_outside(sources: Sources) -> Iterator[str]:
    for name, imported in outside_imports(sources):
        found = OUTSIDE & {imported, imported.split(".")[0]}
        if room_of(name) in GROUND and found - ALLOWED_OUTSIDE.get(room_of(name), set()):
            yield f"{name} imports {imported}: the ground has no I/O, clock or dice."
    for name, source in sources.items():
        for call in calls(source) if room_of(name) in GROUND else ():
            yield f"{name} calls {call}: the ground is told the time and does no I/O."


def empty_names(sources: Sources) -> Iterator[str]:
    for name in sources:
        parts = name.split(".")
        is_contract = len(parts) == 3 and parts[1] in DOORS and parts[2] == "base"
        words = {word for part in parts for word in part.split("_")}
        if words & EMPTY_WORDS and not is_contract:
            yield f"{name} has a name that says nothing: {', '.join(sorted(words & EMPTY_WORDS))}."


def deep_modules(sources: Sources) -> Iterator[str]:
    for name in sources:
        if name.count(".") > 2:
            yield f"{name} lies deeper than two levels."


def long_modules(sources: Sources) -> Iterator[str]:
    for name, source in sources.items():
        lines = len(source.splitlines())
        if lines > MAX_LINES:
            yield f"{name} has {lines} lines: split it at {MAX_LINES}."


# -- how they look


def room_of(name: str) -> str:
    """Return the part of a module's name that says its floor; empty for the package itself."""
    return f"{name}..".split(".")[1]


def floor_of(name: str) -> int:
    room = room_of(name)
    return next((floor for floor, rooms in enumerate(FLOORS) if room in rooms), 0)


def inside_imports(sources: Sources) -> Iterator[tuple[str, str]]:
    for name, imported in all_imports(sources):
        if imported.split(".")[0] == "widget":
            yield name, imported


def outside_imports(sources: Sources) -> Iterator[tuple[str, str]]:
    for name, imported in all_imports(sources):
        if imported.split(".")[0] not in {"widget", "__future__"}:
            yield name, imported


def all_imports(sources: Sources) -> Iterator[tuple[str, str]]:
    """Return each module with each module that it imports, wherever in it the import stands."""
    for name, source in sources.items():
        for node in nodes(source):
            if isinstance(node, ast.Import):
                yield from ((name, alias.name) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                start = origin_of(node, name, is_package=is_package(name, sources))
                for alias in node.names:
                    whole = f"{start}.{alias.name}"
                    # `from widget import formats` imports a module, `from widget.x import y` names.
                    is_module = whole in sources or (start == "widget" and alias.name[0] != "_")
                    yield name, whole if is_module else start


@cache
def nodes(source: str) -> list[ast.AST]:
    """Return the imports and the calls of a module; most sources are looked at many times."""
    kinds = (ast.Import, ast.ImportFrom, ast.Call)
    return [node for node in ast.walk(ast.parse(source)) if isinstance(node, kinds)]


def origin_of(node: ast.ImportFrom, name: str, *, is_package: bool) -> str:
    if not node.level:
        return node.module or ""
    parts = name.split(".")
    kept = parts[: len(parts) - node.level + is_package]
    return ".".join([*kept, *([node.module] if node.module else [])])


def is_package(name: str, sources: Sources) -> bool:
    return any(other.startswith(f"{name}.") for other in sources)


def calls(source: str) -> Iterator[str]:
    for node in nodes(source):
        if isinstance(node, ast.Call):
            called = node.func
            if isinstance(called, ast.Attribute) and called.attr in TELLTALE_METHODS:
                yield f".{called.attr}()"
            elif isinstance(called, ast.Name) and called.id in TELLTALE_NAMES:
                yield f"{called.id}()"


# -- the house as it is


def test_no_module_breaks_a_rule() -> None:
    assert breaches(shipped()) == []


def test_every_room_is_there() -> None:
    rooms = {room_of(name) for name in shipped()} - {""}

    assert rooms == set().union(*FLOORS)


@pytest.mark.parametrize(
    ("floor", "rooms"), [("roof", ROOF), ("web", WEB), ("deeds", DEEDS), ("doors", DOORS)]
)
def test_the_map_in_the_package_shows_the_same_floors(floor: str, rooms: set[str]) -> None:
    drawn = widget.__doc__ or ""
    found = re.search(rf"^{floor} +(.+?)  +may import", drawn, re.MULTILINE | re.DOTALL)

    assert found is not None
    assert {room.strip("/") for room in found[1].split()} == rooms


def test_every_exception_to_the_rules_is_still_needed() -> None:
    used = {
        (room_of(name), imported.split(".")[0]) for name, imported in outside_imports(shipped())
    }

    granted = {
        (room, package)
        for exceptions in (THIRD_PARTIES, ALLOWED_OUTSIDE)
        for room, packages in exceptions.items()
        for package in packages
    }

    assert granted - used == set()


# -- each rule, broken on purpose


@pytest.mark.parametrize(
    ("module", "source", "sentence"),
    [
        (
            "widget.offers",
            "from widget.storage.base import Storage",
            "widget.offers imports widget.storage.base, which stands on a higher floor.",
        ),
        (
            "widget.rates",
            "def f():\n    import widget.quoting",
            "widget.rates imports widget.quoting, which stands on a higher floor.",
        ),
        (
            "widget.rates",
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from widget import app",
            "widget.rates imports widget.app, which stands on a higher floor.",
        ),
        (
            "widget.rates",
            "from .web import house",
            "widget.rates imports widget.web.house, which stands on a higher floor.",
        ),
        (
            "widget.rates",
            "from . import choosing",
            "widget.rates imports widget.choosing, which stands on a higher floor.",
        ),
        (
            "widget.storage.sqlite",
            "from ..confirming import confirm_offer",
            "widget.storage.sqlite imports widget.confirming, which stands on a higher floor.",
        ),
        (
            "widget.quoting",
            "from widget.web.house import House",
            "widget.quoting imports widget.web.house, which stands on a higher floor.",
        ),
        (
            "widget.web.offer",
            "from widget.app import build_app",
            "widget.web.offer imports widget.app, which stands on a higher floor.",
        ),
        (
            "widget.storage.sqlite",
            "from widget.upstream.base import Upstream",
            "widget.storage.sqlite imports widget.upstream.base: a door never opens another door.",
        ),
        (
            "widget.delivery.mail",
            "import widget.storage.rows as rows",
            "widget.delivery.mail imports widget.storage.rows: a door never opens another door.",
        ),
        (
            "widget.quoting",
            "from widget.storage.sqlite import SqliteStorage",
            "widget.quoting imports widget.storage.sqlite: it may know a door only by its base.",
        ),
        (
            "widget.web.house",
            "from widget import upstream",
            "widget.web.house imports widget.upstream: it may know a door only by its base.",
        ),
        (
            "widget.money",
            "import httpx2",
            "widget.money imports httpx2: the ground stands on the standard library.",
        ),
        (
            "widget.tokens",
            "from pydantic import BaseModel",
            "widget.tokens imports pydantic: the ground stands on the standard library.",
        ),
        (
            "widget.links",
            "import os.path",
            "widget.links imports os.path: the ground has no I/O, clock or dice.",
        ),
        (
            "widget.links",
            "from urllib.request import urlopen",
            "widget.links imports urllib.request: the ground has no I/O, clock or dice.",
        ),
        (
            "widget.rates",
            "from random import random",
            "widget.rates imports random: the ground has no I/O, clock or dice.",
        ),
        (
            "widget.offers",
            "from datetime import datetime, UTC\nNOW = datetime.now(UTC)",
            "widget.offers calls .now(): the ground is told the time and does no I/O.",
        ),
        (
            "widget.purchases",
            "import datetime\ndef f():\n    return datetime.date.today()",
            "widget.purchases calls .today(): the ground is told the time and does no I/O.",
        ),
        (
            "widget.texts",
            "def f(path):\n    with open(path) as file:\n        return file.read()",
            "widget.texts calls open(): the ground is told the time and does no I/O.",
        ),
        (
            "widget.insuring",
            "",
            "widget.insuring stands on no floor: decide where, and say so in widget/__init__.py.",
        ),
        (
            "widget.web.form_helpers",
            "",
            "widget.web.form_helpers has a name that says nothing: helpers.",
        ),
        ("widget.web.base", "", "widget.web.base has a name that says nothing: base."),
        (
            "widget.storage.schema.rows",
            "",
            "widget.storage.schema.rows lies deeper than two levels.",
        ),
        ("widget.money", "\n" * 401, "widget.money has 401 lines: split it at 400."),
    ],
)
def test_a_broken_rule_is_told_in_one_sentence(module: str, source: str, sentence: str) -> None:
    sources = {**shipped(), module: source}

    assert breaches(sources) == [sentence]


@pytest.mark.parametrize("name", ["utils", "helpers", "common", "core", "manager", "service"])
def test_a_room_for_leftovers_has_no_place_and_no_name(name: str) -> None:
    sources = {**shipped(), f"widget.{name}": ""}

    assert breaches(sources) == [
        f"widget.{name} has a name that says nothing: {name}.",
        f"widget.{name} stands on no floor: decide where, and say so in widget/__init__.py.",
    ]


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("widget.rates", "from widget.money import Money\nfrom fractions import Fraction"),
        ("widget.storage.sqlite", "import apsw, os, time\nfrom widget.storage.rows import moment"),
        ("widget.upstream.house", "import secrets\nfrom widget import rates"),
        ("widget.confirming", "import secrets\nfrom widget.storage.base import Storage"),
        ("widget.web.house", "import time\nfrom widget.storage.base import Storage"),
        ("widget.web.offer", "from . import pages\nfrom widget.quoting import make_offer"),
        ("widget.app", "from widget.storage.sqlite import SqliteStorage\nimport os"),
        ("widget.cli", "from widget import __version__"),
        ("widget.money", "\n" * 400),
    ],
)
def test_what_the_rules_allow_is_no_breach(module: str, source: str) -> None:
    assert breaches({**shipped(), module: source}) == []

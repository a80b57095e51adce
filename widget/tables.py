"""Tables: what a TOML file of the operator says, read by its model, with file and line of faults.

Positions are looked for only once there is a fault: a file that is whole costs nothing here.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

import tomli
from pydantic import BaseModel, ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError

from widget.errors import CatalogueFaulty
from widget.places import Gap, Place, Places

Table = TypeVar("Table", bound=BaseModel)

#: How the standard library says where TOML ends to be TOML.
_WHERE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")


@dataclass(frozen=True)
class Source:
    """A file: the name that the operator knows it by, and its text."""

    name: str
    text: str

    def told(self) -> dict[str, Any]:
        """Return what the text says.

        Raises:
            CatalogueFaulty: It is not TOML.
        """
        try:
            told = tomli.loads(self.text)
        except tomli.TOMLDecodeError as error:
            found = _WHERE.search(str(error))
            line = int(found[1]) if found and found[1] else len(self.text.splitlines()) or 1
            said = _WHERE.sub("", str(error))
            column = f", at column {found[2]}" if found and found[2] else ""
            raise CatalogueFaulty(self.name, f"{said}{column}", line=line) from error
        return {name: _interned(value) for name, value in told.items()}

    def validated(self, model: type[Table], told: Mapping[str, Any]) -> Table:
        """Return what the text says, read by a model.

        Raises:
            CatalogueFaulty: The model does not take it; all that it found is told.
        """
        try:
            return model.model_validate(told)
        except ValidationError as error:
            raise self.faulty(_gaps_of(error)) from error

    def hold(self, gaps: Iterable[Gap]) -> None:
        """Do nothing where there is no gap.

        Raises:
            CatalogueFaulty: There is one.
        """
        if found := list(gaps):
            raise self.faulty(found)

    def faulty(self, gaps: Iterable[Gap]) -> CatalogueFaulty:
        """Return the first of some gaps by its line, at least one, with the others in tow."""
        told = {(self._places.line_of(gap.place), gap.sentence): None for gap in gaps}
        faults = [
            CatalogueFaulty(self.name, sentence, line=line)
            # In one line, what was found first stays first.
            for line, sentence in sorted(told, key=lambda one: one[0])
        ]
        faults[0].others = tuple(faults[1:])
        return faults[0]

    @cached_property
    def _places(self) -> Places:
        return Places(self.text)


def refusing(model: type[BaseModel], gaps: Iterable[Gap], value: object) -> None:
    """Make gaps that a model finds in itself errors of its validation, each at its place.

    Raises:
        ValidationError: There is a gap.
    """
    errors = [
        InitErrorDetails(
            type=PydanticCustomError("gap", "{sentence}", {"sentence": gap.sentence}),
            loc=gap.place,
            input=value,
        )
        for gap in gaps
    ]
    if errors:
        raise ValidationError.from_exception_data(model.__name__, errors)


def _gaps_of(error: ValidationError) -> list[Gap]:
    gaps: dict[Place, Gap] = {}
    for one in error.errors(include_url=False, include_input=False):
        # Where a value may be of several types, pydantic names the type in the place.
        place = tuple(step for step in one["loc"] if not _is_type(step))
        said = one["msg"].removeprefix("Value error, ")
        name = ".".join(str(step) for step in place)
        its_own = one["type"] == "gap" or not name
        gaps.setdefault(place, Gap(place, said if its_own else f"{name}: {said}"))
    # An array whose items are at fault is also said to be too short.
    return [gap for place, gap in gaps.items() if not any(_is_in(other, place) for other in gaps)]


def _is_in(place: Place, other: Place) -> bool:
    return len(place) > len(other) and place[: len(other)] == other


def _is_type(step: str | int) -> bool:
    return isinstance(step, str) and "[" in step


def _interned(value: Any) -> Any:  # noqa: ANN401 - whatever TOML can hold
    """Return the same, with each text once in memory: names and clauses recur in many files."""
    if isinstance(value, str):
        return sys.intern(value)
    if isinstance(value, dict):
        return {sys.intern(name): _interned(one) for name, one in value.items()}
    return [_interned(one) for one in value] if isinstance(value, list) else value

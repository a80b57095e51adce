"""Lines: the kinds of things that are insured, and what a partner tells of each.

A line is data: the fields of one entry of `request`, under the names that the wire has for them,
and the part that each plays. `travel`, `parcel`, `goods` and `event` come with the catalogue; a
product file may bring one of its own. Whatever needs to know what a thing is (reading, pricing,
showing, changing) asks its line, so a new line needs no code.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from enum import StrEnum
from functools import cached_property
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from widget.places import Gap, Place
from widget.tables import refusing

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]


class Kind(StrEnum):
    """What a field holds."""

    AMOUNT = "amount"
    CODE = "code"
    COUNT = "count"
    COUNTRY = "country"
    #: A list of ages in years.
    AGES = "ages"
    #: A flag.
    FLAG = "flag"
    #: A journey by air, leg by leg.
    FLIGHTS = "flights"
    MOMENT = "moment"
    #: A list of like things, each with fields of its own.
    PARTS = "parts"
    POSTCODE = "postcode"
    #: A journey by rail, bus or ship, leg by leg; nothing of it is kept.
    RIDES = "rides"
    TEXT = "text"


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PartField(_Table):
    """One field of one part."""

    name: Name
    kind: Kind
    about: str
    required: bool = False
    one_of: tuple[Name, ...] = ()


class LineField(PartField):
    """One field of what a partner tells."""

    #: Whether it says anything to us; what XCover's clients send besides is accepted and left.
    used: bool = True
    #: What a count is when it is not told.
    default: int | None = None
    #: Of a list: the most that it holds.
    most: int = Field(default=200, ge=1, le=200)
    #: Of a list of parts: what each holds.
    part: tuple[PartField, ...] = ()
    #: Of a count: the list whose parts it is the number of, when both are told.
    counts: Name | None = None
    #: Of an amount: the `list.amount` whose sum it cannot be above, when that is told.
    within: str | None = None


class Unit(_Table):
    """A kind of thing that is counted, and priced each by itself: an adult, a child."""

    code: Name
    #: The count field that tells how many.
    count: Name
    #: Whether one of these can be insured without another kind.
    alone: bool = True


class Plural(_Table):
    """How so many are said, by CLDR's plural categories."""

    one: str
    other: str
    zero: str | None = None
    two: str | None = None
    few: str | None = None
    many: str | None = None

    @property
    def forms(self) -> dict[str, str]:
        """The forms by category; those that the language does not have are left out."""
        return {name: form for name, form in self if form}


class LineText(_Table):
    """A line in one language: how its fields are said to a customer."""

    #: By a count field or a list: `{n}` stands for the number.
    counted: dict[Name, Plural] = Field(default_factory=dict)


class Line(_Table):
    """One kind of thing that is insured."""

    code: Name
    #: What its units are called in a sentence to a developer: `travellers`.
    units: str
    field: tuple[LineField, ...] = Field(min_length=1)
    #: The moment at which what is insured begins: a field.
    starts: Name
    #: The moment at which it ends: a field. None: the plan says for how many months.
    ends: Name | None = None
    #: So many days after it begins, when no field tells; 0 when it is over as it begins.
    ends_after_days: int | None = Field(default=None, ge=0)
    #: What it is worth: an amount field, or `list.amount` for the sum over a list of parts.
    value: str
    #: The kinds that are counted; empty when it is insured as a whole, or part by part.
    unit: tuple[Unit, ...] = ()
    #: The list whose parts are priced each by itself.
    priced_by: Name | None = None
    #: A list of the ages of those whom `unit` counts.
    ages: Name | None = None
    #: The fields that say from where to where, when it moves; `list.field` when each part does.
    origin: str | None = None
    destination: str | None = None
    #: Whether customers know it by that: a parcel, and not a trip.
    shows_route: bool = False
    #: Which facts name it to the customer, in this order, beside what is counted.
    shown: tuple[Name, ...] = ()
    text: dict[str, LineText] = Field(default_factory=dict)

    # A line is itself: it is looked up and never compared, and what is made of it is kept by it.
    def __hash__(self) -> int:
        return id(self)

    def __eq__(self, other: object) -> bool:
        return self is other

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        refusing(Line, self._gaps(), self.code)
        return self

    @cached_property
    def fields(self) -> dict[str, LineField]:
        """The fields by name."""
        return {field.name: field for field in self.field}

    def text_in(self, locale: str) -> LineText:
        """Return the texts in `locale`, in its language, or in English."""
        nothing = LineText()
        language = locale.split("-", maxsplit=1)[0]
        return self.text.get(locale) or self.text.get(language) or self.text.get("en", nothing)

    @property
    def has_own_end(self) -> bool:
        """Whether it ends by itself; otherwise a plan says for how many months it is covered."""
        return self.ends is not None or self.ends_after_days is not None

    @property
    def value_field(self) -> str:
        """The field, or the list, that tells what it is worth."""
        return self.value.partition(".")[0]

    def paths(self, kinds: Collection[Kind]) -> frozenset[str]:
        """Return the names of all fields of these kinds; those of parts are `list.field`."""
        parts = (
            f"{field.name}.{part.name}"
            for field in self.field
            for part in field.part
            if part.kind in kinds
        )
        return frozenset({*(field.name for field in self.field if field.kind in kinds), *parts})

    def _gaps(self) -> Iterator[Gap]:
        names = [field.name for field in self.field]
        for name in sorted({name for name in names if names.count(name) > 1}):
            again = len(names) - 1 - names[::-1].index(name)
            yield Gap(("field", again, "name"), f"the field {name} is there twice")
        for place, role, played_by, kind in self._roles():
            if played_by is not None and played_by not in self.paths({kind}):
                yield Gap(place, f"{role} is {played_by!r}, which is not a field of kind {kind}")
        if self.value not in self.paths({Kind.AMOUNT}):
            yield Gap(("value",), f"value is {self.value!r}, which is not an amount")
        for index, field in enumerate(self.field):
            if bool(field.part) != (field.kind is Kind.PARTS):
                sentence = f"the field {field.name} must have parts exactly if its kind is parts"
                yield Gap(("field", index, "kind"), sentence)
        if self.unit and self.priced_by:
            yield Gap(("priced_by",), "it counts its units or prices its parts, and not both")
        for index, name in enumerate(self.shown):
            if name not in names:
                yield Gap(("shown", index), f"shown names {name!r}, which is not a field")

    def _roles(self) -> Iterator[tuple[Place, str, str | None, Kind]]:
        yield ("starts",), "starts", self.starts, Kind.MOMENT
        yield ("ends",), "ends", self.ends, Kind.MOMENT
        yield ("priced_by",), "priced_by", self.priced_by, Kind.PARTS
        yield ("ages",), "ages", self.ages, Kind.AGES
        yield ("origin",), "origin", self.origin, Kind.COUNTRY
        yield ("destination",), "destination", self.destination, Kind.COUNTRY
        for index, unit in enumerate(self.unit):
            yield ("unit", index, "count"), f"unit {unit.code}: count", unit.count, Kind.COUNT
        for index, field in enumerate(self.field):
            name, place = f"field {field.name}", ("field", index)
            yield (*place, "counts"), f"{name}: counts", field.counts, Kind.PARTS
            yield (*place, "within"), f"{name}: within", field.within, Kind.AMOUNT

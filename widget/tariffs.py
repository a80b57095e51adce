"""Tariffs: the tables of a product file by which a plan is charged for.

`rates` reckons with them, and `rate_gaps` finds their holes.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic.dataclasses import dataclass

#: Nothing unknown. Of rates, and of sections of documents, a large catalogue has a hundred
#: thousand: they are dataclasses, which take a third of the memory of other tables.
STRICT = ConfigDict(extra="forbid")

#: Amounts in major units, one for each currency of the product.
Amounts = Mapping[str, Annotated[Decimal, Field(ge=0)]]


class Part(BaseModel):
    """A table of a product file: nothing unknown, nothing changed after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True)


@dataclass(frozen=True, config=STRICT)
class Rate:
    """What is charged where everything in `when` holds: a share, or a fixed amount."""

    #: By dimension: the value of a word, or the most of a number.
    when: Mapping[str, str | int] = Field(default_factory=dict)
    percent: Decimal | None = Field(default=None, ge=0, le=100)
    amount: Amounts | None = None

    @model_validator(mode="after")
    def _is_one_of_both(self) -> Self:
        if (self.percent is None) == (self.amount is None):
            raise ValueError("a rate has either a percent or an amount")
        return self

    @cached_property
    def share(self) -> Fraction:
        """The percentage as a share; nothing for a fixed amount."""
        return Fraction(self.percent or 0) / 100

    @cached_property
    def amounts(self) -> Mapping[str, Fraction]:
        """The fixed amount, exactly; nothing for a percentage."""
        return exactly(self.amount or {})


class Charge(Part):
    """One part of what each unit costs before tax."""

    code: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    #: The amount that percentages are of; a unit bears its share of what is told of them all.
    of: str | None = None
    #: Whether a fixed amount is for each day.
    each: Literal["unit", "day"] = "unit"
    #: `unit`, `zone`, `days`, or fields of the line: the dimensions of the table, in order.
    by: tuple[str, ...] = ()
    rate: tuple[Rate, ...] = Field(min_length=1)


class Discount(Part):
    """What is taken off of each unit from so many on, the dearest being the first.

    So one more never makes all of them cheaper, however little it costs.
    """

    units_from: int = Field(ge=2)
    percent: Decimal = Field(gt=0, le=100)

    @cached_property
    def share(self) -> Fraction:
        """The percentage as a share."""
        return Fraction(self.percent) / 100


def exactly(amounts: Amounts) -> Mapping[str, Fraction]:
    """Return amounts as they are reckoned with."""
    return {currency: Fraction(amount) for currency, amount in amounts.items()}

"""The kinds of values that fields hold, each with what it accepts and how its schema tells so.

The schemas that partners read are made from these, so whatever a schema forbids is refused here.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated, Protocol

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    EmailStr,
    Field,
    StrictBool,
    StrictFloat,
    StrictInt,
    StrictStr,
    WithJsonSchema,
)
from typing_extensions import TypeAliasType

from widget.countries import COUNTRIES
from widget.money import CURRENCIES, MAX_MINOR

#: RFC 3339, with seconds and with an offset; what is read is exactly what the schema says. From the
#: ends of the calendar no term could be counted on: only 1900 to 2199.
_MOMENT = (
    r"^(19|20|21)[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}"
    r"([.][0-9]{1,6})?(Z|[+-][0-9]{2}:[0-9]{2})$"
)

MAX_AMOUNT = MAX_MINOR // 100


class Body(BaseModel):
    """A JSON object: nothing unknown, nothing changed after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


def _moment(value: object) -> object:
    # pydantic takes a text of digits for seconds since 1970, and makes a problem of the field of a
    # ValueError only.
    if not isinstance(value, str) or not re.fullmatch(_MOMENT, value, re.ASCII):
        raise ValueError("Write a date and time as text, like 2027-06-12T08:10:00+02:00.")
    return value


def _only_number(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise ValueError("Write an amount as a JSON number, like 1284.60.")  # noqa: TRY004
    return Decimal(value)


def _bare_address(value: object) -> object:
    if isinstance(value, str) and ("<" in value or "=?" in value):
        raise ValueError("Send the address alone, without a name and not encoded.")
    return value


def _known_country(code: str) -> str:
    if code not in COUNTRIES:
        raise ValueError(f"{code!r} is not an ISO 3166-1 alpha-2 country code.")
    return code


def _known_currency(code: str) -> str:
    if code not in CURRENCIES:
        raise ValueError(f"{code!r} is not an ISO 4217 currency code.")
    return code


def _printable(text: str) -> str:
    # An encoded word, `=?utf-8?b?…?=`, is printable and can decode to anything in a mail.
    if not text.strip() or not text.isprintable() or "=?" in text:
        raise ValueError("Give a text of printable characters.")
    return text.strip()


class Named(Protocol):
    """An entry of a list that names a quote."""

    @property
    def id(self) -> str:
        """The quote's id."""
        ...


def _once(quotes: Sequence[Named]) -> Sequence[Named]:
    if len({quote.id for quote in quotes}) < len(quotes):
        raise ValueError("Name each quote once.")
    return quotes


#: For lists of quotes: none is named twice, which no schema can say.
Once = AfterValidator(_once)

Country = TypeAliasType(
    "Country",
    Annotated[
        str,
        AfterValidator(_known_country),
        WithJsonSchema(
            {"type": "string", "enum": sorted(COUNTRIES), "description": "ISO 3166-1 alpha-2."}
        ),
    ],
)
Currency = TypeAliasType(
    "Currency",
    Annotated[
        str,
        AfterValidator(_known_currency),
        WithJsonSchema({"type": "string", "enum": sorted(CURRENCIES), "description": "ISO 4217."}),
    ],
)
Moment = TypeAliasType(
    "Moment",
    Annotated[
        AwareDatetime,
        BeforeValidator(_moment),
        WithJsonSchema(
            {
                "type": "string",
                "format": "date-time",
                "pattern": _MOMENT,
                "description": "RFC 3339 with seconds and the offset of the place.",
            }
        ),
    ],
)
Amount = TypeAliasType(
    "Amount",
    Annotated[
        Decimal,
        BeforeValidator(_only_number),
        Field(ge=0, le=MAX_AMOUNT),
        WithJsonSchema(
            {
                "type": "number",
                "minimum": 0,
                "maximum": MAX_AMOUNT,
                "description": "In major units, with no more decimals than the currency has.",
            }
        ),
    ],
)
Short = Annotated[str, Field(min_length=1, max_length=100), AfterValidator(_printable)]
Postcode = Annotated[str, Field(min_length=1, max_length=16), AfterValidator(_printable)]
Reference = Annotated[str, Field(pattern=r"^[A-Za-z0-9._:/-]{1,64}$")]
Language = Annotated[str, Field(pattern=r"^[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8}){0,3}$")]
Airport = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
Count = Annotated[StrictInt, Field(ge=0, le=1000)]
Email = Annotated[EmailStr, BeforeValidator(_bare_address), Field(max_length=254)]
Phone = Annotated[str, Field(pattern=r"^\+[0-9][0-9 ()-]{5,24}$")]
Code = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
QuoteId = Annotated[str, Field(min_length=1, max_length=64)]


def _json_number(value: object) -> object:
    # Numbers with a point are read as Decimal; a partner's own fact is only given back.
    return float(value) if isinstance(value, Decimal) else value


Fact = Annotated[
    Annotated[StrictStr, Field(max_length=500)] | StrictBool | StrictInt | StrictFloat | None,
    BeforeValidator(_json_number),
]
Metadata = TypeAliasType(
    "Metadata",
    Annotated[
        dict[Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,40}$")], Fact],
        Field(
            max_length=50,
            json_schema_extra={"additionalProperties": False},
            description="Your own facts: simple values, nothing personal. They are given back.",
        ),
    ],
)

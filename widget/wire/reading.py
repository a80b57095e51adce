"""JSON to values: what can be read at all, and every field at fault."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from widget.errors import InputInvalid, Problems, RequestMalformed
from widget.money import Money
from widget.products import Catalogue

#: Nobody nests deeper than a leg in a flight in a request; parsers fall over before a thousand.
MAX_DEPTH = 32

#: Beyond this, JSON numbers stop being exact in most languages.
MAX_INTEGER = 2**53
MAX_DIGITS = 17
MAX_EXPONENT = 20

#: What JSON can spell and no database can hold: NUL, and halves of characters.
_NO_TEXT = re.compile("[\x00\ud800-\udfff]")

Model = TypeVar("Model", bound=BaseModel)


def read_json(body: bytes) -> object:
    """Return the value that JSON `body` spells; numbers with a point become `Decimal`.

    Raises:
        RequestMalformed: It is not UTF-8 JSON, or it is JSON that two readers could understand
            differently: repeated keys, NaN, huge integers, lone surrogates, deep nesting.
    """
    try:
        value = json.loads(
            body.decode("utf-8"),
            parse_float=_decimal,
            parse_int=_integer,
            parse_constant=_refuse_constant,
            object_pairs_hook=_unique,
        )
    except UnicodeDecodeError as error:
        raise RequestMalformed(f"JSON parse error - not UTF-8 at byte {error.start}.") from error
    except json.JSONDecodeError as error:
        place = f"line {error.lineno} column {error.colno}"
        raise RequestMalformed(f"JSON parse error - {error.msg} at {place}.") from error
    except RecursionError as error:
        raise RequestMalformed("JSON parse error - nested too deeply.") from error
    _check_values(value, MAX_DEPTH)
    return value


def _decimal(text: str) -> Decimal:
    try:
        number = Decimal(text)
    except InvalidOperation:  # its exponent alone is longer than eighteen digits
        number = Decimal("Infinity")
    # An exponent can spell a number of a billion digits in ten characters.
    if not number.is_finite() or abs(number.adjusted()) > MAX_EXPONENT:
        raise RequestMalformed(f"JSON parse error - the number {text[:40]} is out of range.")
    return number


def _integer(text: str) -> int:
    if len(text) > MAX_DIGITS or abs(int(text)) > MAX_INTEGER:
        raise RequestMalformed(f"JSON parse error - the number {text[:40]} is out of range.")
    return int(text)


def _refuse_constant(name: str) -> object:
    raise RequestMalformed(f"JSON parse error - {name} is not JSON.")


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    result: dict[str, object] = {}
    for key, value in pairs:
        if key in result:
            raise RequestMalformed(f"JSON parse error - the key {key[:40]!r} stands there twice.")
        result[key] = value
    return result


def _check_values(value: object, depth: int) -> None:
    if depth == 0:
        raise RequestMalformed("JSON parse error - nested too deeply.")
    if isinstance(value, str):
        if _NO_TEXT.search(value):
            raise RequestMalformed("JSON parse error - a text holds characters that are not text.")
    elif isinstance(value, dict):
        for key, part in value.items():
            _check_values(key, depth)
            _check_values(part, depth - 1)
    elif isinstance(value, list):
        for part in value:
            _check_values(part, depth - 1)


def read_body(model: type[Model], value: object, catalogue: Catalogue | None = None) -> Model:
    """Return `value` as one of the bodies above.

    Args:
        catalogue: Needed by what holds things to insure: how these are told, their product says.

    Raises:
        InputInvalid: Fields are missing, unknown or wrong; all of them are named.
    """
    try:
        return model.model_validate(value, context={"catalogue": catalogue})
    except ValidationError as error:
        raise InputInvalid(_problems(error)) from error


#: XCover's own sentences for the commonest faults, and ours where pydantic speaks of Python.
_SENTENCES: Mapping[str, str] = {
    "missing": "This field is required.",
    "extra_forbidden": "Unexpected field",
    "model_type": "Send a JSON object.",
    "model_attributes_type": "Send a JSON object.",
    "dict_type": "Send a JSON object.",
    "list_type": "Send a JSON list.",
    "tuple_type": "Send a JSON list.",
    "string_type": "Send a text.",
    "int_type": "Send a whole number.",
    "bool_type": "Send true or false.",
    "timezone_aware": "Give the offset from UTC too, like +02:00 or Z.",
}


def _problems(error: ValidationError) -> Problems:
    problems: dict[str, list[str]] = {}
    for fault in error.errors(include_url=False, include_input=False):
        # A point inside the name of an unknown field would look like a step of the path.
        parts = [str(part).replace(".", "%2E") for part in fault["loc"]]
        path = ".".join(parts) or "non_field_errors"
        sentence = _SENTENCES.get(fault["type"], fault["msg"].removeprefix("Value error, "))
        problems.setdefault(path, []).append(sentence)
    return problems


def timestamp(value: datetime) -> str:
    """Return a moment as XCover writes it: microseconds and `Z`."""
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def priced(name: str, amount: Money, text: str) -> dict[str, Any]:
    """Return an amount as XCover writes it: a number, and the same formatted."""
    return {name: amount.as_number(), f"{name}_formatted": text}


def duration(starts_at: datetime, ends_at: datetime) -> str:
    """Return a span as XCover writes it: days, then hours, minutes and seconds."""
    seconds = int((ends_at - starts_at).total_seconds())
    days, rest = divmod(max(seconds, 0), 86_400)
    return f"{days} {rest // 3600:02}:{rest // 60 % 60:02}:{rest % 60:02}"

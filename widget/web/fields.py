"""The fields of a JSON Schema as rows for reading: name, type, need, meaning."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Schema = Mapping[str, Any]

#: Deeper parts have sections of their own.
MAX_DEPTH = 6

#: More than these are a list that everybody knows, such as all countries.
MAX_CHOICES = 10


@dataclass(frozen=True, slots=True)
class FieldRow:
    """One field."""

    #: Its path, such as `request[].trip_start_date`.
    name: str
    type: str
    is_needed: bool
    about: str
    #: The section that explains its type; empty when the row says it all.
    link: str = ""


def rows_of(schema: Schema, schemas: Mapping[str, Schema]) -> tuple[FieldRow, ...]:
    """Return the fields of an object, and of the objects inside.

    Args:
        schemas: Those that references lead to, by name.
    """
    return tuple(_rows(_plain(schema, schemas), schemas, "", 0))


def _rows(
    schema: Schema, schemas: Mapping[str, Schema], prefix: str, depth: int
) -> Iterator[FieldRow]:
    needed = schema.get("required", ())
    for name, part in schema.get("properties", {}).items():
        path = f"{prefix}{name}"
        inner, mark = _inside(_plain(part, schemas), schemas)
        about = str(part.get("description", inner.get("description", "")))
        yield FieldRow(path, _type(part, schemas), name in needed, _one_line(about))
        if depth < MAX_DEPTH:
            yield from _rows(inner, schemas, f"{path}{mark}.", depth + 1)


def _plain(schema: Schema, schemas: Mapping[str, Schema]) -> Schema:
    """Return a schema without its reference, and without the null that it may be as well."""
    if "$ref" in schema:
        return _plain(schemas[schema["$ref"].rpartition("/")[2]], schemas)
    choices = [one for one in schema.get("anyOf", ()) if one.get("type") != "null"]
    return _plain(choices[0], schemas) if len(choices) == 1 else schema


def _inside(schema: Schema, schemas: Mapping[str, Schema]) -> tuple[Schema, str]:
    """Return what a list is of, and the mark of a list; anything else is itself."""
    if schema.get("type") == "array":
        return _plain(schema.get("items", {}), schemas), "[]"
    return schema, ""


def _type(schema: Schema, schemas: Mapping[str, Schema]) -> str:
    plain = _plain(schema, schemas)
    or_null = " or null" if plain is not schema and _may_be_null(schema) else ""
    if plain.get("type") == "array":
        return f"list of {_type(plain.get('items', {}), schemas)}{or_null}"
    if "const" in plain:
        return f"{plain['const']}{or_null}"
    if "enum" in plain:
        return _choices(plain["enum"]) + or_null
    choices = [_type(one, schemas) for one in plain.get("anyOf", ())]
    name = " or ".join(dict.fromkeys(choices)) or str(plain.get("type", "anything"))
    return name + _bounds(plain) + or_null


def _choices(values: Sequence[object]) -> str:
    shown = ", ".join(str(value) for value in values[:MAX_CHOICES])
    return shown if len(values) <= MAX_CHOICES else f"{shown} … one of {len(values)}"


def _may_be_null(schema: Schema) -> bool:
    return any(one.get("type") == "null" for one in schema.get("anyOf", ()))


def _bounds(schema: Schema) -> str:
    facts = [str(schema["format"])] if "format" in schema else []
    facts += [f"from {schema['minimum']}"] if "minimum" in schema else []
    facts += [f"to {schema['maximum']}"] if "maximum" in schema else []
    facts += [f"up to {schema['maxLength']} characters"] if "maxLength" in schema else []
    return f" ({', '.join(facts)})" if facts else ""


def _one_line(text: str) -> str:
    return " ".join(text.replace("`", "").split())

"""The words that JSON Schemas are put together from."""

from __future__ import annotations

from typing import Any

from widget.offers import Status

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
NUMBER: Schema = {"type": "number"}
COUNT: Schema = {"type": "integer"}
YES_OR_NO: Schema = {"type": "boolean"}
MOMENT: Schema = {"type": "string", "format": "date-time"}
DAY: Schema = {"type": "string", "format": "date"}
ADDRESS: Schema = {"type": "string", "format": "uri"}
NOTHING: Schema = {"type": "null"}
FACTS: Schema = {"type": "object", "description": "Your own facts, as you sent them."}
ANYTHING: Schema = {"type": "object"}
STATUS: Schema = {"enum": [str(status) for status in Status]}


def told(schema: Schema, description: str) -> Schema:
    """Return a schema with a sentence about it."""
    return {**schema, "description": description}


def maybe(schema: Schema) -> Schema:
    """Return a schema that null fits as well."""
    return {"anyOf": [schema, NOTHING]}


def listed(schema: Schema) -> Schema:
    """Return the schema of a list."""
    return {"type": "array", "items": schema}


def ref(name: str) -> Schema:
    """Return a reference to one of the schemas of the document."""
    return {"$ref": f"#/components/schemas/{name}"}


def money(*names: str) -> dict[str, Schema]:
    """Return the properties of amounts: each a number, and the same formatted."""
    return {
        spelled: schema
        for name in names
        for spelled, schema in ((name, NUMBER), (f"{name}_formatted", TEXT))
    }


def thing(properties: dict[str, Schema], *optional: str) -> Schema:
    """Return the schema of an object with these properties and no other."""
    return {
        "type": "object",
        "properties": properties,
        "required": [name for name in properties if name not in optional],
        "additionalProperties": False,
    }


def nulls(*names: str) -> dict[str, Schema]:
    """Return properties that XCover has and we always leave empty."""
    return dict.fromkeys(names, told(NOTHING, "XCover's; we leave it empty."))

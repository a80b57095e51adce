"""The OpenAPI 3.1 document of the partner API, made of the table that the routes are made of."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from widget import __version__
from widget.web.api_examples import EXAMPLE_IDS
from widget.web.api_schemas import ANSWERS
from widget.web.operations import OPERATIONS, Operation
from widget.web.schema_words import COUNT, Schema, ref, told
from widget.wire.subjects import POLICY_CHANGE, QUOTE_CHANGE, SUBJECT

Json = dict[str, Any]

#: Stand in the models for what depends on the product.
_PLACES = {place["title"] for place in (SUBJECT, QUOTE_CHANGE, POLICY_CHANGE)}

ABOUT = """\
Quotes, bookings and offers as XCover has them, and what we add. Signed by XCover's clients or sent
with a secret key. Errors have XCover's envelope with a stable `code`."""

#: What can go wrong with any call, by status.
REFUSALS: Mapping[int, str] = {
    400: "The bytes cannot be read.",
    401: "There is no good credential.",
    403: "The credential is not for this, or the signature is wrong.",
    404: "There is no such thing for you.",
    410: "Its personal data were erased, and with them what could be done with it.",
    413: "The body is too large.",
    422: "It was understood, and refused: fields are wrong, or a rule forbids it.",
    429: "Too many calls; `Retry-After` tells when to come again.",
    503: "It could not be done just now; `Retry-After` tells when to come again.",
}

_LIMITS: Mapping[str, str] = {
    "X-Ratelimit-Limit": "Calls in one second; -1 without a limit.",
    "X-Ratelimit-Remaining": "How many are left.",
    "X-Ratelimit-Reset": "Seconds until all of them are there again.",
}

_SUCCESSES: Mapping[int, str] = {
    200: "Done.",
    201: "Made.",
    202: "Taken; what is `PENDING` has no answer yet: ask again.",
    204: "Done; there is nothing to tell.",
}


def document(
    *, public_url: str, examples: Mapping[str, Json], subjects: Mapping[str, Schema]
) -> Json:
    """Return the document.

    Args:
        examples: The example bodies by the name of the call.
        subjects: The schemas of what is insured, by name: see `examples.schemas_of`.
    """
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Offer Widget partner API",
            "version": __version__,
            "description": ABOUT,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": f"{public_url}/x"}, {"url": f"{public_url}/xcover"}],
        "security": [{"secretKey": []}, {"signature": []}],
        "tags": [{"name": tag} for tag in dict.fromkeys(one.tag for one in OPERATIONS)],
        "paths": _paths(examples),
        "components": {
            "schemas": {**ANSWERS, **_bodies(), **subjects},
            "securitySchemes": _credentials(),
            "headers": {name: _header(text) for name, text in _LIMITS.items()},
            "responses": {f"Refused{status}": _refusal(status) for status in REFUSALS},
        },
    }


def _paths(examples: Mapping[str, Json]) -> Json:
    paths: dict[str, Json] = {}
    for one in OPERATIONS:
        place = paths.setdefault(f"/partners/{{partner}}/{one.path}", {})
        place[one.method.lower()] = _operation(one, examples.get(one.id))
    return paths


def _operation(one: Operation, example: Json | None) -> Json:
    answers = {str(status): _answer(status, name) for status, name in one.answers.items()}
    refusals = {
        str(status): {"$ref": f"#/components/responses/Refused{status}"} for status in REFUSALS
    }
    described = {
        "operationId": one.id,
        "tags": [one.tag],
        "summary": one.summary,
        "parameters": list(_parameters(one)),
        "responses": answers | refusals,
    }
    if one.body is not None:
        described["requestBody"] = _request(one.body, example)
    return described


def _parameters(one: Operation) -> Iterator[Json]:
    for name in re.findall(r"{(\w+)}", f"{{partner}}/{one.path}"):
        yield {
            "name": name,
            "in": "path",
            "required": True,
            "schema": {"type": "string", "pattern": "^[A-Za-z0-9_-]{1,64}$"},
            "example": EXAMPLE_IDS[name],
        }
    for name, (text, schema) in one.query.items():
        yield {"name": name, "in": "query", "description": text, "schema": schema}
    if one.method != "GET":
        yield {
            "name": "x-idempotency-key",
            "in": "header",
            "description": "The same key with the same request gets the first answer again.",
            "schema": {"type": "string", "pattern": "^[!-~]{1,255}$"},
        }


def _request(body: type[BaseModel], example: Json | None) -> Json:
    content: Json = {"schema": ref(body.__name__)}
    if example is not None:
        content["example"] = example
    return {"required": not _may_be_empty(body), "content": {"application/json": content}}


def _may_be_empty(body: type[BaseModel]) -> bool:
    try:
        body.model_validate({})
    except ValidationError:
        return False
    return True


def _answer(status: int, name: str | None) -> Json:
    headers: Json = {limit: {"$ref": f"#/components/headers/{limit}"} for limit in _LIMITS}
    replayed = told({"const": "true"}, "There when it is the first answer again.")
    headers["Idempotent-Replayed"] = {"schema": replayed}
    answer: Json = {"description": _SUCCESSES[status], "headers": headers}
    if name is not None:
        answer["content"] = {"application/json": {"schema": ref(name)}}
    return answer


def _refusal(status: int) -> Json:
    refusal: Json = {
        "description": REFUSALS[status],
        "content": {"application/json": {"schema": ref("Error")}},
    }
    if status in {429, 503}:
        refusal["headers"] = {"Retry-After": {"description": "Seconds.", "schema": COUNT}}
    return refusal


def _bodies() -> dict[str, Schema]:
    """Return the schemas of the bodies, and of the parts that they share."""
    found: dict[str, Schema] = {}
    for body in {one.body for one in OPERATIONS if one.body is not None}:
        schema = body.model_json_schema(ref_template="#/components/schemas/{model}")
        found |= schema.pop("$defs", {})
        found[body.__name__] = schema
    return {name: _placed(schema) for name, schema in sorted(found.items())}


def _placed(schema: Any) -> Any:  # noqa: ANN401 - any part of a schema
    """Return a schema with what depends on the product as a reference to the schemas of these."""
    if isinstance(schema, dict):
        if schema.get("title") in _PLACES and "properties" not in schema:
            return ref(schema["title"])
        return {name: _placed(part) for name, part in schema.items()}
    return [_placed(part) for part in schema] if isinstance(schema, list) else schema


def _header(text: str) -> Json:
    return {"description": text, "schema": COUNT}


def _credentials() -> Json:
    return {
        "secretKey": {
            "type": "http",
            "scheme": "bearer",
            "description": "Your secret key, `sk_…`: for a backend only, never for a page.",
        },
        "signature": {
            "type": "apiKey",
            "in": "header",
            "name": "Authorization",
            "description": "`Signature …`, as XCover's clients make it; see the partner guide.",
        },
    }

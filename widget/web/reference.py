"""The partner API for reading: as an OpenAPI document for programs, as a page for people."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from widget.examples import example_of, schemas_of
from widget.lines import Line
from widget.products import FALLBACK_LOCALE
from widget.web.api_examples import examples_for
from widget.web.fields import FieldRow, rows_of
from widget.web.headers import page_headers
from widget.web.house import House, house_of
from widget.web.openapi import document
from widget.web.operations import OPERATIONS, Operation

Json = dict[str, Any]

#: Long enough to spare requests, short enough for a release.
_CACHED = "public, max-age=300"


@dataclass(frozen=True, slots=True)
class CallView:
    """One call, as the page shows it."""

    id: str
    method: str
    path: str
    summary: str
    parameters: tuple[FieldRow, ...]
    body: tuple[FieldRow, ...]
    #: A command that makes the call.
    command: str
    answers: tuple[FieldRow, ...]


@dataclass(frozen=True, slots=True)
class AnswerView:
    """One kind of answer, as the page shows it."""

    name: str
    fields: tuple[FieldRow, ...]


async def show_openapi(request: Request) -> Response:
    """Show the document."""
    body = json.dumps(_document(house_of(request)), ensure_ascii=False).encode()
    etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {"ETag": etag, "Cache-Control": _CACHED, "Access-Control-Allow-Origin": "*"}
    if request.headers.get("if-none-match") == etag:
        return Response(status_code=304, headers=headers)
    return Response(body, media_type="application/json", headers=headers)


async def show_reference(request: Request) -> Response:
    """Show the page."""
    house = house_of(request)
    told = _document(house)
    schemas = told["components"]["schemas"]
    answers = sorted({name for one in OPERATIONS for name in one.answers.values() if name})
    html = house.rendering.render(
        "reference/reference.html",
        texts=house.texts.in_locale(FALLBACK_LOCALE),
        locale=FALLBACK_LOCALE,
        dir="ltr",
        about=told["info"]["description"].replace("`", ""),
        version=told["info"]["version"],
        calls=[_call(one, told) for one in OPERATIONS],
        refusals=_refusals(told),
        answers=[
            AnswerView(name, rows_of(schemas[name], schemas))
            for name in (*answers, "Quote", "BookedQuote", "Error")
        ],
    )
    return HTMLResponse(html, headers=page_headers())


def _document(house: House) -> Json:
    codes = sorted({code for code, _ in house.catalogue.products})
    product = next(filter(None, map(house.catalogue.on_sale, reversed(codes))))
    today = house.now().replace(hour=0, minute=0, second=0, microsecond=0)
    purchase = json.dumps(example_of(product, now=today))
    return _made(house.settings.public_url, purchase, tuple(house.catalogue.lines.values()))


@lru_cache(maxsize=2)
def _made(public_url: str, purchase: str, lines: tuple[Line, ...]) -> Json:
    """Return the document for a day: the example's trip is always one that can be insured."""
    return document(
        public_url=public_url,
        examples=examples_for(json.loads(purchase)),
        subjects=schemas_of({line.code: line for line in lines}),
    )


def _call(one: Operation, told: Json) -> CallView:
    path = f"/partners/{{partner}}/{one.path}"
    described = told["paths"][path][one.method.lower()]
    content = described.get("requestBody", {}).get("content", {}).get("application/json", {})
    schemas = told["components"]["schemas"]
    base = told["servers"][0]["url"]
    return CallView(
        id=one.id,
        method=one.method,
        path=f"/x{path}",
        summary=one.summary,
        parameters=tuple(_parameter(each) for each in described["parameters"]),
        body=rows_of(content["schema"], schemas) if content else (),
        command=_command(one, f"{base}{path}", described["parameters"], content.get("example")),
        answers=tuple(_success(one, status) for status in one.answers),
    )


def _parameter(told: Json) -> FieldRow:
    schema = told["schema"]
    (row,) = rows_of({"type": "object", "properties": {told["name"]: schema}}, {})
    about = told.get("description", "")
    return FieldRow(row.name, row.type, told.get("required", False), about, told["in"])


def _success(one: Operation, status: int) -> FieldRow:
    name = one.answers[status]
    return FieldRow(str(status), name or "", is_needed=False, about="", link=name or "")


def _refusals(told: Json) -> tuple[FieldRow, ...]:
    responses = told["components"]["responses"]
    return tuple(
        FieldRow(name.removeprefix("Refused"), "Error", is_needed=False, about=one["description"])
        for name, one in responses.items()
    )


def _command(one: Operation, url: str, parameters: list[Json], example: Json | None) -> str:
    for each in parameters:
        if each["in"] == "path":
            url = url.replace(f"{{{each['name']}}}", str(each["example"]))
    lines = [f"curl -X {one.method} '{url}'", '-H "Authorization: Bearer $SECRET_KEY"']
    if example is not None:
        body = json.dumps(example, indent=2, ensure_ascii=False)
        lines += ["-H 'Content-Type: application/json'", f"-d '{body}'"]
    return " \\\n  ".join(lines)

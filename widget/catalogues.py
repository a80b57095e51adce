"""Catalogues: read from product files and line files, and whole.

Each file is read and checked as a whole, so that a gap stops the service at its start and not a
customer at the checkout.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from widget.errors import CatalogueFaulty
from widget.gaps import gaps_in
from widget.lines import Line
from widget.markets import Markets
from widget.products import Catalogue, Product

#: How the names of files end that hold a line and not a product.
LINE_SUFFIX = ".line.toml"

Table = TypeVar("Table", bound=BaseModel)


def read_catalogue(files: Mapping[str, str], markets: Markets) -> Catalogue:
    """Return the catalogue written in `files`, TOML texts by file name.

    Raises:
        CatalogueFaulty: One of them cannot be read, has a gap, or repeats another.
    """
    lines: dict[str, Line] = {}
    products: dict[tuple[str, int], Product] = {}
    for source, text in sorted(files.items()):
        if source.endswith(LINE_SUFFIX):
            line = _validated(Line, source, _toml(source, text))
            _keep(lines, line.code, line, source, f"the line {line.code}")
    known = dict(lines)
    for source, text in sorted(files.items()):
        if source.endswith(LINE_SUFFIX):
            continue
        product = read_product(source, text, known, markets)
        key = (product.code, product.version)
        _keep(products, key, product, source, product.terms_version)
        if lines.setdefault(product.line.code, product.line) is not product.line:
            problem = f"it brings the line {product.line.code}, which is in another file too"
            raise CatalogueFaulty(source, problem)
    return Catalogue(products, markets, lines)


def read_product(source: str, text: str, lines: Mapping[str, Line], markets: Markets) -> Product:
    """Return the product written in `text`.

    Args:
        lines: Those that a product may name; it may also bring its own.

    Raises:
        CatalogueFaulty: It cannot be read or has a gap; the sentence names the place.
    """
    told = _toml(source, text)
    named = told.get("line")
    if isinstance(named, str):
        if named not in lines:
            known = ", ".join(sorted(lines))
            raise CatalogueFaulty(source, f"line: there is no {named!r}; there are {known}")
        told["line"] = lines[named]
    product = _validated(Product, source, told)
    if gap := next(gaps_in(product, markets), None):
        raise CatalogueFaulty(source, gap)
    return product


def _toml(source: str, text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise CatalogueFaulty(source, str(error)) from error


def _validated(model: type[Table], source: str, told: Mapping[str, Any]) -> Table:
    try:
        return model.model_validate(told)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        problem = f"{place}: {first['msg']}" if place else first["msg"]
        raise CatalogueFaulty(source, problem) from error


def _keep(found: dict[Any, Any], key: object, value: object, source: str, name: str) -> None:
    if key in found:
        raise CatalogueFaulty(source, f"{name} is in another file too")
    found[key] = value

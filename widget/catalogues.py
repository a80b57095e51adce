"""Catalogues: read from product files and line files, and whole.

Each file is read and checked as a whole, so that a gap stops the service at its start and not a
customer at the checkout.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from widget.bundles import Bundle
from widget.errors import CatalogueFaulty
from widget.gaps import bundle_gaps_in, gaps_in
from widget.lines import Line
from widget.markets import Markets
from widget.places import Gap
from widget.products import Catalogue, Product
from widget.tables import Source

#: How the names of files end that hold a line and not a product.
LINE_SUFFIX = ".line.toml"

#: The same, of those that hold a bundle.
BUNDLE_SUFFIX = ".bundle.toml"

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Survey:
    """What some files hold, and everything that is wrong with them."""

    catalogue: Catalogue
    #: The file that each product stands in.
    sources: Mapping[tuple[str, int], Source]
    #: In the order of the files, and by line in each.
    faults: tuple[CatalogueFaulty, ...]


def read_catalogue(
    files: Mapping[str, str], markets: Markets, locales: Collection[str] = ()
) -> Catalogue:
    """Return the catalogue written in `files`, TOML texts by file name.

    Args:
        locales: As `surveyed` takes them.

    Raises:
        CatalogueFaulty: One of them cannot be read, has a gap, or repeats another.
    """
    survey = surveyed(dict(sorted(files.items())), markets, locales)
    for fault in survey.faults:
        raise fault
    return survey.catalogue


def surveyed(files: Mapping[str, str], markets: Markets, locales: Collection[str] = ()) -> Survey:
    """Return what is good in `files`, TOML texts by file name, and all that is not.

    What two files have both is the fault of the one that comes later.

    Args:
        locales: Those in which what must be disclosed can be said; empty: whichever are asked for.
    """
    sources = [Source(name, text) for name, text in files.items()]
    reading = _Reading(markets, frozenset(locales))
    for source in sources:
        if source.name.endswith(LINE_SUFFIX):
            reading.take_line(source)
    known = dict(reading.lines)
    for source in sources:
        if not source.name.endswith((LINE_SUFFIX, BUNDLE_SUFFIX)):
            reading.take_product(source, known)
    for source in sources:
        if source.name.endswith(BUNDLE_SUFFIX):
            reading.take_bundle(source)
    bundles = tuple(reading.bundles.values())
    catalogue = Catalogue(reading.products, markets, reading.lines, bundles)
    return Survey(catalogue, reading.sources, tuple(reading.faults))


def read_product(name: str, text: str, lines: Mapping[str, Line], markets: Markets) -> Product:
    """Return the product written in `text`, of the file `name`.

    Args:
        lines: Those that a product may name; it may also bring its own.

    Raises:
        CatalogueFaulty: It cannot be read or has a gap; the sentence names the place.
    """
    return _product_in(Source(name, text), lines, markets, frozenset())


def _product_in(
    source: Source, lines: Mapping[str, Line], markets: Markets, locales: frozenset[str]
) -> Product:
    told = source.told()
    named = told.get("line")
    if isinstance(named, str):
        if named not in lines:
            sentence = f"line: there is no {named!r}; there are {', '.join(sorted(lines))}"
            raise source.faulty([Gap(("line",), sentence)])
        told["line"] = lines[named]
    product = source.validated(Product, told)
    source.hold([*gaps_in(product, markets), *_undisclosed(product, locales)])
    return product


def _undisclosed(product: Product, locales: frozenset[str]) -> Iterator[Gap]:
    for locale in sorted(product.text.keys() - locales) if locales else ():
        known = ", ".join(sorted(locales))
        sentence = f"text.{locale}: what must be disclosed cannot be said in it, only in {known}"
        yield Gap(("text", locale), sentence)


@dataclass
class _Reading:
    """What was read so far."""

    markets: Markets
    locales: frozenset[str]
    lines: dict[str, Line] = field(default_factory=dict)
    products: dict[tuple[str, int], Product] = field(default_factory=dict)
    sources: dict[tuple[str, int], Source] = field(default_factory=dict)
    bundles: dict[str, Bundle] = field(default_factory=dict)
    faults: list[CatalogueFaulty] = field(default_factory=list)

    def take_line(self, source: Source) -> None:
        try:
            line = source.validated(Line, source.told())
            _keep(self.lines, line.code, line, source, f"the line {line.code}")
        except CatalogueFaulty as fault:
            self.faults += [fault, *fault.others]

    def take_product(self, source: Source, known: Mapping[str, Line]) -> None:
        try:
            product = _product_in(source, known, self.markets, self.locales)
            key = (product.code, product.version)
            _keep(self.products, key, product, source, product.terms_version)
            self.sources[key] = source
            line = product.line
            if self.lines.setdefault(line.code, line) is not line:
                sentence = f"it brings the line {line.code}, which is in another file too"
                raise source.faulty([Gap(("line", "code"), sentence)])
        except CatalogueFaulty as fault:
            self.faults += [fault, *fault.others]

    def take_bundle(self, source: Source) -> None:
        try:
            bundle = source.validated(Bundle, source.told())
            source.hold(bundle_gaps_in(bundle, self.products.values()))
            _keep(self.bundles, bundle.code, bundle, source, f"the bundle {bundle.code}")
        except CatalogueFaulty as fault:
            self.faults += [fault, *fault.others]


def _keep(found: dict[Key, Value], key: Key, value: Value, source: Source, name: str) -> None:
    if key in found:
        raise source.faulty([Gap(("code",), f"{name} is in another file too")])
    found[key] = value

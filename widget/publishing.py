"""Publish the documents of the catalogue: set them once, keep their bytes for ever.

It is done before the first customer comes, so that an offer finds its documents ready, and only for
what is new: the same product file with the same looks is not published twice.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import structlog

from widget.editions import CSS, HTML, PDF, Copy, Edition, File, Shelf, file_of
from widget.errors import CatalogueFaulty, SettingInvalid
from widget.places import Gap, Place
from widget.press.base import Press
from widget.products import Catalogue, Document, Product
from widget.sheets import DocumentFacts, Paper, Part, Printing, Sheet, paper_of
from widget.storage.base import Storage
from widget.texts import Texts

_log = structlog.get_logger(__name__)


class Pages(Protocol):
    """Sets sheets as pages for a browser."""

    @property
    def version(self) -> str:
        """Names the exact templates."""
        ...

    @property
    def stylesheet(self) -> bytes:
        """What the pages look like."""
        ...

    def page(self, sheet: Sheet, *, stylesheet: str, pdf: str) -> bytes:
        """Return a sheet as a page.

        Args:
            stylesheet: The name of the stylesheet's file, which lies beside it.
            pdf: The name of the PDF of the same sheet.
        """
        ...


@dataclass(frozen=True, slots=True)
class Publishing:
    """What publishing takes."""

    catalogue: Catalogue
    texts: Texts
    storage: Storage
    press: Press
    pages: Pages


async def publish(publishing: Publishing, shelf: Shelf) -> int:
    """Put an edition of every product version on the shelf, and publish those that are not yet.

    Returns:
        How many were new.

    Raises:
        CatalogueFaulty: A document has a character that no font draws.
        StorageUnavailable: They could not be kept.
    """
    published = await publishing.storage.list_editions()
    shelf.keep(published)
    by_source = {edition.source: edition for edition in published}
    new = 0
    for product in publishing.catalogue.products.values():
        sheets = tuple(sheets_of(product, publishing.texts))
        source = _source(sheets, publishing)
        edition = by_source.get(source) or await _published(product, sheets, source, publishing)
        shelf.show(edition)
        new += source not in by_source
    return new


def sheets_of(product: Product, texts: Texts) -> Iterator[tuple[str, Sheet]]:
    """Return the sheets of a product's documents, each with the document's code.

    The policy wording is the last document. There is a sheet for each language that the document is
    written in, and each paper that people print on where the product is sold.
    """
    papers = sorted({paper_of(country) for country in product.sold_to})
    ordered = sorted(product.document, key=lambda document: document.code == "wording")
    for document in ordered:
        for locale in sorted(document.text):
            for paper in papers:
                yield document.code, _sheet(product, document, locale, paper, texts)


def _sheet(product: Product, document: Document, locale: str, paper: Paper, texts: Texts) -> Sheet:
    say = texts.in_locale(locale).gettext
    text = document.text[locale]
    name = product.text_in(locale).name
    version = say("%(product)s, version %(version)s") % {
        "product": name,
        "version": product.version,
    }
    facts = DocumentFacts(
        product_name=name,
        underwritten=say("Underwritten by %(underwriter)s") % {"underwriter": product.underwriter},
        underwriter=product.underwriter,
        version=version,
        parts=tuple(Part(part.heading, part.paragraphs, part.items) for part in text.section),
        as_pdf=say("Open as PDF"),
    )
    return Sheet(
        layout=document.code,
        title=text.title,
        footer=f"{text.title} · {version} · {product.terms_version}",
        page_of_pages=say("Page {page} of {pages}"),
        locale=locale,
        paper=paper,
        facts=facts,
    )


def _source(sheets: tuple[tuple[str, Sheet], ...], publishing: Publishing) -> str:
    """Return a name for all that the files are made of, but for the time."""
    pages, press = publishing.pages, publishing.press
    digest = hashlib.sha256(f"{pages.version} {press.version}\n".encode())
    digest.update(hashlib.sha256(pages.stylesheet).digest())
    for code, sheet in sheets:
        digest.update(hashlib.sha256(f"{code}\n{sheet.to_json()}".encode()).digest())
    return digest.hexdigest()


async def _published(
    product: Product, sheets: tuple[tuple[str, Sheet], ...], source: str, publishing: Publishing
) -> Edition:
    now = publishing.storage.now()
    stylesheet = file_of(CSS, publishing.pages.stylesheet)
    files, copies = [stylesheet], []
    for code, sheet in sheets:
        pdf = await _printed(Printing(sheet, now), product, publishing.press)
        page = publishing.pages.page(sheet, stylesheet=stylesheet.digest, pdf=pdf.digest)
        html = file_of(HTML, page)
        files += [pdf, html]
        title = sheet.title
        copies.append(Copy(code, sheet.locale, sheet.paper, title, html.digest, pdf.digest))
    edition = Edition(product.code, product.version, source, now, tuple(copies))
    _log.info("documents_published", product=product.terms_version, edition=edition.digest)
    return await publishing.storage.save_edition(edition, files)


async def _printed(printing: Printing, product: Product, press: Press) -> File:
    try:
        return file_of(PDF, await press.print(printing))
    except SettingInvalid as error:
        place = f"{product.code}.v{product.version}.toml"
        raise CatalogueFaulty(place, _undrawn(printing.sheet, error)) from error


async def undrawn_in(product: Product, texts: Texts, press: Press, *, now: datetime) -> list[Gap]:
    """Return each text of a document that has a character that no font draws, with its place."""
    places: dict[str, int] = {
        document.code: index for index, document in enumerate(product.document)
    }
    gaps: list[Gap] = []
    for code, sheet in sheets_of(product, texts):
        try:
            await press.print(Printing(sheet, now))
        except SettingInvalid as error:
            place: Place = ("document", places[code], "text", sheet.locale)
            gaps.append(Gap(place, _undrawn(sheet, error)))
    return gaps


def _undrawn(sheet: Sheet, error: SettingInvalid) -> str:
    return f"{sheet.title!r} in {sheet.locale!r}: {error}"

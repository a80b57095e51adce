"""Documents are set once and kept for ever; the next edition leaves the one before as it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import get_args

import pytest

from tests.builders import NOON, a_product, some_settings
from tests.fakes import Clock
from widget.app import folder, load_catalogue, load_rendering, load_texts
from widget.editions import HTML, PDF, Shelf
from widget.errors import CatalogueFaulty, SettingInvalid
from widget.press.typesetter import Typesetter
from widget.products import Catalogue, Document, Product
from widget.publishing import Publishing, publish, sheets_of
from widget.sheets import DocumentFacts, Paper, Printing
from widget.storage.sqlite import SqliteStorage
from widget.web.rendering import DocumentPages, version_of

pytestmark = pytest.mark.anyio

TEXTS = load_texts()
RENDERING = load_rendering(some_settings())
PAGES = DocumentPages(
    RENDERING.environment,
    RENDERING.assets.get("document.css").body,
    version_of((folder("templates") / "documents",)),
)


@dataclass
class CountingPress:
    """Prints the words of a sheet as they are, and counts."""

    version: str = "press-1"
    printed: list[Printing] = field(default_factory=list)
    missing: str = ""

    async def print(self, printing: Printing) -> bytes:
        """Print, unless a character is missing."""
        text = printing.sheet.to_json()
        if self.missing and self.missing in text:
            raise SettingInvalid("OFFER_WIDGET_FONTS_DIR", "no font draws U+5C71")
        self.printed.append(printing)
        return f"{text} {printing.at.isoformat()}".encode()

    async def close(self) -> None:
        """Do nothing."""


def a_catalogue(*products: Product) -> Catalogue:
    products = products or (a_product(),)
    known = {(product.code, product.version): product for product in products}
    return replace(load_catalogue(some_settings()), products=known)


def reworded(product: Product, sentence: str) -> Product:
    """Return the product with another sentence in its English wording."""
    documents = []
    for document in product.document:
        text: Mapping[str, object] = document.text
        if document.code == "wording":
            english = document.text["en"]
            first = replace(english.section[0], paragraphs=(sentence,))
            changed = english.model_copy(update={"section": (first, *english.section[1:])})
            text = {**document.text, "en": changed}
        documents.append(document.model_copy(update={"text": text}))
    return product.model_copy(update={"document": tuple(documents)})


async def published(storage: SqliteStorage, catalogue: Catalogue, **parts: object) -> Shelf:
    publishing = Publishing(catalogue, TEXTS, storage, CountingPress(), PAGES)
    shelf = Shelf()
    await publish(replace(publishing, **parts), shelf)  # type: ignore[arg-type]
    return shelf


async def test_each_document_is_published_in_each_language_and_for_each_paper(
    opened: SqliteStorage,
) -> None:
    shelf = await published(opened, a_catalogue())

    (edition,) = await opened.list_editions()
    assert edition.digest == shelf.name_for(a_product())
    assert {(copy.code, copy.locale, copy.paper) for copy in edition.copies} == {
        (code, locale, paper)
        for code in ("product_information", "wording")
        for locale in ("de", "en")
        for paper in Paper
    }


async def test_no_paper_is_printed_that_nobody_uses_where_it_is_sold(
    opened: SqliteStorage,
) -> None:
    german = a_product().model_copy(update={"sold_to": frozenset({"DE"})})

    await published(opened, a_catalogue(german))

    (edition,) = await opened.list_editions()
    assert {copy.paper for copy in edition.copies} == {Paper.A4}


async def test_all_files_of_an_edition_are_kept(opened: SqliteStorage) -> None:
    await published(opened, a_catalogue())

    (edition,) = await opened.list_editions()
    for copy in edition.copies:
        html, pdf = await opened.find_file(copy.html), await opened.find_file(copy.pdf)
        assert html is not None
        assert pdf is not None
        assert (html.media_type, pdf.media_type) == (HTML, PDF)
        # The page leads to its own PDF, so that its name vouches for both.
        assert f'href="{copy.pdf}"'.encode() in html.body


async def test_the_same_is_not_published_again(opened: SqliteStorage, clock: Clock) -> None:
    before = await published(opened, a_catalogue())
    clock.move(days=1)
    press = CountingPress()

    after = await published(opened, a_catalogue(), press=press)

    assert press.printed == []
    assert after.name_for(a_product()) == before.name_for(a_product())
    assert len(await opened.list_editions()) == 1


async def test_another_text_is_another_edition_and_the_one_before_stays(
    opened: SqliteStorage,
) -> None:
    before = await published(opened, a_catalogue())
    old = before.edition("travel_protection", 1)

    after = await published(opened, a_catalogue(reworded(a_product(), "Now it is another.")))

    assert old is not None
    assert after.name_for(a_product()) != old.digest
    assert after.edition("travel_protection", 1, old.digest) == old
    for copy in old.copies:
        assert await opened.find_file(copy.pdf) is not None


@pytest.mark.parametrize(
    "parts",
    [
        {"press": CountingPress(version="press-2")},
        {"pages": replace(PAGES, version="pages-2")},
        {"pages": replace(PAGES, stylesheet=b":root{}")},
    ],
)
async def test_other_looks_are_another_edition(
    opened: SqliteStorage, parts: Mapping[str, object]
) -> None:
    before = await published(opened, a_catalogue())

    after = await published(opened, a_catalogue(), **parts)

    assert after.name_for(a_product()) != before.name_for(a_product())


async def test_going_back_to_what_was_published_shows_that_again(opened: SqliteStorage) -> None:
    first = await published(opened, a_catalogue())
    await published(opened, a_catalogue(reworded(a_product(), "A mistake.")))

    again = await published(opened, a_catalogue())

    assert again.name_for(a_product()) == first.name_for(a_product())
    assert len(await opened.list_editions()) == 2


async def test_a_document_that_no_font_draws_stops_the_start_with_its_place(
    opened: SqliteStorage,
) -> None:
    product = reworded(a_product(), "山")

    with pytest.raises(CatalogueFaulty, match=r"travel_protection\.v1\.toml.*'en'.*U\+5C71"):
        await published(opened, a_catalogue(product), press=CountingPress(missing="山"))

    assert await opened.list_editions() == []


async def test_the_printed_document_carries_the_time_of_publishing(opened: SqliteStorage) -> None:
    press = CountingPress()

    await published(opened, a_catalogue(), press=press)

    assert {printing.at for printing in press.printed} == {NOON}


def test_a_sheet_names_the_version_in_its_footer() -> None:
    for _, sheet in sheets_of(a_product(), TEXTS):
        assert sheet.footer.endswith("travel_protection@1")
        assert isinstance(sheet.facts, DocumentFacts)
        assert sheet.facts.version in sheet.footer


async def test_the_whole_catalogue_can_be_printed(opened: SqliteStorage) -> None:
    press = Typesetter()

    await published(opened, load_catalogue(some_settings()), press=press)
    await press.close()

    for edition in await opened.list_editions():
        for copy in edition.copies:
            pdf = await opened.find_file(copy.pdf)
            assert pdf is not None
            assert pdf.body.startswith(b"%PDF-")


@pytest.mark.parametrize("code", get_args(Document.model_fields["code"].annotation))
async def test_every_kind_of_document_has_a_page_and_a_layout(code: str) -> None:
    _, sheet = next(sheets_of(a_product(), TEXTS))
    sheet = replace(sheet, layout=code)
    press = Typesetter()

    pdf = await press.print(Printing(sheet, NOON))
    page = PAGES.page(sheet, stylesheet="0" * 64, pdf="1" * 64).decode()
    await press.close()

    assert pdf.startswith(b"%PDF-")
    assert isinstance(sheet.facts, DocumentFacts)
    for part in sheet.facts.parts:
        assert part.heading in page

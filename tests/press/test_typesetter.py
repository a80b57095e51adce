"""What a printed sheet is: tagged, in one language, with every character drawn."""

from __future__ import annotations

import asyncio
import hashlib
import io
import re
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader

import widget
from tests.builders import (
    NOON,
    TOKEN_KEY,
    a_booking,
    a_policyholder,
    a_product,
    some_settings,
)
from widget.app import load_catalogue, load_texts
from widget.certificates import certificate_of, certificate_sheet
from widget.covers import speech_for
from widget.errors import SettingInvalid
from widget.links import Links
from widget.press.typesetter import Typesetter
from widget.publishing import sheets_of
from widget.sheets import DocumentFacts, Paper, Printing, Sheet

pytestmark = pytest.mark.anyio

TEXTS = load_texts()
HOME = Path(widget.__file__).parent / "press"


@pytest.fixture
async def press() -> AsyncIterator[Typesetter]:
    press = Typesetter()
    yield press
    await press.close()


def a_certificate(name: str = "Ada", locale: str = "en", country: str = "DE") -> Printing:
    booking = a_booking(policyholder=a_policyholder(first_name=name))
    speech = speech_for(locale, country, TEXTS.in_locale(locale))
    certificate = certificate_of(
        booking,
        booking.policies[0],
        catalogue=load_catalogue(some_settings()),
        links=Links("https://cover.test", [TOKEN_KEY.encode()]),
        speech=speech,
    )
    return Printing(certificate_sheet(certificate, speech), NOON)


def a_document(code: str, locale: str = "en", paper: Paper = Paper.A4) -> Sheet:
    return next(
        sheet
        for found, sheet in sheets_of(a_product(), TEXTS)
        if (found, sheet.locale, sheet.paper) == (code, locale, paper)
    )


async def read(press: Typesetter, printing: Printing) -> PdfReader:
    return PdfReader(io.BytesIO(await press.print(printing)))


def text_of(pdf: PdfReader) -> str:
    """Return what somebody who copies all of it gets, with every kind of space as a plain one."""
    return " ".join(" ".join(page.extract_text() for page in pdf.pages).split())


def letters(text: str) -> str:
    """Return a text without blanks and hyphens: a line may break anywhere."""
    return re.sub(r"[\s\u00ad\u2010-]", "", text)


def root_of(pdf: PdfReader) -> dict[str, Any]:
    """Return the catalogue of the file, and what it names with it."""
    return {name: value.get_object() for name, value in pdf.root_object.items()}


def fonts_of(pdf: PdfReader) -> list[Any]:
    """Return the fonts that the first page is drawn with."""
    resources: Any = pdf.pages[0]["/Resources"]
    return [font.get_object() for font in resources["/Font"].values()]


def tags(pdf: PdfReader) -> list[str]:
    """Return the types of all elements of the structure tree, in reading order."""
    found: list[str] = []

    def walk(node: Any) -> None:
        node = node.get_object() if hasattr(node, "get_object") else node
        if isinstance(node, list):
            for child in node:
                walk(child)
        elif isinstance(node, dict):
            if "/S" in node:
                found.append(str(node["/S"]))
            if "/K" in node:
                walk(node["/K"])

    walk(root_of(pdf)["/StructTreeRoot"])
    return found


@pytest.mark.parametrize("locale", ["en", "de"])
@pytest.mark.parametrize("code", ["product_information", "wording"])
async def test_a_document_is_tagged_and_says_its_title_and_language(
    press: Typesetter, code: str, locale: str
) -> None:
    sheet = a_document(code, locale)

    pdf = await read(press, Printing(sheet, NOON))

    root = root_of(pdf)
    assert root["/MarkInfo"]["/Marked"].value is True
    assert root["/Lang"] == locale
    assert root["/ViewerPreferences"]["/DisplayDocTitle"].value is True
    assert pdf.metadata is not None
    assert pdf.metadata.title == sheet.title
    assert pdf.metadata.creation_date == NOON
    found = tags(pdf)
    assert found.count("/H1") == 1
    assert isinstance(sheet.facts, DocumentFacts)
    assert found.count("/H2") == len(sheet.facts.parts)
    assert found.count("/LI") == sum(len(part.items) for part in sheet.facts.parts)


@pytest.mark.parametrize("locale", ["en", "de"])
@pytest.mark.parametrize("code", ["product_information", "wording"])
async def test_a_document_has_all_of_its_text(press: Typesetter, code: str, locale: str) -> None:
    sheet = a_document(code, locale)
    assert isinstance(sheet.facts, DocumentFacts)

    seen = letters(text_of(await read(press, Printing(sheet, NOON))))

    for part in sheet.facts.parts:
        for sentence in (part.heading, *part.items):
            assert letters(sentence) in seen
    assert letters(sheet.footer) in seen


async def test_it_claims_the_standards_for_keeping_and_for_everybody(press: Typesetter) -> None:
    body = await press.print(a_certificate())

    assert b"<pdfaid:part>2</pdfaid:part>" in body
    assert b"<pdfaid:conformance>A</pdfaid:conformance>" in body
    assert b"<pdfuaid:part>1</pdfuaid:part>" in body


async def test_a_certificate_states_the_policy(press: Typesetter) -> None:
    pdf = await read(press, a_certificate())

    seen = text_of(pdf)
    for fact in (
        "TRV-AAAAA-BBBBB",
        "Ada Muster",
        "€48.92",
        "€7.81",
        "2 adults",
        "Cancelling before departure",
        "€1,284.60",
        "10% of the claim",
        "within 14 days",
        "care@northgate.example",
        "Northgate Insurance SE",
        "travel_protection@1",
        "Page 1 of 1",
        "Test: this is not a policy",
    ):
        assert fact in seen, fact
    assert {"/Table", "/TH", "/TD", "/H1", "/H2", "/Link"} <= set(tags(pdf))


async def test_a_certificate_speaks_german_to_who_chose_in_german(press: Typesetter) -> None:
    pdf = await read(press, a_certificate(locale="de"))

    seen = text_of(pdf)
    assert root_of(pdf)["/Lang"] == "de"
    assert "Versicherungsschein" in seen
    assert "48,92 €" in seen
    assert "Seite 1 von 1" in seen


@pytest.mark.parametrize(
    "name",
    [
        'Zoë "Q" O\'Neil',
        "#strong[Ada] *bold* _it_ $x^2$ `raw` @ref <label> // /* = -",
        '#read("/etc/passwd")',
        "<b>&amp;</b> \\ \\u{41} {page}",
        "Żółć Ğüneş Čapek",
        "Привет Ελένη",
        "Nguyễn Thị Hằng",
    ],
)
async def test_a_name_is_text_and_nothing_else(press: Typesetter, name: str) -> None:
    seen = text_of(await read(press, a_certificate(name)))

    assert letters(name) in letters(seen)


@pytest.mark.parametrize("name", ["שלום", "محمد"])
async def test_a_name_is_drawn_in_scripts_from_right_to_left(press: Typesetter, name: str) -> None:
    pdf = await read(press, a_certificate(name))

    fonts = {font["/BaseFont"].partition("+")[2] for font in fonts_of(pdf)}
    assert any("Hebrew" in font or "Arabic" in font for font in fonts)
    assert set(name) <= set(text_of(pdf))


@pytest.mark.parametrize("name", ["山田", "नमस्ते", "😀", "ไทย", "a\u0007b"])
async def test_what_no_font_draws_is_told_and_never_an_empty_box(
    press: Typesetter, name: str
) -> None:
    with pytest.raises(SettingInvalid, match=r"OFFER_WIDGET_FONTS_DIR: no font draws U\+[0-9A-F]+"):
        await press.print(a_certificate(name))


async def test_after_a_sheet_that_cannot_be_printed_comes_the_next(press: Typesetter) -> None:
    with pytest.raises(SettingInvalid):
        await press.print(a_certificate("山田"))

    assert "Ada Muster" in text_of(await read(press, a_certificate()))


async def test_the_same_printing_gives_the_same_bytes() -> None:
    first, second = Typesetter(), Typesetter()
    try:
        bodies = {await press.print(a_certificate()) for press in (first, second, first)}
        later = await first.print(replace(a_certificate(), at=NOON + timedelta(days=1)))
    finally:
        await first.close()
        await second.close()

    assert len(bodies) == 1
    assert later not in bodies


@pytest.mark.parametrize(
    ("country", "size"), [("DE", (595, 842)), ("US", (612, 792)), ("GB", (595, 842))]
)
async def test_the_page_is_the_paper_of_the_customers_country(
    press: Typesetter, country: str, size: tuple[int, int]
) -> None:
    box = (await read(press, a_certificate(country=country))).pages[0].mediabox

    assert (round(box.width), round(box.height)) == size


async def test_all_fonts_are_inside(press: Typesetter) -> None:
    pdf = await read(press, a_certificate("שלום محمد"))

    for font in fonts_of(pdf):
        (descendant,) = font["/DescendantFonts"]
        descriptor = descendant.get_object()["/FontDescriptor"]
        assert {"/FontFile2", "/FontFile3"} & set(descriptor.get_object())


async def test_printing_does_not_hold_up_the_event_loop(press: Typesetter) -> None:
    # The longest wait of somebody else on the loop, beside that of printing ten documents.
    waits: list[float] = []

    async def tick() -> None:
        while True:
            begun = time.perf_counter()
            await asyncio.sleep(0)
            waits.append(time.perf_counter() - begun)

    ticking = asyncio.create_task(tick())
    begun = time.perf_counter()
    for number in range(10):
        at = NOON + timedelta(seconds=number)
        await press.print(Printing(a_document("wording"), at))
    spent = time.perf_counter() - begun
    ticking.cancel()

    assert len(waits) > 100
    assert max(waits) < spent / 2


def test_a_folder_without_fonts_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingInvalid, match="there is no font in"):
        Typesetter(str(tmp_path))


async def test_a_folder_of_fonts_draws_what_ours_do_not(tmp_path: Path) -> None:
    # A font of ours under another name stands in for one of another script.
    body = (HOME / "fonts" / "Inter-Regular.ttf").read_bytes()
    other = body.replace("Inter".encode("utf-16-be"), "Outer".encode("utf-16-be"))
    (tmp_path / "other.ttf").write_bytes(other)

    press = Typesetter(str(tmp_path))

    assert press.version != Typesetter().version
    assert "Ada Muster" in text_of(await read(press, a_certificate()))
    await press.close()


def test_the_fonts_are_those_that_their_list_names() -> None:
    listed = dict(
        re.findall(
            r"^\| `(\S+\.ttf)` .*`([0-9a-f]{64})` \|$",
            (HOME / "fonts" / "README.md").read_text(encoding="utf-8"),
            re.MULTILINE,
        )
    )

    found = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in (HOME / "fonts").glob("*.ttf")
    }

    assert listed == found
    assert len(found) == 6


def test_a_layout_reads_data_and_makes_no_markup_of_it() -> None:
    for path in (HOME / "layout").glob("*.typ"):
        assert not re.search(r"\beval\(|\bread\(|@preview|mode: *\"markup\"", path.read_text()), (
            path
        )

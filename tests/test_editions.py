from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.builders import NOON, a_product
from widget.editions import HTML, Copy, Edition, Shelf, edition_from, file_of, is_digest
from widget.errors import NotFound
from widget.sheets import Paper


def a_copy(code: str, locale: str, paper: Paper = Paper.A4) -> Copy:
    name = f"{code}-{locale}-{paper}"
    return Copy(code, locale, paper, code.title(), f"{name}.html", f"{name}.pdf")


def an_edition(**changes: object) -> Edition:
    copies = tuple(
        a_copy(code, locale, paper)
        for code in ("product_information", "wording")
        for locale in ("de", "en")
        for paper in (Paper.A4, Paper.LETTER)
    )
    edition = Edition("travel_protection", 1, "source-1", NOON, copies)
    return replace(edition, **changes)  # type: ignore[arg-type]


def test_a_file_is_named_by_its_bytes() -> None:
    file = file_of(HTML, b"<p>")

    assert file.digest == hashlib.sha256(b"<p>").hexdigest()
    assert is_digest(file.digest)


@pytest.mark.parametrize("text", ["", "0" * 63, "0" * 65, "A" * 64, "g" * 64, "0" * 64 + "\n"])
def test_what_could_not_name_a_file_is_known(text: str) -> None:
    assert not is_digest(text)


def test_an_edition_is_read_from_its_list_of_files() -> None:
    edition = an_edition()

    assert edition_from(edition.file().body) == edition


@pytest.mark.parametrize(
    "changes",
    [
        {"source": "source-2"},
        {"product_version": 2},
        {"published_at": NOON + timedelta(seconds=1)},
        {"copies": (a_copy("wording", "en"),)},
    ],
)
def test_another_edition_has_another_name(changes: dict[str, object]) -> None:
    assert an_edition(**changes).digest != an_edition().digest
    assert an_edition().digest == an_edition().digest


@pytest.mark.parametrize(
    ("locale", "paper", "expected"),
    [
        ("de", Paper.A4, "de-a4"),
        ("de-AT", Paper.A4, "de-a4"),
        ("en", Paper.LETTER, "en-us-letter"),
        ("fr", Paper.LETTER, "en-us-letter"),
    ],
)
def test_a_customer_gets_the_copies_that_fit_best(locale: str, paper: Paper, expected: str) -> None:
    copies = an_edition().copies_for(locale, paper)

    assert [copy.pdf for copy in copies] == [
        f"product_information-{expected}.pdf",
        f"wording-{expected}.pdf",
    ]


def test_a_copy_on_other_paper_is_better_than_one_in_another_language() -> None:
    edition = an_edition(copies=(a_copy("wording", "de"), a_copy("wording", "en", Paper.LETTER)))

    assert edition.copy_of("wording", "de", Paper.LETTER).pdf == "wording-de-a4.pdf"


def test_a_document_that_the_product_does_not_have_is_not_found() -> None:
    with pytest.raises(NotFound):
        an_edition().copy_of("certificate", "en", Paper.A4)


def test_the_shelf_shows_the_edition_of_today_and_finds_every_other_by_its_name() -> None:
    old, new = an_edition(), an_edition(source="source-2")
    shelf = Shelf()

    shelf.keep([old, new])
    shelf.show(new)

    assert shelf.name_for(a_product()) == new.digest
    assert shelf.edition("travel_protection", 1) == new
    assert shelf.edition("travel_protection", 1, old.digest) == old


def test_no_other_edition_stands_in_for_one_that_is_not_there() -> None:
    shelf = Shelf()
    shelf.show(an_edition())

    with pytest.raises(NotFound):
        shelf.edition("travel_protection", 1, "0" * 64)


def test_before_anything_is_published_there_is_nothing_on_the_shelf() -> None:
    assert Shelf().name_for(a_product()) == ""
    assert Shelf().edition("travel_protection", 1) is None

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from pypdf import PdfReader
from structlog.testing import capture_logs

from tests.builders import (
    NOON,
    TOKEN_KEY,
    a_booking,
    a_policyholder,
    a_quote,
    an_opted_in_offer,
    some_settings,
)
from tests.remembering import PRESS
from tests.test_publishing import PAGES
from widget.app import load_catalogue, load_texts
from widget.bookings import Booking, Policy
from widget.editions import Shelf
from widget.enclosing import Enclosing
from widget.enclosures import Enclosure
from widget.errors import StorageUnavailable
from widget.links import Links
from widget.offers import Provided, Quote, Status
from widget.publishing import Publishing, publish
from widget.sheets import Paper
from widget.storage.sqlite import SqliteStorage

pytestmark = pytest.mark.anyio

CATALOGUE = load_catalogue(some_settings())
TEXTS = load_texts()


@pytest.fixture
async def enclosing(opened: SqliteStorage) -> Enclosing:
    shelf = Shelf()
    await publish(Publishing(CATALOGUE, TEXTS, opened, PRESS, PAGES), shelf)
    links = Links("https://cover.test", [TOKEN_KEY.encode()], shelf)
    return Enclosing(CATALOGUE, TEXTS, links, opened, PRESS)


def booked(*quotes: Quote, locale: str = "en", **person: object) -> Booking:
    offer = replace(an_opted_in_offer(), chosen_locale=locale)
    policies = tuple(
        Policy(f"TRV-{number:05}", quote, issued_at=NOON)
        for number, quote in enumerate(quotes or (a_quote(),))
    )
    return a_booking(offer=offer, policies=policies, policyholder=a_policyholder(**person))


def names(enclosures: tuple[Enclosure, ...]) -> list[str]:
    return [enclosure.name for enclosure in enclosures]


async def enclosed(enclosing: Enclosing, booking: Booking) -> tuple[Enclosure, ...]:
    return tuple(await enclosing.enclosures(booking))


async def test_a_letter_has_the_certificate_and_both_documents(enclosing: Enclosing) -> None:
    enclosures = await enclosed(enclosing, booked())

    assert names(enclosures) == [
        "TRV-00000.pdf",
        "Insurance-product-information-document.pdf",
        "Policy-wording.pdf",
    ]
    assert {enclosure.media_type for enclosure in enclosures} == {"application/pdf"}
    assert "TRV-00000" in PdfReader(io.BytesIO(enclosures[0].body)).pages[0].extract_text()


async def test_the_documents_are_in_the_language_of_the_choice(enclosing: Enclosing) -> None:
    enclosures = await enclosed(enclosing, booked(locale="de"))

    assert names(enclosures)[1:] == [
        "Informationsblatt-zu-Versicherungsprodukten.pdf",
        "Versicherungsbedingungen.pdf",
    ]
    assert str(PdfReader(io.BytesIO(enclosures[2].body)).root_object["/Lang"]) == "de"


async def test_the_documents_are_those_that_the_quote_names(enclosing: Enclosing) -> None:
    shelf = enclosing.links.shelf
    old = shelf.edition("travel_protection", 1)
    assert old is not None
    shelf.show(replace(old, source="source-2", copies=()))

    enclosures = await enclosed(enclosing, booked(replace(a_quote(), documents=old.digest)))

    wording = old.copy_of("wording", "en", Paper.A4)
    kept = await enclosing.storage.find_file(wording.pdf)
    assert kept is not None
    assert enclosures[-1].body == kept.body


async def test_two_policies_have_two_certificates_and_their_documents_once(
    enclosing: Enclosing,
) -> None:
    quotes = (a_quote("q-1"), a_quote("q-2"))

    enclosures = await enclosed(enclosing, booked(*quotes))

    assert names(enclosures)[:2] == ["TRV-00000.pdf", "TRV-00001.pdf"]
    assert len(enclosures) == 4


async def test_a_policy_that_is_over_is_not_enclosed(enclosing: Enclosing) -> None:
    booking = booked()
    gone = replace(booking.policies[0], status=Status.CANCELLED, cancelled_at=NOON)

    assert await enclosed(enclosing, replace(booking, policies=(gone,))) == ()


async def test_what_a_remote_platform_serves_is_not_enclosed(enclosing: Enclosing) -> None:
    theirs = replace(a_quote(), provided=Provided("en", "Cover", "Plan"))

    assert await enclosed(enclosing, booked(theirs)) == ()


async def test_a_name_that_no_font_draws_leaves_the_documents_and_tells_the_operator(
    enclosing: Enclosing,
) -> None:
    with capture_logs() as lines:
        enclosures = await enclosed(enclosing, booked(first_name="山田"))

    assert len(enclosures) == 2
    (line,) = lines
    assert (line["event"], line["log_level"]) == ("certificate_not_printed", "warning")
    assert "OFFER_WIDGET_FONTS_DIR" in line["problem"]
    assert "山" not in str(line)


async def test_a_document_that_is_gone_holds_the_letter_back(enclosing: Enclosing) -> None:
    shelf = enclosing.links.shelf
    edition = shelf.edition("travel_protection", 1)
    assert edition is not None
    lost = tuple(replace(copy, pdf="0" * 64) for copy in edition.copies)
    shelf.show(replace(edition, copies=lost))

    with pytest.raises(StorageUnavailable):
        await enclosed(enclosing, booked())

"""Sheets: what a document says, ready to be set in HTML and in PDF.

Both forms are made of the same sheet, so that they state the same facts. Every text in it is plain
text in the language of the sheet; whoever sets it never reads it as markup.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum

from widget.formats import direction


class Paper(StrEnum):
    """The size of a printed page."""

    A4 = "a4"
    LETTER = "us-letter"


#: Source: CLDR 48, `measurementData/paperSize`: the territories that print on US Letter.
_LETTER_COUNTRIES = frozenset(
    "BZ CA CL CO CR GT MX NI PA PH PR SV US VE".split(),
)


def paper_of(country: str) -> Paper:
    """Return the paper that people in a country print on."""
    return Paper.LETTER if country in _LETTER_COUNTRIES else Paper.A4


@dataclass(frozen=True, slots=True)
class Part:
    """A headed part of a product document."""

    heading: str
    paragraphs: tuple[str, ...]
    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DocumentFacts:
    """What a product document says."""

    product_name: str
    #: `Underwritten by …`.
    underwritten: str
    underwriter: str
    #: `Trip protection, version 2`.
    version: str
    parts: tuple[Part, ...]
    #: What the page of the other form is called, where it leads to it.
    as_pdf: str


@dataclass(frozen=True, slots=True)
class Fact:
    """A name and what it is for this policy."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Reference:
    """Another document, and where it is."""

    title: str
    url: str


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under headings; the first cell of a row names it."""

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class CertificateFacts:
    """What a certificate of insurance says."""

    kind: str
    plan_name: str
    product_name: str
    underwritten: str
    #: That it is a test, or was cancelled: what nobody may overlook.
    notices: tuple[str, ...]
    number: Fact
    facts: tuple[Fact, ...]
    benefits: Table
    withdrawal: Part
    documents_heading: str
    documents: tuple[Reference, ...]
    underwriter: str
    underwriter_address: str
    contact: str
    issued: str
    #: What the page of the other form is called, where it leads to it.
    as_pdf: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """One document in one language, for one size of paper."""

    #: Which layout sets it: `certificate`, or the code of a product document.
    layout: str
    title: str
    #: At the foot of each printed page, before the number of the page.
    footer: str
    #: A sentence with `{page}` and `{pages}` in it.
    page_of_pages: str
    locale: str
    paper: Paper
    facts: DocumentFacts | CertificateFacts

    @property
    def direction(self) -> str:
        """Where its lines begin: `ltr` or `rtl`."""
        return direction(self.locale)

    def to_json(self) -> str:
        """Return all of it as canonical JSON: the same sheet is the same text."""
        values: Mapping[str, object] = {**asdict(self), "direction": self.direction}
        return json.dumps(values, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class Printing:
    """A sheet, and the time that is written into the file made of it."""

    sheet: Sheet
    #: Aware. The same sheet with the same time gives the same bytes.
    at: datetime

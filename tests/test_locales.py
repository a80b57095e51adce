"""Every sentence of the interface exists in every language."""

from __future__ import annotations

import string
from functools import cache

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

from tests.messages import ROOT, MessageId, extract

LOCALES = sorted(path.parts[-3] for path in ROOT.glob("widget/locales/*/LC_MESSAGES/messages.po"))


@cache
def sentences() -> dict[MessageId, str]:
    return extract()


@cache
def catalogue_of(locale: str) -> Catalog:
    path = ROOT / "widget" / "locales" / locale / "LC_MESSAGES" / "messages.po"
    with path.open("rb") as file:
        return read_po(file, locale=locale)


@pytest.mark.parametrize("locale", LOCALES)
def test_no_sentence_is_untranslated(locale: str) -> None:
    catalogue = catalogue_of(locale)

    missing = {
        message: place
        for message, place in sentences().items()
        if not (entry := catalogue.get(message)) or not entry.string or entry.fuzzy
    }

    assert missing == {}


@pytest.mark.parametrize("locale", LOCALES)
def test_no_translation_is_left_over(locale: str) -> None:
    known = {message if isinstance(message, str) else message[0] for message in sentences()}

    left_over = [
        entry.id
        for entry in catalogue_of(locale)
        if entry.id and (entry.id if isinstance(entry.id, str) else entry.id[0]) not in known
    ]

    assert left_over == []


@pytest.mark.parametrize("locale", LOCALES)
def test_a_translation_fills_in_what_the_sentence_fills_in(locale: str) -> None:
    for entry in catalogue_of(locale):
        if entry.id:
            assert entry.check() == [], entry.id


def test_there_is_a_language_besides_english() -> None:
    assert "de" in LOCALES
    assert all(set(locale) <= set(string.ascii_letters + "-") for locale in LOCALES)

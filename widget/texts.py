"""The interface's own sentences, in every language that we have them in.

The catalogues are gettext files (`locales/<locale>/LC_MESSAGES/messages.po`); English is the
source. They are read once, at the start: there is nothing to compile and nothing to forget.
"""

from __future__ import annotations

import gettext
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO, StringIO

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from widget.products import FALLBACK_LOCALE


@dataclass(frozen=True, slots=True)
class Texts:
    """Translations by locale; the fallback locale is always among them."""

    translations: Mapping[str, gettext.NullTranslations]

    @property
    def locales(self) -> tuple[str, ...]:
        """The locales that the interface speaks."""
        return tuple(self.translations)

    def in_locale(self, locale: str) -> gettext.NullTranslations:
        """Return the translations for `locale`, or for the fallback."""
        return self.translations.get(locale, self.translations[FALLBACK_LOCALE])


def read_texts(files: Mapping[str, str]) -> Texts:
    """Return the translations written in `files`, gettext PO texts by locale."""
    catalogues: dict[str, gettext.NullTranslations] = {FALLBACK_LOCALE: gettext.NullTranslations()}
    for locale, text in sorted(files.items()):
        compiled = BytesIO()
        write_mo(compiled, read_po(StringIO(text), locale=locale))
        compiled.seek(0)
        catalogues[locale] = gettext.GNUTranslations(compiled)
    return Texts(catalogues)

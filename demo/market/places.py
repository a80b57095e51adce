"""Where customers live: the language that a place is spoken to in, and how it writes amounts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from .words import translated

GERMAN_MONTHS = (
    "Januar Februar März April Mai Juni Juli August September Oktober November Dezember".split()
)


@dataclass(frozen=True, slots=True)
class Place:
    """One country that the marketplace sells in."""

    #: In the addresses of its pages.
    code: str
    country: str
    #: The state, where the law is that of a state.
    region: str | None
    name: str
    language: str
    #: With its country, as browsers want it.
    locale: str
    currency: str
    sign: str

    def say(self, text: str, **values: object) -> str:
        """Return an English text in the language of the place, filled with `values`."""
        return translated(text, self.language).format(**values)

    def money(self, cents: int) -> str:
        """Return an amount as the place writes it: €1,199.00 or 1.199,00 €."""
        amount = f"{abs(cents) // 100:,}.{abs(cents) % 100:02}"
        minus = "-" if cents < 0 else ""
        if self.language == "de":
            amount = amount.translate(str.maketrans(",.", ".,"))
            return f"{minus}{amount}\u00a0{self.sign}"
        return f"{minus}{self.sign}{amount}"

    def plain(self, cents: int) -> str:
        """Return an amount as it is typed: 1199.00 or 1199,00."""
        point = "," if self.language == "de" else "."
        return f"{cents // 100}{point}{cents % 100:02}"

    def cents_in(self, typed: str) -> int | None:
        """Return the amount that somebody typed, with a point or a comma; None if it is none."""
        found = re.fullmatch(r"([0-9]{1,6})(?:[.,]([0-9]{2}))?", typed)
        return int(found[1]) * 100 + int(found[2] or 0) if found else None

    def day(self, moment: datetime) -> str:
        """Return a date as the place writes it: 20 February 2027 or 20. Februar 2027."""
        if self.language == "de":
            return f"{moment.day}. {GERMAN_MONTHS[moment.month - 1]} {moment.year}"
        return (
            f"{moment:%B} {moment.day}, {moment.year}"
            if self.code == "us"
            else f"{moment.day} {moment:%B %Y}"
        )


#: Each place by its code.
PLACES: Mapping[str, Place] = {
    place.code: place
    for place in (
        Place("de", "DE", None, "Deutschland", "de", "de-DE", "EUR", "€"),
        Place("gb", "GB", None, "United Kingdom", "en", "en-GB", "GBP", "£"),
        Place("us", "US", "NY", "United States", "en", "en-US", "USD", "$"),
    )
}


def place_for(languages: str) -> Place:
    """Return the place whose visitors ask for pages in these languages.

    Args:
        languages: The `Accept-Language` of a browser.
    """
    first = languages.strip().lower()
    if first.startswith("de"):
        return PLACES["de"]
    return PLACES["us" if first.startswith("en-us") else "gb"]

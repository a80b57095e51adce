from __future__ import annotations

from babel import Locale

from widget.countries import COUNTRIES

# Codes of CLDR that ISO 3166-1 has not assigned: reserved, for tests, or groups of countries.
NOT_ASSIGNED = set("AC CP CQ DG EA EU EZ IC QO TA UN XA XB XK ZZ".split())


def test_the_countries_are_those_that_cldr_knows() -> None:
    territories = {str(code) for code in Locale("en").territories}
    named = {code for code in territories if len(code) == 2 and code.isalpha()}

    assert named - NOT_ASSIGNED == COUNTRIES


def test_there_are_as_many_countries_as_iso_has_assigned() -> None:
    assert len(COUNTRIES) == 249

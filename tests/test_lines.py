from __future__ import annotations

from pathlib import Path

import pytest

import widget
from widget.app import load_markets
from widget.catalogues import surveyed

SOURCE = "travel.line.toml"
TEXT = (Path(widget.__file__).parent / "catalogue" / SOURCE).read_text(encoding="utf-8")


def faults_of(text: str) -> list[str]:
    return [str(fault) for fault in surveyed({SOURCE: text}, load_markets()).faults]


def at(words: str, text: str) -> str:
    """Return how a sentence about the line that begins with `words` begins."""
    number = next(i for i, one in enumerate(text.splitlines(), 1) if one.startswith(words))
    return f"{SOURCE}:{number}: "


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ('starts = "trip_start_date"', 'starts = "x"', "starts is 'x', which is not a field of"),
        ('value = "total_tickets_price"', 'value = "x"', "value is 'x', which is not an amount"),
        ('ages = "traveller_ages"', 'ages = "flights"', "ages is 'flights', which is not a field"),
        ('units = "travellers"', "units = 3", "units: Input should be a valid string"),
        ('ends = "trip_end_date"', 'ends = "Trip end"', "ends: String should match pattern"),
        ("used = false", 'within = "x"', "field is_return: within is 'x', which is not"),
        ("used = false", 'counts = "x"', "field is_return: counts is 'x', which is not"),
        ('count = "number_of_infants"', 'count = "x"', "unit infant: count is 'x', which is not"),
    ],
)
def test_a_gap_of_a_line_is_told_with_its_line(old: str, new: str, sentence: str) -> None:
    text = TEXT.replace(old, new, 1)

    told = faults_of(text)

    assert len(told) == 1
    assert told[0].startswith(at(new, text) + sentence)


def test_every_gap_of_a_line_is_told() -> None:
    text = TEXT.replace('starts = "trip_start_date"', 'shown = ["x"]\nstarts = "x"')

    told = faults_of(text)

    assert len(told) == 2
    assert told[0].startswith(at("shown", text) + "shown names 'x', which is not a field")
    assert told[1].startswith(at("starts", text) + "starts is 'x'")


def test_a_field_that_is_there_twice_is_told_where_it_is_the_second_time() -> None:
    text = TEXT + '\n[[field]]\nname = "flights"\nkind = "code"\nabout = "Again."\n'

    told = faults_of(text)

    line = len(text.splitlines()) - 2
    assert f"{SOURCE}:{line}: the field flights is there twice" in told


def test_a_product_that_brings_a_faulty_line_is_told_where() -> None:
    own = TEXT.replace('starts = "trip_start_date"', 'starts = "x"').replace("[[", "[[line.")
    text = 'code = "x"\n[line]\n' + own.replace("[text", "[line.text")

    faults = surveyed({"x.v1.toml": text}, load_markets()).faults

    found = [fault for fault in faults if "starts is 'x'" in fault.problem]
    assert found
    assert text.splitlines()[(found[0].line or 0) - 1] == 'starts = "x"'

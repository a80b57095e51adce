from __future__ import annotations

from datetime import timedelta

import pytest

from tests.builders import NOON, a_product, a_product_that
from widget.changes import can_be_changed, unchangeable
from widget.products import Until

EVERY_FIELD = frozenset(
    """
    departure_country destination_country trip_start_date trip_end_date total_tickets_price
    number_of_adults number_of_children number_of_infants
    """.split()
)


@pytest.mark.parametrize(
    ("until", "days", "expected"),
    [
        ("start", -1, True),
        ("start", 0, False),
        ("end", 6, True),
        ("end", 7, False),
    ],
)
def test_a_policy_can_be_changed_as_long_as_its_product_says(
    until: Until, days: int, *, expected: bool
) -> None:
    product = a_product_that(changes={"number_of_adults"}, change_until=until)
    at = NOON + timedelta(days=days)

    assert can_be_changed(product, starts_at=NOON, ends_at=NOON + timedelta(days=7), at=at) is (
        expected
    )


def test_a_product_that_says_nothing_of_changes_allows_none() -> None:
    product = a_product_that()
    term = {"starts_at": NOON, "ends_at": NOON + timedelta(days=7)}

    assert not can_be_changed(product, **term, at=NOON - timedelta(days=90))
    assert unchangeable(product, EVERY_FIELD) == EVERY_FIELD


def test_what_a_product_does_not_let_change_is_told_by_its_name_on_the_wire() -> None:
    product = a_product_that(changes={"number_of_adults"}, change_until="start")

    fixed = unchangeable(product, ["number_of_adults", "trip_end_date", "colour"])

    assert fixed == {"trip_end_date", "colour"}


def test_all_of_a_trip_can_be_changed() -> None:
    assert unchangeable(a_product(), EVERY_FIELD) == frozenset()


def test_annual_cover_keeps_its_year_its_home_and_its_limit() -> None:
    assert unchangeable(a_product("annual_travel"), EVERY_FIELD) == {
        "departure_country",
        "trip_start_date",
        "trip_end_date",
        "total_tickets_price",
    }

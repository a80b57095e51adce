from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, timezone

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.builders import NOON, TRAVEL, a_changed, a_leg, a_product_that, a_trip, a_year
from widget.products import Until
from widget.purchases import Subject
from widget.terms import add_months, can_be_renewed, is_open, next_term

BERLIN = timezone(timedelta(hours=2))

days = st.dates(date(2024, 1, 1), date(2060, 12, 31))
clocks = st.times(timezones=st.sampled_from([UTC, BERLIN, timezone(timedelta(hours=-8))]))


@st.composite
def terms(draw: st.DrawFn) -> Subject:
    """Return any term of one day to two years."""
    starts_at = datetime.combine(draw(days), draw(clocks))
    starts_at = starts_at.replace(tzinfo=draw(clocks).tzinfo)
    lasts = draw(st.timedeltas(timedelta(days=1), timedelta(days=731)))
    return a_year(starts_at=starts_at, ends_at=starts_at + lasts)


def term(starts_at: str, ends_at: str) -> Subject:
    return a_year(
        starts_at=datetime.fromisoformat(starts_at), ends_at=datetime.fromisoformat(ends_at)
    )


# -- months


@pytest.mark.parametrize(
    ("day", "months", "later"),
    [
        ("2027-01-31", 1, "2027-02-28"),
        ("2028-01-31", 1, "2028-02-29"),
        ("2027-01-31", 2, "2027-03-31"),
        ("2027-01-30", 1, "2027-02-28"),
        ("2027-08-31", 1, "2027-09-30"),
        ("2027-12-01", 1, "2028-01-01"),
        ("2028-02-29", 12, "2029-02-28"),
        ("2027-06-15", 0, "2027-06-15"),
        ("2027-06-15", 120, "2037-06-15"),
    ],
)
def test_a_month_later_is_the_same_day_or_the_last(day: str, months: int, later: str) -> None:
    assert add_months(date.fromisoformat(day), months) == date.fromisoformat(later)


@given(days, st.integers(0, 120))
def test_so_many_months_later_is_in_the_right_month(day: date, months: int) -> None:
    later = add_months(day, months)

    assert (later.year * 12 + later.month) - (day.year * 12 + day.month) == months
    assert later.day == day.day or (later + timedelta(days=1)).day == 1


# -- the next term


@pytest.mark.parametrize(
    ("starts_at", "ends_at", "next_ends_at"),
    [
        # A year stays a year, with a 29 February in it or not.
        ("2027-06-01T00:00+02:00", "2028-06-01T00:00+02:00", "2029-06-01T00:00+02:00"),
        ("2026-06-01T00:00+02:00", "2027-06-01T00:00+02:00", "2028-06-01T00:00+02:00"),
        ("2028-02-29T00:00+00:00", "2029-02-28T00:00+00:00", "2030-02-28T00:00+00:00"),
        ("2027-02-28T00:00+00:00", "2028-02-28T00:00+00:00", "2029-02-28T00:00+00:00"),
        # The end of a day is as good as the midnight after it.
        ("2027-06-01T00:00+02:00", "2028-05-31T23:59+02:00", "2029-05-31T23:59+02:00"),
        ("2027-06-01T00:00+02:00", "2028-05-31T23:59:59+02:00", "2029-05-31T23:59:59+02:00"),
        ("2028-05-31T23:59:59+02:00", "2029-05-31T23:59:59+02:00", "2030-05-31T23:59:59+02:00"),
        ("2027-03-01T00:00+00:00", "2028-02-29T23:59+00:00", "2029-02-28T23:59+00:00"),
        # Months stay months, whatever their days and clocks.
        ("2027-01-01T00:00+01:00", "2027-07-01T00:00+02:00", "2028-01-01T00:00+02:00"),
        ("2027-01-31T12:00+01:00", "2027-02-28T09:00+01:00", "2027-03-28T09:00+01:00"),
        # Any other term keeps its days.
        ("2027-06-01T08:00+02:00", "2027-06-11T20:00+02:00", "2027-06-21T20:00+02:00"),
        ("2027-06-01T08:00+02:00", "2027-06-01T20:00+02:00", "2027-06-02T20:00+02:00"),
    ],
)
def test_the_next_term_is_as_long_on_the_calendar(
    starts_at: str, ends_at: str, next_ends_at: str
) -> None:
    running = term(starts_at, ends_at)

    following = next_term(running, TRAVEL)

    assert following.starts_at == running.ends_at
    assert following.ends_at == datetime.fromisoformat(next_ends_at)


@given(terms())
def test_terms_join_without_a_gap(running: Subject) -> None:
    following = next_term(running, TRAVEL)

    assert following.starts_at == running.ends_at
    assert following.starts_at.utcoffset() == running.ends_at.utcoffset()
    assert following.ends_at > following.starts_at


@given(terms())
def test_a_term_ends_at_the_time_of_day_at_which_the_one_before_it_ends(running: Subject) -> None:
    assert next_term(running, TRAVEL).ends_at.timetz() == running.ends_at.timetz()


@given(days, clocks.filter(lambda clock: clock.hour < 23), st.integers(1, 24))
def test_whole_months_stay_as_many_for_ever(day: date, clock: time, months: int) -> None:
    assume(day.day <= 28)
    starts_at = datetime.combine(day, clock)
    ends_at = datetime.combine(add_months(day, months), clock)
    running = a_year(starts_at=starts_at, ends_at=ends_at)

    for count in range(2, 12):
        running = next_term(running, TRAVEL)

        assert running.ends_at == datetime.combine(add_months(day, months * count), clock)


@given(terms())
def test_the_next_term_is_never_days_off(running: Subject) -> None:
    following = next_term(running, TRAVEL)

    before = running.ends_at - running.starts_at
    after = following.ends_at - following.starts_at
    # Months differ by up to three days each, a time of day and an offset by up to two days more.
    assert abs(after - before) <= timedelta(days=2 + 3 * 24)


def test_the_next_term_is_for_the_same_people_and_without_the_old_flights() -> None:
    running = a_trip(legs=(a_leg(),))

    following = next_term(running, TRAVEL)

    assert following == a_changed(
        running, starts_at=following.starts_at, ends_at=following.ends_at, legs=()
    )


# -- until when


@pytest.mark.parametrize(
    ("until", "hours", "expected"),
    [
        ("start", -1, True),
        ("start", 0, False),
        ("end", 0, True),
        ("end", 23, True),
        ("end", 24, False),
        ("never", -1, False),
    ],
)
def test_what_is_allowed_up_to_a_moment_ends_with_it(
    until: Until, hours: int, *, expected: bool
) -> None:
    at = NOON + timedelta(hours=hours)

    assert is_open(until, starts_at=NOON, ends_at=NOON + timedelta(days=1), at=at) is expected


@pytest.mark.parametrize(
    ("before_the_end", "expected"),
    [
        (timedelta(days=60, microseconds=1), False),
        (timedelta(days=60), True),
        (timedelta(days=1), True),
        (timedelta(microseconds=1), True),
        (timedelta(0), False),
        (timedelta(days=-1), False),
    ],
)
def test_a_renewal_is_quoted_within_the_products_days_before_the_end(
    before_the_end: timedelta, *, expected: bool
) -> None:
    product = a_product_that(renew_within_days=60)

    assert can_be_renewed(product, ends_at=NOON, at=NOON - before_the_end) is expected


@given(st.timedeltas(timedelta(days=-400), timedelta(days=400)))
def test_a_product_that_says_nothing_of_renewals_has_none(later: timedelta) -> None:
    assert not can_be_renewed(a_product_that(), ends_at=NOON, at=NOON + later)

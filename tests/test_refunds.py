from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import MARKETS, NOON, a_product, a_product_that
from widget.money import Money
from widget.products import Product
from widget.refunds import can_be_cancelled, refund_of, withdrawal_ends

DE = MARKETS["DE"]
PREMIUM = Money(10000, "EUR")

products = st.builds(
    a_product_that,
    cancel_until=st.sampled_from(["start", "end", "never"]),
    refund_percent_after_withdrawal=st.integers(0, 100),
)
markets = st.sampled_from([MARKETS[country] for country in sorted(MARKETS)])
premiums = st.builds(Money, st.integers(0, 10**9), st.sampled_from("EUR JPY KWD".split()))
moments = st.datetimes(datetime(2027, 2, 1), datetime(2029, 12, 31)).map(  # noqa: DTZ001
    lambda moment: moment.replace(tzinfo=NOON.tzinfo)
)

spans = st.lists(moments, min_size=2, max_size=2).map(sorted)


@st.composite
def policies(draw: st.DrawFn) -> dict[str, datetime]:
    """Return when a policy was confirmed, starts and ends."""
    starts_at = NOON + draw(st.timedeltas(timedelta(0), timedelta(days=400)), label="starts")
    lasts = draw(st.timedeltas(timedelta(minutes=1), timedelta(days=400)), label="lasts")
    return {"confirmed_at": NOON, "starts_at": starts_at, "ends_at": starts_at + lasts}


def a_policy(*, starts_in: int, days: int) -> dict[str, datetime]:
    starts_at = NOON + timedelta(days=starts_in)
    ends_at = starts_at + timedelta(days=days)
    return {"confirmed_at": NOON, "starts_at": starts_at, "ends_at": ends_at}


def refund(product: Product, policy: dict[str, datetime], *, after_days: float) -> int:
    at = NOON + timedelta(days=after_days)
    return refund_of(product, DE, PREMIUM, **policy, at=at).minor


# -- the rule in general


@given(products, markets, premiums, policies(), moments)
def test_a_refund_is_never_negative_nor_more_than_the_premium(
    product: Product, market: Any, premium: Money, policy: dict[str, datetime], at: datetime
) -> None:
    refunded = refund_of(product, market, premium, **policy, at=at)

    assert refunded.currency == premium.currency
    assert 0 <= refunded.minor <= premium.minor


@given(products, markets, premiums, policies(), spans)
def test_a_refund_never_rises_with_time(
    product: Product,
    market: Any,
    premium: Money,
    policy: dict[str, datetime],
    span: list[datetime],
) -> None:
    earlier, later = span

    before = refund_of(product, market, premium, **policy, at=earlier)
    after = refund_of(product, market, premium, **policy, at=later)

    assert after.minor <= before.minor


@given(products, markets, premiums, policies(), moments)
def test_what_cannot_be_cancelled_is_not_paid_back(
    product: Product, market: Any, premium: Money, policy: dict[str, datetime], at: datetime
) -> None:
    if not can_be_cancelled(product, market, **policy, at=at):
        assert refund_of(product, market, premium, **policy, at=at).minor == 0


@given(products, markets, policies(), spans)
def test_what_can_be_cancelled_could_be_cancelled_before(
    product: Product, market: Any, policy: dict[str, datetime], span: list[datetime]
) -> None:
    earlier, later = span

    if can_be_cancelled(product, market, **policy, at=later):
        assert can_be_cancelled(product, market, **policy, at=earlier)


@given(products, markets, premiums, policies(), moments)
def test_whoever_withdraws_before_the_start_gets_everything_back(
    product: Product, market: Any, premium: Money, policy: dict[str, datetime], at: datetime
) -> None:
    if at < min(withdrawal_ends(product, market, **policy), policy["starts_at"]):
        assert can_be_cancelled(product, market, **policy, at=at)
        assert refund_of(product, market, premium, **policy, at=at) == premium


@given(products, markets, policies(), moments)
def test_nothing_is_cancelled_once_it_has_ended(
    product: Product, market: Any, policy: dict[str, datetime], at: datetime
) -> None:
    if at >= policy["ends_at"]:
        assert not can_be_cancelled(product, market, **policy, at=at)


# -- withdrawing


@pytest.mark.parametrize("country", sorted(MARKETS))
def test_the_last_day_of_withdrawing_counts_to_its_end_on_every_clock(country: str) -> None:
    market = MARKETS[country]
    policy = a_policy(starts_in=90, days=7)

    ends = withdrawal_ends(a_product(), market, **policy)

    for hours in range(-12, 15):
        clock = timedelta(hours=hours)
        last_day = (NOON + clock).date() + timedelta(days=market.withdrawal_days)
        assert (ends + clock).date() > last_day


@pytest.mark.parametrize("until", ["start", "never"])
def test_a_trip_that_begins_ends_the_withdrawal(until: str) -> None:
    policy = a_policy(starts_in=3, days=7)

    ends = withdrawal_ends(a_product_that(cancel_until=until), DE, **policy)

    assert ends == policy["starts_at"]


def test_a_year_that_begins_does_not_end_the_withdrawal() -> None:
    policy = a_policy(starts_in=3, days=365)

    ends = withdrawal_ends(a_product("annual_travel"), DE, **policy)

    assert ends == NOON + timedelta(days=15)


def test_a_term_that_ends_ends_the_withdrawal() -> None:
    policy = a_policy(starts_in=0, days=2)

    ends = withdrawal_ends(a_product_that(cancel_until="end"), DE, **policy)

    assert ends == policy["ends_at"]


def test_no_product_takes_the_withdrawal_away() -> None:
    strict = a_product_that()
    policy = a_policy(starts_in=90, days=7)

    refunds = [refund(strict, policy, after_days=days) for days in (0, 14, 14.9, 15, 89)]

    assert refunds == [10000, 10000, 10000, 0, 0]
    assert can_be_cancelled(strict, DE, **policy, at=NOON + timedelta(days=14))
    assert not can_be_cancelled(strict, DE, **policy, at=NOON + timedelta(days=15))


def test_some_markets_give_more_time() -> None:
    policy = a_policy(starts_in=90, days=7)
    at = NOON + timedelta(days=15)

    refunds = [
        refund_of(a_product(), MARKETS[country], PREMIUM, **policy, at=at).minor
        for country in ("DE", "US")
    ]

    assert refunds == [0, 10000]


# -- the two products, by paper and pencil


def test_a_trip_can_be_cancelled_until_it_starts_and_after_the_withdrawal_for_nothing() -> None:
    trip = a_policy(starts_in=90, days=7)

    told = [
        (days, can_be_cancelled(a_product(), DE, **trip, at=NOON + timedelta(days=days)))
        for days in (0, 14, 15, 89, 90, 93)
    ]

    assert told == [(0, True), (14, True), (15, True), (89, True), (90, False), (93, False)]
    assert [refund(a_product(), trip, after_days=days) for days, _ in told] == [
        10000,
        10000,
        0,
        0,
        0,
        0,
    ]


# A year of 366 days that starts in 92 days, for 100.00:
#
#   withdrawn before the start            all of it                             100.00
#   cancelled before the start            50 %                                   50.00
#   on the first day, a minute in         365 whole days left: 50 * 365 / 366    49.8634
#   in the middle, after 183 days         183 left: 50 * 183 / 366               25.00
#   with less than a day left             0 left                                  0
@pytest.mark.parametrize(
    ("after_days", "expected"),
    [
        (14, 10000),
        (15, 5000),
        (91.999, 5000),
        (92, 5000),
        (92.001, 4986),
        (92 + 183, 2500),
        (92 + 365, 14),
        (92 + 365.001, 0),
        (92 + 366, 0),
    ],
)
def test_half_of_the_days_that_remain_of_a_year_is_paid_back(
    after_days: float, expected: int
) -> None:
    year = a_policy(starts_in=92, days=366)

    assert refund(a_product("annual_travel"), year, after_days=after_days) == expected


# A year of 365 days that starts the day after it was sold, for 100.00. Withdrawn on the fifth day,
# 361 whole days are left: 100 * 361 / 365 = 98.9041. Cancelled on day 16: 50 * 350 / 365 = 47.9452.
@pytest.mark.parametrize(
    ("after_days", "expected"), [(1, 10000), (5, 9890), (14.5, 9616), (16, 4795)]
)
def test_whoever_withdraws_from_a_year_that_has_begun_pays_for_the_days_that_they_had(
    after_days: float, expected: int
) -> None:
    year = a_policy(starts_in=1, days=365)

    assert refund(a_product("annual_travel"), year, after_days=after_days) == expected


@pytest.mark.parametrize(("currency", "expected"), [("JPY", 4795), ("KWD", 4795), ("USD", 4795)])
def test_a_refund_is_rounded_once_in_its_currency(currency: str, expected: int) -> None:
    year = a_policy(starts_in=1, days=365)
    product = a_product("annual_travel")
    at = NOON + timedelta(days=16)

    refunded = refund_of(product, DE, Money(10000, currency), **year, at=at)

    assert refunded == Money(expected, currency)


def test_a_period_of_less_than_a_day_is_used_up_once_it_begins() -> None:
    evening = {
        "confirmed_at": NOON,
        "starts_at": NOON + timedelta(hours=1),
        "ends_at": NOON + timedelta(hours=5),
    }
    product = a_product_that(cancel_until="end", refund_percent_after_withdrawal=100)

    assert refund(product, evening, after_days=0) == 10000
    assert refund(product, evening, after_days=0.1) == 0

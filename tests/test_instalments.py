from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import a_product
from widget.instalments import schedule_of
from widget.money import Money
from widget.products import InstalmentPlan

CURRENCIES = "EUR GBP USD CHF JPY KRW ISK CLP KWD BHD TND INR".split()

MONTHLY = InstalmentPlan(code="monthly", every_months=1, count=12)
QUARTERLY = InstalmentPlan(code="quarterly", every_months=3, count=4)

plans = st.builds(
    InstalmentPlan,
    code=st.just("some"),
    every_months=st.integers(1, 12),
    count=st.integers(2, 60),
)
premiums = st.builds(Money, st.integers(0, 10**14), st.sampled_from(CURRENCIES))
days = st.dates(date(2024, 1, 1), date(2060, 12, 31))


@pytest.mark.parametrize("currency", CURRENCIES)
@given(plans, st.integers(0, 10**14), days)
def test_instalments_add_up_to_the_premium(
    currency: str, plan: InstalmentPlan, minor: int, first_due: date
) -> None:
    schedule = schedule_of(plan, Money(minor, currency), first_due=first_due)

    total = Money.total((instalment.amount for instalment in schedule), currency)
    assert total == Money(minor, currency)


@given(plans, premiums, days)
def test_the_first_instalments_carry_what_is_left_over(
    plan: InstalmentPlan, premium: Money, first_due: date
) -> None:
    amounts = [part.amount.minor for part in schedule_of(plan, premium, first_due=first_due)]

    assert amounts == sorted(amounts, reverse=True)
    assert amounts[0] - amounts[-1] == (1 if premium.minor % plan.count else 0)


@given(plans, premiums, days)
def test_instalments_are_counted_from_one_and_fall_due_in_order(
    plan: InstalmentPlan, premium: Money, first_due: date
) -> None:
    schedule = schedule_of(plan, premium, first_due=first_due)

    assert [part.number for part in schedule] == list(range(1, plan.count + 1))
    assert schedule[0].due_on == first_due
    dues = [part.due_on for part in schedule]
    assert dues == sorted(set(dues))


@given(plans, premiums, days)
def test_every_instalment_is_due_on_the_day_of_the_first_or_the_last_of_its_month(
    plan: InstalmentPlan, premium: Money, first_due: date
) -> None:
    for part in schedule_of(plan, premium, first_due=first_due):
        is_last = (part.due_on + timedelta(days=1)).day == 1
        assert part.due_on.day == first_due.day or (is_last and part.due_on.day < first_due.day)


@st.composite
def part_paid(draw: st.DrawFn) -> tuple[InstalmentPlan, Money, dict[int, Money]]:
    """Draw a plan, a premium, and what was paid of it in any amounts, in any of its instalments."""
    plan, premium = draw(plans), draw(premiums)
    numbers = draw(st.sets(st.integers(1, plan.count)))
    left, paid = premium.minor, {}
    for number in sorted(numbers):
        minor = draw(st.integers(0, left))
        left -= minor
        paid[number] = Money(minor, premium.currency)
    return plan, premium, paid


@given(part_paid(), days)
def test_what_is_paid_and_what_is_open_add_up_to_the_premium(
    drawn: tuple[InstalmentPlan, Money, dict[int, Money]], first_due: date
) -> None:
    plan, premium, paid = drawn

    schedule = schedule_of(plan, premium, first_due=first_due, paid=paid)

    amounts = {part.number: part.amount for part in schedule}
    assert Money.total(amounts.values(), premium.currency) == premium
    assert {number: amounts[number] for number in paid} == paid
    still_open = [amounts[number].minor for number in sorted(amounts.keys() - paid.keys())]
    assert still_open == sorted(still_open, reverse=True)
    assert not still_open or still_open[0] - still_open[-1] in {0, 1}


def test_when_all_are_paid_and_the_premium_has_risen_one_more_is_due_with_the_last() -> None:
    paid = {number: Money(100, "EUR") for number in range(1, 5)}

    schedule = schedule_of(QUARTERLY, Money(450, "EUR"), first_due=date(2027, 11, 30), paid=paid)

    assert [(part.number, part.amount.minor) for part in schedule[3:]] == [(4, 100), (5, 50)]
    assert schedule[4].due_on == schedule[3].due_on


def test_a_year_is_paid_by_the_month_to_the_cent() -> None:
    schedule = schedule_of(MONTHLY, Money(6649, "EUR"), first_due=date(2027, 3, 1))

    assert [part.amount.minor for part in schedule] == [555] + [554] * 11
    assert schedule[-1].due_on == date(2028, 2, 1)


def test_the_end_of_a_month_comes_back_after_a_short_one() -> None:
    schedule = schedule_of(MONTHLY, Money(1200, "EUR"), first_due=date(2027, 10, 31))

    assert [part.due_on.isoformat() for part in schedule[:6]] == [
        "2027-10-31",
        "2027-11-30",
        "2027-12-31",
        "2028-01-31",
        "2028-02-29",
        "2028-03-31",
    ]


def test_a_quarter_is_three_months() -> None:
    schedule = schedule_of(QUARTERLY, Money(10, "JPY"), first_due=date(2027, 11, 30))

    assert [(part.due_on.isoformat(), part.amount.minor) for part in schedule] == [
        ("2027-11-30", 3),
        ("2028-02-29", 3),
        ("2028-05-30", 2),
        ("2028-08-30", 2),
    ]


def test_annual_cover_is_paid_by_the_month_or_by_the_quarter() -> None:
    assert a_product("annual_travel").after_sale.instalment_plan == (MONTHLY, QUARTERLY)

"""Instalments: a premium paid in parts, what is due and when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from widget.money import Money
from widget.products import InstalmentPlan
from widget.terms import add_months


@dataclass(frozen=True, slots=True)
class Instalment:
    """One part of a premium."""

    #: From 1.
    number: int
    due_on: date
    amount: Money


def schedule_of(plan: InstalmentPlan, premium: Money, *, first_due: date) -> tuple[Instalment, ...]:
    """Return the instalments of a premium, which add up to it exactly.

    They are equal, except that the first ones carry the smallest units that are left over, one
    each. The first is due on `first_due`, the day of the confirmation; the others on the same day
    of the month, or on the last day of a month that is too short. Each date is counted from the
    first, so that one in February draws none after it forward.
    """
    share, left_over = divmod(premium.minor, plan.count)
    return tuple(
        Instalment(
            number=index + 1,
            due_on=add_months(first_due, index * plan.every_months),
            amount=Money(share + (index < left_over), premium.currency),
        )
        for index in range(plan.count)
    )

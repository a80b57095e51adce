"""Instalments: a premium paid in parts, what is due and when."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import count

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


def schedule_of(
    plan: InstalmentPlan,
    premium: Money,
    *,
    first_due: date,
    paid: Mapping[int, Money] | None = None,
) -> tuple[Instalment, ...]:
    """Return the instalments of a premium, which add up to it exactly.

    Those that are paid stay as they were. The open ones are equal, except that the first of them
    carry the smallest units that are left over, one each. When all are paid and the premium has
    risen, there is one more, due with the last.

    The first is due on `first_due`, the day of the confirmation; the others on the same day of the
    month, or on the last day of a month that is too short. Each date is counted from the first, so
    that one in February draws none after it forward.

    Args:
        paid: What was paid, by the number of the instalment; no more than the premium.
    """
    paid = paid or {}
    rest = (premium - Money.total(paid.values(), premium.currency)).minor
    opened = _open(plan, paid, rest)
    amounts = {**paid, **dict(_shared(rest, opened, premium.currency))}
    last = (plan.count - 1) * plan.every_months
    return tuple(
        Instalment(
            number=number,
            due_on=add_months(first_due, min((number - 1) * plan.every_months, last)),
            amount=amounts[number],
        )
        for number in sorted(amounts)
    )


def _open(plan: InstalmentPlan, paid: Mapping[int, Money], rest: int) -> list[int]:
    """Return the numbers of the instalments that are still to be paid."""
    planned = [number for number in range(1, plan.count + 1) if number not in paid]
    if planned or not rest:
        return planned
    return [next(number for number in count(plan.count + 1) if number not in paid)]


def _shared(rest: int, numbers: list[int], currency: str) -> Iterator[tuple[int, Money]]:
    """Return an amount shared among instalments, in its smallest units."""
    for place, number in enumerate(numbers):
        share, left_over = divmod(rest, len(numbers))
        yield number, Money(share + (place < left_over), currency)

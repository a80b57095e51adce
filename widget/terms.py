"""Terms: the period that a policy runs for, and the one that follows it.

A term is counted on the calendar, by the dates on the clocks of its own start and end.
"""

from __future__ import annotations

from calendar import monthrange
from dataclasses import replace
from datetime import date, datetime, timedelta

from widget.lines import Line
from widget.offers import Quote
from widget.products import Plan, Product, Until
from widget.purchases import Subject

_DAY = timedelta(days=1)


def is_open(until: Until, *, starts_at: datetime, ends_at: datetime, at: datetime) -> bool:
    """Tell whether `at` lies before the moment of a term up to which something is allowed."""
    moments = {"start": starts_at, "end": ends_at}
    return until in moments and at < moments[until]


def add_months(day: date, months: int) -> date:
    """Return the same day so many months later, or the last of a month that is too short."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def months_later(moment: datetime, months: int) -> datetime:
    """Return the same time of day so many months later, on the same clock."""
    return datetime.combine(add_months(moment.date(), months), moment.timetz())


def can_be_renewed(product: Product, *, ends_at: datetime, at: datetime) -> bool:
    """Tell whether the next term may be quoted: within the product's days before the end."""
    within = product.after_sale.renew_within_days
    return within is not None and ends_at - within * _DAY <= at < ends_at


def term_of_plan(plan: Plan, subject: Subject, *, now: datetime) -> tuple[datetime, datetime]:
    """Return when cover by a plan begins and ends, if it is sold at `now`.

    A plan of so many months begins with the sale or, where somebody else stands in for some months
    first, when these have passed.
    """
    if plan.months is None:
        return now, subject.ends_at
    waits = subject.facts.counts.get(plan.begins_after or "", 0)
    starts_at = months_later(subject.starts_at, waits) if waits else now
    return starts_at, months_later(starts_at, plan.months)


def term_of(quote: Quote, subject: Subject) -> tuple[datetime, datetime]:
    """Return the term that a refund is counted by: when what is insured runs its risk.

    It begins with the trip or the event, and not with the sale, from which on some cover holds.
    """
    return max(subject.starts_at, quote.starts_at), quote.ends_at


def next_term(subject: Subject, line: Line) -> Subject:
    """Return the term that follows: for the same people, worth and countries.

    It starts at the moment at which the running one ends, and has the same length on the calendar.
    A term of whole months is followed by as many months: a year from 1 June ends on the next 1
    June, with or without a 29 February. Any other term is followed by as many days. It ends at the
    same time of day. An end within the last minute of a day is the end of that day, so that 1 June
    00:00 to 31 May 23:59 is a year too. The flights were those of the running term and are left
    behind.
    """
    start, end = _day_of(subject.starts_at), _day_of(subject.ends_at)
    months = (end.year - start.year) * 12 + end.month - start.month
    is_whole_months = months > 0 and add_months(start, months) == end
    following = add_months(end, months) if is_whole_months else end + max(end - start, _DAY)
    starts_at, ends_at = subject.ends_at, subject.ends_at + (following - end)
    moved = {line.starts: starts_at} | ({line.ends: ends_at} if line.ends else {})
    facts = replace(subject.facts, moments={**subject.facts.moments, **moved}, legs=())
    return replace(subject, starts_at=starts_at, ends_at=ends_at, facts=facts)


def _day_of(moment: datetime) -> date:
    return (moment + timedelta(minutes=1)).date()

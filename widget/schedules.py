"""Payment schedules: which instalments of a booking's policies are due, and when."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from widget.bookings import Booking, InstalmentPayment, Policy
from widget.instalments import Instalment, schedule_of
from widget.money import Money
from widget.products import Catalogue


def schedules_of(booking: Booking, catalogue: Catalogue) -> Mapping[str, tuple[Instalment, ...]]:
    """Return the schedule of each policy that is paid in instalments, by its quote's id.

    The dates are those of the day on which the policy was issued; the sum is its premium now.
    """
    return {
        policy.quote_id: schedule_of(
            plan,
            policy.quote.premium,
            first_due=policy.issued_at.date(),
            paid=_paid(policy, booking.instalment_payments),
        )
        for policy in booking.policies
        if policy.quote.provided is None
        for plan in catalogue.get(
            policy.quote.product_code, policy.quote.product_version
        ).after_sale.instalment_plan
        if plan.code == booking.instalment_plans.get(policy.quote_id)
    }


def paid_of(policy: Policy, booking: Booking) -> Money:
    """Return what the customer has paid of a policy's premium.

    That is all of it, unless it is paid in instalments: then what the partner reported.
    """
    if policy.quote_id not in booking.instalment_plans:
        return policy.quote.premium
    paid = _paid(policy, booking.instalment_payments)
    return Money.total(paid.values(), booking.purchase.currency)


def settled(booking: Booking) -> Booking:
    """Return a booking whose instalments come to no more than its policies' premiums.

    What was paid beyond that is owed back to the customer; it is taken off the last instalments.
    """
    payments = {(p.quote_id, p.number): p for p in booking.instalment_payments}
    for policy in booking.in_force:
        for payment in _within(policy, booking.instalment_payments):
            payments[payment.quote_id, payment.number] = payment
    return replace(booking, instalment_payments=tuple(payments.values()))


def overpaid(before: Booking, after: Booking) -> Money:
    """Return what is owed back of the instalments of policies that an update made cheaper."""
    payments = (
        Money.total(
            (p.amount for p in booking.instalment_payments if p.is_paid), after.purchase.currency
        )
        for booking in (before, after)
    )
    return next(payments) - next(payments)


def _paid(policy: Policy, payments: Iterable[InstalmentPayment]) -> dict[int, Money]:
    return {p.number: p.amount for p in payments if p.quote_id == policy.quote_id and p.is_paid}


def _within(policy: Policy, payments: Iterable[InstalmentPayment]) -> Iterator[InstalmentPayment]:
    """Return the paid instalments of a policy, cut to its premium."""
    left = policy.quote.premium
    own = (p for p in payments if p.quote_id == policy.quote_id and p.is_paid)
    for payment in sorted(own, key=lambda payment: payment.number):
        amount = min(payment.amount, left, key=lambda money: money.minor)
        left -= amount
        yield replace(payment, amount=amount)

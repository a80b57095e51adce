"""Payment schedules: which instalments of a booking's policies are due, and when."""

from __future__ import annotations

from collections.abc import Mapping

from widget.bookings import Booking, Policy
from widget.instalments import Instalment, schedule_of
from widget.money import Money
from widget.products import Catalogue


def schedules_of(booking: Booking, catalogue: Catalogue) -> Mapping[str, tuple[Instalment, ...]]:
    """Return the schedule of each policy that is paid in instalments, by its quote's id.

    The dates are those of the day on which the policy was issued; the sum is its premium now.
    """
    return {
        policy.quote_id: schedule_of(plan, policy.quote.premium, first_due=policy.issued_at.date())
        for policy in booking.policies
        if policy.quote.provided is None
        for plan in catalogue.get(
            policy.quote.product_code, policy.quote.product_version
        ).after_sale.instalment_plan
        if plan.code == booking.instalment_plans.get(policy.quote_id)
    }


def paid_of(policy: Policy, booking: Booking, catalogue: Catalogue) -> Money:
    """Return what the customer has paid of a policy's premium.

    That is all of it, unless it is paid in instalments: then those that the partner reported.
    """
    schedule = schedules_of(booking, catalogue).get(policy.quote_id)
    if schedule is None:
        return policy.quote.premium
    told = {(p.quote_id, p.number): p.is_paid for p in booking.instalment_payments}
    paid = (one.amount for one in schedule if told.get((policy.quote_id, one.number)))
    return Money.total(paid, booking.purchase.currency)

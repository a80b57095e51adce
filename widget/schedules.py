"""Payment schedules: which instalments of a booking's policies are due, and when."""

from __future__ import annotations

from collections.abc import Mapping

from widget.bookings import Booking
from widget.instalments import Instalment, schedule_of
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

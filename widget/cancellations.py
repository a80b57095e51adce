"""Cancellations: whether one of a booking's policies can be cancelled now."""

from __future__ import annotations

from datetime import datetime

from widget.bookings import Policy
from widget.markets import MARKETS
from widget.offers import Status
from widget.products import Catalogue
from widget.purchases import Purchase
from widget.refunds import can_be_cancelled


def is_cancellable(
    policy: Policy, purchase: Purchase, catalogue: Catalogue, *, now: datetime
) -> bool:
    """Tell whether a policy can be cancelled now; what a remote platform allows, only it knows."""
    if policy.status is not Status.CONFIRMED or policy.quote.provided is not None:
        return policy.status is Status.CONFIRMED
    trip = purchase.items[policy.quote.item].trip
    return can_be_cancelled(
        catalogue.get(policy.quote.product_code, policy.quote.product_version),
        MARKETS[purchase.customer_country],
        confirmed_at=policy.issued_at,
        starts_at=trip.starts_at,
        ends_at=trip.ends_at,
        at=now,
    )

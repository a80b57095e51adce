"""Cancellations: whether, and on which terms, one of a booking's policies can be ended now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TypedDict

from widget.bookings import Policy
from widget.offers import Status
from widget.products import Catalogue, Product
from widget.purchases import Purchase
from widget.refunds import can_be_cancelled, period_ends, withdrawal_ends
from widget.sales import promised_market
from widget.terms import term_of

_DAY = timedelta(days=1)


class Way(StrEnum):
    """How a customer can end a policy."""

    #: The law of their market lets them, without a reason and for the whole premium.
    WITHDRAW = "withdraw"
    #: The product, or the platform that sold it, may let them, on its own terms.
    CANCEL = "cancel"
    #: Neither does, or not any more.
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Ending:
    """How a policy can be ended now."""

    way: Way
    #: The last whole day, in UTC, on which the customer can withdraw; only with `WITHDRAW`.
    last_day: datetime | None = None
    #: The share of the premium that cancelling pays back, for the days that are left; None where a
    #: remote platform says it when it is asked.
    percent: int | None = None


class _Term(TypedDict):
    confirmed_at: datetime
    starts_at: datetime
    ends_at: datetime


def is_cancellable(
    policy: Policy, purchase: Purchase, catalogue: Catalogue, *, now: datetime
) -> bool:
    """Tell whether a policy can be cancelled now; what a remote platform allows, only it knows."""
    return ending_of(policy, purchase, catalogue, now=now).way is not Way.NONE


def ending_of(policy: Policy, purchase: Purchase, catalogue: Catalogue, *, now: datetime) -> Ending:
    """Return how a policy can be ended now."""
    if policy.status is not Status.CONFIRMED:
        return Ending(Way.NONE)
    until = _withdraws_until(policy, purchase, catalogue)
    if now < until:
        return Ending(Way.WITHDRAW, last_day=until - _DAY)
    if policy.quote.provided is not None:
        return Ending(Way.CANCEL)
    product, term = _product_of(policy, catalogue), _term_of(policy, purchase)
    market = promised_market(policy.quote, purchase, catalogue)
    if not can_be_cancelled(product, market, **term, at=now):
        return Ending(Way.NONE)
    return Ending(Way.CANCEL, percent=product.after_sale.refund_percent_after_withdrawal)


def was_withdrawn(policy: Policy, purchase: Purchase, catalogue: Catalogue) -> bool:
    """Tell whether a policy was ended while its customer could withdraw from it."""
    ended_at = policy.cancelled_at
    return ended_at is not None and ended_at < _withdraws_until(policy, purchase, catalogue)


def _withdraws_until(policy: Policy, purchase: Purchase, catalogue: Catalogue) -> datetime:
    market = promised_market(policy.quote, purchase, catalogue)
    if policy.quote.provided is not None:
        return period_ends(market, policy.issued_at)
    return withdrawal_ends(_product_of(policy, catalogue), market, **_term_of(policy, purchase))


def _product_of(policy: Policy, catalogue: Catalogue) -> Product:
    return catalogue.get(policy.quote.product_code, policy.quote.product_version)


def _term_of(policy: Policy, purchase: Purchase) -> _Term:
    starts_at, ends_at = term_of(policy.quote, purchase.items[policy.quote.item].subject)
    return {"confirmed_at": policy.issued_at, "starts_at": starts_at, "ends_at": ends_at}

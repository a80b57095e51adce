"""Refunds: until when a policy can be cancelled, and what of its premium is paid back.

In all of this, `starts_at` and `ends_at` are those of the trip or the insured year, not of the
cover, some of which begins with the sale. Every moment is aware.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from fractions import Fraction

from widget.markets import Market
from widget.money import Money
from widget.products import Product
from widget.terms import is_open

_DAY = timedelta(days=1)


def withdrawal_ends(
    product: Product,
    market: Market,
    *,
    confirmed_at: datetime,
    starts_at: datetime,
    ends_at: datetime,
) -> datetime:
    """Return the moment before which the customer can withdraw, which no product takes away.

    It is the end of the market's withdrawal period or, for a policy that cannot be cancelled once
    it has begun, its start if that comes first.
    """
    begun_is_over = product.after_sale.cancel_until != "end"
    return min(period_ends(market, confirmed_at), starts_at if begun_is_over else ends_at)


def can_be_cancelled(
    product: Product,
    market: Market,
    *,
    confirmed_at: datetime,
    starts_at: datetime,
    ends_at: datetime,
    at: datetime,
) -> bool:
    """Tell whether the customer can withdraw, or the product still lets them cancel."""
    term = {"starts_at": starts_at, "ends_at": ends_at}
    can_withdraw = at < withdrawal_ends(product, market, confirmed_at=confirmed_at, **term)
    return can_withdraw or is_open(product.after_sale.cancel_until, **term, at=at)


def refund_of(
    product: Product,
    market: Market,
    premium: Money,
    *,
    confirmed_at: datetime,
    starts_at: datetime,
    ends_at: datetime,
    at: datetime,
) -> Money:
    """Return what is paid back of `premium`, tax included, when the policy is cancelled at `at`.

    premium x share of the days that remain x percent, rounded once.

    The share is 1 before the start. After it, it is the whole days (24 hours each) from `at` to
    the end, out of the whole days from the start to the end: a day that has begun is used up. The
    percentage is 100 in the market's withdrawal period, and the product's after it. When the
    policy cannot be cancelled, nothing is paid back. So a refund never rises with time.

    Source: Directive 2011/83/EU, art. 16c, and VVG § 9 (1): whoever withdraws pays for the time
    that they were covered, and for no more.
    """
    moments = {"confirmed_at": confirmed_at, "starts_at": starts_at, "ends_at": ends_at, "at": at}
    if not can_be_cancelled(product, market, **moments):
        return Money.zero(premium.currency)
    in_time = at < period_ends(market, confirmed_at)
    percent = 100 if in_time else product.after_sale.refund_percent_after_withdrawal
    remaining = Fraction(1) if at < starts_at else _remaining(starts_at, ends_at, at)
    return Money.rounded(Fraction(premium.amount) * remaining * percent / 100, premium.currency)


def period_ends(market: Market, confirmed_at: datetime) -> datetime:
    """Return the moment before which the market's law lets the customer withdraw."""
    # The day of the confirmation does not count, and the last day counts to its end: Regulation
    # 1182/71, art. 3. We do not know the customer's clock. One day more reaches the midnight of
    # every clock, and nobody is told too early that it is too late.
    return confirmed_at + (market.withdrawal_days + 1) * _DAY


def _remaining(starts_at: datetime, ends_at: datetime, at: datetime) -> Fraction:
    return Fraction((ends_at - at) // _DAY, max((ends_at - starts_at) // _DAY, 1))

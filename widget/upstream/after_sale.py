"""What the house allows after the sale, and at what price: updates, cancellations, renewals."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import datetime

from widget.amendments import Terms
from widget.bookings import Booking, Policy
from widget.cancellations import is_cancellable
from widget.changes import can_be_changed, unchangeable
from widget.errors import InputInvalid, NotAllowedByProduct
from widget.money import Money
from widget.offers import Quote, Status
from widget.products import Catalogue, Product
from widget.purchases import Item, Purchase, Trip
from widget.rates import ineligibility, premium_of
from widget.refunds import refund_of
from widget.sales import market_of, promised_market
from widget.schedules import paid_of
from widget.terms import can_be_renewed, next_term

#: The names on the wire of what may change about a trip.
_WIRE_NAMES = {
    "departure_country": "departure_country",
    "destination_country": "destination_country",
    "starts_at": "trip_start_date",
    "ends_at": "trip_end_date",
    "cost": "total_tickets_price",
    "adults": "number_of_adults",
    "children": "number_of_children",
    "infants": "number_of_infants",
}


def updated(booking: Booking, purchase: Purchase, catalogue: Catalogue, *, now: datetime) -> Terms:
    """Return a booking's terms for a changed purchase, priced by the versions that were sold.

    Raises:
        InputInvalid: The purchase contradicts itself, or the product does not take it.
        NotAllowedByProduct: The product does not allow this change, or not any more.
    """
    policies = tuple(
        _updated(policy, booking.purchase, purchase, catalogue, now=now)
        if policy.status is Status.CONFIRMED
        else policy
        for policy in booking.policies
    )
    return Terms(purchase, policies)


def cancelled(
    booking: Booking, quote_ids: Collection[str], catalogue: Catalogue, *, now: datetime
) -> Terms:
    """Return a booking's terms with the policies of some quotes cancelled, and their refunds.

    Raises:
        NotAllowedByProduct: The product does not allow it, or not any more.
    """
    policies = tuple(
        _cancelled(policy, booking, catalogue, now=now) if policy.quote_id in quote_ids else policy
        for policy in booking.policies
    )
    return Terms(booking.purchase, policies)


def renewed(
    booking: Booking,
    numbers: Mapping[str, str],
    catalogue: Catalogue,
    *,
    new_id: Callable[[], str],
    now: datetime,
) -> Terms:
    """Return a booking's terms with the next term of every policy in force.

    The next term is priced by the version on sale, at the rates of today.

    Args:
        numbers: The number of the next policy, by the number of the running one.

    Raises:
        NotAllowedByProduct: The product is not renewed, or not yet, or not any more.
    """
    items = list(booking.purchase.items)
    policies: list[Policy] = []
    for policy in booking.policies:
        if policy.status is not Status.CONFIRMED:
            policies.append(policy)
            continue
        _check_renewable(policy, booking.purchase, catalogue, now)
        item = items[policy.quote.item]
        items.append(replace(item, trip=next_term(item.trip)))
        purchase = replace(booking.purchase, items=tuple(items))
        quote = _next_quote(policy.quote, purchase, catalogue, new_id())
        policies.append(replace(policy, status=Status.RENEWED))
        policies.append(Policy(numbers[policy.number], quote, issued_at=now))
    return Terms(replace(booking.purchase, items=tuple(items)), tuple(policies))


def _updated(
    policy: Policy, before: Purchase, after: Purchase, catalogue: Catalogue, *, now: datetime
) -> Policy:
    old, item = _trip_of(policy.quote, before), after.items[policy.quote.item]
    if old == item.trip:
        return policy
    product = _product_of(policy.quote, catalogue)
    changed = {
        wire for name, wire in _WIRE_NAMES.items() if getattr(old, name) != getattr(item.trip, name)
    }
    if forbidden := unchangeable(product, changed):
        fields = ", ".join(sorted(forbidden))
        raise NotAllowedByProduct(f"{product.terms_version} does not let {fields} change.")
    if not can_be_changed(product, starts_at=old.starts_at, ends_at=old.ends_at, at=now):
        raise NotAllowedByProduct(f"It is too late to change a policy of {product.terms_version}.")
    _check_taken(product, after, item, begun=old.starts_at == item.trip.starts_at, now=now)
    return replace(policy, quote=_priced(policy.quote, product, after, catalogue))


def _check_taken(
    product: Product, purchase: Purchase, item: Item, *, begun: bool, now: datetime
) -> None:
    faults = dict(item.trip.problems(now=now))
    if begun:
        # A term that is running has begun; only one that is moved must start in the future.
        faults.pop("trip_start_date", None)
    days_ahead = max((item.trip.starts_at - now).days, 0)
    faults |= ineligibility(product, purchase, item.trip, days_ahead=days_ahead)
    if faults:
        raise InputInvalid({f"update_fields.{name}": texts for name, texts in faults.items()})


def _cancelled(policy: Policy, booking: Booking, catalogue: Catalogue, *, now: datetime) -> Policy:
    """Return a policy cancelled; of what is paid back, what was never paid is taken off."""
    purchase = booking.purchase
    product, trip = _product_of(policy.quote, catalogue), _trip_of(policy.quote, purchase)
    if not is_cancellable(policy, purchase, catalogue, now=now):
        raise NotAllowedByProduct(f"It is too late to cancel a policy of {product.terms_version}.")
    refund = refund_of(
        product,
        promised_market(policy.quote, purchase, catalogue),
        policy.quote.premium,
        confirmed_at=policy.issued_at,
        starts_at=trip.starts_at,
        ends_at=trip.ends_at,
        at=now,
    )
    unpaid = policy.quote.premium - paid_of(policy, booking, catalogue)
    owed = Money(max((refund - unpaid).minor, 0), refund.currency)
    return replace(policy, status=Status.CANCELLED, cancelled_at=now, refund=owed)


def _check_renewable(
    policy: Policy, purchase: Purchase, catalogue: Catalogue, now: datetime
) -> None:
    product, trip = _product_of(policy.quote, catalogue), _trip_of(policy.quote, purchase)
    days = product.after_sale.renew_within_days
    if days is None:
        raise NotAllowedByProduct(f"{product.terms_version} is not renewed.")
    if not can_be_renewed(product, ends_at=trip.ends_at, at=now):
        raise NotAllowedByProduct(
            f"{product.terms_version} is renewed within {days} days before its term ends,"
            f" at {trip.ends_at.isoformat()}."
        )


def _next_quote(quote: Quote, purchase: Purchase, catalogue: Catalogue, quote_id: str) -> Quote:
    product = catalogue.on_sale(quote.product_code) or _product_of(quote, catalogue)
    if quote.plan_code not in {plan.code for plan in product.plan}:
        raise NotAllowedByProduct(f"{product.terms_version} has no plan {quote.plan_code!r}.")
    trip = purchase.items[-1].trip
    following = replace(
        quote,
        id=quote_id,
        item=len(purchase.items) - 1,
        product_version=product.version,
        starts_at=trip.starts_at,
    )
    return _priced(following, product, purchase, catalogue)


def _priced(quote: Quote, product: Product, purchase: Purchase, catalogue: Catalogue) -> Quote:
    """Return a quote at today's premium for the trip that it is for."""
    market = market_of(purchase.items[quote.item], purchase, catalogue)
    trip = _trip_of(quote, purchase)
    plan = next(plan for plan in product.plan if plan.code == quote.plan_code)
    premium = premium_of(plan, product, trip, market)
    return replace(
        quote,
        premium=premium.total,
        tax=premium.tax,
        taxes=premium.parts,
        ends_at=trip.ends_at,
    )


def _product_of(quote: Quote, catalogue: Catalogue) -> Product:
    return catalogue.get(quote.product_code, quote.product_version)


def _trip_of(quote: Quote, purchase: Purchase) -> Trip:
    return purchase.items[quote.item].trip

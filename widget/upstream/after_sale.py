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
from widget.purchases import Item, Purchase
from widget.rates import premium_of
from widget.refunds import refund_of
from widget.refusals import ineligibility
from widget.sales import market_of, promised_market
from widget.schedules import paid_of
from widget.terms import can_be_renewed, next_term, term_of


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
        following = next_term(item.subject, catalogue.line_of_item(item))
        items.append(replace(item, subject=following))
        purchase = replace(booking.purchase, items=tuple(items))
        quote = _next_quote(policy.quote, purchase, catalogue, new_id())
        policies.append(replace(policy, status=Status.RENEWED))
        policies.append(Policy(numbers[policy.number], quote, issued_at=now))
    return Terms(replace(booking.purchase, items=tuple(items)), tuple(policies))


def _updated(
    policy: Policy, before: Purchase, after: Purchase, catalogue: Catalogue, *, now: datetime
) -> Policy:
    old, item = before.items[policy.quote.item].subject, after.items[policy.quote.item]
    if old == item.subject:
        return policy
    product = _product_of(policy.quote, catalogue)
    if forbidden := unchangeable(product, item.subject.facts.changed_from(old.facts)):
        fields = ", ".join(sorted(forbidden))
        raise NotAllowedByProduct(f"{product.terms_version} does not let {fields} change.")
    starts_at, ends_at = term_of(policy.quote, old)
    if not can_be_changed(product, starts_at=starts_at, ends_at=ends_at, at=now):
        raise NotAllowedByProduct(f"It is too late to change a policy of {product.terms_version}.")
    _check_taken(product, after, item, begun=old.starts_at == item.subject.starts_at, now=now)
    return replace(policy, quote=_priced(policy.quote, product, after, catalogue))


def _check_taken(
    product: Product, purchase: Purchase, item: Item, *, begun: bool, now: datetime
) -> None:
    line = product.line
    faults = dict(item.subject.problems(line, now=now))
    if begun:
        # A term that is running has begun; only one that is moved must start in the future.
        faults.pop(line.starts, None)
    days_ahead = (item.subject.starts_at - now).days
    rules = ineligibility(product, purchase, item.subject, days_ahead=days_ahead)
    faults |= {name: texts for name, texts in rules.items() if not begun or name != line.starts}
    if faults:
        raise InputInvalid({f"update_fields.{name}": texts for name, texts in faults.items()})


def _cancelled(policy: Policy, booking: Booking, catalogue: Catalogue, *, now: datetime) -> Policy:
    """Return a policy cancelled; of what is paid back, what was never paid is taken off."""
    purchase = booking.purchase
    product = _product_of(policy.quote, catalogue)
    starts_at, ends_at = term_of(policy.quote, purchase.items[policy.quote.item].subject)
    if not is_cancellable(policy, purchase, catalogue, now=now):
        raise NotAllowedByProduct(f"It is too late to cancel a policy of {product.terms_version}.")
    refund = refund_of(
        product,
        promised_market(policy.quote, purchase, catalogue),
        policy.quote.premium,
        confirmed_at=policy.issued_at,
        starts_at=starts_at,
        ends_at=ends_at,
        at=now,
    )
    unpaid = policy.quote.premium - paid_of(policy, booking)
    owed = Money(max((refund - unpaid).minor, 0), refund.currency)
    return replace(policy, status=Status.CANCELLED, cancelled_at=now, refund=owed)


def _check_renewable(
    policy: Policy, purchase: Purchase, catalogue: Catalogue, now: datetime
) -> None:
    product = _product_of(policy.quote, catalogue)
    ends_at = purchase.items[policy.quote.item].subject.ends_at
    days = product.after_sale.renew_within_days
    if days is None:
        raise NotAllowedByProduct(f"{product.terms_version} is not renewed.")
    if not can_be_renewed(product, ends_at=ends_at, at=now):
        raise NotAllowedByProduct(
            f"{product.terms_version} is renewed within {days} days before its term ends,"
            f" at {ends_at.isoformat()}."
        )


def _next_quote(quote: Quote, purchase: Purchase, catalogue: Catalogue, quote_id: str) -> Quote:
    product = catalogue.on_sale(quote.product_code) or _product_of(quote, catalogue)
    if quote.plan_code not in {plan.code for plan in product.plan}:
        raise NotAllowedByProduct(f"{product.terms_version} has no plan {quote.plan_code!r}.")
    following = replace(
        quote,
        id=quote_id,
        item=len(purchase.items) - 1,
        product_version=product.version,
        starts_at=purchase.items[-1].subject.starts_at,
    )
    return _priced(following, product, purchase, catalogue)


def _priced(quote: Quote, product: Product, purchase: Purchase, catalogue: Catalogue) -> Quote:
    """Return a quote at today's premium for what it is for."""
    item = purchase.items[quote.item]
    market, subject = market_of(item, purchase, catalogue), item.subject
    plan = product.plan_named(quote.plan_code)
    premium = premium_of(plan, product, subject, market, percent_off=quote.percent_off)
    ends_at = quote.ends_at if plan.months else subject.ends_at
    return replace(
        quote,
        premium=premium.total,
        tax=premium.tax,
        taxes=premium.parts,
        ends_at=ends_at,
    )


def _product_of(quote: Quote, catalogue: Catalogue) -> Product:
    return catalogue.get(quote.product_code, quote.product_version)

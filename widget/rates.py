"""Premium and tax for a purchase: pure and exact.

The order is fixed. For each traveller: a share of the ticket price, plus the daily rate of the
zone, but not less than the plan's minimum. The sum of all travellers is the net premium. Tax is
added by the customer's market, and the result is rounded once, see `taxes`: net and tax always add
up to what the customer pays.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import repeat

from widget.errors import Problems
from widget.markets import Market
from widget.products import Plan, Product, Traveller
from widget.purchases import Purchase, Trip
from widget.taxes import Charged, charged


def premium_of(plan: Plan, product: Product, trip: Trip, market: Market) -> Charged:
    """Return the premium of one plan for everybody on a trip that `ineligibility` accepts."""
    currency = trip.cost.currency
    zone = product.zone_of(trip.departure_country, trip.destination_country)
    net = sum((_net(plan, kind, zone, trip) for kind in _travellers(trip)), start=Fraction(0))
    return charged(net, market.taxes, currency)


def ineligibility(product: Product, purchase: Purchase, trip: Trip, *, days_ahead: int) -> Problems:
    """Return why the product does not take this trip, by the field names of the wire.

    Args:
        days_ahead: Whole days from now until the trip starts.
    """
    rules = product.eligibility
    faults: dict[str, list[str]] = {}
    if purchase.customer_country not in product.sold_to:
        countries = ", ".join(sorted(product.sold_to))
        faults["customer_country"] = [f"It is sold to customers who live in {countries}."]
    if purchase.currency not in product.currencies:
        faults["currency"] = [f"Premiums are in {', '.join(sorted(product.currencies))}."]
        return faults
    least, most = rules.cost_min[purchase.currency], rules.cost_max[purchase.currency]
    if not least <= trip.cost.amount <= most:
        span = f"{least} to {most} {purchase.currency}"
        faults["total_tickets_price"] = [f"It covers tickets from {span}."]
    if trip.travellers > rules.travellers_max:
        faults["number_of_adults"] = [
            f"It covers up to {rules.travellers_max} travellers, not {trip.travellers}."
        ]
    if trip.days < rules.trip_days_min:
        faults["trip_end_date"] = [
            f"It covers at least {rules.trip_days_min} days, not {trip.days}."
        ]
    if trip.days > rules.trip_days_max:
        faults["trip_end_date"] = [f"It covers up to {rules.trip_days_max} days, not {trip.days}."]
    if days_ahead > rules.days_ahead_max:
        faults["trip_start_date"] = [
            f"It covers trips that start within {rules.days_ahead_max} days."
        ]
    return faults


def _net(plan: Plan, kind: Traveller, zone: str, trip: Trip) -> Fraction:
    currency = trip.cost.currency
    band = next(band for band in plan.cost_rate if trip.days <= band.days_up_to)
    share = Fraction(trip.cost.amount) / trip.travellers
    net = share * Fraction(band.percent) / 100
    if plan.day_rate is not None:
        net += Fraction(plan.day_rate[zone][kind][currency]) * trip.days
    return max(net, Fraction(plan.minimum[currency]))


def _travellers(trip: Trip) -> Iterator[Traveller]:
    kinds: tuple[tuple[Traveller, int], ...] = (
        ("adult", trip.adults),
        ("child", trip.children),
        ("infant", trip.infants),
    )
    for kind, count in kinds:
        yield from repeat(kind, count)

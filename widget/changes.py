"""Changes: what may become different about a policy after the sale.

This is about the trip. The policyholder's contact data may always be changed.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from widget.products import Product
from widget.terms import is_open


def can_be_changed(
    product: Product, *, starts_at: datetime, ends_at: datetime, at: datetime
) -> bool:
    """Tell whether the product still lets the term from `starts_at` to `ends_at` be changed."""
    until = product.after_sale.change_until
    return is_open(until, starts_at=starts_at, ends_at=ends_at, at=at)


def unchangeable(product: Product, fields: Collection[str]) -> frozenset[str]:
    """Return those of `fields`, by their names on the wire, that the product never lets change."""
    return frozenset(fields) - product.after_sale.changes

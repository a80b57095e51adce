"""The contract of an upstream."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from widget.bookings import Policy
from widget.offers import Offer, Quote
from widget.purchases import Purchase


class Upstream(Protocol):
    """Prices cover and issues policies.

    Times are aware. Nothing here is remembered between calls.
    """

    async def price(self, purchase: Purchase, *, now: datetime) -> tuple[Quote, ...]:
        """Return the quotes for a purchase, plans of one item side by side in the file's order.

        Raises:
            InputInvalid: The purchase contradicts itself, or no product takes it.
            UpstreamUnavailable: No answer in time.
        """
        ...

    async def issue(self, offer: Offer) -> tuple[Policy, ...]:
        """Return one policy for each chosen quote. It is not in force until it is stored.

        Raises:
            UpstreamUnavailable: No answer in time.
        """
        ...

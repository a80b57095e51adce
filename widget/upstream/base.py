"""The contract of an upstream; `tests/upstream/test_contract.py` is the same in tests."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from widget.amendments import Amendment, Terms
from widget.bookings import Booking, Policy
from widget.offers import Offer, Quote
from widget.purchases import Purchase


@dataclass(frozen=True, slots=True)
class Priced:
    """The quotes for a purchase, plans of one item side by side."""

    quotes: tuple[Quote, ...]
    #: The upstream's own id of them together; None when our own storage is all there is.
    upstream_id: str | None = None


class Upstream(Protocol):
    """Prices cover, issues policies, and amends them.

    Times are aware. Nothing here is remembered between calls. Every call that changes something
    may be repeated with the same arguments, and then has the same outcome as the first one.

    Every method raises `UpstreamUnavailable` when there was no answer in time, or none that can be
    understood: the outcome is unknown. `UpstreamRefused` is a definite no.
    """

    @property
    def is_remote(self) -> bool:
        """Whether issuing is somebody else's commit, so that its outcome can be unknown to us."""
        ...

    @property
    def sends_mail(self) -> bool:
        """Whether the upstream itself writes to policyholders; then we do not."""
        ...

    async def close(self) -> None:
        """Give back what was opened; nothing is asked after this."""
        ...

    async def price(self, purchase: Purchase, *, now: datetime) -> Priced:
        """Return the quotes for a purchase.

        Raises:
            InputInvalid: The purchase contradicts itself, or no product takes it.
        """
        ...

    async def issue(self, booking: Booking, *, now: datetime) -> tuple[Policy, ...]:
        """Return one policy for each chosen quote, in their order.

        From the house it is not in force until it is stored; from a remote upstream it is.
        """
        ...

    async def decline(self, offer: Offer) -> None:
        """Report that the customer bought without cover."""
        ...

    async def price_update(self, booking: Booking, wanted: Booking, *, now: datetime) -> Terms:
        """Return what a booking would insure for a changed purchase.

        Args:
            wanted: The booking with its purchase, policyholder and insured as they are to be; the
                purchase has the same items, in the same order.

        Raises:
            InputInvalid: The purchase contradicts itself, or the product does not take it.
            NotAllowedByProduct: The product does not allow this change, or not any more.
        """
        ...

    async def price_cancellation(
        self, booking: Booking, quote_ids: Collection[str], *, reason: str | None, now: datetime
    ) -> Terms:
        """Return a booking's terms with the policies of some quotes cancelled, and their refunds.

        Raises:
            NotAllowedByProduct: The product does not allow it, or not any more.
        """
        ...

    async def price_renewal(self, booking: Booking, *, now: datetime) -> Terms:
        """Return a booking's terms with the next term of every policy in force.

        Raises:
            NotAllowedByProduct: The product is not renewed, or not yet, or not any more.
        """
        ...

    async def apply(self, booking: Booking, amendment: Amendment) -> None:
        """Make an amendment of a booking. For the house it is made by storing it.

        Raises:
            NotAllowedByProduct: Not any more.
        """
        ...

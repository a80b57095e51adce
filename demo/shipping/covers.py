"""The insurance of one parcel after the sale: what it takes to end it, or to change its value.

Whether a parcel has a policy of its own or is one of many in a shipment's policy makes a
difference here, and nowhere else.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from ..insurance import Booking, Insurance, Policy, Proposal
from ..orders import Order
from .batches import Asking, Batch
from .parcels import Parcel, describe_contents, describe_value


@dataclass(frozen=True, slots=True)
class Cover:
    """A parcel's policy, and the booking that it belongs to."""

    booking: Booking
    policy: Policy
    batch: Batch
    parcel: Parcel

    @property
    def _is_shared(self) -> bool:
        return self.batch.asking is Asking.SHIPMENT and len(self.batch.going) > 1

    async def price_end(self, insurance: Insurance) -> Proposal:
        """Return what the merchant gets back when the parcel is not sent."""
        if not self._is_shared:
            return await insurance.price_cancellation(self.booking, self.policy)
        others = [each for each in self.batch.going if each != self.parcel]
        change = await insurance.price_change(self.booking, self.policy, describe_contents(others))
        return replace(change, cents=-change.cents)

    async def end(self, insurance: Insurance, proposal: Proposal) -> Booking:
        """End it as it was priced."""
        if self._is_shared:
            return await insurance.change(self.booking, proposal.id)
        return await insurance.cancel(self.booking, proposal.id)

    async def price_value(self, insurance: Insurance, corrected: Parcel) -> Proposal:
        """Return what it costs when the parcel is worth what `corrected` is."""
        if self.batch.asking is Asking.SHIPMENT:
            contents = describe_contents(self.batch.with_parcel(corrected).going)
            return await insurance.price_change(self.booking, self.policy, contents)
        return await insurance.price_change(self.booking, self.policy, describe_value(corrected))


def find_cover(order: Order[Batch], parcel: Parcel) -> Cover | None:
    """Return the cover of a parcel; None when it was declined, refused, or is not confirmed yet."""
    if not order.booking:
        return None
    policy = order.booking.find_policy(order.checkout.place_of(parcel))
    if not (policy and policy.is_in_force):
        return None
    return Cover(order.booking, policy, order.checkout, parcel)

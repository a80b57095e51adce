"""Let the customer end policies themselves, for the refund that they were shown."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from widget.amending import MAX_ROUNDS, Amended, Amending, make, resumed
from widget.amendments import newly_ended
from widget.cancelling import price_cancellation
from widget.errors import AmendmentStale, StorageUnavailable
from widget.money import Money

#: What the upstream and the record are told; the customer need not give a reason.
REASON = "The customer ended it on their own page."


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """What ending policies pays back, and whether it was done."""

    amended: Amended
    is_made: bool

    @property
    def refund(self) -> Money:
        """What is paid back for the policies that it ends, and for no others."""
        ended = newly_ended(self.amended.before, self.amended.amendment)
        refunds = (policy.refund for policy in ended if policy.refund is not None)
        return Money.total(refunds, self.amended.before.purchase.currency)


async def preview_withdrawal(
    booking_id: str, quote_ids: Collection[str], amending: Amending
) -> Withdrawal:
    """Tell what ending policies would pay back. Nothing is ended, and nothing is stored.

    Raises:
        NotFound: This partner has no such booking.
        StatusForbids, QuoteNotOffered: One of the policies is not in force.
        NotAllowedByProduct: The product does not allow it, or not any more.
        UpstreamRefused, UpstreamUnavailable, StorageUnavailable: It could not be priced.
    """
    amended = await price_cancellation(booking_id, quote_ids, amending, reason=REASON)
    return Withdrawal(amended, is_made=False)


async def withdraw(
    booking_id: str, quote_ids: Collection[str], shown: int | None, amending: Amending
) -> Withdrawal:
    """End policies, if that pays back what the customer was shown.

    Args:
        shown: The refund that the customer saw and agreed to, in the currency's smallest unit. If
            it is another by now, nothing is done: it is to be shown again.

    Raises:
        As `preview_withdrawal`.
    """
    for _ in range(MAX_ROUNDS):
        # One that was begun at a platform before may be just this one.
        await resumed(booking_id, amending)
        withdrawal = await preview_withdrawal(booking_id, quote_ids, amending)
        if withdrawal.refund.minor != shown:
            return withdrawal
        try:
            return Withdrawal(await make(withdrawal.amended, amending), is_made=True)
        except AmendmentStale:
            # Something else about the booking has changed meanwhile: it is priced anew.
            continue
    raise StorageUnavailable(f"Booking {booking_id} kept changing under {MAX_ROUNDS} attempts.")

"""What was bought, and telling the insurance service until it has heard it.

A customer who paid for a policy gets it, or the premium back: a failed confirm is repeated here
until there is an answer. A real shop keeps its orders, and so this list of debts, in a database.
"""

from __future__ import annotations

import asyncio
import logging
import math
from dataclasses import dataclass
from time import monotonic

from .checkouts import Checkout
from .insurance import Booking, Choice, Insurance, InsuranceRefused, InsuranceUnavailable

log = logging.getLogger(__name__)

#: The first retry comes quickly, for a restart; later ones leave a struggling service in peace.
FIRST_RETRY_S = 2
LAST_RETRY_S = 60


@dataclass(slots=True)
class Order:
    """A paid checkout. It changes when the insurance service answers."""

    number: str
    checkout: Checkout
    card_ending: str
    booking: Booking | None = None
    #: Why there will be no policy although it was paid for.
    refusal: str | None = None
    #: The choice that the insurance service has yet to hear of; None when it has.
    owed: Choice | None = None
    #: When to try again, on the monotonic clock.
    attempt_at: float = math.inf
    attempts: int = 0

    @property
    def insurance(self) -> str:
        """Where the insurance stands: `none`, `confirming`, `confirmed` or `refused`."""
        if not self.checkout.has_insurance:
            return "none"
        if self.booking:
            return "confirmed"
        return "refused" if self.refusal else "confirming"


def order_number(checkout: Checkout) -> str:
    """Return the number of the order for `checkout`: one checkout can only become one order."""
    return checkout.reference.replace("CHK-", "SKY-")


class Orders:
    """All orders, in memory, and what is still owed to the insurance service."""

    def __init__(self, insurance: Insurance) -> None:
        self._insurance = insurance
        self._by_number: dict[str, Order] = {}

    def find(self, number: str) -> Order | None:
        """Return the order with this number, or None."""
        return self._by_number.get(number)

    def place(self, checkout: Checkout, *, card_ending: str) -> Order:
        """Return the new order for a checkout that has just been paid."""
        order = Order(order_number(checkout), checkout, card_ending, owed=checkout.choice)
        self._by_number[order.number] = order
        return order

    async def report(self, order: Order) -> None:
        """Tell the insurance service of the sale, once; a failure is noted and tried again."""
        if not order.owed:
            return
        order.attempts += 1
        # While this attempt runs, the loop below keeps its hands off.
        order.attempt_at = math.inf
        try:
            order.booking = await self._tell(order, order.owed)
        except InsuranceUnavailable as exc:
            delay = min(FIRST_RETRY_S * 2 ** (order.attempts - 1), LAST_RETRY_S)
            order.attempt_at = monotonic() + delay
            log.warning("Order %s: %s; next attempt in %s s.", order.number, exc, delay)
        except InsuranceRefused as exc:
            order.owed, order.refusal = None, str(exc)
            # Somebody at the shop has to see this one; the trace would tell them nothing more.
            log.error("Order %s was refused: %s (error %s)", order.number, exc, exc.error_id)  # noqa: TRY400
        else:
            order.owed = None

    async def keep_reporting(self) -> None:
        """Repeat what failed, each order at its time, until cancelled."""
        while True:
            await asyncio.sleep(1)
            now = monotonic()
            for order in [each for each in self._by_number.values() if each.attempt_at <= now]:
                await self.report(order)

    async def _tell(self, order: Order, choice: Choice) -> Booking | None:
        if choice.is_opted_in:
            return await self._insurance.confirm(
                choice, policyholder=_policyholder(order.checkout), transaction_id=order.number
            )
        await self._insurance.report_opt_out(choice)
        return None


def _policyholder(checkout: Checkout) -> dict[str, str]:
    """Return the first traveller as the person who enters the contract."""
    first = checkout.travellers[0]
    return {
        "first_name": first.first_name,
        "last_name": first.last_name,
        "email": checkout.email,
        "country": checkout.trip.outbound.origin.country,
    }

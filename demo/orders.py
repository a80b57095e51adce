"""What was bought, and telling the insurance service until it has heard it.

A customer who paid for a policy gets it, or the premium back: a failed confirm is repeated here
until there is an answer. A real shop keeps its orders, and so this list of debts, in a database.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Mapping
from dataclasses import dataclass
from time import monotonic
from typing import Generic, Protocol, TypeVar

from .insurance import Booking, Choice, Insurance, InsuranceRefused, InsuranceUnavailable

log = logging.getLogger(__name__)

#: The first retry comes quickly, for a restart; later ones leave a struggling service in peace.
FIRST_RETRY_S = 2
LAST_RETRY_S = 60


class Purchase(Protocol):
    """What a shop knows of a checkout, as far as its insurance goes."""

    @property
    def order_number(self) -> str:
        """The number of its order, which names the payment as well."""

    @property
    def choice(self) -> Choice | None:
        """What the customer answered, or None."""

    @property
    def policyholder(self) -> Mapping[str, str]:
        """Who enters the contract."""


Checkout = TypeVar("Checkout", bound=Purchase)


@dataclass(slots=True)
class Order(Generic[Checkout]):
    """A paid checkout. It changes when the insurance service answers."""

    checkout: Checkout
    #: The last digits of the card, for the receipt.
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
    def number(self) -> str:
        """What the customer calls it by."""
        return self.checkout.order_number

    @property
    def insurance(self) -> str:
        """Where the insurance stands: `none`, `confirming`, `confirmed` or `refused`."""
        if not (self.checkout.choice and self.checkout.choice.is_opted_in):
            return "none"
        if self.booking:
            return "confirmed"
        return "refused" if self.refusal else "confirming"


class Orders(Generic[Checkout]):
    """All orders of a shop, in memory, and what is still owed to the insurance service."""

    def __init__(self, insurance: Insurance) -> None:
        self._insurance = insurance
        self._by_number: dict[str, Order[Checkout]] = {}

    def find(self, number: str) -> Order[Checkout] | None:
        """Return the order with this number, or None."""
        return self._by_number.get(number)

    def place(self, checkout: Checkout, *, card_ending: str) -> Order[Checkout]:
        """Return the new order for a checkout that has just been paid."""
        order = Order(checkout, card_ending, owed=checkout.choice)
        self._by_number[order.number] = order
        return order

    async def report(self, order: Order[Checkout]) -> None:
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

    async def _tell(self, order: Order[Checkout], choice: Choice) -> Booking | None:
        if choice.is_opted_in:
            return await self._insurance.confirm(
                choice, policyholder=order.checkout.policyholder, transaction_id=order.number
            )
        await self._insurance.report_opt_out(choice)
        return None

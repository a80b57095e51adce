"""Deliver what bookings owe: claim, send, mark; try again until it is taken."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable

import structlog

from widget.delivery.base import Delivery
from widget.errors import DeliveryFailed, StorageUnavailable
from widget.messages import Message, next_try
from widget.storage.base import Storage

#: How many messages are sent side by side.
BATCH = 20

#: A sender that died leaves its messages to others after this; sending takes far less.
LEASE_S = 120

#: How often to look for messages that nobody announced, such as repeated tries.
POLL_S = 1.0

_log = structlog.get_logger(__name__)


async def deliver_forever(
    *, storage: Storage, delivery: Delivery, wake: asyncio.Event, poll_s: float = POLL_S
) -> None:
    """Deliver due messages until cancelled.

    Args:
        wake: Set by whoever has just made a message due, so that it leaves at once.
    """
    while True:
        wake.clear()
        try:
            delivered = await deliver_due(storage=storage, delivery=delivery)
        except StorageUnavailable as error:
            # The messages are safe where they are; the next round finds them.
            _log.warning("delivery_paused", problem=str(error))
            delivered = 0
        if delivered < BATCH:
            await _wait(wake, poll_s)


async def deliver_due(
    *,
    storage: Storage,
    delivery: Delivery,
    spread: Callable[[], float] = lambda: random.uniform(-1, 1),  # noqa: S311 - not a secret
) -> int:
    """Try every message that is due now, once, and return how many were tried.

    Raises:
        StorageUnavailable: What was sent may be sent once more; nothing is lost.
    """
    messages = await storage.claim_messages(limit=BATCH, lease_s=LEASE_S, per_lane=BATCH)
    tries = (_deliver(message, storage, delivery, spread()) for message in messages)
    # Each comes to its end: what was sent is marked, whatever becomes of the others.
    for outcome in await asyncio.gather(*tries, return_exceptions=True):
        if isinstance(outcome, BaseException):
            raise outcome
    return len(messages)


async def _deliver(message: Message, storage: Storage, delivery: Delivery, spread: float) -> None:
    try:
        await _hand_over(message, storage, delivery)
    except StorageUnavailable:
        raise  # not this message's fault: the round pauses
    except DeliveryFailed as error:
        await _put_off(message, storage, error, spread, fault=error.__cause__)
    except Exception as error:  # noqa: BLE001 - one message's fault must not stop the others
        problem = DeliveryFailed(f"A fault of ours: {type(error).__name__}.")
        await _put_off(message, storage, problem, spread, fault=error)
    else:
        await storage.mark_sent(message)


async def _hand_over(message: Message, storage: Storage, delivery: Delivery) -> None:
    booking = await storage.find_booking(message.partner_code, message.offer_id)
    partner = await storage.find_partner(message.partner_code)
    if booking is None or partner is None:
        raise StorageUnavailable(f"Message {message.id} has no booking.")
    await delivery.deliver(message, booking, partner)


async def _put_off(
    message: Message,
    storage: Storage,
    error: DeliveryFailed,
    spread: float,
    *,
    fault: BaseException | None,
) -> None:
    again = None if error.is_final else next_try(message, now=storage.now(), spread=spread)
    await storage.mark_failed(message, next_try_at=again, problem=str(error))
    _log.warning(
        "delivery_failed",
        message_id=message.id,
        problem=str(error),
        gave_up=again is None,
        exc_info=fault,
    )


async def _wait(wake: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(wake.wait(), seconds)
    except TimeoutError:
        return

"""Deliver what offers and bookings owe: claim, send, mark; try again until it is taken."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from widget.delivery.base import Delivery
from widget.errors import (
    DeliveryFailed,
    StorageUnavailable,
    UpstreamRefused,
    UpstreamUnavailable,
)
from widget.messages import Kind, Message, next_try
from widget.partners import Mode
from widget.storage.base import Storage
from widget.upstream.base import Upstream

#: How many messages are sent side by side. Receivers that do not answer would have to be more than
#: this many, each with `PER_LANE` messages, to take the place of one that does.
ROOM = 200

#: How many messages of one lane are claimed at a time, when it has fewer than that under way.
PER_LANE = 8

#: A sender that died leaves its messages to others after this; sending takes far less.
LEASE_S = 120

#: How often to look for messages that nobody announced, such as repeated tries.
POLL_S = 1.0

#: How long a sender that is told to stop goes on with what it has begun.
DRAIN_S = 5.0

_log = structlog.get_logger(__name__)


def _any_spread() -> float:
    return random.uniform(-1, 1)  # noqa: S311 - not a secret


@dataclass
class Dispatch:
    """Sends messages side by side, so that a lane that is slow holds up itself only."""

    storage: Storage
    #: Who brings the messages of a kind.
    deliveries: Mapping[Kind, Delivery]
    #: Who is told that a customer bought without cover.
    upstreams: Mapping[Mode, Upstream]
    #: Moves each wait within its jitter; see `next_try`.
    spread: Callable[[], float] = _any_spread
    _lanes: dict[asyncio.Task[None], str] = field(default_factory=dict, init=False)

    async def send_due(self, on_end: Callable[[], None] = lambda: None) -> int:
        """Begin to send what is due now, as far as there is room, and return how many that are.

        Args:
            on_end: Called whenever one of them has come to its end.

        Raises:
            StorageUnavailable: Nothing is lost; try again.
        """
        room = ROOM - len(self._lanes)
        if room <= 0:
            return 0
        messages = await self.storage.claim_messages(
            limit=room, lease_s=LEASE_S, per_lane=PER_LANE, busy=self._busy()
        )
        for message in messages:
            self._begin(message, on_end)
        return len(messages)

    async def finish(self, within_s: float | None = None) -> None:
        """Wait until all that was begun has come to its end; what takes longer is stopped.

        What was stopped is sent again when its lease has run out.
        """
        if not self._lanes:
            return
        _, late = await asyncio.wait(list(self._lanes), timeout=within_s)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    def _busy(self) -> set[str]:
        under_way = Counter(self._lanes.values())
        return {lane for lane, number in under_way.items() if number >= PER_LANE}

    def _begin(self, message: Message, on_end: Callable[[], None]) -> None:
        task = asyncio.create_task(self._send(message))
        self._lanes[task] = message.lane

        def end(task: asyncio.Task[None]) -> None:
            del self._lanes[task]
            on_end()

        task.add_done_callback(end)

    async def _send(self, message: Message) -> None:
        try:
            problem = await self._outcome(message)
            if problem is None:
                await self.storage.mark_sent(message)
            else:
                await self._put_off(message, problem)
        except StorageUnavailable as error:
            # It keeps its lease, and is sent again when that has run out.
            _log.warning("delivery_unmarked", message_id=message.id, problem=str(error))

    async def _outcome(self, message: Message) -> DeliveryFailed | None:
        """Hand a message over, and return why that failed, None when it did not."""
        try:
            await self._hand_over(message)
        except StorageUnavailable:
            raise
        except DeliveryFailed as error:
            return error
        except Exception as error:  # noqa: BLE001 - one message's fault must not stop the others
            problem = DeliveryFailed(f"A fault of ours: {type(error).__name__}.")
            problem.__cause__ = error
            return problem
        return None

    async def _hand_over(self, message: Message) -> None:
        if message.kind is Kind.DECLINE:
            await self._report(message)
            return
        booking = await self.storage.find_booking(message.partner_code, message.offer_id)
        partner = await self.storage.find_partner(message.partner_code)
        if booking is None or partner is None:
            raise StorageUnavailable(f"Message {message.id} has no booking.")
        await self.deliveries[message.kind].deliver(message, booking, partner)

    async def _report(self, message: Message) -> None:
        offer = await self.storage.find_offer(message.partner_code, message.offer_id)
        if offer is None:
            raise StorageUnavailable(f"Message {message.id} has no offer.")
        try:
            await self.upstreams[message.mode].decline(offer)
        except UpstreamUnavailable as error:
            raise DeliveryFailed(str(error)) from error
        except UpstreamRefused as error:
            raise DeliveryFailed(str(error), is_final=True) from error
        _log.info("delivered", message_id=message.id)

    async def _put_off(self, message: Message, error: DeliveryFailed) -> None:
        again = None if error.is_final else self._next_try(message, error)
        await self.storage.mark_failed(message, next_try_at=again, problem=str(error))
        _log.warning(
            "delivery_failed",
            message_id=message.id,
            problem=str(error),
            gave_up=again is None,
            exc_info=error.__cause__,
        )

    def _next_try(self, message: Message, error: DeliveryFailed) -> datetime | None:
        now = self.storage.now()
        planned = next_try(message, now=now, spread=self.spread())
        return planned and max(planned, now + timedelta(seconds=error.patience_s))


async def deliver_forever(
    dispatch: Dispatch, *, wake: asyncio.Event, poll_s: float = POLL_S
) -> None:
    """Deliver due messages until cancelled.

    Args:
        wake: Set by whoever has just made a message due, so that it leaves at once.
    """
    try:
        while True:
            wake.clear()
            if not await _sent(dispatch, wake):
                await _wait(wake, poll_s)
    finally:
        await dispatch.finish(DRAIN_S)


async def _sent(dispatch: Dispatch, wake: asyncio.Event) -> int:
    try:
        return await dispatch.send_due(on_end=wake.set)
    except StorageUnavailable as error:
        # The messages are safe where they are; the next round finds them.
        _log.warning("delivery_paused", problem=str(error))
        return 0


async def _wait(wake: asyncio.Event, seconds: float) -> None:
    # Not `wait_for`: before Python 3.12 it loses a cancellation that comes with the wake-up.
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await wake.wait()

"""Deliver what offers and bookings owe: claim, send, mark; try again until it is taken."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Callable, Collection, Mapping
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
from widget.lanes import Lanes, Sending
from widget.messages import Kind, Message, next_try
from widget.partners import Mode
from widget.storage.base import Storage
from widget.upstream.base import Upstream

#: A sender that died leaves its messages to others after this; sending takes far less.
LEASE_S = 120

#: A receiver that has not answered by then no longer counts as one that does.
HANGS_AFTER_S = 1.0

#: How often to look for messages that nobody announced, such as repeated tries.
POLL_S = 1.0

#: How long it waits for more when it is woken: what is claimed together costs one transaction,
#: while requests wait for their turn. Nobody notices it in a mail.
GATHER_S = 0.02

#: How long a sender that is told to stop goes on with what it has begun.
DRAIN_S = 5.0

_log = structlog.get_logger(__name__)


def _any_spread() -> float:
    return random.random()  # noqa: S311 - not a secret


@dataclass
class Dispatch:
    """Sends messages side by side, so that a lane that is slow holds up itself only."""

    storage: Storage
    #: Who brings the messages of a kind.
    deliveries: Mapping[Kind, Delivery]
    #: Who is told that a customer bought without cover.
    upstreams: Mapping[Mode, Upstream]
    #: Lengthens each wait within its jitter; see `next_try`.
    spread: Callable[[], float] = _any_spread
    hangs_after_s: float = HANGS_AFTER_S
    _lanes: Lanes = field(default_factory=Lanes, init=False)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set, init=False)

    async def send_due(self, on_room: Callable[[], None] = lambda: None) -> int:
        """Begin what is due where there is room, and return how much that is.

        Of a lane that is not sound that is one message, of a sound one as many as have room.

        Args:
            on_room: Called whenever one of them has made room for another: it came to its end, or
                its receiver does not answer.

        Raises:
            StorageUnavailable: Nothing is lost; try again.
        """
        sound = self._lanes.sound
        begun = await self._claim(on_room, for_sound=True, only=sound) if sound else 0
        # What has become sound meanwhile is left to the next round.
        return begun + await self._claim(on_room, for_sound=False, but=self._lanes.sound)

    async def _claim(
        self,
        on_room: Callable[[], None],
        *,
        for_sound: bool,
        only: Collection[str] | None = None,
        but: Collection[str] = (),
    ) -> int:
        room = self._lanes.room(for_sound=for_sound)
        if not room:
            return 0
        busy = self._lanes.busy.union(but)
        per_lane = self._lanes.room_in_each if for_sound else 1
        messages = await self.storage.claim_messages(
            limit=room, lease_s=LEASE_S, per_lane=per_lane, busy=busy, only=only
        )
        for message in messages:
            self._begin(message, on_room)
        return len(messages)

    async def finish(self, within_s: float | None = None) -> None:
        """Wait until all that was begun has come to its end; what takes longer is stopped.

        What was stopped is sent again when its lease has run out.
        """
        if not self._tasks:
            return
        _, late = await asyncio.wait(self._tasks, timeout=within_s)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    def _begin(self, message: Message, on_room: Callable[[], None]) -> None:
        sending = self._lanes.begin(message.lane)
        task = asyncio.create_task(self._send(message, sending))
        self._tasks.add(task)

        def hang() -> None:
            self._lanes.note_hanging(sending)
            on_room()

        def end(task: asyncio.Task[None]) -> None:
            late.cancel()
            self._tasks.remove(task)
            self._lanes.end(sending)
            on_room()

        late = asyncio.get_running_loop().call_later(self.hangs_after_s, hang)
        task.add_done_callback(end)

    async def _send(self, message: Message, sending: Sending) -> None:
        try:
            problem = await self._outcome(message)
            # Whoever refuses one message for good has answered, and may take the next.
            self._lanes.note_answer(sending, is_sound=problem is None or problem.is_final)
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
        wake: Set by whoever has just made a message due, so that it leaves soon: see `GATHER_S`.
    """
    try:
        while True:
            wake.clear()
            if not await _sent(dispatch, wake):
                await _wait(wake, poll_s)
                await asyncio.sleep(GATHER_S)
    finally:
        await dispatch.finish(DRAIN_S)


async def _sent(dispatch: Dispatch, wake: asyncio.Event) -> int:
    try:
        return await dispatch.send_due(on_room=wake.set)
    except StorageUnavailable as error:
        # The messages are safe where they are; the next round finds them.
        _log.warning("delivery_paused", problem=str(error))
        return 0


async def _wait(wake: asyncio.Event, seconds: float) -> None:
    # Not `wait_for`: before Python 3.12 it loses a cancellation that comes with the wake-up.
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await wake.wait()

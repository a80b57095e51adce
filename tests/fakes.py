"""Fakes for the borders, written by hand: a clock that tests move, an upstream and a delivery."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Condition
from typing import Any

from tests.builders import NOON
from widget.bookings import Booking
from widget.enclosures import Enclosure
from widget.errors import DeliveryFailed, UpstreamUnavailable
from widget.messages import Kind, Message
from widget.partners import Partner

#: What is awaited comes within milliseconds; a machine that is busy gets a lot more.
PATIENCE_S = 20


@dataclass
class Clock:
    """Stands still until a test moves it."""

    time: datetime = NOON

    def __call__(self) -> datetime:
        """Return the time."""
        return self.time

    def move(self, **span: float) -> None:
        """Let time pass: `clock.move(minutes=31)`."""
        self.time += timedelta(**span)


class SilentUpstream:
    """An upstream that never has an answer."""

    is_remote = False
    sends_mail = False

    async def close(self) -> None:
        """Do nothing: nothing was opened."""

    def __getattr__(self, name: str) -> Any:
        """Fail, whatever is asked for."""

        async def fail(*_: Any, **__: Any) -> None:
            raise UpstreamUnavailable(f"No answer to {name!r} could be had in time.")

        return fail


async def enclose_nothing(_: Booking) -> Sequence[Enclosure]:
    """Send a letter alone."""
    return ()


@dataclass
class Postbox:
    """A delivery that keeps what it is given, or fails as it is told."""

    taken: list[tuple[Message, Booking, Partner]] = field(default_factory=list)
    #: Raised for each of the next messages, one by one.
    failures: list[DeliveryFailed] = field(default_factory=list)
    _change: Condition = field(default_factory=Condition, init=False)

    def wait_for(self, number: int) -> None:
        """Wait, in another thread than the delivery's, until so many have been taken."""
        with self._change:
            assert self._change.wait_for(lambda: len(self.taken) >= number, PATIENCE_S)

    def wait_for_kind(self, kind: Kind) -> tuple[Message, Booking, Partner]:
        """Wait, as `wait_for`, until a message of a kind has been taken, and return it.

        A clock that is moved ends leases, so that others may come twice before it.
        """
        with self._change:
            assert self._change.wait_for(lambda: self._of_kind(kind), PATIENCE_S)
            return self._of_kind(kind)[-1]

    def _of_kind(self, kind: Kind) -> list[tuple[Message, Booking, Partner]]:
        return [taken for taken in self.taken if taken[0].kind is kind]

    async def deliver(self, message: Message, booking: Booking, partner: Partner) -> None:
        """Take a message, or fail."""
        if self.failures:
            raise self.failures.pop(0)
        with self._change:
            self.taken.append((message, booking, partner))
            self._change.notify_all()

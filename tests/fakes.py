"""Fakes for the borders, written by hand: a clock that tests move, an upstream and a delivery."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tests.builders import NOON
from widget.bookings import Booking, Policy
from widget.errors import DeliveryFailed, UpstreamUnavailable
from widget.messages import Message
from widget.offers import Offer, Quote
from widget.partners import Partner
from widget.purchases import Purchase


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

    async def price(
        self,
        purchase: Purchase,  # noqa: ARG002 - as the contract has it
        *,
        now: datetime,  # noqa: ARG002 - as above
    ) -> tuple[Quote, ...]:
        """Fail."""
        raise UpstreamUnavailable("No premium could be had in time.")

    async def issue(self, offer: Offer) -> tuple[Policy, ...]:  # noqa: ARG002 - as above
        """Fail."""
        raise UpstreamUnavailable("No policy could be had in time.")


@dataclass
class Postbox:
    """A delivery that keeps what it is given, or fails as it is told."""

    taken: list[tuple[Message, Booking, Partner]] = field(default_factory=list)
    #: Raised for each of the next messages, one by one.
    failures: list[DeliveryFailed] = field(default_factory=list)

    async def deliver(self, message: Message, booking: Booking, partner: Partner) -> None:
        """Take a message, or fail."""
        if self.failures:
            raise self.failures.pop(0)
        self.taken.append((message, booking, partner))

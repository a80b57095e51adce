"""The contract of a delivery."""

from __future__ import annotations

from typing import Protocol

from widget.bookings import Booking
from widget.messages import Message
from widget.partners import Partner


class Delivery(Protocol):
    """Brings messages to their receivers."""

    async def deliver(self, message: Message, booking: Booking, partner: Partner) -> None:
        """Hand one message over, and return once its receiver has taken it.

        It logs what became of the message: only it knows whether there was anybody to send to.

        A message may come twice, after a crash between sending and marking; it then has the same
        id in a form that its receiver can compare.

        Raises:
            DeliveryFailed: It was not taken; `is_final` tells whether trying again can help.
        """
        ...

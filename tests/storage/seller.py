"""A process that sells until it is killed: `python -m tests.storage.seller <database> <name>`.

It prints the id of each booking once the storage has said that it is durable, and not before.
"""

from __future__ import annotations

import asyncio
import sys
from itertools import count

from tests.builders import (
    NOON,
    a_booking,
    a_partner,
    a_purchase,
    an_opted_in_offer,
    mails_of,
    offer_of,
)
from widget.bookings import Policy
from widget.evidence import offer_confirmed, offer_made
from widget.storage.sqlite import SqliteStorage

#: Several at once, so that a kill meets groups of changes half-way.
SELLERS = 8


async def main(path: str, name: str) -> None:
    storage = SqliteStorage(path)
    await storage.open()
    await storage.save_partner(a_partner())
    numbers = count()
    await asyncio.gather(*(sell(storage, name, numbers) for _ in range(SELLERS)))


async def sell(storage: SqliteStorage, name: str, numbers: count[int]) -> None:
    for number in numbers:
        purchase = a_purchase(reference=f"{name}-{number}")
        offer = an_opted_in_offer(id=f"{name}-{number:05}-INS", purchase=purchase)
        await storage.save_offer(offer, offer_made(offer, texts_version="texts-1"))
        policies = (Policy(f"TRV-{offer.id}", offer.chosen_quotes[0], issued_at=NOON),)
        booking = a_booking(offer=offer, policies=policies, transaction_id=offer.id)
        await storage.save_booking(
            offer_of(booking),
            booking,
            [offer_confirmed(booking, at=booking.booked_at)],
            mails_of(booking),
        )
        sys.stdout.write(f"{booking.id}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2]))

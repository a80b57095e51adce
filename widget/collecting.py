"""Note what the partner reports of the instalments that a customer pays."""

from __future__ import annotations

from collections.abc import Sequence

from widget.amending import Amending, find_booking
from widget.bookings import Booking, InstalmentPayment
from widget.errors import InputInvalid, StorageUnavailable
from widget.evidence import booking_noted
from widget.replies import Reply
from widget.schedules import schedules_of

#: A booking may change between reading and writing; more rounds than this mean something else.
MAX_ROUNDS = 10


async def report_instalments(
    booking_id: str,
    payments: Sequence[InstalmentPayment],
    amending: Amending,
    *,
    reply: Reply | None = None,
) -> Booking:
    """Note which instalments were paid; the last report of each stands.

    Args:
        reply: Kept with the note, when there is an idempotency key.

    Raises:
        NotFound: This partner has no such booking.
        StatusForbids: It is not confirmed.
        InputInvalid: There is no such instalment.
        StorageUnavailable: It could not be kept, or the booking kept changing.
    """
    for _ in range(MAX_ROUNDS):
        seen = await find_booking(booking_id, amending)
        _check_known(seen, payments, amending)
        changed = seen.noted(instalment_payments=_merged(seen, payments))
        leaf = booking_noted(changed, "instalments_reported", at=amending.storage.now())
        if await amending.storage.change_booking(seen, changed, leaf, reply=reply):
            return changed
    raise StorageUnavailable(f"Booking {booking_id} kept changing under {MAX_ROUNDS} attempts.")


def _check_known(
    booking: Booking, payments: Sequence[InstalmentPayment], amending: Amending
) -> None:
    known = {
        (quote_id, instalment.number)
        for quote_id, schedule in schedules_of(booking, amending.catalogue).items()
        for instalment in schedule
    }
    problems = {
        f"quotes.{index}.instalment_number": ["There is no such instalment."]
        for index, payment in enumerate(payments)
        if (payment.quote_id, payment.number) not in known
    }
    if problems:
        raise InputInvalid(problems)


def _merged(
    booking: Booking, payments: Sequence[InstalmentPayment]
) -> tuple[InstalmentPayment, ...]:
    """Return all payments that are known, the newest report of each, in order."""
    told = {(p.quote_id, p.number): p for p in (*booking.instalment_payments, *payments)}
    return tuple(told[key] for key in sorted(told))

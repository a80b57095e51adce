"""Note what the partner reports of the instalments that a customer pays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from widget.amending import Amending, find_booking
from widget.bookings import Booking, InstalmentPayment, InstalmentReport
from widget.errors import InputInvalid, StorageUnavailable
from widget.evidence import booking_noted
from widget.money import Money
from widget.replies import Reply
from widget.schedules import schedules_of

#: A booking may change between reading and writing; more rounds than this mean something else.
MAX_ROUNDS = 10


async def report_instalments(
    booking_id: str,
    reports: Sequence[InstalmentReport],
    amending: Amending,
    *,
    reply: Reply | None = None,
) -> Booking:
    """Note which instalments were paid; the last report of each stands, with its amount then.

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
        changed = seen.noted(instalment_payments=_merged(seen, reports, amending))
        leaf = booking_noted(changed, "instalments_reported", at=amending.storage.now())
        if await amending.storage.change_booking(seen, changed, leaf, reply=reply):
            return changed
    raise StorageUnavailable(f"Booking {booking_id} kept changing under {MAX_ROUNDS} attempts.")


def _merged(
    booking: Booking, reports: Sequence[InstalmentReport], amending: Amending
) -> tuple[InstalmentPayment, ...]:
    """Return all payments that are known, the newest report of each, in order."""
    amounts = {
        (quote_id, instalment.number): instalment.amount
        for quote_id, schedule in schedules_of(booking, amending.catalogue).items()
        for instalment in schedule
    }
    _check_known(reports, amounts)
    told = {(p.quote_id, p.number): p for p in booking.instalment_payments}
    told |= {key: _kept(report, amounts[key]) for report in reports for key in [_key(report)]}
    return tuple(told[key] for key in sorted(told))


def _check_known(
    reports: Sequence[InstalmentReport], amounts: Mapping[tuple[str, int], Money]
) -> None:
    problems = {
        f"quotes.{index}.instalment_number": ["There is no such instalment."]
        for index, report in enumerate(reports)
        if _key(report) not in amounts
    }
    if problems:
        raise InputInvalid(problems)


def _key(report: InstalmentReport) -> tuple[str, int]:
    return report.quote_id, report.number


def _kept(report: InstalmentReport, amount: Money) -> InstalmentPayment:
    return InstalmentPayment(
        report.quote_id, report.number, report.is_paid, report.attempted_at, amount
    )

"""Amendments: a confirmed booking's update, cancellation or renewal, priced before it is made.

An amendment holds the booking's terms as they would be. Pricing one changes nothing; applying it
replaces the booking's terms, once, and only while the booking is as it was when it was priced.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from widget.bookings import Booking, Insured, Policy, Policyholder
from widget.errors import AmendmentApplied, AmendmentExpired, AmendmentStale
from widget.money import Money
from widget.offers import Status
from widget.purchases import Purchase
from widget.schedules import settled
from widget.witnesses import Witness


class AmendmentKind(StrEnum):
    """What an amendment does; also the end of its id, as XCover writes it."""

    UPDATE = "UPD"
    CANCELLATION = "CCL"
    #: XCover ends the ids of renewals like those of updates.
    RENEWAL = "RNW"

    @property
    def suffix(self) -> str:
        """How XCover ends the id."""
        return "UPD" if self is AmendmentKind.RENEWAL else str(self)


@dataclass(frozen=True, slots=True)
class Terms:
    """What a booking would insure, and under which policies."""

    purchase: Purchase
    #: All of the booking's policies: those that stay as they are too.
    policies: tuple[Policy, ...]
    #: The remote platform's own id of the priced amendment; None when the house priced it.
    upstream_id: str | None = None


@dataclass(frozen=True, slots=True)
class Amendment:
    """One priced amendment of one booking."""

    #: XCover's shape: `xxxxx-xxxxx-xxxxx-UPD` or `-CCL`.
    id: str
    kind: AmendmentKind
    partner_code: str
    booking_id: str
    #: The booking's revision that it was priced for.
    revision: int
    purchase: Purchase
    policies: tuple[Policy, ...]
    #: The policyholder as it would be; None when that does not change. Personal data.
    policyholder: Policyholder | None
    #: What the partner gave as a reason; None when it gave none.
    reason: str | None
    #: Aware UTC.
    created_at: datetime
    expires_at: datetime
    upstream_id: str | None = None
    applied_at: datetime | None = None
    #: When a remote platform was asked to make it; None before, and when it refused.
    begun_at: datetime | None = None
    #: Whom the policies protect, as it would be, by quote id; None when that does not change.
    #: Personal data.
    insured: Mapping[str, tuple[Insured, ...]] | None = None
    asked_by: Witness = Witness.PARTNER

    def check_applicable(self, at: datetime) -> None:
        """Make sure that it may be made now.

        Raises:
            AmendmentApplied, AmendmentExpired: It may not, or not any more.
        """
        if self.applied_at is not None:
            raise AmendmentApplied(self.id)
        if at >= self.expires_at:
            raise AmendmentExpired(self.id, self.expires_at)

    def applied(self, at: datetime) -> Amendment:
        """Return this amendment made; whose data it held is not kept twice."""
        return replace(self, applied_at=at, policyholder=None, insured=None)

    def applied_to(self, booking: Booking) -> Booking:
        """Return a booking as this amendment makes it.

        Of what was paid in instalments, no more than the new premiums is kept: see `settled`.

        Raises:
            StatusForbids: Only a confirmed booking can be amended.
            AmendmentStale: It was changed after the amendment was priced.
        """
        person = self.policyholder or booking.policyholder
        changed = booking.with_terms(self.purchase, self.policies, person)
        if self.revision != booking.revision:
            raise AmendmentStale(self.id)
        insured = changed.insured if self.insured is None else self.insured
        return settled(replace(changed, insured=insured))

    def refund(self) -> Money:
        """Return what is paid back to the customer for the policies that it cancels."""
        cancelled = (policy.refund for policy in self.policies if policy.refund is not None)
        return Money.total(cancelled, self.purchase.currency)


def premium_difference(before: Booking, amendment: Amendment) -> Money:
    """Return what the policies in force cost more, or less, after an amendment."""
    after = Money.total(
        (p.quote.premium for p in amendment.policies if p.status is Status.CONFIRMED),
        amendment.purchase.currency,
    )
    return after - before.premium


def newly_ended(before: Booking, amendment: Amendment) -> tuple[Policy, ...]:
    """Return the policies that an amendment cancels, with their refunds."""
    running = {policy.number for policy in before.in_force}
    return tuple(
        policy
        for policy in amendment.policies
        if policy.number in running and policy.status is Status.CANCELLED
    )

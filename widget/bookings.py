"""Bookings: offers that a partner confirmed, their policies, and what happens to them.

A booking is a value. Its offer stays as it was sold; what is insured now stands in the policies
and in `purchase`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from widget.errors import PeopleErased, StatusForbids
from widget.money import Money
from widget.offers import Metadata, Offer, Quote, Status
from widget.partners import Mode
from widget.purchases import Purchase


@dataclass(frozen=True, slots=True)
class Policyholder:
    """Who enters the contract. Personal data: kept apart, never logged, never in a token."""

    first_name: str
    last_name: str
    email: str
    #: ISO 3166-1 alpha-2.
    country: str
    phone: str | None = None
    address1: str | None = None
    address2: str | None = None
    city: str | None = None
    postcode: str | None = None
    region: str | None = None
    company: str | None = None
    age: int | None = None

    @property
    def name(self) -> str:
        """First and last name, as it stands on the policy."""
        return f"{self.first_name} {self.last_name}"

    def erased(self) -> Policyholder:
        """Return what stays of an erased person: where the law of the contract comes from."""
        return Policyholder("", "", "", self.country)


@dataclass(frozen=True, slots=True)
class Insured:
    """One of those whom a policy protects. Personal data, as the policyholder's."""

    first_name: str
    last_name: str
    email: str | None = None
    age: int | None = None


@dataclass(frozen=True, slots=True)
class Policy:
    """The contract for one quote."""

    number: str
    #: The terms as they are now; an update replaces them under the same quote id.
    quote: Quote
    #: Aware UTC.
    issued_at: datetime
    #: CONFIRMED, CANCELLED or RENEWED.
    status: Status = Status.CONFIRMED
    cancelled_at: datetime | None = None
    #: What is paid back on cancelling; None while it has not been cancelled.
    refund: Money | None = None
    #: A remote platform's certificate; None: we serve it.
    certificate_url: str | None = None
    #: The same as PDF, where the platform has it.
    certificate_pdf_url: str | None = None
    #: The remote platform's own id of the booking; None when the house issued it.
    upstream_id: str | None = None

    @property
    def quote_id(self) -> str:
        """The id of the quote that became this policy."""
        return self.quote.id


@dataclass(frozen=True, slots=True)
class InstalmentReport:
    """What the partner reports of one instalment."""

    quote_id: str
    number: int
    is_paid: bool
    #: Aware UTC.
    attempted_at: datetime


@dataclass(frozen=True, slots=True)
class InstalmentPayment(InstalmentReport):
    """A report as it is kept: an update of the policy changes no payment of the past."""

    #: What the instalment came to when it was reported; less, where an update had more paid back.
    amount: Money


@dataclass(frozen=True, slots=True)
class Booking:
    """An offer that the partner confirmed after payment; it has the offer's id."""

    #: As it was sold, with the status that the booking has now.
    offer: Offer
    policyholder: Policyholder
    #: Empty until they are issued, which is when the booking becomes CONFIRMED.
    policies: tuple[Policy, ...]
    #: The partner's own id of the payment; one payment pays for one booking.
    transaction_id: str | None
    #: Aware UTC.
    booked_at: datetime
    #: Aware UTC; None until then.
    confirmed_at: datetime | None
    status: Status
    #: What is insured now; begins as the offer's.
    purchase: Purchase
    #: By quote id; may be empty.
    insured: Mapping[str, tuple[Insured, ...]] = field(default_factory=dict)
    metadata: Metadata = field(default_factory=dict)
    #: The plan that was agreed for paying a policy in instalments, by quote id.
    instalment_plans: Mapping[str, str] = field(default_factory=dict)
    instalment_payments: tuple[InstalmentPayment, ...] = ()
    #: Aware UTC; set when the customer refuses to renew.
    renewal_declined_at: datetime | None = None
    #: Why the upstream refused to issue; empty unless FAILED.
    problem: str = ""
    #: Counts the changes; two at once cannot both be the next.
    revision: int = 0

    @property
    def id(self) -> str:
        """The id of the booking, which is the id of its offer."""
        return self.offer.id

    @property
    def partner_code(self) -> str:
        """The partner that sold it."""
        return self.offer.partner_code

    @property
    def mode(self) -> Mode:
        """Live or test, as the offer."""
        return self.offer.mode

    @property
    def is_erased(self) -> bool:
        """Whether its people were erased; it can be read, and nothing can be done with it."""
        return self.policyholder == self.policyholder.erased()

    @property
    def in_force(self) -> tuple[Policy, ...]:
        """The policies that are neither cancelled nor followed by a renewal."""
        return tuple(policy for policy in self.policies if policy.status is Status.CONFIRMED)

    @property
    def quotes(self) -> tuple[Quote, ...]:
        """What was sold, term by term; until it is issued, what was chosen."""
        issued = tuple(policy.quote for policy in self.policies)
        return issued or self.offer.chosen_quotes

    @property
    def premium(self) -> Money:
        """What the policies in force cost; until they are issued, what was chosen."""
        return self._sum("premium")

    @property
    def tax(self) -> Money:
        """The tax inside `premium`."""
        return self._sum("tax")

    @property
    def last_changed_at(self) -> datetime:
        """When it was confirmed or, before that, booked."""
        cancelled = (policy.cancelled_at for policy in self.policies)
        moments = [self.booked_at, self.confirmed_at, self.renewal_declined_at, *cancelled]
        issued = (policy.issued_at for policy in self.policies)
        return max(moment for moment in (*moments, *issued) if moment is not None)

    def issued(self, policies: tuple[Policy, ...], *, at: datetime) -> Booking:
        """Return this booking sold: its policies exist.

        Raises:
            StatusForbids: It was not waiting for that.
        """
        self.check_status(Status.PENDING, Status.PENDING_PAYMENT)
        sold = self._with_status(Status.CONFIRMED)
        return replace(sold, policies=policies, confirmed_at=at)

    def paid(self) -> Booking:
        """Return this booking with its payment confirmed, and its policies still to be issued.

        Raises:
            StatusForbids: It was not waiting for that.
        """
        self.check_status(Status.PENDING_PAYMENT)
        return self._with_status(Status.PENDING)

    def failed(self, problem: str) -> Booking:
        """Return this booking refused by the upstream.

        Raises:
            StatusForbids: It was not waiting for an answer.
        """
        self.check_status(Status.PENDING)
        return replace(self._with_status(Status.FAILED), problem=problem)

    def with_terms(
        self, purchase: Purchase, policies: tuple[Policy, ...], policyholder: Policyholder
    ) -> Booking:
        """Return this booking with other terms; without a policy in force it is CANCELLED.

        Raises:
            StatusForbids: It is neither confirmed nor waiting for its payment.
        """
        self.check_status(Status.CONFIRMED, Status.PENDING_PAYMENT)
        is_over = all(policy.status is not Status.CONFIRMED for policy in policies)
        changed = self._with_status(Status.CANCELLED if is_over else Status.CONFIRMED)
        return replace(changed, purchase=purchase, policies=policies, policyholder=policyholder)

    def noted(self, **facts: Any) -> Booking:  # noqa: ANN401 - as dataclasses.replace
        """Return this booking with facts that change neither status nor terms."""
        return replace(self, revision=self.revision + 1, **facts)

    def erased(self) -> Booking:
        """Return this booking without its people."""
        return replace(self, policyholder=self.policyholder.erased(), insured={})

    def check_not_erased(self) -> None:
        """Make sure that there still is somebody whom this booking is about.

        Raises:
            PeopleErased: There is not.
        """
        if self.is_erased:
            raise PeopleErased(self.id)

    def check_status(self, *allowed: Status) -> None:
        """Make sure that the booking has one of the statuses that a move needs, and its people.

        Raises:
            StatusForbids: It has another.
            PeopleErased: Its people were erased.
        """
        self.check_not_erased()
        if self.status not in allowed:
            raise StatusForbids(self.id, self.status)

    def _with_status(self, status: Status) -> Booking:
        offer = self.offer.booked(status)
        return replace(self, offer=offer, status=status, revision=self.revision + 1)

    def _sum(self, name: str) -> Money:
        quotes = (policy.quote for policy in self.in_force)
        terms = quotes if self.policies else self.offer.chosen_quotes
        return Money.total((getattr(quote, name) for quote in terms), self.purchase.currency)

"""Bookings: confirmed offers, with the policies that they became."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from widget.money import Money
from widget.offers import Offer, Status
from widget.partners import Mode


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


@dataclass(frozen=True, slots=True)
class Policy:
    """The contract for one quote."""

    number: str
    quote_id: str


@dataclass(frozen=True, slots=True)
class Booking:
    """An offer that the partner confirmed after payment; it has the offer's id."""

    offer: Offer
    policyholder: Policyholder
    policies: tuple[Policy, ...]
    #: The partner's own id of the payment; one payment pays for one booking.
    transaction_id: str | None
    #: Aware UTC.
    confirmed_at: datetime
    status: Status = Status.CONFIRMED

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
    def premium(self) -> Money:
        """What the customer paid for all policies."""
        return self.offer.premium

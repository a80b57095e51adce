"""Bookings on the wire: the bodies of the calls that confirm, change and cancel."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import Field, StrictBool, StrictInt

from widget.bookings import Insured, Policyholder
from widget.wire.fields import (
    Amount,
    Body,
    Code,
    Country,
    Email,
    Metadata,
    Moment,
    Phone,
    Postcode,
    QuoteId,
    Reference,
    Short,
)
from widget.wire.purchases import PurchaseBody, TripChangeBody

Age = Annotated[StrictInt, Field(ge=0, le=120)]
GrownAge = Annotated[StrictInt, Field(ge=18, le=120)]
Reason = Annotated[str, Field(max_length=500)]
Token = Annotated[str, Field(max_length=4096)]


class PolicyholderBody(Body):
    """Who enters the contract."""

    first_name: Short
    last_name: Short
    email: Email
    country: Country
    phone: Phone | None = None
    address1: Short | None = None
    address2: Short | None = None
    city: Short | None = None
    postcode: Postcode | None = None
    region: Short | None = None
    company: Short | None = None
    age: GrownAge | None = None


class PolicyholderChangeBody(Body):
    """What changes of the policyholder; the rest stays as it is."""

    first_name: Short | None = None
    last_name: Short | None = None
    email: Email | None = None
    phone: Phone | None = None
    address1: Short | None = None
    address2: Short | None = None
    city: Short | None = None
    postcode: Postcode | None = None
    region: Short | None = None
    company: Short | None = None
    age: GrownAge | None = None


class InsuredBody(Body):
    """One of those whom a policy protects."""

    first_name: Short
    last_name: Short
    email: Email | None = None
    age: Age | None = None


class ChosenQuoteBody(Body):
    """One of the quotes to confirm."""

    id: QuoteId
    insured: Annotated[tuple[InsuredBody, ...], Field(max_length=50)] = ()
    #: The name of one of the quote's `instalment_plans`.
    instalment_plan: Code | None = None


class BookingBody(Body):
    """The confirmation of an offer after payment.

    Either `quote_token` or `quotes` must say what the customer chose; given both, they must agree.
    """

    #: Ours: the signed token that the page received after the choice.
    quote_token: Token | None = None
    policyholder: PolicyholderBody
    #: Only these are bound. With a token they must be the quotes that the customer chose.
    quotes: Annotated[tuple[ChosenQuoteBody, ...], Field(max_length=100)] | None = None
    partner_transaction_id: Reference | None = None
    partner_metadata: Metadata | None = None
    require_payment_confirmation: StrictBool = False
    #: Ours: what the customer paid for cover; when given, it must be the premium.
    total_price: Amount | None = None
    #: Ours: what was sold; when given, it must be what was priced.
    purchase: PurchaseBody | None = None


class InstantBookingBody(PurchaseBody):
    """A purchase and its confirmation in one: each `request` names one plan."""

    policyholder: PolicyholderBody
    partner_transaction_id: Reference | None = None
    require_payment_confirmation: StrictBool = False
    #: Ours: what the customer paid for cover; when given, it must be the premium.
    total_price: Amount | None = None


class OptOutBody(Body):
    """The report that the customer bought without cover."""

    quote_token: Token | None = None
    partner_metadata: Metadata | None = None


class NothingBody(Body):
    """An empty object, or no body at all."""


class ChangedQuoteBody(Body):
    """What changes of the policy for a quote."""

    id: QuoteId
    update_fields: TripChangeBody = TripChangeBody()


class ModificationBody(Body):
    """What changes of a confirmed booking."""

    policyholder: PolicyholderChangeBody | None = None
    quotes: Annotated[tuple[ChangedQuoteBody, ...], Field(max_length=100)] = ()


class CancelledQuoteBody(Body):
    """A policy to cancel, by its quote."""

    id: QuoteId
    reason_for_cancellation: Reason | None = None


class CancellationBody(Body):
    """What to cancel; without `quotes`, the whole booking."""

    preview: StrictBool = False
    quotes: Annotated[tuple[CancelledQuoteBody, ...], Field(max_length=100)] | None = None
    reason_for_cancellation: Reason | None = None
    refund_required: Annotated[
        StrictBool | None,
        Field(description="Accepted and not used: the refund is told, and you pay it."),
    ] = None


class SendEmailBody(Body):
    """Which of the customer's mails to send again; without it, the newest."""

    event: Literal["BOOKING_CREATED", "BOOKING_UPDATED", "BOOKING_CANCELLED"] | None = None


class InstalmentBody(Body):
    """What became of one instalment."""

    id: QuoteId
    payment_attempted_date: Moment
    payment_status: Literal["PAID", "UNPAID"]
    instalment_number: Annotated[StrictInt, Field(ge=1, le=120)]


class InstalmentsBody(Body):
    """What became of some instalments."""

    quotes: Annotated[list[InstalmentBody], Field(min_length=1, max_length=100)]


class RenewalBody(Body):
    """The confirmation of a renewal. XCover wants the facts that it has told before."""

    id: Annotated[str, Field(max_length=64)] | None = None
    policy_start_date: Moment | None = None
    paid_on: Moment | None = None


class PaidRenewalBody(Body):
    """The older confirmation of a renewal."""

    #: Accepted and not used; XCover's clients write it in several ways.
    paid_on: Annotated[str, Field(max_length=64)] | None = None


def policyholder_of(body: PolicyholderBody) -> Policyholder:
    """Return the policyholder that a body describes."""
    return Policyholder(**body.model_dump())


def insured_of(bodies: Iterable[InsuredBody]) -> tuple[Insured, ...]:
    """Return the insured that bodies describe."""
    return tuple(Insured(**body.model_dump()) for body in bodies)

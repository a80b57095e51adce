"""Bookings on the wire: the bodies of the calls that confirm, change and cancel."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Literal

from pydantic import ConfigDict, Field, StrictBool, StrictInt, WithJsonSchema

from widget.bookings import Insured, Policyholder
from widget.errors import InputInvalid
from widget.wire.fields import (
    Amount,
    Body,
    Code,
    Country,
    Email,
    Metadata,
    Moment,
    Once,
    Phone,
    Postcode,
    QuoteId,
    Reference,
    Short,
)
from widget.wire.purchases import PurchaseBody
from widget.wire.subjects import POLICY_CHANGE, InsuredBody

GrownAge = Annotated[StrictInt, Field(ge=18, le=120)]
Reason = Annotated[str, Field(max_length=500)]
Token = Annotated[str, Field(max_length=4096)]
CardToken = Annotated[str, Field(max_length=255)]


class PolicyholderBody(Body):
    """Who enters the contract."""

    first_name: Short
    last_name: Short
    email: Email
    country: Country
    """Where the policyholder lives: the `customer_country` of the quote."""
    phone: Phone | None = None
    """With + and the country code."""
    address1: Short | None = None
    address2: Short | None = None
    city: Short | None = None
    postcode: Postcode | None = None
    region: Short | None = None
    company: Short | None = None
    age: GrownAge | None = None
    """In years; policyholders are of age."""


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


class ExperimentBody(Body):
    """XCover's note of which of its experiments a quote belongs to."""

    bw_experiment_id: Short | None = None
    bw_variant_id: Short | None = None
    bw_device_id: Short | None = None


class ChosenQuoteBody(Body):
    """One of the quotes to confirm."""

    id: QuoteId
    """A quote of the package; one for each item."""
    insured: Annotated[tuple[InsuredBody, ...], Field(max_length=50)] = ()
    """Whom the policy protects."""
    instalment_plan: Code | None = None
    """The name of one of the quote's `instalment_plans`."""
    first_instalment_paid: StrictBool | None = None
    """Accepted and not used: report it as all others, at `instalments/`."""
    brightwrite_details: ExperimentBody | None = None
    """Accepted and not used."""


class BookingBody(Body):
    """The confirmation of an offer after payment.

    Either `quote_token` or `quotes` must say what the customer chose; given both, they must agree.
    """

    quote_token: Token | None = None
    """The signed choice that your page got; ours."""
    policyholder: PolicyholderBody
    """Who enters the contract."""
    quotes: Annotated[tuple[ChosenQuoteBody, ...], Field(max_length=100), Once] | None = None
    """Only these are bound; with a token they must be those that the customer chose."""
    partner_transaction_id: Reference | None = None
    """Your id of the payment; one payment pays for one booking."""
    partner_metadata: Metadata | None = None
    require_payment_confirmation: StrictBool = False
    """Book now, and issue when you report that the payment has arrived."""
    total_price: Amount | None = None
    """What the customer paid for cover; when given, it must be the premium; ours."""
    purchase: PurchaseBody | None = None
    """What was sold; when given, it must be what was priced; ours."""
    booking_agent: Short | None = None
    """Accepted and not used."""
    customer_token_id: CardToken | None = None
    """Accepted and not used: we charge no cards."""


class InstantBookingBody(PurchaseBody):
    """A purchase and its confirmation in one.

    Each entry is sold in the plan whose premium is its `partner_price`, else in its first plan.
    """

    policyholder: PolicyholderBody
    """Who enters the contract."""
    partner_transaction_id: Reference | None = None
    """Your id of the payment; one payment pays for one booking."""
    require_payment_confirmation: StrictBool = False
    """Book now, and issue when you report that the payment has arrived."""
    total_price: Amount | None = None
    """What the customer paid for cover; when given, it must be the premium; ours."""
    booking_agent: Short | None = None
    """Accepted and not used."""
    customer_token_id: CardToken | None = None
    """Accepted and not used: we charge no cards."""


class OptOutBody(Body):
    """The report that the customer bought without cover."""

    quote_token: Token | None = None
    """The signed choice that your page got; ours."""
    partner_metadata: Metadata | None = None
    """Your own facts of this, nothing personal; added to those of the package."""


class NothingBody(Body):
    """An empty object, or no body at all."""


class PolicyChangeBody(Body):
    """What changes of a policy: whom it insures, and the fields of its product."""

    model_config = ConfigDict(extra="allow")

    insured: Annotated[tuple[InsuredBody, ...], Field(min_length=1, max_length=50)] | None = None
    """Whom the policy protects, all of them, in place of those named before."""

    def changes(self) -> Mapping[str, object]:
        """Return what changes of what is insured, to be read by its line."""
        return self.model_extra or {}


class ChangedQuoteBody(Body):
    """What changes of the policy for a quote."""

    id: QuoteId
    """A quote of the booking."""
    update_fields: Annotated[PolicyChangeBody, WithJsonSchema(POLICY_CHANGE)] = PolicyChangeBody()
    """What changes of the policy; the rest stays."""


class ModificationBody(Body):
    """What changes of a confirmed booking."""

    policyholder: PolicyholderChangeBody | None = None
    """What changes of the policyholder; the rest stays."""
    quotes: Annotated[tuple[ChangedQuoteBody, ...], Field(max_length=100), Once] = ()
    """What changes of what is insured."""


class CancelledQuoteBody(Body):
    """A policy to cancel, by its quote."""

    id: QuoteId
    """A quote of the booking."""
    reason_for_cancellation: Reason | None = None
    """For the record."""


class CancellationBody(Body):
    """What to cancel; without `quotes`, the whole booking."""

    preview: StrictBool = False
    """Only tell what would be paid back."""
    quotes: Annotated[tuple[CancelledQuoteBody, ...], Field(max_length=100), Once] | None = None
    """Those to cancel; without it all of them."""
    reason_for_cancellation: Reason | None = None
    """For the record."""
    refund_required: StrictBool | None = None
    """Accepted and not used: the refund is told, and you pay it."""


class SendEmailBody(Body):
    """Which of the customer's mails to send again; without it, the newest."""

    event: Literal["BOOKING_CREATED", "BOOKING_UPDATED", "BOOKING_CANCELLED"] | None = None
    """Which letter; without it the newest."""


class InstalmentBody(Body):
    """What became of one instalment."""

    id: QuoteId
    """A quote of the booking."""
    payment_attempted_date: Moment
    """When you asked the customer for it."""
    payment_status: Literal["PAID", "UNPAID"]
    """What came of it."""
    instalment_number: Annotated[StrictInt, Field(ge=1, le=120)]
    """From 1."""


class InstalmentsBody(Body):
    """What became of some instalments."""

    quotes: Annotated[list[InstalmentBody], Field(min_length=1, max_length=100)]
    """One entry for each instalment."""


class RenewalBody(Body):
    """The confirmation of a renewal. XCover wants the facts that it has told before."""

    id: Annotated[str, Field(max_length=64)] | None = None
    """Accepted and not used."""
    policy_start_date: Moment | None = None
    """Accepted and not used: the next term follows on the last."""
    paid_on: Moment | None = None
    """Accepted and not used."""


class PaidRenewalBody(Body):
    """The older confirmation of a renewal."""

    paid_on: Annotated[str, Field(max_length=64)] | None = None
    """Accepted and not used; XCover's clients write it in several ways."""


def policyholder_of(body: PolicyholderBody, customer_country: str) -> Policyholder:
    """Return the policyholder that a body describes.

    Raises:
        InputInvalid: They do not live in the country that the cover was priced for, whose law and
            tax it has.
    """
    if body.country != customer_country:
        sentence = f"The cover is priced for a customer in {customer_country}; quote anew."
        raise InputInvalid({"policyholder.country": [sentence]})
    return Policyholder(**body.model_dump())


def insured_of(bodies: Iterable[InsuredBody]) -> tuple[Insured, ...]:
    """Return the insured that bodies describe."""
    return tuple(Insured(**body.model_dump()) for body in bodies)

"""The parcels that a merchant is about to buy labels for, and what became of each label."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Self

from ..insurance import Choice, Proposal
from .desks import Desk
from .parcels import Parcel, describe_parcel, describe_shipment


class Asking(StrEnum):
    """How a merchant wants to be asked about insurance."""

    #: One answer for all parcels, and a policy for each.
    TOGETHER = "together"
    #: An answer and a policy for each parcel.
    EACH = "each"
    #: One answer, and one policy for the shipment.
    SHIPMENT = "shipment"


@dataclass(frozen=True, slots=True)
class Revision:
    """A change of one parcel's insurance that was priced, and that the merchant may still want."""

    proposal: Proposal
    #: The parcel as it is then.
    parcel: Parcel


@dataclass(frozen=True, slots=True)
class Batch:
    """Parcels that go out together: a checkout, and later what is known of its labels."""

    reference: str
    desk: Desk
    parcels: tuple[Parcel, ...]
    asking: Asking
    ships_at: datetime
    signed_purchase: str = ""
    choice: Choice | None = None
    #: What the merchant got back for the insurance of each label that was voided, by the
    #: reference of the parcel.
    voided_cents: Mapping[str, int] = field(default_factory=dict)
    #: What the insurance of corrected values cost, less what came back for it.
    corrections_cents: int = 0
    #: By the id of the proposal.
    revisions: Mapping[str, Revision] = field(default_factory=dict)

    @property
    def order_number(self) -> str:
        """The number of its order: one batch can only become one order."""
        return self.reference.replace("BAT-", "FP-")

    @property
    def policyholder(self) -> dict[str, str]:
        """The merchant, who enters the contract."""
        return {
            "first_name": self.desk.first_name,
            "last_name": self.desk.last_name,
            "email": self.desk.email,
            "country": self.desk.country,
            "company": self.desk.merchant,
        }

    @property
    def purchase(self) -> dict[str, Any]:
        """The batch in the words of the insurance service."""
        region = {"customer_region": self.desk.region} if self.desk.region else {}
        return {
            "currency": self.desk.currency,
            "customer_country": self.desk.country,
            **region,
            "customer_language": "en",
            "partner_reference": self.reference,
            "answering": "each" if self.asking is Asking.EACH else "together",
            "request": self._request(),
        }

    def _request(self) -> list[dict[str, Any]]:
        origin, ships_at = self.desk.country, self.ships_at
        if self.asking is Asking.SHIPMENT:
            whole = describe_shipment(
                self.parcels, reference=self.reference, origin=origin, ships_at=ships_at
            )
            return [whole]
        return [describe_parcel(each, origin=origin, ships_at=ships_at) for each in self.parcels]

    @property
    def has_insurance(self) -> bool:
        """Whether the merchant chose to be insured."""
        return self.choice is not None and self.choice.is_opted_in

    @property
    def has_declined(self) -> bool:
        """Whether the merchant said no; not having answered is something else."""
        return self.choice is not None and not self.choice.is_opted_in

    @property
    def has_own_policies(self) -> bool:
        """Whether each parcel has a policy of its own."""
        return self.asking is not Asking.SHIPMENT

    @property
    def labels_cents(self) -> int:
        """What all labels cost together."""
        return sum(parcel.label_cents for parcel in self.parcels)

    @property
    def value_cents(self) -> int:
        """What all parcels are worth together."""
        return sum(parcel.value_cents for parcel in self.parcels)

    @property
    def premium_cents(self) -> int:
        """What the insurance adds to the bill."""
        return self.choice.premium_cents if self.choice and self.has_insurance else 0

    @property
    def total_cents(self) -> int:
        """What the merchant pays, for everything, less what came back."""
        paid = self.labels_cents + self.premium_cents + self.corrections_cents
        return paid - self.paid_back_cents

    @property
    def paid_back_cents(self) -> int:
        """What came back for labels that were voided, and for their insurance."""
        labels = {parcel.reference: parcel.label_cents for parcel in self.parcels}
        return sum(labels[reference] + cents for reference, cents in self.voided_cents.items())

    @property
    def going(self) -> tuple[Parcel, ...]:
        """The parcels whose labels were not voided."""
        return tuple(each for each in self.parcels if each.reference not in self.voided_cents)

    def find_parcel(self, reference: str) -> Parcel | None:
        """Return the parcel with this reference; None if it is not here or its label is void."""
        return next((each for each in self.going if each.reference == reference), None)

    def place_of(self, parcel: Parcel) -> int:
        """Return which thing of the purchase a parcel is insured with, counted from 0."""
        if self.asking is Asking.SHIPMENT:
            return 0
        return [each.reference for each in self.parcels].index(parcel.reference)

    def with_parcel(self, parcel: Parcel) -> Self:
        """Return the batch with `parcel` in place of the one that has its reference."""
        parcels = [parcel if each.reference == parcel.reference else each for each in self.parcels]
        return replace(self, parcels=tuple(parcels))

    def with_correction(self, revision: Revision) -> Self:
        """Return the batch after a change that was priced has been made."""
        corrections_cents = self.corrections_cents + revision.proposal.cents
        return replace(self.with_parcel(revision.parcel), corrections_cents=corrections_cents)

    def with_voided(self, parcel: Parcel, refund_cents: int) -> Self:
        """Return the batch with a label voided, and what came back for its insurance."""
        return replace(self, voided_cents={**self.voided_cents, parcel.reference: refund_cents})

    def with_revision(self, revision: Revision) -> Self:
        """Return the batch with one more change that was priced."""
        return replace(self, revisions={**self.revisions, revision.proposal.id: revision})

"""What customers are about to buy, and how a form becomes part of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from ..forms import is_email, read_text
from ..insurance import Choice
from .trips import Trip


@dataclass(frozen=True, slots=True)
class Traveller:
    """One person on the trip."""

    label: str
    first_name: str
    last_name: str


#: Invented people, so that a visitor of the demonstration has nothing to type.
FAMILY = (
    Traveller("Adult 1", "Ines", "Albrecht"),
    Traveller("Adult 2", "Jonas", "Albrecht"),
    Traveller("Child", "Lotte", "Albrecht"),
)


@dataclass(frozen=True, slots=True)
class Checkout:
    """One customer's way to the payment."""

    reference: str
    trip: Trip
    #: As the insurance service knows it, and the same sealed for the page.
    purchase: Mapping[str, Any]
    signed_purchase: str
    travellers: tuple[Traveller, ...] = FAMILY
    email: str = "ines.albrecht@traveller.example"
    choice: Choice | None = None

    @property
    def order_number(self) -> str:
        """The number of its order: one checkout can only become one order."""
        return self.reference.replace("CHK-", "SKY-")

    @property
    def policyholder(self) -> dict[str, str]:
        """The first traveller, who is the person that enters the contract."""
        return {
            "first_name": self.travellers[0].first_name,
            "last_name": self.travellers[0].last_name,
            "email": self.email,
            "country": self.trip.outbound.origin.country,
        }

    @property
    def premium_cents(self) -> int:
        """What the insurance adds to the bill."""
        return self.choice.premium_cents if self.choice and self.choice.is_opted_in else 0

    @property
    def total_cents(self) -> int:
        """What the customer pays, for everything."""
        return self.trip.tickets_cents + self.premium_cents

    @property
    def has_insurance(self) -> bool:
        """Whether the customer chose to be insured."""
        return self.choice is not None and self.choice.is_opted_in

    @property
    def has_declined(self) -> bool:
        """Whether the customer said no; not having answered is something else."""
        return self.choice is not None and not self.choice.is_opted_in


def read_details(form: Mapping[str, Any], checkout: Checkout) -> tuple[Checkout, dict[str, str]]:
    """Return the checkout with the names and the address of the form, and what is wrong by field.

    The checkout has what was typed even where it is wrong, so that nothing is typed twice.
    """
    travellers = tuple(
        replace(
            traveller,
            first_name=read_text(form, f"first_name_{place}"),
            last_name=read_text(form, f"last_name_{place}"),
        )
        for place, traveller in enumerate(checkout.travellers)
    )
    checkout = replace(checkout, travellers=travellers, email=read_text(form, "email"))
    return checkout, _find_faults(checkout)


def _find_faults(checkout: Checkout) -> dict[str, str]:
    faults = {}
    for place, traveller in enumerate(checkout.travellers):
        if not traveller.first_name:
            faults[f"first_name_{place}"] = f"Enter the first name of {traveller.label.lower()}."
        if not traveller.last_name:
            faults[f"last_name_{place}"] = f"Enter the last name of {traveller.label.lower()}."
    if not is_email(checkout.email):
        faults["email"] = "Enter an e-mail address, such as name@example.com."
    return faults

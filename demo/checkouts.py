"""What customers are about to buy, and how a form becomes part of it."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from .insurance import Choice
from .trips import Trip

#: Without the letters and digits that are mistaken for each other on the telephone.
ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"

#: The shop keeps nothing on disk; this many unpaid checkouts are enough for a demonstration.
CHECKOUTS_KEPT = 500

NAME_MAX_CHARS = 60


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


class Checkouts:
    """The checkouts of all customers, in memory; the oldest are forgotten first."""

    def __init__(self) -> None:
        self._by_reference: dict[str, Checkout] = {}

    def find(self, reference: str) -> Checkout | None:
        """Return the checkout with this reference, or None."""
        return self._by_reference.get(reference)

    def save(self, checkout: Checkout) -> None:
        """Keep `checkout`, in place of an earlier state of it."""
        self._by_reference[checkout.reference] = checkout
        if len(self._by_reference) > CHECKOUTS_KEPT:
            del self._by_reference[next(iter(self._by_reference))]


def new_reference() -> str:
    """Return a fresh reference; it is also the only key to its pages, so it is not guessable."""
    return "CHK-" + "".join(secrets.choice(ALPHABET) for _ in range(8))


def read_details(form: Mapping[str, Any], checkout: Checkout) -> tuple[Checkout, dict[str, str]]:
    """Return the checkout with the names and the address of the form, and what is wrong by field.

    The checkout has what was typed even where it is wrong, so that nothing is typed twice.
    """
    travellers = tuple(
        replace(
            traveller,
            first_name=_read_text(form, f"first_name_{place}"),
            last_name=_read_text(form, f"last_name_{place}"),
        )
        for place, traveller in enumerate(checkout.travellers)
    )
    checkout = replace(checkout, travellers=travellers, email=_read_text(form, "email"))
    return checkout, _find_faults(checkout)


def _find_faults(checkout: Checkout) -> dict[str, str]:
    faults = {}
    for place, traveller in enumerate(checkout.travellers):
        if not traveller.first_name:
            faults[f"first_name_{place}"] = f"Enter the first name of {traveller.label.lower()}."
        if not traveller.last_name:
            faults[f"last_name_{place}"] = f"Enter the last name of {traveller.label.lower()}."
    name, _, host = checkout.email.rpartition("@")
    if not (name and host) or " " in checkout.email:
        faults["email"] = "Enter an e-mail address, such as name@example.com."
    return faults


def _read_text(form: Mapping[str, Any], name: str) -> str:
    # A file in place of a text is nobody's mistake; it reads as nothing.
    value = form.get(name, "")
    return value.strip()[:NAME_MAX_CHARS] if isinstance(value, str) else ""

"""The card form: it looks like a payment and moves no money."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from typing import Any

#: The number that every payment provider's documentation uses for trying things out.
DEMO_NUMBER = "4242 4242 4242 4242"


@dataclass(frozen=True, slots=True)
class Card:
    """A card as it was typed; never kept, never logged."""

    number: str
    expiry: str
    cvc: str
    holder: str

    @property
    def ending(self) -> str:
        """The last four digits, which is all that a receipt may show."""
        return _digits(self.number)[-4:]


def demo_card(holder: str, *, today: date) -> Card:
    """Return the card that the form is filled with."""
    return Card(DEMO_NUMBER, f"12/{today.year % 100 + 3:02}", "123", holder)


def read_card(form: Mapping[str, Any], *, today: date) -> tuple[Card, dict[str, str]]:
    """Return the card of the form, and what is wrong with it by field."""
    number, expiry, cvc, holder = (str(form.get(field.name, "")).strip() for field in fields(Card))
    card = Card(number, expiry, cvc, holder)
    faults = {}
    if not is_card_number(card.number):
        faults["number"] = "Check the card number: a digit is wrong or missing."
    if not _is_ahead(card.expiry, today):
        faults["expiry"] = "Enter the month and year on the card, such as 12/29."
    if not re.fullmatch(r"[0-9]{3,4}", card.cvc):
        faults["cvc"] = "Enter the three or four digits of the security code."
    if not card.holder:
        faults["holder"] = "Enter the name on the card."
    return card, faults


def is_card_number(text: str) -> bool:
    """Whether `text` has the length and the check digit of a card number (Luhn, ISO/IEC 7812-1)."""
    digits = _digits(text)
    if not re.fullmatch(r"[0-9]{12,19}", digits):
        return False
    kept = sum(int(digit) for digit in digits[::-2])
    doubled = sum(sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2])
    return (kept + doubled) % 10 == 0


def _is_ahead(expiry: str, today: date) -> bool:
    found = re.fullmatch(r"(0[1-9]|1[0-2]) ?/ ?(?:20)?([0-9]{2})", expiry)
    return found is not None and (2000 + int(found[2]), int(found[1])) >= (today.year, today.month)


def _digits(text: str) -> str:
    return re.sub(r"[\s-]", "", text)

"""What a shop has to remember of its customers while it is open."""

from __future__ import annotations

import secrets
from typing import Generic, TypeVar

#: Without the letters and digits that are mistaken for each other on the telephone.
ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"

#: A shop keeps nothing on disk; this many things are enough for a demonstration.
THINGS_KEPT = 500

Thing = TypeVar("Thing")


class Memory(Generic[Thing]):
    """Things by their reference, for all customers; the oldest are forgotten first."""

    def __init__(self) -> None:
        self._by_reference: dict[str, Thing] = {}

    def find(self, reference: str) -> Thing | None:
        """Return the thing with this reference, or None."""
        return self._by_reference.get(reference)

    def save(self, reference: str, thing: Thing) -> None:
        """Keep `thing`, in place of an earlier state of it."""
        self._by_reference[reference] = thing
        if len(self._by_reference) > THINGS_KEPT:
            del self._by_reference[next(iter(self._by_reference))]


def new_reference(kind: str) -> str:
    """Return a fresh reference such as CHK-7K3M9PQ2.

    It is also the only key to its pages, so it is not guessable.
    """
    return f"{kind}-" + "".join(secrets.choice(ALPHABET) for _ in range(8))

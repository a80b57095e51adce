"""Restrictions: what a partner asks beyond the law of a market. They tighten and never loosen."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from widget.countries import COUNTRIES, REGIONS
from widget.errors import InputInvalid
from widget.markets import Market, Sale

#: What a partner may add to what is in view before the choice.
DISCLOSURES = (
    "optional",
    "underwriter",
    "price",
    "period",
    "cooling_off",
    "intermediary",
    "travel_retailer",
    "complaints",
)

#: The longest withdrawal that a partner may promise, in days.
MAX_WITHDRAWAL_DAYS = 365

_ANY = "*"
_PLACE = re.compile(r"(?P<place>\*|[A-Z]{2}(-[A-Z]{2,3})?)(:(?P<name>[a-z][a-z0-9_]*))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Restrictions:
    """A partner's own rules, on top of those of every market."""

    #: Where it sells nothing, or not this class: `FR`, `US-NY`, `AU:goods`, `*:parcel`.
    not_sold: tuple[str, ...] = ()
    #: The least days that its customers may withdraw.
    withdrawal_days: int = 0
    #: What it shows before the choice in every market.
    disclosures: tuple[str, ...] = ()

    def excludes(self, market: Market) -> bool:
        """Tell whether the partner sells nothing in a market."""
        places = {_ANY, market.country, market.place}
        return any(
            place in places and name in {"", market.insurance_class}
            for place, _, name in (entry.partition(":") for entry in self.not_sold)
        )


#: Those of a partner that asks for no more than the law.
NONE = Restrictions()


def tightened(market: Market, restrictions: Restrictions) -> Market:
    """Return the rules of a market with a partner's own on top; none of them gets weaker."""
    if restrictions == NONE:
        return market
    shown = dict.fromkeys((*market.disclosures, *restrictions.disclosures))
    return replace(
        market,
        sale=Sale.FORBIDDEN if restrictions.excludes(market) else market.sale,
        withdrawal_days=max(market.withdrawal_days, restrictions.withdrawal_days),
        disclosures=tuple(shown),
    )


def checked_restrictions(
    not_sold: Sequence[str], withdrawal_days: int, disclosures: Sequence[str]
) -> Restrictions:
    """Return restrictions made of an operator's input.

    Raises:
        InputInvalid: A place, a number or a disclosure is not usable; every fault is named.
    """
    problems: dict[str, list[str]] = {}
    if wrong := [entry for entry in not_sold if not _is_place(entry)]:
        problems["not_sold"] = [
            f"{entry!r} is not a place like FR, US-NY, AU:goods or *:parcel." for entry in wrong
        ]
    if not 0 <= withdrawal_days <= MAX_WITHDRAWAL_DAYS:
        problems["withdrawal_days"] = [f"Give 0 to {MAX_WITHDRAWAL_DAYS}, not {withdrawal_days}."]
    if unknown := [key for key in disclosures if key not in DISCLOSURES]:
        problems["disclosures"] = [
            f"There is no disclosure {key!r}; there are {', '.join(DISCLOSURES)}."
            for key in unknown
        ]
    if problems:
        raise InputInvalid(problems)
    return Restrictions(
        tuple(dict.fromkeys(not_sold)), withdrawal_days, tuple(dict.fromkeys(disclosures))
    )


def _is_place(entry: str) -> bool:
    match = _PLACE.fullmatch(entry)
    if match is None or entry == _ANY:
        return False
    place = match["place"]
    country = place.partition("-")[0]
    return place == _ANY or place in COUNTRIES or place in REGIONS.get(country, frozenset())

"""What Kontor & Kind sells, and which cover each thing can have.

The prices are what a partner knows best, so they are looked up here and never taken from a page.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

#: The service's product for tickets, which is told other things than those for goods.
TICKETS = "ticket_protection"

SATURDAY = 5


@dataclass(frozen=True, slots=True)
class Article:
    """One thing in the shop window."""

    code: str
    department: str
    #: By language.
    names: Mapping[str, str]
    words: Mapping[str, str]
    #: In the smallest unit of each currency; of tickets, what one costs.
    prices: Mapping[str, int]
    #: What the insurance service calls such a thing.
    category: str = ""
    #: The products that cover it. What is too cheap to insure has none, and is not asked about.
    covers: tuple[str, ...] = ()
    #: Months of the maker's guarantee.
    guarantee: int = 24
    #: How many tickets are sold together; 0 for things.
    tickets: int = 0
    clock: str = ""

    def cents(self, currency: str) -> int:
        """Return what it costs, all tickets together."""
        return self.prices[currency] * max(1, self.tickets)

    def starts_at(self, now: datetime) -> datetime:
        """Return when the event is: a Saturday evening, some twelve weeks from `now`."""
        day = now + timedelta(weeks=12)
        day += timedelta(days=(SATURDAY - day.weekday()) % 7)
        hour, minute = map(int, self.clock.split(":"))
        return day.replace(hour=hour, minute=minute, second=0, microsecond=0)

    def describe_price(self, cents: int) -> dict[str, Any]:
        """Return a price in the words of the insurance service, as numbers that JSON spells."""
        if self.tickets:
            return {"tickets": [{"price": cents / 100}] * self.tickets}
        return {"price": cents / 100}


def _read_goods() -> dict[str, Article]:
    text = (Path(__file__).parent / "goods.toml").read_text(encoding="utf-8")
    tables = tomllib.loads(text)["article"]
    goods = (
        Article(
            code=table["code"],
            department=table["department"],
            names=table["name"],
            words=table["words"],
            prices=table["cents"],
            category=table.get("category", ""),
            covers=tuple(table.get("covers", ())),
            tickets=table.get("tickets", 0),
            clock=table.get("clock", ""),
        )
        for table in tables
    )
    return {article.code: article for article in goods}


#: Everything that is sold, by its code, in the order of the shop window.
GOODS: Mapping[str, Article] = _read_goods()

"""Carts: what somebody has put aside, kept in a cookie of the shop's own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from .goods import GOODS, Article

#: The cookie: the codes of the goods, with a dot between them.
COOKIE = "cart"

#: So that a visitor of the demonstration has nothing to collect.
FILLED = "laptop.phone.headphones.cable.concert"


@dataclass(frozen=True, slots=True)
class Cart:
    """What somebody has put aside, each thing once."""

    codes: tuple[str, ...]

    @classmethod
    def read(cls, cookie: str | None) -> Self:
        """Return the cart of a cookie; what is no longer sold is not in it any more."""
        told = FILLED if cookie is None else cookie
        return cls(tuple(dict.fromkeys(code for code in told.split(".") if code in GOODS)))

    @property
    def cookie(self) -> str:
        """What the browser keeps of it."""
        return ".".join(self.codes)

    @property
    def articles(self) -> tuple[Article, ...]:
        """What is in it."""
        return tuple(GOODS[code] for code in self.codes)

    def with_one(self, code: str) -> Cart:
        """Return the cart with one thing more; of each thing there is one."""
        return Cart(tuple(dict.fromkeys((*self.codes, code))))

    def without(self, code: str) -> Cart:
        """Return the cart with one thing less."""
        return Cart(tuple(kept for kept in self.codes if kept != code))

    def cents(self, currency: str) -> int:
        """Return what everything costs together."""
        return sum(article.cents(currency) for article in self.articles)

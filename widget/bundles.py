"""Bundles: products that cost less when a customer takes all of them together."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Code = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]


class Bundle(BaseModel):
    """Products, and what is taken off the net premium of each when all are chosen."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    code: Code
    products: frozenset[Code] = Field(min_length=2)
    percent: Decimal = Field(gt=0, lt=100)
    #: Its name by locale.
    text: Mapping[str, str]

    def name_in(self, locale: str) -> str:
        """Return its name in `locale`, in its language, or in English."""
        language = locale.split("-", maxsplit=1)[0]
        return self.text.get(locale) or self.text.get(language) or self.text["en"]


def bundle_for(bundles: Collection[Bundle], product_codes: Collection[str]) -> Bundle | None:
    """Return the bundle with the highest discount that these products make up, None if none."""
    whole = [bundle for bundle in bundles if bundle.products <= frozenset(product_codes)]
    return max(whole, key=lambda bundle: (bundle.percent, bundle.code), default=None)

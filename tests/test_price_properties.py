"""What holds for every price, in every line, market and currency: tried on 50,000 purchases.

Most are drawn by a seeded generator, which is quick. Hypothesis draws some more by the same hand,
and makes one that breaks a rule as small as it can be.
"""

from __future__ import annotations

from functools import cache
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.builders import CATALOGUE, MARKETS_KNOWN
from tests.things import WORTH, a_part, a_thing, dearer, even, halves, in_every_currency, one_more
from widget.markets import Market
from widget.products import Plan, Product
from widget.purchases import Subject
from widget.rates import premium_of
from widget.taxes import Charged

CODES = sorted(code for code, _ in CATALOGUE.products)

#: How many purchases are priced, over all products.
PURCHASES = 50_000


@cache
def product_named(code: str) -> Product:
    shipped = CATALOGUE.on_sale(code)
    assert shipped is not None
    return in_every_currency(shipped)


@cache
def markets_for(insurance_class: str) -> tuple[Market, ...]:
    found = [m for (_, _, name), m in MARKETS_KNOWN.items() if name == insurance_class]
    return tuple(sorted(found, key=lambda market: market.place))


class Case:
    """One purchase: a thing, one plan of a product that takes it, a market and a currency."""

    def __init__(self, code: str, random: Random) -> None:
        self.product = product_named(code)
        self.random = random
        self.plan: Plan = random.choice(self.product.plan)
        self.market = random.choice(markets_for(self.product.insurance_class))
        self.thing = a_thing(self.product, random.choice(list(WORTH)), random)

    def price(self, thing: Subject) -> Charged:
        return premium_of(self.plan, self.product, thing, self.market)

    def check(self) -> None:
        """Hold a price to everything that is promised of prices."""
        premium = self.price(self.thing)
        self._is_whole(premium)
        self._rises_with_value(premium)
        self._gains_nothing_in_two(self.thing)

    def _is_whole(self, premium: Charged) -> None:
        net = premium.total - premium.tax

        assert premium.total.currency == self.thing.value.currency
        assert 0 <= premium.tax.minor <= premium.total.minor
        assert net + premium.tax == premium.total
        assert sum(part.amount.minor for part in premium.parts) == premium.tax.minor
        assert all(part.amount.minor >= 0 for part in premium.parts)
        assert (premium.tax.minor > 0) <= (self.market.tax_rate > 0)

    def _rises_with_value(self, premium: Charged) -> None:
        line, random = self.product.line, self.random
        more = self.price(dearer(self.thing, line, random.randint(0, 100_000), random))

        assert more.total.minor >= premium.total.minor
        assert more.tax.minor >= premium.tax.minor
        if line.priced_by:
            field = line.fields[line.priced_by]
            part = a_part(field, self.product, self.thing.value.currency, random)
            longer = self.price(one_more(self.thing, line, part))
            assert longer.total.minor >= premium.total.minor

    def _gains_nothing_in_two(self, thing: Subject) -> None:
        line = self.product.line
        whole = even(thing, line)
        if apart := halves(whole, line, self.random):
            first, second = (self.price(half) for half in apart)
            assert first.total.minor + second.total.minor >= self.price(whole).total.minor


@pytest.mark.parametrize("code", CODES)
def test_every_price_keeps_its_promises(code: str) -> None:
    random = Random(code)  # noqa: S311 - nothing is kept secret by it

    for _ in range(PURCHASES // len(CODES) + 1):
        Case(code, random).check()


@pytest.mark.parametrize("code", CODES)
@settings(max_examples=50)
@given(random=st.randoms(use_true_random=False))
def test_a_price_that_breaks_a_promise_is_made_small(code: str, random: Random) -> None:
    Case(code, random).check()


def test_the_currencies_are_twelve_with_all_numbers_of_decimals() -> None:
    assert len(WORTH) == 12
    assert {"JPY", "KWD"} <= WORTH.keys()

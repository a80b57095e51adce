from __future__ import annotations

from decimal import Decimal

import pytest

from widget.countries import COUNTRIES
from widget.markets import MARKETS

#: A partner can lengthen it; no market that we sell in allows less.
LEAST_WITHDRAWAL_DAYS = 14


@pytest.mark.parametrize(
    ("country", "rate"),
    [
        ("AT", "0.11"),
        ("DE", "0.19"),
        ("ES", "0.08"),
        ("FR", "0.09"),
        ("GB", "0.20"),
        ("NL", "0.21"),
        ("US", "0"),
    ],
)
def test_a_market_has_the_tax_of_its_law(country: str, rate: str) -> None:
    assert MARKETS[country].tax_rate == Decimal(rate)


def test_every_market_is_a_country_under_its_own_code() -> None:
    assert MARKETS.keys() <= COUNTRIES
    assert all(market.country == code for code, market in MARKETS.items())


def test_every_market_says_where_its_tax_comes_from() -> None:
    taxes = [tax for market in MARKETS.values() for tax in market.taxes]

    assert taxes
    assert all(tax.source and tax.code for tax in taxes)


def test_every_market_lets_customers_withdraw() -> None:
    assert min(market.withdrawal_days for market in MARKETS.values()) >= LEAST_WITHDRAWAL_DAYS

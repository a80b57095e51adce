"""Prices of ticket protection, worked out with pencil and paper from the product file."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.builders import a_product
from tests.things import prices, told

#   net   = for each ticket: 6.5 % of its price (with the journey: + a fixed amount), at least the
#           plan's minimum; then the sum
#   total = net * (1 + taxes of the market), rounded up; tax = total * taxes / (1 + taxes)
#
# DE  2 * 40 * 6.5 % = 5.20, * 1.19 = 6.188; + 2 * 1.80 = 8.80 → 10.472
# AT  12 * 6.5 % = 0.78, so the minimum: 0.90 * 1.11 = 0.999; 0.78 + 1.80 = 2.58, so 2.90 → 3.219
# FR  5.5575 + 3.2435 + 0.90 (0.325 is less) = 9.701, * 1.09 = 10.5741;
#     7.3575 + 5.0435 + 2.90 (2.125 is less) = 15.301 → 16.6781
# NL  4 * 7.80 = 31.20, * 1.21 = 37.752; 4 * 9.60 = 38.40 → 46.464
# ES  3 * 2.16645 = 6.49935, * 1.0815 = 7.0290; 3 * 3.96645 = 11.89935 → 12.8691
# IE  2 * 16.25 = 32.50, * 1.03 = 33.475; 2 * 18.05 = 36.10 → 37.183
# GB  2 * 2.60 = 5.20, * 1.12 = 5.824; 2 * 4.15 = 8.30 → 9.296
# US  199 * 6.5 % = 12.935; + 2.00 = 14.935; no tax
# SG  10.92 + 6.37 = 17.29, * 1.09 = 18.8461; 13.52 + 8.97 = 22.49 → 24.5141
# CA  1.35 (1.30 is less) + 130 = 131.35, * 1.08 = 141.858; 4.35 (4.00 is less) + 132.70 = 137.05
#     → 148.014
GOLDEN = [
    ("DE", "EUR", ["40.00", "40.00"], ("6.19", "0.99"), ("10.48", "1.67")),
    ("AT", "EUR", ["12.00"], ("1.00", "0.10"), ("3.22", "0.32")),
    ("FR", "EUR", ["85.50", "49.90", "5.00"], ("10.58", "0.87"), ("16.68", "1.38")),
    ("NL", "EUR", ["120.00"] * 4, ("37.76", "6.55"), ("46.47", "8.07")),
    ("ES", "EUR", ["33.33"] * 3, ("7.03", "0.53"), ("12.87", "0.97")),
    ("IE", "EUR", ["250.00", "250.00"], ("33.48", "0.98"), ("37.19", "1.08")),
    ("GB", "GBP", ["40.00", "40.00"], ("5.83", "0.62"), ("9.30", "1.00")),
    ("US-CA", "USD", ["199.00"], ("12.94", "0.00"), ("14.94", "0.00")),
    ("SG", "SGD", ["168.00", "98.00"], ("18.85", "1.56"), ("24.52", "2.02")),
    ("CA-ON", "CAD", ["20.00", "2000.00"], ("141.86", "10.51"), ("148.02", "10.96")),
]


@pytest.mark.parametrize(("place", "currency", "tickets", "ticket", "journey"), GOLDEN)
def test_tickets_cost_what_paper_and_pencil_say(
    place: str,
    currency: str,
    tickets: list[str],
    ticket: tuple[str, str],
    journey: tuple[str, str],
) -> None:
    evening = told(
        "ticket_protection",
        currency,
        event_name="Chamber music evening",
        event_location="Town hall",
        event_country=place[:2],
        event_datetime="2027-04-10T19:30:00+01:00",
        tickets=[{"price": Decimal(price)} for price in tickets],
    )

    assert prices("ticket_protection", evening, place) == [ticket, journey]


def test_the_table_has_every_market_and_every_currency_of_the_product() -> None:
    product = a_product("ticket_protection")

    assert {place[:2] for place, *_ in GOLDEN} == product.sold_to
    assert {currency for _, currency, *_ in GOLDEN} == product.currencies

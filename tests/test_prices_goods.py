"""Prices of cover for goods, worked out with pencil and paper from the product files."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.builders import a_product
from tests.things import prices, told

#   net   = price * percent of the category, for 12, 24 and 36 months, at least the plan's minimum
#   total = net * (1 + taxes of the market), rounded up; tax = total * taxes / (1 + taxes)
#
# DE  899 * 6.5 % = 58.435, * 1.19 = 69.5377; 11.5 %: 103.385 → 123.0282; 15.9 %: 142.941 → 170.0998
#     480 * 3.5 % = 16.80, * 1.19 = 19.992; 5.9 %: 28.32 → 33.7008; 8.2 %: 39.36 → 46.8384
# AT  1500 * 6.9 % = 103.50, * 1.11 = 114.885; 12.5 %: 187.50 → 208.125; 17.5 %: 262.50 → 291.375
# FR  29.90 * 4.9 %, 8.5 %, 11.9 % are less than 2.50, 3.90, 4.90: * 1.09 = 2.725; 4.251; 5.341
# NL  649 * 3.9 % = 25.311, * 1.21 = 30.6263; 6.9 %: 44.781 → 54.1850; 9.5 %: 61.655 → 74.6026
# ES  420 * 4.5 % = 18.90, * 1.0815 = 20.4404; 7.9 %: 33.18 → 35.8842; 10.9 %: 45.78 → 49.5111
# IE  5000 * 3.2 % = 160, * 1.03 = 164.80; 5.5 %: 275 → 283.25; 7.6 %: 380 → 391.40
# GB  20 * 7.9 %, 13.9 % and 18.9 % are less than 2.15, 3.35 and 4.20: * 1.20 = 2.58; 4.02; 5.04
# US  1099.99 * 5.9 % = 64.89941; 9.9 % = 108.89901; 13.9 % = 152.89861; no tax
# AU  750 * 6.9 % = 51.75, * 1.10 * 1.09 = 62.0483; 11.9 %: 89.25 → 107.0108;
#     16.5 %: 123.75 → 148.3763
PROTECTION = [
    (
        "DE",
        "EUR",
        ("899.00", "laptop"),
        [("69.54", "11.10"), ("123.03", "19.64"), ("170.10", "27.16")],
    ),
    (
        "DE",
        "EUR",
        ("480.00", "household_appliance"),
        [("20.00", "3.19"), ("33.71", "5.38"), ("46.84", "7.48")],
    ),
    (
        "AT",
        "EUR",
        ("1500.00", "bicycle"),
        [("114.89", "11.39"), ("208.13", "20.63"), ("291.38", "28.88")],
    ),
    ("FR", "EUR", ("29.90", "audio"), [("2.73", "0.23"), ("4.26", "0.35"), ("5.35", "0.44")]),
    (
        "NL",
        "EUR",
        ("649.00", "television"),
        [("30.63", "5.32"), ("54.19", "9.40"), ("74.61", "12.95")],
    ),
    (
        "ES",
        "EUR",
        ("420.00", "games_console"),
        [("20.45", "1.54"), ("35.89", "2.70"), ("49.52", "3.73")],
    ),
    (
        "IE",
        "EUR",
        ("5000.00", "furniture"),
        [("164.80", "4.80"), ("283.25", "8.25"), ("391.40", "11.40")],
    ),
    ("GB", "GBP", ("20.00", "smartphone"), [("2.58", "0.43"), ("4.02", "0.67"), ("5.04", "0.84")]),
    (
        "US-NY",
        "USD",
        ("1099.99", "camera"),
        [("64.90", "0.00"), ("108.90", "0.00"), ("152.90", "0.00")],
    ),
    (
        "AU-NSW",
        "AUD",
        ("750.00", "tablet"),
        [("62.05", "10.30"), ("107.02", "17.76"), ("148.38", "24.63")],
    ),
]

# DE  899 * 5.5 % = 49.445, * 1.19 = 58.8396; 9.5 %: 85.405 → 101.6320; 12.9 %: 115.971 → 138.0055
# AT  480 * 4.2 % = 20.16, * 1.11 = 22.3776; 7.5 %: 36.00 → 39.96; 10.5 %: 50.40 → 55.944
# FR  59.90 * 3.9 %, 6.5 % and 8.9 % are less than 3.90, 5.90 and 7.50: * 1.09 = 4.251; 6.431; 8.175
# NL  649 * 3.9 % = 25.311, * 1.21 = 30.6263; 6.9 %: 44.781 → 54.1850; 9.5 %: 61.655 → 74.6026
# ES  420 * 4.2 % = 17.64, * 1.0815 = 19.0777; 7.2 %: 30.24 → 32.7046; 9.9 %: 41.58 → 44.9688
# IE  1200 * 4.2 % = 50.40, * 1.03 = 51.912; 7.2 %: 86.40 → 88.992; 9.9 %: 118.80 → 122.364
# GB  799 * 5.9 % = 47.141, * 1.20 = 56.5692; 9.9 %: 79.101 → 94.9212; 12.9 %: 103.071 → 123.6852
# US  399 * 4.9 % = 19.551; 8.5 % = 33.915; 11.5 % = 45.885; no tax
# AU  8000 * 5.5 % = 440, * 1.199 = 527.56; 9.5 %: 760 → 911.24; 12.9 %: 1032 → 1237.368
WARRANTY = [
    (
        "DE",
        "EUR",
        ("899.00", "laptop"),
        [("58.84", "9.39"), ("101.64", "16.23"), ("138.01", "22.04")],
    ),
    (
        "AT",
        "EUR",
        ("480.00", "household_appliance"),
        [("22.38", "2.22"), ("39.96", "3.96"), ("55.95", "5.54")],
    ),
    ("FR", "EUR", ("59.90", "audio"), [("4.26", "0.35"), ("6.44", "0.53"), ("8.18", "0.68")]),
    (
        "NL",
        "EUR",
        ("649.00", "television"),
        [("30.63", "5.32"), ("54.19", "9.40"), ("74.61", "12.95")],
    ),
    (
        "ES",
        "EUR",
        ("420.00", "games_console"),
        [("19.08", "1.44"), ("32.71", "2.46"), ("44.97", "3.39")],
    ),
    (
        "IE",
        "EUR",
        ("1200.00", "camera"),
        [("51.92", "1.51"), ("89.00", "2.59"), ("122.37", "3.56")],
    ),
    (
        "GB",
        "GBP",
        ("799.00", "smartphone"),
        [("56.57", "9.43"), ("94.93", "15.82"), ("123.69", "20.62")],
    ),
    (
        "US-NY",
        "USD",
        ("399.00", "tablet"),
        [("19.56", "0.00"), ("33.92", "0.00"), ("45.89", "0.00")],
    ),
    (
        "AU-NSW",
        "AUD",
        ("8000.00", "laptop"),
        [("527.56", "87.56"), ("911.24", "151.24"), ("1237.37", "205.37")],
    ),
]

GOLDEN = [
    *(("product_protection", *row) for row in PROTECTION),
    *(("extended_warranty", *row) for row in WARRANTY),
]


@pytest.mark.parametrize(("code", "place", "currency", "bought", "by_plan"), GOLDEN)
def test_cover_for_goods_costs_what_paper_and_pencil_say(
    code: str,
    place: str,
    currency: str,
    bought: tuple[str, str],
    by_plan: list[tuple[str, str]],
) -> None:
    price, category = bought

    thing = told(
        code,
        currency,
        name="Example",
        category=category,
        price=Decimal(price),
        purchase_date="2027-03-01T12:00:00Z",
        manufacturer_duration=24,
    )

    assert prices(code, thing, place) == by_plan


@pytest.mark.parametrize("code", ["product_protection", "extended_warranty"])
def test_the_table_has_every_market_and_every_currency_of_the_product(code: str) -> None:
    rows = [row for row in GOLDEN if row[0] == code]

    assert {place[:2] for _, place, *_ in rows} == a_product(code).sold_to
    assert {currency for _, _, currency, *_ in rows} == a_product(code).currencies


@pytest.mark.parametrize("code", ["product_protection", "extended_warranty"])
def test_longer_cover_never_costs_less(code: str) -> None:
    product = a_product(code)
    tables = [[rate.percent for rate in plan.charge[0].rate] for plan in product.plan]

    for shorter, longer in zip(product.plan, product.plan[1:], strict=False):
        assert all(shorter.minimum[one] < longer.minimum[one] for one in product.currencies)
    for rates in zip(*tables, strict=True):
        assert list(rates) == sorted(rates)

"""Prices of parcels and shipments, worked out with pencil and paper from the product files."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.builders import a_product
from tests.things import prices, told

SHIP_DATE = "2027-03-08T09:00:00+01:00"


#   net   = declared value * percent of the zone and carrier, at least the minimum
#   total = net * (1 + taxes of the market), rounded up; tax = total * taxes / (1 + taxes)
#
# DE  100 * 0.70 % = 0.70, so the minimum: 0.95 * 1.19 = 1.1305 → 1.14; tax 0.1820
#     1000 * 0.60 % = 6.00, * 1.19 = 7.14; tax 1.14
# AT  250 * 1.10 % = 2.75, * 1.11 = 3.0525; tax 3.06 * 11/111 = 0.3032
# FR  480 * 1.90 % = 9.12, * 1.09 = 9.9408; tax 9.95 * 9/109 = 0.8216
# NL  99.99 * 2.60 % = 2.59974; transport is exempt of tax
# ES  5000 * 0.90 % = 45, * 1.0815 = 48.6675; tax 48.67 * 815/10815 = 3.6677
# IE  300 * 0.90 % = 2.70, * 1.03 = 2.781; tax 2.79 * 3/103 = 0.0813
# GB  300 * 0.90 % = 2.70, * 1.12 = 3.024; tax 3.03 * 12/112 = 0.3246
# US  300 * 1.60 % = 4.80; no tax
# AU  300 * 1.30 % = 3.90, * 1.10 * 1.09 = 4.6761; tax 4.68 * 199/1199 = 0.7768
# SG  120 * 1.60 % = 1.92, * 1.09 = 2.0928; tax 2.10 * 9/109 = 0.1734
# CA  150 * 0.70 % = 1.05, so the minimum: 1.40 * 1.08 = 1.512; tax 1.52 * 8/108 = 0.1126
PARCELS = [
    ("DE", "EUR", "100.00", ("DE", "DE", "post"), ("1.14", "0.18")),
    ("DE", "EUR", "1000.00", ("DE", "DE", "express"), ("7.14", "1.14")),
    ("AT", "EUR", "250.00", ("AT", "DE", "post"), ("3.06", "0.30")),
    ("FR", "EUR", "480.00", ("FR", "US", "freight"), ("9.95", "0.82")),
    ("NL", "EUR", "99.99", ("NL", "BR", "post"), ("2.60", "0.00")),
    ("ES", "EUR", "5000.00", ("ES", "ES", "freight"), ("48.67", "3.67")),
    ("IE", "EUR", "300.00", ("IE", "GB", "express"), ("2.79", "0.08")),
    ("GB", "GBP", "300.00", ("GB", "GB", None), ("3.03", "0.32")),
    ("US-NY", "USD", "300.00", ("US", "CA", "post"), ("4.80", "0.00")),
    ("AU-NSW", "AUD", "300.00", ("AU", "NZ", "express"), ("4.68", "0.78")),
    ("SG", "SGD", "120.00", ("SG", "JP", "post"), ("2.10", "0.17")),
    ("CA-ON", "CAD", "150.00", ("CA", "CA", "post"), ("1.52", "0.11")),
]


@pytest.mark.parametrize(("place", "currency", "amount", "way", "price"), PARCELS)
def test_a_parcel_costs_what_paper_and_pencil_say(
    place: str, currency: str, amount: str, way: tuple[str, str, str | None], price: tuple[str, str]
) -> None:
    origin, to, carrier = way
    facts = {"from_country": origin, "to_country": to, "ship_date": SHIP_DATE}

    parcel = told(
        "parcel_insurance", currency, cover_amount=Decimal(amount), carrier=carrier, **facts
    )

    assert prices("parcel_insurance", parcel, place) == [price]


#: The value, the destination and the carrier of each.
Parcels = list[tuple[str, str, str | None]]

#   net   = the sum of the parcels, less 5 % of those in the 5th to 19th place and 10 % of those
#           from the 20th on, the dearest first
#
# DE  12 * 0.95 (the minimum; 0.70 % of 50 is less) - 8 * 5 % of 0.95 = 11.02, * 1.19 = 13.1138
# GB  0.80 (0.60 of 100 is less) + 1000 * 1.60 % + 0.80 (0.45 is less) + 200 * 0.90 % = 19.40,
#     * 1.12 = 21.728; four have no discount
# US  25 * 200 * 0.60 % = 30.00, - 15 * 5 % of 1.20 - 6 * 10 % of 1.20 = 28.38; no tax
# AU  1000 * 0.90 % + 4 * 1.55 (the minimum) - 5 % of 1.55 = 15.1225, * 1.10 * 1.10 = 18.2982
# SG  2 * 1.40 (the minimum) = 2.80, * 1.09 = 3.052
SHIPMENTS: list[tuple[str, str, str, Parcels, tuple[str, str]]] = [
    ("DE", "EUR", "DE", [("50.00", "DE", "post")] * 12, ("13.12", "2.09")),
    (
        "GB",
        "GBP",
        "GB",
        [
            ("100.00", "GB", "express"),
            ("1000.00", "US", "post"),
            ("50.00", "GB", None),
            ("200.00", "FR", "express"),
        ],
        ("21.73", "2.33"),
    ),
    ("US-NY", "USD", "US", [("200.00", "US", "express")] * 25, ("28.38", "0.00")),
    (
        "AU-VIC",
        "AUD",
        "AU",
        [*([("100.00", "AU", None)] * 4), ("1000.00", "AU", None)],
        ("18.30", "3.18"),
    ),
    ("SG", "SGD", "SG", [("20.00", "SG", "post")] * 2, ("3.06", "0.25")),
]


@pytest.mark.parametrize(("place", "currency", "origin", "parcels", "price"), SHIPMENTS)
def test_a_shipment_costs_what_paper_and_pencil_say(
    place: str, currency: str, origin: str, parcels: Parcels, price: tuple[str, str]
) -> None:
    listed = [
        {"cover_amount": Decimal(amount), "to_country": to, "carrier": carrier}
        for amount, to, carrier in parcels
    ]

    shipment = told(
        "shipment_insurance", currency, from_country=origin, ship_date=SHIP_DATE, parcels=listed
    )

    assert prices("shipment_insurance", shipment, place) == [price]


def test_the_table_has_every_market_and_every_currency_of_the_product() -> None:
    product = a_product("parcel_insurance")

    assert {place[:2] for place, *_ in PARCELS} == product.sold_to
    assert {currency for _, currency, *_ in PARCELS} == product.currencies


def test_a_shipment_is_sold_where_parcels_are_and_at_their_rates() -> None:
    parcel, shipment = a_product("parcel_insurance"), a_product("shipment_insurance")

    assert (shipment.sold_to, shipment.currencies) == (parcel.sold_to, parcel.currencies)
    assert shipment.plan[0].minimum == parcel.plan[0].minimum
    assert shipment.zones == parcel.zones
    assert [rate.percent for rate in shipment.plan[0].charge[0].rate] == [
        rate.percent for rate in parcel.plan[0].charge[0].rate
    ]

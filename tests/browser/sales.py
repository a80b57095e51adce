"""Sales, each with what it must come to: worked out by paper and pencil, and not by our own code.

Premiums follow the rates in `widget/catalogue/` and the taxes in `widget/market_rules/`: each unit
is at least the minimum, the sum grows by the tax, and the total is rounded up to the next cent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal

from widget.terms import add_months

Thing = Mapping[str, Any]

#: Moments of the sales, at noon: nothing here depends on the hour at which the tests run.
TODAY = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0)


def day(ahead: int) -> date:
    """Return the day so many days from today."""
    return (TODAY + timedelta(days=ahead)).date()


def noon(ahead: int) -> str:
    """Return noon of the day so many days from today, as the wire spells it."""
    return (TODAY + timedelta(days=ahead)).isoformat()


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a policy is to be: as it is sold, or after a change."""

    #: Of the whole booking, tax included.
    premium: str
    #: The part of it that is tax.
    tax: str
    #: What the certificate says is insured, apart from the days.
    insured: Sequence[str]
    starts: date
    ends: date


@dataclass(frozen=True, kw_only=True)
class Sale:
    """One sale, from the offer to its end."""

    name: str
    country: str
    currency: str
    language: str
    #: How money and dates are written there.
    locale: str
    region: str | None = None
    embedded: Literal["element", "frame", "include"] = "element"
    things: Sequence[Thing]
    heading: str
    #: The plan that is chosen for each thing, by its name; None declines.
    plans: Sequence[str | None]
    #: What each thing of a cart is called; empty when there is one thing.
    names: Sequence[str] = ()
    #: When it protects, as it is told beside the choice.
    shown: tuple[date, date]
    sold: Outcome
    #: Who is insured by name, when the partner tells it.
    people: Sequence[str] = ()
    #: What changes of the policy, and of the policyholder.
    change: Mapping[str, Any]
    holder_change: Mapping[str, str] = field(default_factory=dict)
    people_after: Sequence[str] = ()
    changed: Outcome
    ended_by: Literal["customer", "partner"] = "customer"
    refund: str


# 2 adults and a child, 8 days: 3.2 % of 1,284.60 = 41.1072; days 8 * (2 * 1.35 + 0.80) = 28.00.
#   69.1072 * 1.19 = 82.237568 -> 82.24, of which 82.24 * 0.19 / 1.19 = 13.13 is tax.
# 3 adults: 41.1072 + 8 * (3 * 1.35 + 0.80) = 79.9072; * 1.19 = 95.089568 -> 95.09, tax 15.18.
TRAVEL_DE = Sale(
    name="travel, Germany, EUR",
    country="DE",
    currency="EUR",
    language="de",
    locale="de-DE",
    things=[
        {
            "policy_type": "travel_protection",
            "departure_country": "DE",
            "destination_country": "PT",
            "trip_start_date": noon(60),
            "trip_end_date": noon(67),
            "total_tickets_price": 1284.60,
            "number_of_adults": 2,
            "number_of_children": 1,
        }
    ],
    heading="Möchten Sie diese Reise absichern?",
    plans=["Reiserücktritt und Krankenschutz"],
    shown=(day(60), day(67)),
    sold=Outcome(
        premium="82.24",
        tax="13.13",
        insured=["2 Erwachsene", "1 Kind"],
        starts=day(0),
        ends=day(67),
    ),
    people=["Ada Muster", "Bo Muster", "Cem Muster"],
    change={"number_of_adults": 3},
    people_after=["Ada Muster", "Bo Muster", "Cem Muster", "Dana Beispiel"],
    changed=Outcome(
        premium="95.09",
        tax="15.18",
        insured=["3 Erwachsene", "1 Kind"],
        starts=day(0),
        ends=day(67),
    ),
    refund="95.09",
)

# 2 adults, 5 days: 3.2 % of 640 = 20.48; 5 * 2 * 1.15 = 11.50; 31.98 * 1.20 = 38.376 -> 38.38.
# 10 days: 3.9 % of 640 = 24.96; 10 * 2 * 1.15 = 23.00; 47.96 * 1.20 = 57.552 -> 57.56, tax 9.59.
TRAVEL_GB = Sale(
    name="travel, United Kingdom, GBP",
    country="GB",
    currency="GBP",
    language="en",
    locale="en-GB",
    things=[
        {
            "policy_type": "travel_protection",
            "departure_country": "GB",
            "destination_country": "ES",
            "trip_start_date": noon(30),
            "trip_end_date": noon(34),
            "total_tickets_price": 640,
            "number_of_adults": 2,
        }
    ],
    heading="Would you like cover for this trip?",
    plans=["Cancellation and medical"],
    shown=(day(30), day(34)),
    sold=Outcome(premium="38.38", tax="6.40", insured=["2 adults"], starts=day(0), ends=day(34)),
    change={"trip_start_date": noon(31), "trip_end_date": noon(40)},
    changed=Outcome(premium="57.56", tax="9.59", insured=["2 adults"], starts=day(0), ends=day(40)),
    ended_by="partner",
    refund="57.56",
)

# To France by post: 1.10 % of 250 = 2.75; * 1.19 = 3.2725 -> 3.28, tax 0.52.
# 1.10 % of 400 = 4.40; * 1.19 = 5.236 -> 5.24, tax 0.84. Lost after 60 days.
PARCEL_DE = Sale(
    name="parcel, Germany, EUR",
    country="DE",
    currency="EUR",
    language="de",
    locale="de-DE",
    things=[
        {
            "policy_type": "parcel_insurance",
            "parcel_reference": "P-1001",
            "from_country": "DE",
            "to_country": "FR",
            "carrier": "post",
            "ship_date": noon(3),
            "cover_amount": 250,
        }
    ],
    heading="Möchten Sie dieses Paket absichern?",
    plans=["Verlust und Beschädigung"],
    shown=(day(3), day(63)),
    sold=Outcome(
        premium="3.28",
        tax="0.52",
        insured=["P-1001", "Deutschland → Frankreich"],
        starts=day(0),
        ends=day(63),
    ),
    change={"cover_amount": 400},
    holder_change={"last_name": "Beispiel"},
    changed=Outcome(
        premium="5.24",
        tax="0.84",
        insured=["P-1001", "Deutschland → Frankreich"],
        starts=day(0),
        ends=day(63),
    ),
    refund="5.24",
)

# New South Wales, to New Zealand by express: 1.30 % of 600 = 7.80; GST 0.78; duty 9 % of 8.58 =
#   0.7722; 9.3522 -> 9.36. Tax: 9.36 * 0.199 / 1.199 = 1.55.
# To Spain: 0.90 % of 600 = 5.40; * 1.199 = 6.4746 -> 6.48, tax 1.08.
PARCEL_AU = Sale(
    name="parcel, New South Wales, AUD",
    country="AU",
    region="AU-NSW",
    currency="AUD",
    language="en",
    locale="en-AU",
    embedded="include",
    things=[
        {
            "policy_type": "parcel_insurance",
            "parcel_reference": "P-2002",
            "from_country": "AU",
            "to_country": "NZ",
            "carrier": "express",
            "ship_date": noon(5),
            "cover_amount": 600,
        }
    ],
    heading="Would you like cover for this parcel?",
    plans=["Loss and damage"],
    shown=(day(5), day(65)),
    sold=Outcome(
        premium="9.36",
        tax="1.55",
        insured=["P-2002", "Australia → New Zealand"],
        starts=day(0),
        ends=day(65),
    ),
    change={"to_country": "ES"},
    changed=Outcome(
        premium="6.48",
        tax="1.08",
        insured=["P-2002", "Australia → Spain"],
        starts=day(0),
        ends=day(65),
    ),
    ended_by="partner",
    refund="6.48",
)

_BOXES = [
    *({"to_country": "GB", "carrier": "post", "cover_amount": 100} for _ in range(4)),
    {"to_country": "FR", "carrier": "express", "cover_amount": 900},
    {"to_country": "US", "carrier": "post", "cover_amount": 300},
]

# At home by post: 0.70 % of 100 = 0.70, at least 0.80; to France by express: 0.90 % of 900 =
#   8.10; to America by post: 1.60 % of 300 = 4.80. 4 * 0.80 + 8.10 + 4.80 = 16.10; the fifth and
#   the sixth cost 5 % less: 16.10 - 2 * 0.04 = 16.02; * 1.12 = 17.9424 -> 17.95, tax 1.92.
# One of those at home less: 15.30 - 0.04 = 15.26; * 1.12 = 17.0912 -> 17.10, tax 1.83.
SHIPMENT_GB = Sale(
    name="shipment, United Kingdom, GBP",
    country="GB",
    currency="GBP",
    language="en",
    locale="en-GB",
    things=[
        {
            "policy_type": "shipment_insurance",
            "shipment_reference": "S-3003",
            "from_country": "GB",
            "ship_date": noon(2),
            "number_of_parcels": 6,
            "parcels": _BOXES,
        }
    ],
    heading="Would you like cover for these parcels?",
    plans=["Loss and damage"],
    shown=(day(2), day(62)),
    sold=Outcome(
        premium="17.95",
        tax="1.92",
        insured=["S-3003", "6 parcels"],
        starts=day(0),
        ends=day(62),
    ),
    change={"number_of_parcels": 5, "parcels": _BOXES[1:]},
    changed=Outcome(
        premium="17.10",
        tax="1.83",
        insured=["S-3003", "5 parcels"],
        starts=day(0),
        ends=day(62),
    ),
    refund="17.10",
)

_TERM = (day(0), add_months(day(0), 24))
_DAYS = (_TERM[1] - _TERM[0]).days

# The laptop for 24 months: 11.5 % of 1,200 = 138; * 1.19 = 164.22, tax 26.22.
# It was reduced to 1,100: 126.50 * 1.19 = 150.535 -> 150.54, tax 24.04.
# Withdrawn on the first day, which is used up: 150.54 * 730 / 731 = 150.33 (in a term of 730 days
#   150.54 * 729 / 730 = 150.33 as well).
GOODS_DE = Sale(
    name="goods, Germany, EUR",
    country="DE",
    currency="EUR",
    language="de",
    locale="de-DE",
    things=[
        {
            "policy_type": "product_protection",
            "name": "Notebook Nord 14",
            "category": "laptop",
            "price": 1200,
            "purchase_date": noon(-1),
        },
        {
            "policy_type": "product_protection",
            "name": "Audiokabel 3 m",
            "category": "audio",
            "price": 29.90,
            "purchase_date": noon(-1),
        },
    ],
    heading="Möchten Sie diese absichern?",
    names=["Notebook Nord 14", "Audiokabel 3 m"],
    plans=["24 Monate", None],
    shown=_TERM,
    sold=Outcome(
        premium="164.22",
        tax="26.22",
        insured=["Notebook Nord 14"],
        starts=_TERM[0],
        ends=_TERM[1],
    ),
    change={"price": 1100, "model": "Nord 14 B"},
    changed=Outcome(
        premium="150.54",
        tax="24.04",
        insured=["Notebook Nord 14"],
        starts=_TERM[0],
        ends=_TERM[1],
    ),
    refund="150.33",
)

_AFTER = (add_months(day(-1), 12), add_months(add_months(day(-1), 12), 24))

# The television's guarantee of 12 months, and then 24 months: 6.9 % of 900 = 62.10; * 1.20 = 74.52,
#   tax 12.42. It cost 950: 65.55 * 1.20 = 78.66, tax 13.11. It has not begun: all of it back.
GOODS_GB = Sale(
    name="goods, United Kingdom, GBP",
    country="GB",
    currency="GBP",
    language="en",
    locale="en-GB",
    things=[
        {
            "policy_type": "extended_warranty",
            "name": "Games console One",
            "category": "games_console",
            "price": 450,
            "purchase_date": noon(-1),
            "manufacturer_duration": 12,
        },
        {
            "policy_type": "extended_warranty",
            "name": "Television 55",
            "category": "television",
            "price": 900,
            "purchase_date": noon(-1),
            "manufacturer_duration": 12,
        },
        {
            "policy_type": "product_protection",
            "name": "Headphones Air",
            "category": "audio",
            "price": 149,
            "purchase_date": noon(-1),
        },
    ],
    heading="Would you like cover for these?",
    names=["Games console One", "Television 55", "Headphones Air"],
    plans=[None, "24 more months", None],
    shown=_AFTER,
    sold=Outcome(
        premium="74.52",
        tax="12.42",
        insured=["Television 55"],
        starts=_AFTER[0],
        ends=_AFTER[1],
    ),
    change={"price": 950},
    changed=Outcome(
        premium="78.66",
        tax="13.11",
        insured=["Television 55"],
        starts=_AFTER[0],
        ends=_AFTER[1],
    ),
    ended_by="partner",
    refund="78.66",
)

# 6.5 % of 89 + 1.80 = 7.585; 6.5 % of 59 + 1.80 = 5.635; 13.22 * 1.19 = 15.7318 -> 15.74, tax 2.51.
# One more of 59: 18.855 * 1.19 = 22.43745 -> 22.44, tax 3.58.
EVENT_DE = Sale(
    name="event, Germany, EUR",
    country="DE",
    currency="EUR",
    language="de",
    locale="de-DE",
    embedded="frame",
    things=[
        {
            "policy_type": "ticket_protection",
            "event_name": "Die Moldau",
            "event_location": "Stadthalle",
            "event_country": "DE",
            "event_datetime": noon(40),
            "number_of_tickets": 2,
            "tickets": [{"price": 89}, {"price": 59}],
        }
    ],
    heading="Möchten Sie diese Tickets absichern?",
    plans=["Tickets und Anreise"],
    shown=(day(40), day(40)),
    sold=Outcome(
        premium="15.74",
        tax="2.51",
        insured=["Die Moldau", "2 Tickets"],
        starts=day(0),
        ends=day(40),
    ),
    people=["Ada Muster", "Bo Muster"],
    change={"number_of_tickets": 3, "tickets": [{"price": 89}, {"price": 59}, {"price": 59}]},
    people_after=["Ada Muster", "Bo Muster", "Dana Beispiel"],
    changed=Outcome(
        premium="22.44",
        tax="3.58",
        insured=["Die Moldau", "3 Tickets"],
        starts=day(0),
        ends=day(40),
    ),
    refund="22.44",
)

# 4 * 6.5 % of 120 = 31.20; * 1.09 = 34.008 -> 34.01, tax 2.81. Another evening costs the same.
EVENT_SG = Sale(
    name="event, Singapore, SGD",
    country="SG",
    currency="SGD",
    language="en",
    locale="en-SG",
    things=[
        {
            "policy_type": "ticket_protection",
            "event_name": "Lantern Night",
            "event_location": "The Bayside Hall",
            "event_country": "SG",
            "event_datetime": noon(20),
            "tickets": [{"price": 120}] * 4,
        }
    ],
    heading="Would you like cover for these tickets?",
    plans=["Tickets"],
    shown=(day(20), day(20)),
    sold=Outcome(
        premium="34.01",
        tax="2.81",
        insured=["Lantern Night", "4 tickets"],
        starts=day(0),
        ends=day(20),
    ),
    people=["Ada Muster"],
    change={"event_datetime": noon(27)},
    people_after=["Eva Beispiel"],
    changed=Outcome(
        premium="34.01",
        tax="2.81",
        insured=["Lantern Night", "4 tickets"],
        starts=day(0),
        ends=day(27),
    ),
    refund="34.01",
)

SALES = (
    TRAVEL_DE,
    TRAVEL_GB,
    PARCEL_DE,
    PARCEL_AU,
    SHIPMENT_GB,
    GOODS_DE,
    GOODS_GB,
    EVENT_DE,
    EVENT_SG,
)

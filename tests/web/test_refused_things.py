"""What no product takes, of each line: a partner's developer reads why, a shopper's page is quiet.

Ineligible: the product's rules are against it. Contradictory: it cannot be true. Hostile: it was
not written by an honest client.
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from tests.builders import a_key, a_partner, purchase_json
from tests.service import Service, said_of, state_in
from widget.partners import Mode

SHIP_DATE = "2027-03-08T09:00:00+01:00"

THINGS: dict[str, dict[str, Any]] = {
    "travel": purchase_json()["request"][0],
    "parcel": {
        "policy_type": "parcel_insurance",
        "from_country": "DE",
        "to_country": "FR",
        "carrier": "post",
        "ship_date": SHIP_DATE,
        "cover_amount": 300,
        "parcel_products": [{"sku": "A-1", "value": 120}, {"sku": "B-2", "value": 180}],
    },
    "shipment": {
        "policy_type": "shipment_insurance",
        "from_country": "DE",
        "ship_date": SHIP_DATE,
        "number_of_parcels": 2,
        "parcels": [
            {"to_country": "DE", "carrier": "post", "cover_amount": 50},
            {"to_country": "US", "carrier": "express", "cover_amount": 400},
        ],
    },
    "goods": {
        "policy_type": "product_protection",
        "name": "Laptop, 14 inch",
        "category": "laptop",
        "price": 899,
        "purchase_date": "2027-03-01T12:00:00Z",
    },
    "warranty": {
        "policy_type": "extended_warranty",
        "name": "Laptop, 14 inch",
        "category": "laptop",
        "price": 899,
        "purchase_date": "2027-03-01T12:00:00Z",
        "manufacturer_duration": 24,
    },
    "event": {
        "policy_type": "ticket_protection",
        "event_name": "Chamber music evening",
        "event_location": "Town hall",
        "event_country": "DE",
        "event_datetime": "2027-04-10T19:30:00+02:00",
        "number_of_tickets": 2,
        "tickets": [{"price": 40}, {"price": 40}],
        "resale_ticket": False,
    },
}

#: With a test key the page tells the developer why; a shopper never meets one.
LIVE = a_key(mode=Mode.LIVE, random="livelivelive1234")

#: Leave a field out.
GONE = object()

REFUSED: list[tuple[str, str, object, str]] = [
    # -- ineligible
    ("travel", "total_tickets_price", 19.99, "It covers 20.00 to 30000.00 EUR."),
    ("travel", "trip_end_date", "2027-09-30T20:00:00Z", "It covers up to 92 days"),
    ("travel", "traveller_ages", [41, 93, 8], "It covers people up to 89 years old, not 93."),
    ("parcel", "cover_amount", 9.99, "It covers 10.00 to 5000.00 EUR."),
    ("parcel", "to_country", "KP", "It does not cover KP."),
    ("parcel", "ship_date", "2027-06-08T09:00:00+01:00", "It covers what begins within 90 days."),
    ("parcel", "ship_date", "2027-03-01T11:59:59Z", "That has passed, and it is sold before."),
    ("parcel", "parcel_products.0.category", "cash", "It does not cover cash."),
    ("shipment", "parcels.1.cover_amount", 9, "It covers 10.00 to 5000.00 EUR."),
    ("shipment", "parcels.1.to_country", "RU", "It does not cover RU."),
    ("shipment", "parcels.0.category", "live_animals", "It does not cover live_animals."),
    ("goods", "category", "groceries", "It covers audio, bicycle, camera, "),
    ("goods", "price", 5, "It covers 20.00 to 5000.00 EUR."),
    ("goods", "condition", "used", "It covers new, refurbished, not used."),
    ("goods", "quantity", 3, "It covers 1, not 3."),
    ("goods", "purchase_date", "2027-01-29T12:00:00Z", "It is sold up to 30 days after that."),
    ("warranty", "manufacturer_duration", GONE, "extended_warranty cannot be priced without it."),
    ("warranty", "manufacturer_duration", 61, "It covers 0 to 60, not 61."),
    ("event", "tickets.0.price", 2000.5, "It covers 5.00 to 2000.00 EUR."),
    ("event", "event_datetime", "2027-03-02T19:30:00Z", "It is sold up to 2 days before that."),
    ("event", "event_datetime", "2027-02-10T19:30:00Z", "That has passed, and it is sold before."),
    ("event", "resale_ticket", True, "It does not cover this."),
    # -- contradictory
    ("travel", "trip_end_date", "2027-05-29T20:00:00Z", "It must be after trip_start_date."),
    ("travel", "traveller_ages", [41], "Tell 3 ages, one for each of the travellers."),
    ("parcel", "cover_amount", 300.01, "It is above the sum of parcel_products.value, 300.00 EUR."),
    ("shipment", "number_of_parcels", 3, "There are 2 parcels, not 3."),
    ("event", "number_of_tickets", 5, "There are 2 tickets, not 5."),
    # -- hostile
    ("travel", "trip_start_date", "9999-12-31T23:59:59Z", "Write a date and time"),
    ("parcel", "ship_date", "9999-12-31T23:59:59Z", "Write a date and time"),
    ("parcel", "ship_date", "0001-01-01T00:00:00+14:00", "Write a date and time"),
    ("parcel", "cover_amount", -1, "greater than or equal to 0"),
    ("parcel", "cover_amount", 0.001, "more decimals than EUR allows"),
    ("parcel", "cover_amount", "300", "Write an amount as a JSON number"),
    ("parcel", "to_name", "Ada Muster", "Unexpected field"),
    ("parcel", "to_street", "Marktplatz 1", "Unexpected field"),
    ("parcel", "carrier", "post'; DROP TABLE offers", "match"),
    ("shipment", "parcels", [], "at least 1 item"),
    ("shipment", "parcels.0.addressee", "Ada Muster", "Unexpected field"),
    ("goods", "name", "a\u200bb", "Give a text of printable characters."),
    ("goods", "price", True, "Write an amount as a JSON number"),
    ("event", "tickets", [{"price": 40}] * 51, "at most 50 items"),
    ("event", "event_name", "=?utf-8?b?SGk=?=", "Give a text of printable characters."),
]


def asked(line: str, path: str, value: object) -> dict[str, Any]:
    """Return a purchase of one thing, with one field of it changed."""
    thing = deepcopy(THINGS[line])
    place: Any = thing
    *way, last = path.split(".")
    for name in way:
        place = place[int(name) if name.isdecimal() else name]
    if value is GONE:
        del place[last]
    else:
        place[last] = value
    return purchase_json(request=[thing])


@pytest.mark.parametrize("line", sorted(THINGS))
def test_the_things_themselves_are_taken(service: Service, line: str) -> None:
    answer = service.call("POST", "quotes/", json=purchase_json(request=[THINGS[line]]))

    assert answer.status_code == 201, answer.text


@pytest.mark.parametrize(("line", "path", "value", "words"), REFUSED)
def test_a_thing_that_is_not_taken_is_refused_by_the_path_of_its_field(
    service: Service, line: str, path: str, value: object, words: str
) -> None:
    answer = service.call("POST", "quotes/", json=asked(line, path, value))

    assert answer.status_code == 422, answer.text
    assert words in said_of(answer, f"request.0.{path}")[0]


@pytest.mark.parametrize(("line", "path", "value", "words"), REFUSED)
def test_the_shoppers_page_says_only_that_there_is_no_cover(
    service: Service, line: str, path: str, value: object, words: str
) -> None:
    service.add(a_partner(), LIVE)

    page = service.as_key(LIVE).open(asked(line, path, value))

    assert state_in(page) == "unavailable"
    assert words not in page.text

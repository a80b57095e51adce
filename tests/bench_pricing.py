"""What pricing a purchase and loading a catalogue cost, in this process: part of `make bench`."""

from __future__ import annotations

import sys
import time
import tracemalloc
from collections.abc import Iterator
from decimal import Decimal
from importlib import resources
from statistics import median

from tests.builders import CATALOGUE, a_trip
from tests.things import told
from widget.app import load_markets
from widget.catalogues import LINE_SUFFIX, read_catalogue
from widget.products import Product
from widget.purchases import Subject
from widget.rates import premium_of

#: The most that pricing one thing by one plan may take, in microseconds.
MOST_US = 200

#: The most that a catalogue of `PRODUCTS` may take.
MOST_S, MOST_MB = 2.0, 50
PRODUCTS = 1_000

#: How often each is priced; the median of so many rounds counts.
ROUNDS, TIMES = 9, 200


def purchases() -> Iterator[tuple[str, Product, Subject]]:
    """Yield one usual purchase of each line, by what it is called in the table."""
    parcel = {"to_country": "US", "carrier": "express", "cover_amount": Decimal(400)}
    date = {"ship_date": "2027-03-08T09:00:00+01:00", "from_country": "DE"}
    laptop = {"name": "Laptop", "category": "laptop", "price": Decimal(899)}
    evening = {"event_name": "Evening", "event_location": "Hall", "event_country": "DE"}
    asked: list[tuple[str, str, Subject]] = [
        ("trip of three", "travel_protection", a_trip()),
        ("parcel", "parcel_insurance", told("parcel_insurance", "EUR", **date, **parcel)),
        (
            "shipment of twelve",
            "shipment_insurance",
            told("shipment_insurance", "EUR", **date, parcels=[parcel] * 12),
        ),
        (
            "laptop",
            "product_protection",
            told("product_protection", "EUR", **laptop, purchase_date="2027-03-01T12:00:00Z"),
        ),
        (
            "pair of tickets",
            "ticket_protection",
            told(
                "ticket_protection",
                "EUR",
                **evening,
                event_datetime="2027-04-10T19:30:00+02:00",
                tickets=[{"price": Decimal(40)}] * 2,
            ),
        ),
    ]
    for name, code, subject in asked:
        product = CATALOGUE.on_sale(code)
        assert product is not None
        yield name, product, subject


def microseconds_of(product: Product, subject: Subject) -> float:
    """Return what pricing by the dearest plan takes of the processor, in the median round."""
    market = CATALOGUE.markets.get("DE", None, product.insurance_class)
    plan = product.plan[-1]
    spans = []
    for _ in range(ROUNDS):
        started = time.process_time()
        for _ in range(TIMES):
            premium_of(plan, product, subject, market)
        spans.append((time.process_time() - started) / TIMES)
    return median(spans) * 1e6


def a_large_catalogue() -> dict[str, str]:
    """Return the shipped files, each product under so many codes that there are `PRODUCTS`."""
    folder = resources.files("widget") / "catalogue"
    shipped = {one.name: one.read_text(encoding="utf-8") for one in folder.iterdir()}
    files = {name: text for name, text in shipped.items() if name.endswith(LINE_SUFFIX)}
    products = sorted(shipped.keys() - files.keys())
    for number in range(PRODUCTS):
        code = products[number % len(products)].partition(".")[0]
        text = shipped[f"{code}.v1.toml"].replace(f'"{code}"', f'"{code}_{number}"', 1)
        # What names the insurer differs from one to the next, as it would.
        files[f"{code}_{number}.v1.toml"] = text.replace("Northgate", f"Northgate {number}")
    return files


def loading() -> tuple[float, float]:
    """Return the seconds of processor and the megabytes that a large catalogue takes."""
    files, markets = a_large_catalogue(), load_markets()
    started = time.process_time()
    read_catalogue(files, markets)
    seconds = time.process_time() - started
    tracemalloc.start()
    kept = read_catalogue(files, markets)
    megabytes = tracemalloc.get_traced_memory()[0] / 1e6
    tracemalloc.stop()
    assert len(kept.products) == PRODUCTS
    return seconds, megabytes


def main() -> int:
    """Print what everything takes; 1 when that is more than is promised."""
    slow = False
    for name, product, subject in purchases():
        took = microseconds_of(product, subject)
        slow = slow or took > MOST_US
        print(f"pricing a {name}: {took:.0f} µs")
    seconds, megabytes = loading()
    print(f"a catalogue of {PRODUCTS} products: {seconds:.2f} s, {megabytes:.0f} MB")
    return int(slow or seconds > MOST_S or megabytes > MOST_MB)


if __name__ == "__main__":
    sys.exit(main())

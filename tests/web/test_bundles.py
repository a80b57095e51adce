"""Products that cost less together: what is told, shown, chosen, sold and paid back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.builders import NOON, purchase_json, some_settings
from tests.fakes import Clock
from tests.service import Service, running_service
from widget.app import build_app, load_catalogue
from widget.bundles import bundle_for
from widget.errors import CatalogueFaulty
from widget.storage.sqlite import SqliteStorage

BUNDLE = """\
code = "trip_and_year"
products = ["travel_protection", "annual_travel"]
percent = "10"

[text]
en = "Trip and year"
de = "Reise und Jahr"
"""

YEAR = {
    "policy_type": "annual_travel",
    "policy_code": "medical",
    "departure_country": "DE",
    "destination_country": "PT",
    "trip_start_date": "2027-06-01T00:00:00+02:00",
    "trip_end_date": "2028-06-01T00:00:00+02:00",
    "total_tickets_price": 2000,
    "number_of_adults": 1,
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "catalogue").mkdir()
    (tmp_path / "catalogue" / "trip_and_year.bundle.toml").write_text(BUNDLE, encoding="utf-8")
    return tmp_path / "catalogue"


@pytest.fixture
def service(folder: Path, tmp_path: Path) -> Iterator[Service]:
    storage = SqliteStorage(str(tmp_path / "test.db"), clock=Clock(NOON))
    settings = some_settings(catalogue_dir=str(folder))
    with running_service(storage, settings=settings) as service:
        yield service


def both(**changes: Any) -> dict[str, Any]:
    """Return the wire form of a trip and a year, each with one plan."""
    trip = purchase_json(trip={"policy_code": "cancellation"})["request"][0]
    return purchase_json(request=[trip, YEAR], **changes)


def answer(service: Service, package: dict[str, Any], *choices: str) -> None:
    told = {f"choice-{item}": choice for item, choice in enumerate(choices)}
    address = f"/offer/{package['offer_token']}/choice"
    response = service.client.post(address, data=told, follow_redirects=False)
    assert response.status_code == 303, response.text


def alone(package: dict[str, Any]) -> list[float]:
    return [package["quotes"][place]["price"] for place in ("0", "1")]


def test_a_package_tells_what_its_bundle_takes_off(service: Service) -> None:
    package = service.call("POST", "quotes/", json=both()).json()

    assert package["bundle_code"] == "trip_and_year"
    assert package["bundle_content"] == {"title": "Trip and year"}
    assert package["bundle_discount_percent"] == 10
    taken_off = package["bundle_discount_amount"]
    assert round(package["bundle_price"] + taken_off, 2) == round(sum(alone(package)), 2)
    assert taken_off == pytest.approx(sum(alone(package)) * 0.1, abs=0.02)


def test_what_costs_less_together_is_said_where_it_is_chosen(service: Service) -> None:
    page = service.open(both())

    assert "premiums are 10% lower before tax" in page.text


def test_everything_of_a_bundle_is_sold_for_less(service: Service) -> None:
    package = service.call("POST", "quotes/", json=both()).json()

    answer(service, package, *(package["quotes"][place]["id"] for place in ("0", "1")))

    booking = service.confirm(package["id"]).json()
    assert booking["total_price"] == package["bundle_price"]
    for quote in booking["quotes"]:
        tax = quote["tax"]
        parts = sum(part["tax_amount"] for part in tax["taxes"])
        assert round(parts, 2) == tax["total_tax"]
        assert round(tax["total_amount_without_tax"] + tax["total_tax"], 2) == quote["price"]


@pytest.mark.parametrize("place", ["0", "1"])
def test_a_part_of_a_bundle_costs_what_it_costs_alone(service: Service, place: str) -> None:
    package = service.call("POST", "quotes/", json=both()).json()
    choices = ["opted_out", "opted_out"]
    choices[int(place)] = package["quotes"][place]["id"]

    answer(service, package, *choices)

    booking = service.confirm(package["id"]).json()
    assert booking["total_price"] == package["quotes"][place]["price"]


def test_one_thing_of_a_bundle_alone_is_no_bundle(service: Service) -> None:
    package = service.quote()

    assert package["bundle_code"] is None
    assert package["bundle_price"] is None


def test_a_bundle_that_loses_a_thing_is_none_any_more(service: Service) -> None:
    package = service.call("POST", "quotes/", json=both()).json()
    gone = {"quotes": [{"id": package["quotes"]["1"]["id"]}]}

    left = service.call("POST", f"quotes/{package['id']}/delete/", json=gone).json()
    service.choose_first(left)

    booking = service.confirm(package["id"]).json()
    assert left["bundle_code"] is None
    assert booking["total_price"] == package["quotes"]["0"]["price"]


def test_what_was_sold_in_a_bundle_keeps_its_discount_when_it_changes(service: Service) -> None:
    package = service.call("POST", "quotes/", json=both()).json()
    answer(service, package, *(package["quotes"][place]["id"] for place in ("0", "1")))
    sold = service.confirm(package["id"]).json()["quotes"][0]
    twice = {"total_tickets_price": 2 * 1284.6}

    changed = service.call(
        "PATCH",
        f"bookings/{package['id']}/",
        json={"quotes": [{"id": sold["id"], "update_fields": twice}]},
    ).json()

    assert changed["quotes"][0]["price"] == pytest.approx(2 * sold["price"], abs=0.01)


def test_withdrawing_from_a_part_pays_back_what_was_paid_for_it(service: Service) -> None:
    package = service.call("POST", "quotes/", json=both()).json()
    answer(service, package, *(package["quotes"][place]["id"] for place in ("0", "1")))
    sold = service.confirm(package["id"]).json()

    cancelled = service.call(
        "POST",
        f"bookings/{package['id']}/cancel",
        json={"quotes": [{"id": sold["quotes"][0]["id"]}]},
    ).json()

    assert cancelled["total_refund"] == sold["quotes"][0]["price"]
    assert cancelled["total_price"] == sold["quotes"][1]["price"]


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ('"annual_travel"', '"annual_pets"', r"toml:2: there is no product 'annual_pets'"),
        ('percent = "10"', 'percent = "100"', r"toml:3: percent: "),
        ('de = "Reise und Jahr"\n', "", "is sold in 'de', and the bundle has no name in it"),
        ('["travel_protection", "annual_travel"]', '["annual_travel"]', r"toml:2: products: "),
    ],
)
def test_a_bundle_with_a_gap_is_not_loaded(folder: Path, old: str, new: str, sentence: str) -> None:
    (folder / "trip_and_year.bundle.toml").write_text(BUNDLE.replace(old, new), encoding="utf-8")

    with pytest.raises(CatalogueFaulty, match=sentence):
        build_app(some_settings(catalogue_dir=str(folder)))


def test_of_two_bundles_the_one_that_takes_off_more_counts(folder: Path) -> None:
    more = BUNDLE.replace("trip_and_year", "winter").replace('"10"', '"15"')
    (folder / "winter.bundle.toml").write_text(more, encoding="utf-8")

    bundles = load_catalogue(some_settings(catalogue_dir=str(folder))).bundles

    found = bundle_for(bundles, {"travel_protection", "annual_travel", "another"})

    assert found is not None
    assert found.code == "winter"
    assert bundle_for(bundles, {"travel_protection"}) is None

"""Where the law defers the sale: inform now, and sell later by a link that works."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest

import widget
from tests.builders import NOON, policyholder_json, purchase_json, some_settings
from tests.fakes import Clock
from tests.service import Service, running_service, state_in
from widget.app import load_catalogue
from widget.lints import parsed
from widget.offer_lint import offers_shown
from widget.settings import Settings
from widget.storage.sqlite import SqliteStorage

SHIPPED = Path(widget.__file__).parent / "catalogue" / "travel_protection.v1.toml"

#: Four clear days end at the latest five times 24 hours after informing, on every clock.
OPENS_AT = NOON + timedelta(days=5)

AUSTRALIAN = policyholder_json(country="AU")

IN_AUSTRALIA: dict[str, Any] = {
    "currency": "USD",
    "customer_country": "AU",
    "customer_region": "NSW",
}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings with one product of a class that Australia defers."""
    text = SHIPPED.read_text(encoding="utf-8")
    text = re.sub(r"sold_to = .*", 'sold_to = ["AU"]\nsold_as = "event"', text)
    target = text[text.index('[[document]]\ncode = "wording"') :]
    text += target.replace('code = "wording"', 'code = "target_market"')
    folder = tmp_path / "catalogue"
    folder.mkdir()
    (folder / "travel_protection.v1.toml").write_text(text, encoding="utf-8")
    return some_settings(catalogue_dir=str(folder))


@pytest.fixture
def service(storage: SqliteStorage, settings: Settings) -> Iterator[Service]:
    with running_service(storage, settings=settings) as service:
        yield service


def controls_in(page: httpx2.Response) -> list[str]:
    forms = {"form", "fieldset", "button", "input"}
    return [element.tag for element in parsed(page.text).all() if element.tag in forms]


def test_the_first_offer_informs_and_has_no_answer_to_give(service: Service) -> None:
    page = service.open(purchase_json(**IN_AUSTRALIA))

    assert (page.status_code, state_in(page)) == (200, "deferred")
    assert controls_in(page) == []
    assert "$" not in page.text
    assert "From 6 March 2027, 12:00 UTC on" in page.text
    for kind in ("product_information", "wording", "target_market"):
        found = service.client.get(f"/documents/travel_protection/1/{kind}")
        assert f'href="{found.url}"' in page.text


def test_the_partner_is_told_from_when_on_the_link_sells(service: Service) -> None:
    package = service.quote(**IN_AUSTRALIA)

    assert package["for_sale_from"] == "2027-03-06T12:00:00.000000Z"
    assert service.quote(**IN_AUSTRALIA)["id"] == package["id"]


def test_before_its_day_nothing_can_be_chosen_or_confirmed(service: Service, clock: Clock) -> None:
    package = service.quote(**IN_AUSTRALIA)
    quote_id = package["quotes"]["0"]["id"]
    clock.move(days=5, seconds=-1)

    answered = service.choose(package, quote_id, headers={"HX-Request": "true"})
    confirmed = service.confirm(
        package["id"], quote_token=None, quotes=[{"id": quote_id}], policyholder=AUSTRALIAN
    )

    assert state_in(answered) == "deferred"
    assert confirmed.status_code == 422
    assert confirmed.json()["code"] == "sale_deferred"
    assert "2027-03-06 12:00 UTC" in str(confirmed.json())


def test_the_link_sells_after_four_clear_days_and_the_partner_confirms(
    service: Service, clock: Clock
) -> None:
    link = service.quote(**IN_AUSTRALIA)["offer_url"]
    assert state_in(service.client.get(link)) == "deferred"
    clock.move(days=5)

    page = service.client.get(link)
    again = service.client.get(link)

    assert (state_in(page), state_in(again)) == ("open", "open")
    token = re.search(r"/offer/([\w.-]+)/choice", page.text)
    assert token is not None
    assert token[1] in again.text
    package = service.quote(**IN_AUSTRALIA)
    assert package["offer_token"] == token[1]
    service.choose_first(package)
    assert state_in(service.client.get(link)) == "opted_in"
    sold = service.confirm(package["id"], policyholder=AUSTRALIAN)
    assert (sold.status_code, sold.json()["status"]) == (200, "CONFIRMED")
    assert state_in(service.client.get(link)) == "confirmed"


def test_who_opens_the_partners_page_again_is_not_informed_anew(
    service: Service, clock: Clock
) -> None:
    service.open(purchase_json(**IN_AUSTRALIA))
    clock.move(days=3)
    assert state_in(service.open(purchase_json(**IN_AUSTRALIA))) == "deferred"
    clock.move(days=2)

    page = service.open(purchase_json(**IN_AUSTRALIA))

    assert state_in(page) == "open"


def test_without_a_reference_the_link_asks_before_it_is_priced_anew(
    service: Service, clock: Clock
) -> None:
    package = service.quote(**IN_AUSTRALIA, partner_reference=None)
    clock.move(days=5)
    assert state_in(service.client.get(package["offer_url"])) == "expired"

    renewed = service.client.post(
        f"/offer/{package['offer_token']}/renew", headers={"HX-Request": "true"}
    )

    assert state_in(renewed) == "open"


def test_the_price_has_goods_and_services_tax_and_the_duty_on_top_of_it(service: Service) -> None:
    quote = service.quote(**IN_AUSTRALIA)["quotes"]["0"]

    taxes = {part["tax_code"]: part["tax_amount"] for part in quote["tax"]["taxes"]}
    assert taxes.keys() == {"GST", "STAMP_DUTY"}
    assert sum(taxes.values()) == pytest.approx(quote["tax"]["total_tax"])
    assert taxes["STAMP_DUTY"] == pytest.approx(0.9 * 1.1 * taxes["GST"], abs=0.02)


def test_a_customer_without_a_state_is_asked_for_it(service: Service) -> None:
    body = purchase_json(**{**IN_AUSTRALIA, "customer_region": None})

    refused = service.call("POST", "quotes/", json=body)

    assert refused.status_code == 422
    assert refused.json()["errors"]["customer_region"] == [
        "The law of AU differs by region: name the customer's."
    ]


def test_every_offer_that_only_informs_keeps_the_rules_too(settings: Settings) -> None:
    mine = "travel_protection@1, AU-"

    shown = [offer for offer in offers_shown(settings) if offer.place.startswith(mine)]

    assert shown
    assert all(offer.expected.is_deferred for offer in shown)
    assert [fault for offer in shown for fault in offer.faults] == []


def test_a_product_without_its_target_market_determination_is_not_loaded(
    settings: Settings,
) -> None:
    path = Path(settings.catalogue_dir) / SHIPPED.name
    path.write_text(path.read_text(encoding="utf-8").replace("target_market", "wording2"))

    with pytest.raises(Exception, match="document"):
        load_catalogue(settings)

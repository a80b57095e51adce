"""What a partner asks beyond the law holds from the offer to the cancellation."""

from __future__ import annotations

from dataclasses import replace

from tests.builders import a_partner, purchase_json
from tests.fakes import Clock
from tests.service import Service
from widget.restrictions import NONE, Restrictions


def restricted(service: Service, **wanted: object) -> None:
    service.add(replace(a_partner(), restrictions=Restrictions(**wanted)))  # type: ignore[arg-type]


def test_where_a_partner_sells_nothing_the_checkout_goes_on_without(service: Service) -> None:
    restricted(service, not_sold=("DE:travel",))

    answer = service.call("POST", "quotes/", json=purchase_json())
    page = service.open()

    assert answer.status_code == 422
    assert answer.json()["errors"]["customer_country"] == [
        "Cover of the class travel is not sold in DE."
    ]
    assert "You can go on without it." in page.text


def test_elsewhere_it_sells_as_before(service: Service) -> None:
    restricted(service, not_sold=("DE:travel",))

    assert service.quote(customer_country="AT")["status"] == "RECEIVED"


def test_a_longer_withdrawal_is_shown_and_kept_whatever_is_changed_later(
    service: Service, clock: Clock
) -> None:
    restricted(service, withdrawal_days=30)
    package = service.quote()
    assert "within 30 days" in service.client.get(package["offer_url"]).text
    service.choose_first(package)
    booking = service.confirm(package["id"]).json()

    restricted(service, withdrawal_days=NONE.withdrawal_days)
    clock.move(days=20)
    previewed = service.call("POST", f"bookings/{booking['id']}/cancel", json={"preview": True})

    assert previewed.status_code == 200, previewed.text
    assert previewed.json()["total_refund"] == booking["total_price"]


def test_a_further_disclosure_is_in_view(service: Service) -> None:
    assert "not qualified to answer" not in service.open().text

    restricted(service, disclosures=("travel_retailer",))

    assert "not qualified to answer" in service.open().text

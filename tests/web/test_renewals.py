"""A renewal that is confirmed in XCover's older way: by its own id alone."""

from __future__ import annotations

from typing import Any

import pytest

from tests.builders import a_key, a_partner, some_settings
from tests.fakes import Clock
from tests.service import Service
from tests.stages import MoodyHouse, Sale, a_sale, confirmed
from widget.app import load_catalogue
from widget.partners import Mode

KEY = {"x-idempotency-key": "renewal-1"}


@pytest.fixture
def sale(service: Service, clock: Clock) -> Sale:
    """A year that is sold, near its end, with its renewal priced."""
    sale = a_sale(service, clock, MoodyHouse(load_catalogue(some_settings())))
    confirmed(sale)
    return sale


def confirm(service: Service, renewal_id: str, **options: Any) -> Any:
    body = {"paid_on": "2027-12-20 02:42:12Z"}
    return service.call("PATCH", f"renewals/{renewal_id}/confirmation", json=body, **options)


def statuses(sale: Sale) -> list[str]:
    return [quote["status"] for quote in sale.call("GET", "bookings/{id}/")["quotes"]]


def test_it_renews_the_booking_that_it_was_priced_for(sale: Sale) -> None:
    answer = confirm(sale.service, sale.priced["renewal_id"])

    assert (answer.status_code, answer.content) == (202, b"")
    assert statuses(sale) == ["RENEWED", "CONFIRMED"]


def test_it_renews_once(sale: Sale) -> None:
    confirm(sale.service, sale.priced["renewal_id"])

    again = confirm(sale.service, sale.priced["renewal_id"])

    assert (again.status_code, again.json()["code"]) == (422, "amendment_applied")
    assert statuses(sale) == ["RENEWED", "CONFIRMED"]


def test_a_repetition_with_its_key_gets_the_first_answer(sale: Sale) -> None:
    first, again = (confirm(sale.service, sale.priced["renewal_id"], headers=KEY) for _ in range(2))

    assert (first.status_code, again.status_code) == (202, 202)
    assert again.headers["Idempotent-Replayed"] == "true"


@pytest.mark.parametrize("name", ["update_id", "cancellation_id"])
def test_what_is_no_renewal_is_not_confirmed_so(sale: Sale, name: str) -> None:
    answer = confirm(sale.service, sale.priced[name])

    assert answer.status_code == 404
    assert statuses(sale) == ["CONFIRMED"]


def test_another_partner_or_mode_learns_nothing_of_it(sale: Sale) -> None:
    service, other = sale.service, a_key("globex", random="globexglobex1234")
    live = a_key(mode=Mode.LIVE, random="livelivelivelive")
    service.add(a_partner(), live)
    service.add(a_partner("globex"), other)
    path = f"renewals/{sale.priced['renewal_id']}/confirmation"
    bearer = {"Authorization": f"Bearer {service.as_key(other).secret}"}

    answers = [
        service.client.patch(f"/x/partners/globex/{path}", headers=bearer),
        service.as_key(live).call("PATCH", path),
        service.call("PATCH", "renewals/aaaaa-bbbbb-ccccc-UPD/confirmation"),
    ]

    assert {(a.status_code, a.json()["message"]) for a in answers} == {
        (404, "Amendment does not exist")
    }
    assert statuses(sale) == ["CONFIRMED"]


def test_what_is_not_renewed_has_no_renewal_to_refuse(service: Service) -> None:
    package = service.quote()
    service.choose_first(package)
    service.confirm(package["id"])

    answer = service.call("POST", f"renewals/{package['id']}/opt_out/", json={})

    assert (answer.status_code, answer.json()["code"]) == (422, "not_allowed_by_product")

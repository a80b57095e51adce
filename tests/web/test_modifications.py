"""What a partner changes of a sold policy: names, dates, values; its price, and who is told."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.builders import NOON, policyholder_json, purchase_json, some_settings
from tests.fakes import Clock, Postbox
from tests.service import Service, running_service
from tests.stages import MoodyHouse, a_sale, confirmed, failed, unpaid
from widget.app import load_catalogue
from widget.messages import Kind
from widget.news import read_news
from widget.storage.sqlite import SqliteStorage

#: Who travels, as the partner names them first.
TRAVELLERS = [{"first_name": "Ada", "last_name": "Muster"}, {"first_name": "Bo", "last_name": "M"}]


def sold(service: Service, count: int = 1) -> Any:
    """Return a booking of so many trips, with the names of who travels."""
    trip = {**purchase_json()["request"][0], "policy_code": "cancellation"}
    package = service.quote(request=[trip] * count)
    quotes = [{"id": q["id"], "insured": TRAVELLERS} for q in package["quotes"].values()]
    body = {"quotes": quotes, "policyholder": policyholder_json()}
    return service.call("POST", f"bookings/{package['id']}/", json=body).json()


def read(service: Service, booking: Any) -> Any:
    return service.call("GET", f"bookings/{booking['id']}/").json()


def fields(booking: Any, place: int = 0, **changes: Any) -> dict[str, Any]:
    """Return the body that changes a policy."""
    return {"quotes": [{"id": booking["quotes"][place]["id"], "update_fields": changes}]}


def letter(postbox: Postbox, number: int) -> tuple[Kind, int | None]:
    """Return the newest of so many letters: its kind, and the difference in price that it tells."""
    postbox.wait_for(number)
    message = max((taken[0] for taken in postbox.taken), key=lambda message: message.sequence)
    return message.kind, read_news(message.body).difference_minor


LATER = (NOON + timedelta(days=92)).isoformat()
EVEN_LATER = (NOON + timedelta(days=101)).isoformat()


@pytest.mark.parametrize(
    ("changes", "is_dearer"),
    [
        ({"total_tickets_price": 2000}, True),
        ({"total_tickets_price": 900}, False),
        ({"trip_start_date": LATER, "trip_end_date": EVEN_LATER}, True),
    ],
    ids=["a higher value", "a lower value", "other dates"],
)
def test_a_change_of_dates_or_values_is_priced_first_made_then_and_told(
    service: Service, postbox: Postbox, changes: dict[str, Any], *, is_dearer: bool
) -> None:
    booking = sold(service)
    address = f"bookings/{booking['id']}/"

    priced = service.call("PATCH", f"{address}quote_for_update", json=fields(booking, **changes))
    made = service.call("POST", f"{address}confirm_update/{priced.json()['update_id']}/").json()

    difference = priced.json()["total_price_diff"]
    assert (difference > 0) is is_dearer
    assert difference != 0
    assert made["total_price_diff"] == difference
    assert round(made["total_price"] - booking["total_price"], 2) == difference
    assert letter(postbox, 2) == (Kind.POLICY_UPDATE, round(difference * 100))


def test_the_name_of_the_policyholder_changes_for_nothing(
    service: Service, postbox: Postbox
) -> None:
    booking = sold(service)
    change = {"policyholder": {"first_name": "Ada Maria", "last_name": "Beispiel"}}

    made = service.call("PATCH", f"bookings/{booking['id']}/", json=change).json()

    assert made["policyholder"]["first_name"] == "Ada Maria"
    assert made["total_price_diff"] == 0
    assert letter(postbox, 2) == (Kind.POLICY_UPDATE, 0)
    certificate = service.client.get(booking["coi"]["url"]).text
    assert "Ada Maria Beispiel" in certificate


def test_the_names_of_the_insured_change_for_nothing_and_policy_by_policy(
    service: Service, postbox: Postbox
) -> None:
    booking = sold(service, 2)
    others = [{"first_name": "Cem", "last_name": "Beispiel", "age": 7}]

    answer = service.call(
        "PATCH", f"bookings/{booking['id']}/", json=fields(booking, 1, insured=others)
    )

    made = answer.json()
    assert answer.status_code == 200
    assert [quote["insured"] for quote in made["quotes"]] == [TRAVELLERS, others]
    assert read(service, booking)["quotes"] == [
        {name: value for name, value in quote.items() if not name.startswith("price_diff")}
        for quote in made["quotes"]
    ]
    assert made["total_price_diff"] == 0
    assert letter(postbox, 2) == (Kind.POLICY_UPDATE, 0)
    assert "Cem Beispiel" in service.client.get(booking["account_url"]).text


def test_names_dates_and_values_change_together_or_not_at_all(service: Service) -> None:
    booking = sold(service)
    others = [{"first_name": "Cem", "last_name": "Beispiel"}]
    wrong = fields(booking, insured=others, trip_end_date="2027-01-01T00:00:00Z")
    right = fields(booking, insured=others, total_tickets_price=2000)
    address = f"bookings/{booking['id']}/"

    refused = service.call("PATCH", address, json=wrong)
    assert refused.status_code == 422
    assert read(service, booking) == booking
    made = service.call("PATCH", address, json=right).json()

    assert made["quotes"][0]["insured"] == others
    assert made["total_price_diff"] > 0


def test_a_change_of_names_that_was_priced_keeps_them_until_it_is_made(service: Service) -> None:
    booking = sold(service)
    others = [{"first_name": "Cem", "last_name": "Beispiel"}]
    address = f"bookings/{booking['id']}/"
    priced = service.call(
        "PATCH", f"{address}quote_for_update", json=fields(booking, insured=others)
    ).json()
    assert read(service, booking)["quotes"][0]["insured"] == TRAVELLERS

    service.call("POST", f"{address}confirm_update/{priced['update_id']}/")

    assert read(service, booking)["quotes"][0]["insured"] == others


def test_the_same_names_again_tell_nobody(service: Service, postbox: Postbox) -> None:
    booking = sold(service)

    answer = service.call(
        "PATCH", f"bookings/{booking['id']}/", json=fields(booking, insured=TRAVELLERS)
    )

    assert answer.status_code == 200
    assert read(service, booking) == booking
    postbox.wait_for(1)
    assert len(postbox.taken) == 1


@pytest.mark.parametrize(
    "insured", [[], [{"first_name": "Ada"}], [TRAVELLERS[0]] * 51, "Ada Muster"]
)
def test_names_that_are_none_are_refused_by_their_field(service: Service, insured: Any) -> None:
    booking = sold(service)

    refused = service.call(
        "PATCH", f"bookings/{booking['id']}/", json=fields(booking, insured=insured)
    )

    assert refused.status_code == 422
    assert "insured" in refused.json()["errors"]["quotes"]["0"]["update_fields"]


def test_names_of_a_policy_that_was_cancelled_do_not_change(service: Service) -> None:
    booking = sold(service, 2)
    one = {"quotes": [{"id": booking["quotes"][0]["id"]}]}
    service.call("POST", f"bookings/{booking['id']}/cancel", json=one)

    refused = service.call(
        "PATCH", f"bookings/{booking['id']}/", json=fields(booking, 0, insured=TRAVELLERS[:1])
    )

    assert refused.status_code == 422
    assert read(service, booking)["quotes"][0]["insured"] == TRAVELLERS


def test_no_name_stands_in_the_evidence(service: Service) -> None:
    booking = sold(service)
    others = [{"first_name": "Cem", "last_name": "Beispiel"}]

    service.call("PATCH", f"bookings/{booking['id']}/", json=fields(booking, insured=others))

    leaves = service.run(service.storage.list_evidence, "acme", booking["id"])
    assert '"insured_changed":true' in leaves[-1].body
    assert not {"Cem", "Beispiel", "Muster"} & set(leaves[-1].body.split('"'))


# -- which events have a letter


def test_a_renewal_has_a_letter_of_its_own(
    storage: SqliteStorage, clock: Clock, postbox: Postbox
) -> None:
    upstream = MoodyHouse(load_catalogue(some_settings()))
    with running_service(storage, upstream=upstream, delivery=postbox) as service:
        sale = a_sale(service, clock, upstream)
        confirmed(sale)
        sale.call("POST", f"renewals/{{id}}/confirm/{sale.priced['renewal_id']}/")

        _, told, _ = postbox.wait_for_kind(Kind.POLICY_RENEWAL)

    assert len(told.in_force) == 1


def test_a_customer_who_paid_for_what_was_not_issued_is_told(
    storage: SqliteStorage, clock: Clock, postbox: Postbox
) -> None:
    upstream = MoodyHouse(load_catalogue(some_settings()))
    with running_service(storage, upstream=upstream, delivery=postbox) as service:
        failed(a_sale(service, clock, upstream))

        kind, _ = letter(postbox, 1)

    assert kind is Kind.BOOKING_FAILURE


def test_a_booking_that_was_let_go_unpaid_was_never_told_of_and_is_not_now(
    storage: SqliteStorage, clock: Clock, postbox: Postbox
) -> None:
    upstream = MoodyHouse(load_catalogue(some_settings()))
    with running_service(storage, upstream=upstream, delivery=postbox) as service:
        sale = a_sale(service, clock, upstream)
        unpaid(sale)
        sale.call("POST", "bookings/{id}/cancel")

        again = service.call("POST", f"bookings/{sale.id}/send_email", json={})

    assert again.json()["code"] == "status_forbids"
    assert postbox.taken == []

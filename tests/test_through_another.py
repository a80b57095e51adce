"""One instance sells through another: no offer rather than an error, no booking lost or doubled."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from html import unescape
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from tests.builders import PARTNER_KEY, a_partner, policyholder_json, purchase_json, some_settings
from tests.fakes import PATIENCE_S, Clock, Postbox
from tests.gate import (
    Exchange,
    Fault,
    Gate,
    changed,
    cut,
    drip,
    drop,
    gate_before,
    hang,
    held,
    reset,
    status,
)
from tests.platform import Platform, bearer, running_platform, url_at
from tests.service import Service, running_service, state_in
from widget.offers import Status
from widget.partners import Mode
from widget.reconciling import PATIENCE, reconcile_due
from widget.storage.sqlite import SqliteStorage
from widget.web.house import House
from widget.webhooks import with_webhook

#: What may be wrong with the second instance.
FAULTS: dict[str, Fault] = {
    "hangs": hang,
    "drips": drip,
    "breaks the connection": reset,
    "answers 500": status(500, b"{}"),
    "works, and breaks the connection": drop,
    "answers garbage": status(200, b"]["),
}

#: Short, because these tests wait for it; but a machine that is busy must still answer within it.
DEADLINE_MS = 1500


@pytest.fixture
def platform(tmp_path: Path, clock: Clock) -> Iterator[Platform]:
    with running_platform(tmp_path, clock) as platform:
        yield platform


@pytest.fixture
def gate(platform: Platform) -> Iterator[Gate]:
    with gate_before(platform.origin) as gate:
        yield gate


@pytest.fixture
def service(storage: SqliteStorage, gate: Gate, postbox: Postbox) -> Iterator[Service]:
    """The first instance, whose test sales go to the second."""
    settings = some_settings(
        upstream_test_url=url_at(gate.url),
        upstream_test_key=bearer(),
        upstream_price_ms=DEADLINE_MS,
        upstream_other_ms=DEADLINE_MS,
    )
    with running_service(storage, settings=settings, delivery=postbox) as service:
        yield service


@pytest.fixture
def patient(storage: SqliteStorage, gate: Gate, postbox: Postbox) -> Iterator[Service]:
    """The first instance, which waits as long as a test keeps an answer back."""
    settings = some_settings(
        upstream_test_url=url_at(gate.url),
        upstream_test_key=bearer(),
        upstream_other_ms=PATIENCE_S * 1000,
    )
    with running_service(storage, settings=settings, delivery=postbox) as service:
        yield service


def chosen(service: Service) -> dict[str, Any]:
    package = service.quote()
    service.choose_first(package)
    return package


def reconcile(service: Service, clock: Clock) -> None:
    """Let the first instance ask again for what is pending."""
    clock.move(seconds=PATIENCE.total_seconds() + 1)
    house = service.client.app_state["house"]
    assert isinstance(house, House)
    service.run(
        lambda: reconcile_due(
            storage=house.storage, upstreams=house.upstreams, catalogue=house.catalogue
        )
    )


def test_the_quotes_are_the_platforms(service: Service) -> None:
    package = service.quote()

    first = package["quotes"]["0"]
    assert first["policy"]["policy_name"] == "Cancellation"
    assert first["price"] == 48.92
    assert first["policy"]["underwriter"]["name"] == "Northgate Insurance SE"


def test_the_shopper_sees_the_platforms_offer(service: Service) -> None:
    page = service.open()

    assert state_in(page) == "open"
    assert "Cancellation and medical" in page.text
    assert "€48.92" in page.text


def test_a_sale_is_a_sale_at_the_platform(
    service: Service, platform: Platform, postbox: Postbox
) -> None:
    package = chosen(service)

    answer = service.confirm(package["id"])

    assert (answer.status_code, answer.json()["status"]) == (200, "CONFIRMED")
    (sold,) = platform.bookings()
    (policy,) = sold.policies
    assert answer.json()["quotes"][0]["policy_number"] == policy.number
    assert sold.transaction_id == f"acme:{package['id']}"
    assert sold.policyholder.email == "ada.muster@customer.example"
    assert postbox.taken == []


def test_the_platform_writes_to_the_customer(service: Service, platform: Platform) -> None:
    package = chosen(service)

    service.confirm(package["id"])

    platform.postbox.wait_for(1)
    ((message, booking, _),) = platform.postbox.taken
    assert message.kind == "policy_confirmation"
    assert booking.policyholder.name == "Ada Muster"


def test_confirming_again_sells_nothing_again(service: Service, platform: Platform) -> None:
    package = chosen(service)

    answers = [service.confirm(package["id"]) for _ in range(3)]

    assert {answer.status_code for answer in answers} == {200}
    assert len(platform.bookings()) == 1


@pytest.mark.parametrize("fault", FAULTS)
def test_while_the_platform_has_no_prices_there_is_no_offer_and_no_error(
    service: Service, gate: Gate, fault: str
) -> None:
    gate.spoil(FAULTS[fault])

    page = service.open()

    assert page.status_code == 200
    assert state_in(page) == "unavailable"


@pytest.mark.parametrize("fault", FAULTS)
def test_while_the_platform_has_no_prices_a_partner_is_told_to_come_again(
    service: Service, gate: Gate, fault: str
) -> None:
    gate.spoil(FAULTS[fault])

    answer = service.call("POST", "quotes/", json=purchase_json())

    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0
    assert answer.json()["code"] == "temporarily_unavailable"


@pytest.mark.parametrize("fault", FAULTS)
def test_a_sale_whose_outcome_is_unknown_is_pending_and_then_sold_once(
    service: Service, platform: Platform, gate: Gate, clock: Clock, fault: str
) -> None:
    package = chosen(service)
    gate.spoil(FAULTS[fault])

    unsure = service.confirm(package["id"])
    again = service.confirm(package["id"])
    gate.mend()
    reconcile(service, clock)

    assert [(answer.status_code, answer.json()["status"]) for answer in (unsure, again)] == [
        (202, "PENDING")
    ] * 2
    told = service.call("GET", f"bookings/{package['id']}/").json()
    (sold,) = platform.bookings()
    assert told["status"] == sold.status == "CONFIRMED"
    assert told["quotes"][0]["policy_number"] == sold.policies[0].number


@pytest.mark.parametrize("fault", FAULTS)
def test_the_partner_that_asks_again_may_settle_it(
    service: Service, platform: Platform, gate: Gate, fault: str
) -> None:
    package = chosen(service)
    gate.spoil(FAULTS[fault])
    service.confirm(package["id"])
    gate.mend()

    answer = service.confirm(package["id"])

    assert (answer.status_code, answer.json()["status"]) == (200, "CONFIRMED")
    assert len(platform.bookings()) == 1


def unreliable(dice: random.Random) -> Fault:
    """Return a line on which one request in two goes wrong, each in its own way."""
    faults = [reset, drop, cut, status(500), status(503), status(200, b"]["), status(409)]

    async def fault(exchange: Exchange) -> None:
        if dice.random() < 0.5:
            await dice.choice(faults)(exchange)
        else:
            await exchange.answer(await exchange.forwarded())

    return fault


def test_many_sales_at_once_over_a_bad_line_are_each_one_sale(
    service: Service, platform: Platform, gate: Gate, clock: Clock
) -> None:
    packages = []
    for number in range(24):
        package = service.quote(partner_reference=f"CHK-{number}")
        service.choose_first(package)
        packages.append(package["id"])
    gate.spoil(unreliable(random.Random(1)))  # noqa: S311 - not a secret

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(service.confirm, packages * 3))
    gate.mend()
    upstream = service.client.app_state["house"].upstreams[Mode.TEST]
    upstream._selling.succeeded()  # nobody has to wait for it to have rested
    reconcile(service, clock)

    assert {answer.status_code for answer in answers} <= {200, 202}
    there = [str(booking.transaction_id) for booking in platform.bookings()]
    assert sorted(there) == sorted(f"acme:{package_id}" for package_id in packages)
    assert {status_in(service, package_id) for package_id in packages} == {"CONFIRMED"}


def test_a_refusal_is_told_and_nobody_is_insured(
    service: Service, platform: Platform, gate: Gate
) -> None:
    package = chosen(service)
    gate.spoil(status(422, b'{"type": "error", "message": "Not in this country."}'))

    answer = service.confirm(package["id"])

    assert (answer.status_code, answer.json()["code"]) == (422, "upstream_refused")
    assert "Not in this country." in answer.json()["message"]
    assert service.call("GET", f"bookings/{package['id']}/").json()["status"] == "FAILED"
    assert platform.bookings() == []


def test_a_decline_reaches_the_platform(service: Service, gate: Gate) -> None:
    package = service.quote()

    answer = service.call("POST", f"bookings/{package['id']}/opt_out", json={})

    assert answer.status_code == 204
    gate.wait_for("opt_out")


def test_a_change_is_priced_and_made_at_the_platform(service: Service, platform: Platform) -> None:
    package = chosen(service)
    booking = service.confirm(package["id"]).json()
    change = {
        "quotes": [
            {"id": booking["quotes"][0]["id"], "update_fields": {"total_tickets_price": 2000}}
        ],
        "policyholder": {"last_name": "Beispiel"},
    }

    priced = service.call("PATCH", f"bookings/{package['id']}/quote_for_update", json=change).json()
    made = service.call(
        "POST", f"bookings/{package['id']}/confirm_update/{priced['update_id']}/", json={}
    )

    assert priced["total_price_diff"] > 0
    assert made.status_code == 201
    (sold,) = platform.bookings()
    assert str(sold.purchase.items[0].subject.value) == "2000.00 EUR"
    assert sold.policyholder.name == "Ada Beispiel"
    assert made.json()["total_price"] == priced["total_price"] == sold.premium.as_number()


def test_a_cancellation_is_made_at_the_platform(service: Service, platform: Platform) -> None:
    package = chosen(service)
    service.confirm(package["id"])

    preview = service.call("POST", f"bookings/{package['id']}/cancel", json={"preview": True})
    assert platform.bookings()[0].status is Status.CONFIRMED
    made = service.call(
        "POST",
        f"bookings/{package['id']}/confirm_cancellation/{preview.json()['cancellation_id']}/",
        json={},
    )

    assert preview.json()["total_refund"] == made.json()["total_refund"] == 48.92
    (sold,) = platform.bookings()
    assert sold.status is Status.CANCELLED


AFTER_THE_SALE = [name for name in FAULTS if name != "answers garbage"]


def cancel(service: Service, booking_id: str, **body: Any) -> Any:
    return service.call("POST", f"bookings/{booking_id}/cancel", json=body)


def sold(service: Service) -> str:
    package = chosen(service)
    assert service.confirm(package["id"]).json()["status"] == "CONFIRMED"
    return str(package["id"])


def status_in(service: Service, booking_id: str) -> str:
    return str(service.call("GET", f"bookings/{booking_id}/").json()["status"])


@pytest.mark.parametrize("fault", AFTER_THE_SALE)
def test_a_cancellation_whose_outcome_is_unknown_may_be_asked_for_again(
    service: Service, platform: Platform, gate: Gate, fault: str
) -> None:
    booking_id = sold(service)
    gate.spoil(FAULTS[fault], part="confirm_cancellation")

    unsure = cancel(service, booking_id)
    between = status_in(service, booking_id)
    gate.mend()
    again = cancel(service, booking_id)

    assert (unsure.status_code, between) == (503, "CONFIRMED")
    assert (again.status_code, again.json()["total_refund"]) == (200, 48.92)
    assert status_in(service, booking_id) == "CANCELLED"
    assert [booking.status for booking in platform.bookings()] == [Status.CANCELLED]


@pytest.mark.parametrize("fault", AFTER_THE_SALE)
def test_a_cancellation_that_nobody_asks_for_again_is_finished_all_the_same(
    service: Service, platform: Platform, gate: Gate, clock: Clock, fault: str
) -> None:
    booking_id = sold(service)
    gate.spoil(FAULTS[fault], part="confirm_cancellation")
    cancel(service, booking_id)
    gate.mend()

    reconcile(service, clock)

    assert status_in(service, booking_id) == "CANCELLED"
    assert [booking.status for booking in platform.bookings()] == [Status.CANCELLED]


def test_while_it_stays_unknown_nothing_else_is_begun(
    service: Service, platform: Platform, gate: Gate
) -> None:
    booking_id = sold(service)
    gate.spoil(drop, part="confirm_cancellation")
    cancel(service, booking_id)

    change = {"policyholder": {"last_name": "Beispiel"}}
    during = service.call("PATCH", f"bookings/{booking_id}/", json=change)
    gate.mend()
    after = service.call("PATCH", f"bookings/{booking_id}/", json=change)

    assert (during.status_code, after.status_code) == (503, 422)
    assert after.json()["code"] == "status_forbids"
    assert platform.bookings()[0].policyholder.last_name == "Muster"


@pytest.mark.parametrize("fault", AFTER_THE_SALE)
def test_a_change_whose_outcome_is_unknown_may_be_asked_for_again(
    service: Service, platform: Platform, gate: Gate, fault: str
) -> None:
    booking_id = sold(service)
    quote_id = service.call("GET", f"bookings/{booking_id}/").json()["quotes"][0]["id"]
    change = {"quotes": [{"id": quote_id, "update_fields": {"total_tickets_price": 2000}}]}
    gate.spoil(FAULTS[fault], part="confirm_update")

    unsure = service.call("PATCH", f"bookings/{booking_id}/", json=change)
    gate.mend()
    again = service.call("PATCH", f"bookings/{booking_id}/", json=change)

    assert (unsure.status_code, again.status_code) == (503, 200)
    (there,) = platform.bookings()
    assert again.json()["total_price"] == there.premium.as_number()
    assert again.json()["total_price_diff"] > 0


def test_a_cancellation_that_the_platform_refuses_may_be_tried_once_more_later(
    service: Service, platform: Platform, gate: Gate
) -> None:
    booking_id = sold(service)
    refusal = b'{"type": "error", "message": "Not today."}'
    gate.spoil(status(422, refusal), part="confirm_cancellation")

    refused = cancel(service, booking_id)
    gate.mend()
    later = cancel(service, booking_id)

    assert (refused.status_code, refused.json()["code"]) == (422, "not_allowed_by_product")
    assert later.status_code == 200
    assert platform.bookings()[0].status is Status.CANCELLED


def test_a_replay_of_what_was_finished_later_is_its_answer(service: Service, gate: Gate) -> None:
    booking_id = sold(service)
    key = {"x-idempotency-key": "cancel-1"}
    gate.spoil(drop, part="confirm_cancellation")
    service.call("POST", f"bookings/{booking_id}/cancel", json={}, headers=key)
    gate.mend()

    answers = [
        service.call("POST", f"bookings/{booking_id}/cancel", json={}, headers=key)
        for _ in range(2)
    ]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].content == answers[1].content
    assert "idempotent-replayed" not in answers[0].headers
    assert answers[1].headers["idempotent-replayed"] == "true"


def dearer_and_renamed(service: Service, booking_id: str) -> dict[str, Any]:
    quote_id = service.call("GET", f"bookings/{booking_id}/").json()["quotes"][0]["id"]
    insured = [{"first_name": "Bob", "last_name": "Muster"}]
    fields = {"total_tickets_price": 2000, "insured": insured}
    return {
        "quotes": [{"id": quote_id, "update_fields": fields}],
        "policyholder": {"last_name": "Beispiel"},
    }


def test_a_change_of_terms_and_people_is_one_change_at_the_platform(
    service: Service, platform: Platform, gate: Gate
) -> None:
    booking_id = sold(service)
    asked = len(gate.lines)

    made = service.call(
        "PATCH", f"bookings/{booking_id}/", json=dearer_and_renamed(service, booking_id)
    )

    (there,) = platform.bookings()
    calls = [line.split()[0] for line in gate.lines[asked:]]
    assert (made.status_code, calls) == (200, ["PATCH", "POST"])
    assert made.json()["total_price"] == there.premium.as_number()
    assert there.policyholder.name == "Ada Beispiel"
    assert [[one.first_name for one in people] for people in there.insured.values()] == [["Bob"]]


def test_a_change_of_terms_and_people_that_is_refused_is_made_nowhere(
    service: Service, platform: Platform, gate: Gate
) -> None:
    booking_id = sold(service)
    (before,) = platform.bookings()
    refusal = b'{"type": "error", "message": "Not this person."}'
    gate.spoil(status(422, refusal), part="confirm_update")

    refused = service.call(
        "PATCH", f"bookings/{booking_id}/", json=dearer_and_renamed(service, booking_id)
    )
    gate.mend()

    told = service.call("GET", f"bookings/{booking_id}/").json()
    assert (refused.status_code, refused.json()["code"]) == (422, "not_allowed_by_product")
    assert platform.bookings() == [before]
    assert told["total_price"] == before.premium.as_number()
    assert cancel(service, booking_id, preview=True).json()["total_refund"] == told["total_price"]


def test_a_change_that_the_platform_refuses_is_not_made_with_the_next_one(
    service: Service, platform: Platform, gate: Gate
) -> None:
    booking_id = sold(service)
    refusal = b'{"type": "error", "message": "Not today."}'
    gate.spoil(status(422, refusal), part="confirm_update", times=1)
    change = cost_is(service, booking_id, 2000)

    refused = service.call("PATCH", f"bookings/{booking_id}/", json=change)
    later = service.call(
        "PATCH", f"bookings/{booking_id}/", json={"policyholder": {"last_name": "Beispiel"}}
    )

    (there,) = platform.bookings()
    assert (refused.status_code, later.status_code) == (422, 200)
    assert (there.premium.as_number(), there.policyholder.name) == (48.92, "Ada Beispiel")
    assert later.json()["total_price"] == 48.92


# -- at once, and once


def at_once(**changes: Any) -> dict[str, Any]:
    """Return the body of a quote and its confirmation in one, without a reference of ours."""
    purchase = purchase_json(partner_reference=None, trip={"policy_code": "cancellation"})
    return {**purchase, "policyholder": policyholder_json(), **changes}


@pytest.mark.parametrize("known_by", ["key", "payment"])
@pytest.mark.parametrize("fault", FAULTS)
def test_an_instant_booking_whose_outcome_is_unknown_is_one_booking_however_often_it_is_asked_for(
    service: Service, platform: Platform, gate: Gate, fault: str, known_by: str
) -> None:
    headers = {"x-idempotency-key": "instant-1"} if known_by == "key" else {}
    body = at_once(**({"partner_transaction_id": "PAY-1"} if known_by == "payment" else {}))
    gate.spoil(FAULTS[fault], part="/bookings/")

    unsure = [
        service.call("POST", "instant_booking/", json=body, headers=headers) for _ in range(2)
    ]
    gate.mend()
    sure = [service.call("POST", "instant_booking/", json=body, headers=headers) for _ in range(2)]

    assert [answer.status_code for answer in unsure + sure] == [202, 202, 200, 200]
    assert {answer.json()["id"] for answer in unsure + sure} == {unsure[0].json()["id"]}
    assert sure[0].json()["status"] == "CONFIRMED"
    assert sure[0].content == sure[1].content
    assert len(platform.bookings()) == 1


@pytest.mark.parametrize(
    "other",
    [{"policyholder": policyholder_json(first_name="Bob")}, {"currency": "USD"}],
    ids=["another person", "another purchase"],
)
def test_a_key_whose_booking_is_pending_is_not_free_for_another(
    service: Service, gate: Gate, other: dict[str, Any]
) -> None:
    headers = {"x-idempotency-key": "instant-1"}
    gate.spoil(hang, part="/bookings/")
    service.call("POST", "instant_booking/", json=at_once(), headers=headers)
    gate.mend()

    refused = service.call("POST", "instant_booking/", json=at_once(**other), headers=headers)

    assert refused.json()["code"] == "idempotency_key_reused"


@pytest.mark.parametrize(
    "other",
    [{"policyholder": policyholder_json(first_name="Bob")}, {"currency": "USD"}],
    ids=["another person", "another purchase"],
)
def test_a_payment_does_not_lead_to_what_it_did_not_pay_for(
    service: Service, platform: Platform, other: dict[str, Any]
) -> None:
    payment = {"partner_transaction_id": "PAY-1"}
    service.call("POST", "instant_booking/", json=at_once(**payment))

    refused = service.call("POST", "instant_booking/", json=at_once(**payment, **other))

    assert (refused.status_code, refused.json()["code"]) == (422, "payment_already_used")
    assert len(platform.bookings()) == 1


@pytest.mark.parametrize("known_by", ["key", "payment"])
def test_many_instant_bookings_at_once_are_one(
    patient: Service, platform: Platform, gate: Gate, known_by: str
) -> None:
    headers = {"x-idempotency-key": "instant-1"} if known_by == "key" else {}
    body = at_once(**({"partner_transaction_id": "PAY-1"} if known_by == "payment" else {}))
    release = Event()
    gate.spoil(held(release), part="/quotes/")

    def book(_: int) -> Any:
        return patient.call("POST", "instant_booking/", json=body, headers=headers)

    with ThreadPoolExecutor(4) as pool:
        answers = pool.map(book, range(4))
        gate.wait_for("/quotes/", times=4)
        release.set()
        told = {(answer.status_code, answer.json()["id"]) for answer in answers}

    assert [status for status, _ in told] == [200]
    assert len(platform.bookings()) == 1


@pytest.mark.parametrize("known_first", ["platform", "partner"])
def test_the_key_of_a_pending_sale_leads_to_its_answer_once_there_is_one(
    service: Service, gate: Gate, clock: Clock, known_first: str
) -> None:
    package, headers = chosen(service), {"x-idempotency-key": "confirm-1"}
    path = f"bookings/{package['id']}/"
    token = service.package(package["id"])["quote_token"]
    body = {"quote_token": token, "policyholder": policyholder_json()}
    gate.spoil(hang)
    unsure = service.call("POST", path, json=body, headers=headers)
    gate.mend()
    if known_first == "platform":
        reconcile(service, clock)

    answers = [service.call("POST", path, json=body, headers=headers) for _ in range(2)]
    other = service.call("POST", path, json={**body, "total_price": 48.92}, headers=headers)

    assert [answer.status_code for answer in (unsure, *answers)] == [202, 200, 200]
    assert answers[0].content == answers[1].content
    assert answers[1].headers["idempotent-replayed"] == "true"
    assert other.json()["code"] == "idempotency_key_reused"


# -- several requests for one change


def cost_is(service: Service, booking_id: str, cost: int) -> dict[str, Any]:
    """Return the body that changes what a booking's trip costs."""
    quote_id = service.call("GET", f"bookings/{booking_id}/").json()["quotes"][0]["id"]
    return {"quotes": [{"id": quote_id, "update_fields": {"total_tickets_price": cost}}]}


def update_to(service: Service, booking_id: str, cost: int) -> str:
    """Price a change, and return the address that confirms it."""
    change = cost_is(service, booking_id, cost)
    told = service.call("PATCH", f"bookings/{booking_id}/quote_for_update", json=change).json()
    return f"bookings/{booking_id}/confirm_update/{told['update_id']}/"


def amendments_in(service: Service, booking_id: str) -> int:
    """Return how many amendments the evidence tells of."""
    leaves = service.run(service.storage.list_evidence, "acme", booking_id)
    return sum(leaf.kind == "booking_amended" for leaf in leaves)


def test_a_slow_answer_to_a_change_does_not_undo_a_newer_one(
    patient: Service, platform: Platform, gate: Gate
) -> None:
    booking_id, release = sold(patient), Event()
    older = update_to(patient, booking_id, 2000)
    gate.spoil(held(release), part="confirm_update", times=1)

    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(patient.call, "POST", older, json={})
        gate.wait_for("confirm_update")
        patient.call("POST", older, json={})
        newer = patient.call("POST", update_to(patient, booking_id, 3000), json={})
        release.set()

    told = patient.call("GET", f"bookings/{booking_id}/").json()
    assert (slow.result().status_code, newer.status_code) == (201, 201)
    assert told["total_price"] == platform.bookings()[0].premium.as_number()
    assert told["total_price"] == newer.json()["total_price"] == slow.result().json()["total_price"]
    assert amendments_in(patient, booking_id) == 2


def test_a_change_that_is_confirmed_three_times_at_once_is_one_change(
    patient: Service, gate: Gate
) -> None:
    booking_id, release = sold(patient), Event()
    path = update_to(patient, booking_id, 2000)
    gate.spoil(held(release), part="confirm_update")

    with ThreadPoolExecutor(3) as pool:
        answers = [pool.submit(patient.call, "POST", path, json={}) for _ in range(3)]
        gate.wait_for("confirm_update", times=3)
        release.set()

    assert [answer.result().status_code for answer in answers] == [201] * 3
    assert amendments_in(patient, booking_id) == 1


@pytest.mark.parametrize("key", [{}, {"x-idempotency-key": "again-1"}], ids=["no key", "one key"])
@pytest.mark.parametrize("kind", ["confirm_update", "confirm_cancellation"])
def test_what_is_asked_for_again_while_it_is_under_way_is_done_once(
    patient: Service, gate: Gate, kind: str, key: dict[str, str]
) -> None:
    booking_id, release = sold(patient), Event()
    method, path, body = {
        "confirm_update": ("PATCH", "", cost_is(patient, booking_id, 2000)),
        "confirm_cancellation": ("POST", "cancel", {}),
    }[kind]
    gate.spoil(held(release), part=kind, times=1)

    def ask() -> Any:
        return patient.call(method, f"bookings/{booking_id}/{path}", json=body, headers=key)

    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(ask)
        gate.wait_for(kind)
        again = ask()
        release.set()

    assert (slow.result().status_code, again.status_code) == (200, 200)
    assert slow.result().json() == again.json()
    assert amendments_in(patient, booking_id) == 1


def test_a_booking_that_waits_for_its_payment_is_sold_there_when_it_has_come(
    service: Service, platform: Platform
) -> None:
    package = chosen(service)

    waiting = service.confirm(package["id"], require_payment_confirmation=True)
    before = platform.bookings()
    paid = service.call("PUT", f"bookings/{package['id']}/confirm", json={})

    assert waiting.json()["status"] == "PENDING_PAYMENT"
    assert before == []
    assert (paid.status_code, paid.json()["status"]) == (201, "CONFIRMED")
    assert len(platform.bookings()) == 1


def test_the_partners_webhook_tells_when_a_pending_sale_is_sold(
    service: Service, gate: Gate, clock: Clock, postbox: Postbox
) -> None:
    service.add(
        with_webhook(a_partner(), Mode.TEST, "https://shop.test/", root=PARTNER_KEY.encode())
    )
    package = chosen(service)
    gate.spoil(hang)
    service.confirm(package["id"])
    gate.mend()

    reconcile(service, clock)

    postbox.wait_for(1)
    ((message, booking, _),) = postbox.taken
    assert (message.kind, booking.status) == ("webhook", "CONFIRMED")


# -- texts are data

HOSTILE = "<img src=x onerror=alert(1)></script><script>alert(2)</script>{{ 7 * 7 }}\"' onload="


def hostile(code: int, body: Any) -> tuple[int, Any]:
    """Put code into every text that is shown, and what we never show beside it."""
    for quote in body["quotes"].values():
        policy = quote["policy"]
        policy |= {"policy_name": HOSTILE, "policy_type_group_name": HOSTILE}
        policy["content"] |= {
            "header": HOSTILE,
            "description": HOSTILE,
            "exclusions": [HOSTILE],
            "disclaimer": HOSTILE,
            "optout_msg": "I like to take risks",
            "credibility_message": "Chosen by 9 of 10",
            "negative_cta_warning": "You will regret it",
        }
        policy["underwriter"] |= {"name": HOSTILE}
        quote["benefits"] = [{"description": HOSTILE, "limit_description": HOSTILE}]
        quote["files"] = [
            {"title": HOSTILE, "url": "javascript:alert(3)"},
            {"title": HOSTILE, "url": "https://platform.test/wording"},
        ]
        quote["pds_url"] = "data:text/html,hello"
    return code, body


def test_what_a_platform_writes_is_shown_as_text(service: Service, gate: Gate) -> None:
    gate.spoil(changed(hostile))

    page = service.open()

    assert state_in(page) == "open"
    assert "&lt;img src=x onerror=alert(1)&gt;" in page.text
    assert "<img" not in page.text
    assert "<script>alert" not in page.text
    assert "{{ 7 * 7 }}" in page.text
    assert "javascript:" not in page.text
    assert "data:text" not in page.text
    assert 'href="https://platform.test/wording"' in page.text


def test_a_platforms_shaming_and_popularity_are_left_out(service: Service, gate: Gate) -> None:
    gate.spoil(changed(hostile))

    shown = service.open().text + service.call("POST", "quotes/", json=purchase_json()).text

    for claim in ("I like to take risks", "Chosen by 9 of 10", "You will regret it"):
        assert claim not in shown


# -- the customer's own page


def asked(service: Service, booking_id: str) -> tuple[str, dict[str, str]]:
    """Return the form on which the customer withdraws: where it goes, and what it says."""
    account = service.call("GET", f"bookings/{booking_id}/").json()["account_url"]
    page = service.client.get(f"{account.partition('?')[0]}/withdraw")
    (action,) = re.findall(r'<form[^>]*action="([^"]+)"', page.text)
    (refund,) = re.findall(r'name="refund" value="(\d+)"', page.text)
    return unescape(action), {"refund": refund}


def withdraw(service: Service, form: tuple[str, dict[str, str]]) -> Any:
    address, fields = form
    headers = {"Origin": "https://cover.test"}
    return service.client.post(address, data=fields, headers=headers, follow_redirects=False)


def test_the_customers_page_shows_what_the_platform_sold(service: Service) -> None:
    booking_id = sold(service)
    booking = service.call("GET", f"bookings/{booking_id}/").json()

    page = service.client.get(booking["account_url"])

    assert page.status_code == 200
    assert "Northgate Insurance SE" in page.text
    assert booking["quotes"][0]["policy_number"] in page.text
    assert "Withdraw from contract here" in page.text


def test_a_customer_withdraws_at_the_platform(service: Service, platform: Platform) -> None:
    booking_id = sold(service)
    form = asked(service, booking_id)
    assert platform.bookings()[0].status is Status.CONFIRMED

    answer = withdraw(service, form)

    assert answer.status_code == 303
    assert "You have withdrawn" in service.client.get(answer.headers["Location"]).text
    assert platform.bookings()[0].status is Status.CANCELLED
    assert status_in(service, booking_id) == "CANCELLED"


@pytest.mark.parametrize("fault", AFTER_THE_SALE)
def test_a_withdrawal_whose_outcome_is_unknown_is_found_out_and_happens_once(
    service: Service, platform: Platform, gate: Gate, clock: Clock, fault: str
) -> None:
    booking_id = sold(service)
    form = asked(service, booking_id)
    gate.spoil(FAULTS[fault], part="confirm_cancellation")

    unsure = withdraw(service, form)
    gate.mend()
    reconcile(service, clock)
    again = withdraw(service, form)

    assert (unsure.status_code, again.status_code) == (503, 303)
    assert "We cannot answer just now" in unsure.text
    assert status_in(service, booking_id) == "CANCELLED"
    assert platform.bookings()[0].status is Status.CANCELLED
    leaves = service.run(service.storage.list_evidence, "acme", booking_id)
    assert [leaf.kind for leaf in leaves].count("booking_amended") == 1
    assert '"by":"shopper"' in leaves[-1].body


def test_other_names_of_the_insured_reach_the_platform(
    service: Service, platform: Platform
) -> None:
    booking_id = sold(service)
    quote_id = service.call("GET", f"bookings/{booking_id}/").json()["quotes"][0]["id"]
    insured = [{"first_name": "Cem", "last_name": "Beispiel", "age": 7}]
    change = {"quotes": [{"id": quote_id, "update_fields": {"insured": insured}}]}

    made = service.call("PATCH", f"bookings/{booking_id}/", json=change)

    assert made.json()["quotes"][0]["insured"] == insured
    (there,) = platform.bookings()
    ((person,),) = there.insured.values()
    assert (person.first_name, person.age) == ("Cem", 7)

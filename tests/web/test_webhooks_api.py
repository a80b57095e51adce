"""Webhooks, as a partner's developer meets them: told, listed, sent once more."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from starlette.responses import Response

from tests.builders import PARTNER_KEY, a_key, a_partner, some_settings
from tests.fakes import PATIENCE_S, Clock
from tests.receiver import Receiver, receiving
from tests.service import Service, running_service
from widget.messages import Message
from widget.partners import Mode
from widget.storage.sqlite import SqliteStorage
from widget.webhooks import secret_of, signature_of, with_webhook

ROOT = PARTNER_KEY.encode()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


class Noting(SqliteStorage):
    """Tells when it has noted that a message was not taken."""

    def __init__(self, path: str, *, clock: Clock) -> None:
        super().__init__(path, clock=clock)
        self.has_failure = Event()

    async def mark_failed(
        self, message: Message, *, next_try_at: datetime | None, problem: str
    ) -> None:
        await super().mark_failed(message, next_try_at=next_try_at, problem=problem)
        self.has_failure.set()


@pytest.fixture
def storage(tmp_path: Path, clock: Clock) -> Noting:
    return Noting(str(tmp_path / "test.db"), clock=clock)


@pytest.fixture
def service(storage: Noting, receiver: Receiver) -> Iterator[Service]:
    """A service that calls the webhook of `acme` in test mode, and sends no mail."""
    settings = some_settings(webhook_private_hosts=("127.0.0.1",), test_mail_to="")
    with running_service(storage, settings=settings, delivery=None) as service:
        service.add(with_webhook(a_partner(), Mode.TEST, f"{receiver.url}/hooks", root=ROOT))
        yield service


def sold(service: Service, reference: str = "CHK-1") -> str:
    """Sell cover, and return the booking's id."""
    package = service.quote(partner_reference=reference)
    service.choose_first(package)
    response = service.confirm(package["id"])
    assert response.status_code == 200, response.text
    return str(package["id"])


def listed(service: Service) -> Any:
    response = service.call("GET", "webhooks/")
    assert response.status_code == 200, response.text
    return response.json()


def test_a_sale_is_told_with_a_signature_that_fits(service: Service, receiver: Receiver) -> None:
    booking_id = sold(service)
    receiver.wait_for(1)

    (call,) = receiver.received
    body = json.loads(call.body)
    assert (body["event"], body["sequence"]) == ("BOOKING_CREATED", 1)
    assert (body["payload"]["id"], body["payload"]["status"]) == (booking_id, "CONFIRMED")
    webhook = service.run(service.storage.find_partner, "acme").webhooks[0]
    secret = secret_of(webhook.secrets[0], "acme", Mode.TEST, [ROOT])
    assert secret is not None
    assert call.headers["webhook-signature"] == signature_of(
        body["event_id"], int(call.headers["webhook-timestamp"]), call.body.decode(), secret
    )


def test_each_change_of_a_booking_is_told_in_its_order(
    service: Service, receiver: Receiver
) -> None:
    booking_id = sold(service)
    service.call(
        "PATCH", f"bookings/{booking_id}/", json={"policyholder": {"phone": "+49 30 5550100"}}
    )
    service.call("POST", f"bookings/{booking_id}/cancel", json={})
    receiver.wait_for(3)

    bodies = [json.loads(call.body) for call in receiver.received]
    assert [(body["event"], body["sequence"]) for body in bodies] == [
        ("BOOKING_CREATED", 1),
        ("BOOKING_UPDATED", 2),
        ("BOOKING_CANCELLED", 3),
    ]
    assert bodies[-1]["payload"]["quotes"][0]["refund_value"] > 0


def test_a_later_event_waits_for_the_one_before(
    service: Service, receiver: Receiver, storage: Noting, clock: Clock
) -> None:
    receiver.answers = [Response(status_code=503)]
    booking_id = sold(service)
    assert storage.has_failure.wait(PATIENCE_S)

    service.call("POST", f"bookings/{booking_id}/cancel", json={})
    other_id = sold(service, "CHK-2")
    receiver.wait_for(2)
    clock.move(minutes=1)
    receiver.wait_for(4)

    told = [json.loads(call.body) for call in receiver.received]
    assert [(body["payload"]["id"], body["sequence"]) for body in told] == [
        (booking_id, 1),
        (other_id, 1),
        (booking_id, 1),
        (booking_id, 2),
    ]


def test_an_event_that_is_repeated_is_the_same_byte_for_byte(
    service: Service, receiver: Receiver
) -> None:
    sold(service)
    receiver.wait_for(1)
    (event,) = listed(service)["results"]

    answer = service.call("POST", f"webhooks/{event['event_id']}/redeliver/")
    receiver.wait_for(2)

    first, second = receiver.received
    assert (answer.status_code, answer.json()["state"]) == (202, "waiting")
    assert first.body == second.body
    assert first.headers["webhook-id"] == second.headers["webhook-id"] == event["event_id"]


def test_events_are_listed_with_what_became_of_them(
    service: Service, receiver: Receiver, storage: Noting
) -> None:
    receiver.answers = [Response(status_code=410)]
    booking_id = sold(service)
    assert storage.has_failure.wait(PATIENCE_S)

    told = listed(service)

    assert told["url"] == f"{receiver.url}/hooks"
    (event,) = told["results"]
    assert event.pop("event_id").startswith("evt_")
    assert event == {
        "event": "BOOKING_CREATED",
        "booking_id": booking_id,
        "sequence": 1,
        "timestamp": "2027-03-01T12:00:00.000000Z",
        "state": "gave_up",
        "failures": 1,
        "next_try_at": None,
        "last_problem": "The webhook answered 410.",
    }


def test_who_has_no_webhook_has_no_events(service: Service) -> None:
    live = a_key(mode=Mode.LIVE)
    service.add(a_partner(webhooks=()), live)

    assert listed(service.as_key(live)) == {"url": None, "count": 0, "results": []}


@pytest.mark.parametrize("event_id", ["evt_0", "acme:AAAAA-BBBBB-INS:0:policy_confirmation"])
def test_what_is_no_event_cannot_be_repeated(service: Service, event_id: str) -> None:
    assert service.call("POST", f"webhooks/{event_id}/redeliver/").status_code == 404


def test_a_mail_is_no_event(service: Service) -> None:
    booking_id = sold(service)

    answer = service.call("POST", f"webhooks/acme:{booking_id}:0:policy_confirmation/redeliver/")

    assert answer.status_code == 404


def test_another_partner_and_the_other_mode_see_nothing_of_an_event(
    service: Service, receiver: Receiver
) -> None:
    sold(service)
    receiver.wait_for(1)
    (event,) = listed(service)["results"]
    live = a_key(mode=Mode.LIVE)
    other = a_key("brio", random="b" * 16)
    service.add(a_partner("brio"), other)
    service.add(service.run(service.storage.find_partner, "acme"), live)
    path = f"webhooks/{event['event_id']}/redeliver/"

    answers = [
        service.as_key(live).call("POST", path),
        service.client.post(
            f"/x/partners/brio/{path}",
            headers={"Authorization": f"Bearer {service.as_key(other).secret}"},
        ),
    ]

    assert [answer.status_code for answer in answers] == [404, 404]
    assert len(receiver.received) == 1

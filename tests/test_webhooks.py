"""What a partner's backend is told, and how it knows that it was us."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import (
    NOON,
    PARTNER_KEY,
    a_booking,
    a_partner,
    a_pending_booking,
    a_product,
    an_amendment,
)
from widget.amendments import AmendmentKind
from widget.app import load_markets
from widget.bookings import Booking
from widget.errors import InputInvalid
from widget.events import Event, owed
from widget.messages import Kind, Message
from widget.money import Money
from widget.offers import Status
from widget.partners import Mode, Partner
from widget.products import Catalogue
from widget.signatures import RequestHead, read_signature
from widget.webhooks import (
    headers_for,
    secret_of,
    signature_of,
    with_new_secret,
    with_webhook,
    without_webhook,
)

ROOT = PARTNER_KEY.encode()
URL = "https://shop.test/hooks/cover?shop=1"
CATALOGUE = Catalogue({("travel_protection", 1): a_product()}, load_markets())


def told(**changes: Any) -> Partner:
    """Return the partner `acme`, who has a webhook for test bookings."""
    return with_webhook(a_partner(**changes), Mode.TEST, URL, root=ROOT)


def calls_of(booking: Booking, event: Event = Event.BOOKING_CREATED) -> list[Message]:
    messages = owed(booking, event, told(), catalogue=CATALOGUE, at=NOON, with_mail=True)
    return [message for message in messages if message.kind is Kind.WEBHOOK]


def body_of(booking: Booking, event: Event = Event.BOOKING_CREATED) -> Any:
    (call,) = calls_of(booking, event)
    return json.loads(call.body)


def secrets_of(partner: Partner) -> list[str]:
    webhook = partner.webhook_for(Mode.TEST)
    assert webhook is not None
    found = [secret_of(secret, partner.code, Mode.TEST, [ROOT]) for secret in webhook.secrets]
    return [secret for secret in found if secret is not None]


def headers(partner: Partner | None = None, *, at: Any = NOON) -> dict[str, str]:
    (call,) = calls_of(a_booking())
    webhook = (partner or told()).webhook_for(Mode.TEST)
    assert webhook is not None
    return headers_for(call, webhook, roots=[ROOT], now=at)


# -- what is told


def test_the_envelope_is_xcovers_with_an_id_a_place_and_a_time() -> None:
    body = body_of(a_booking())

    assert body["event"] == "BOOKING_CREATED"
    assert body["event_id"].startswith("evt_")
    assert body["sequence"] == 1
    assert body["timestamp"] == "2027-03-01T12:00:00.000000Z"
    assert body["test"] is True
    assert set(body) == {"event", "event_id", "sequence", "timestamp", "test", "payload"}


def test_the_payload_tells_of_the_booking_and_of_each_policy() -> None:
    payload = body_of(a_booking())["payload"]
    (quote,) = payload.pop("quotes")

    assert payload == {
        "id": "AAAAA-BBBBB-INS",
        "status": "CONFIRMED",
        "currency": "EUR",
        "total_price": 48.92,
        "total_price_formatted": "€48.92",
        "partner_transaction_id": "ORDER-1",
        "partner_metadata": {},
    }
    assert quote["status"] == "CONFIRMED"
    assert quote["policy_number"] == "TRV-AAAAA-BBBBB"
    assert quote["policy"]["policy_name"] == "Cancellation"
    assert quote["total_renewed_times"] == 0
    assert "refund_value" not in quote


def test_a_cancelled_policy_tells_what_is_paid_back() -> None:
    booking = a_booking()
    policy = replace(
        booking.policies[0],
        status=Status.CANCELLED,
        cancelled_at=NOON,
        refund=Money(4892, "EUR"),
    )
    cancelled = an_amendment(kind=AmendmentKind.CANCELLATION, policies=(policy,)).applied_to(
        booking
    )

    payload = body_of(cancelled, Event.BOOKING_CANCELLED)["payload"]

    assert payload["status"] == "CANCELLED"
    assert payload["quotes"][0]["refund_value"] == 48.92


def test_a_renewed_policy_tells_how_often_it_was_renewed() -> None:
    booking = a_booking()
    old = replace(booking.policies[0], status=Status.RENEWED)
    new = replace(
        booking.policies[0],
        number="TRV-NEXT",
        quote=replace(old.quote, id="q-next"),
        issued_at=NOON + timedelta(days=360),
    )

    payload = body_of(replace(booking, policies=(old, new)), Event.RENEWAL_CREATED)["payload"]

    assert [quote["total_renewed_times"] for quote in payload["quotes"]] == [0, 1]


def test_a_booking_that_failed_tells_of_what_was_chosen() -> None:
    failed = a_pending_booking().failed("No.")

    payload = body_of(failed, Event.BOOKING_UPDATED)["payload"]

    assert [quote["status"] for quote in payload["quotes"]] == ["FAILED"]


def test_no_personal_data_is_told() -> None:
    (call,) = calls_of(a_booking())

    for fact in ("Ada", "Muster", "@"):
        assert fact not in call.body


def test_each_change_has_a_place_after_the_one_before_and_an_id_of_its_own() -> None:
    first = a_booking()
    second = first.noted()

    bodies = [body_of(first), body_of(second, Event.BOOKING_UPDATED)]

    assert [body["sequence"] for body in bodies] == [1, 2]
    assert bodies[0]["event_id"] != bodies[1]["event_id"]


def test_the_same_event_has_the_same_id_and_the_same_body() -> None:
    assert calls_of(a_booking()) == calls_of(a_booking())


def test_who_has_no_webhook_in_a_mode_is_not_told() -> None:
    partner = with_webhook(a_partner(), Mode.LIVE, URL, root=ROOT)

    messages = owed(
        a_booking(),
        Event.BOOKING_CREATED,
        partner,
        catalogue=CATALOGUE,
        at=NOON,
        with_mail=False,
    )

    assert messages == ()


# -- the signature


def test_the_standards_own_vector() -> None:
    signature = signature_of(
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        1614265330,
        '{"test": 2432232314}',
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    )

    assert signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_the_headers_sign_the_body_at_the_time_of_sending() -> None:
    (call,) = calls_of(a_booking())
    (secret,) = secrets_of(told())

    sent = headers(at=NOON + timedelta(hours=75))

    assert sent["webhook-id"] == call.id
    assert sent["webhook-timestamp"] == "1804172400"
    assert sent["webhook-signature"] == signature_of(call.id, 1804172400, call.body, secret)


@given(st.data())
def test_no_other_body_fits_a_signature(data: st.DataObject) -> None:
    (call,) = calls_of(a_booking())
    (secret,) = secrets_of(told())
    place = data.draw(st.integers(0, len(call.body) - 1))
    letter = data.draw(st.characters(codec="utf-8").filter(lambda c: c != call.body[place]))

    other = call.body[:place] + letter + call.body[place + 1 :]

    assert signature_of(call.id, 1, other, secret) != signature_of(call.id, 1, call.body, secret)


def test_xcovers_own_signature_is_over_the_date() -> None:
    (secret,) = secrets_of(told())
    sent = headers()

    signature = read_signature(sent["Authorization"].removeprefix("Signature "))

    assert sent["Date"] == "Mon, 01 Mar 2027 12:00:00 GMT"
    assert signature.key_id == sent["X-Api-Key"] == "whk_1"
    assert signature.algorithm == "hmac-sha256"
    assert signature.is_made_with(
        secret, RequestHead("POST", "/hooks/cover", [("date", sent["Date"])])
    )


# -- secrets


def test_a_secret_is_32_bytes_in_the_standards_spelling() -> None:
    (secret,) = secrets_of(told())

    assert secret.startswith("whsec_")
    assert len(base64.b64decode(secret.removeprefix("whsec_"), validate=True)) == 32


def test_secrets_differ_by_partner_mode_generation_and_root() -> None:
    other_root = b"another-root-key-" + b"r" * 32
    partner = with_webhook(told(), Mode.LIVE, URL, root=ROOT)
    secret = told().webhooks[0].secrets[0]
    other = with_webhook(a_partner(), Mode.TEST, URL, root=other_root).webhooks[0].secrets[0]

    found = {
        secret_of(secret, "acme", Mode.TEST, [ROOT]),
        secret_of(secret, "brio", Mode.TEST, [ROOT]),
        secret_of(partner.webhooks[-1].secrets[0], "acme", Mode.LIVE, [ROOT]),
        secret_of(replace(secret, generation=2), "acme", Mode.TEST, [ROOT]),
        secret_of(other, "acme", Mode.TEST, [other_root]),
    }

    assert len(found) == 5
    assert None not in found


def test_another_address_keeps_the_secret() -> None:
    moved = with_webhook(told(), Mode.TEST, "https://shop.test/new", root=ROOT)

    assert secrets_of(moved) == secrets_of(told())
    assert [webhook.url for webhook in moved.webhooks] == ["https://shop.test/new"]


def test_old_and_new_sign_during_a_rotation_and_then_the_new_alone() -> None:
    (call,) = calls_of(a_booking())
    rotated = with_new_secret(told(), Mode.TEST, root=ROOT, now=NOON, kept_for=timedelta(hours=24))
    old, new = secrets_of(rotated)

    during = headers(rotated, at=NOON + timedelta(hours=23))["webhook-signature"].split()
    after = headers(rotated, at=NOON + timedelta(hours=24))["webhook-signature"].split()

    second = int(NOON.timestamp()) + 23 * 3600
    assert during == [signature_of(call.id, second, call.body, s) for s in (new, old)]
    assert after == [signature_of(call.id, second + 3600, call.body, new)]


def test_secrets_that_have_lapsed_are_forgotten_at_the_next_rotation() -> None:
    partner = told()
    for days in (0, 2, 4):
        partner = with_new_secret(partner, Mode.TEST, root=ROOT, now=NOON + timedelta(days=days))

    assert [secret.generation for secret in partner.webhooks[0].secrets] == [3, 4]


def test_a_webhook_whose_root_keys_are_gone_cannot_sign() -> None:
    (call,) = calls_of(a_booking())

    with pytest.raises(LookupError):
        headers_for(call, told().webhooks[0], roots=[b"another" * 6], now=NOON)


def test_nothing_rotates_that_is_not_there() -> None:
    with pytest.raises(InputInvalid) as refusal:
        with_new_secret(a_partner(), Mode.TEST, root=ROOT, now=NOON)

    assert refusal.value.problems == {"mode": ["acme has no webhook for test; set one first."]}


def test_a_webhook_that_is_removed_leaves_the_other_mode() -> None:
    both = with_webhook(told(), Mode.LIVE, URL, root=ROOT)

    left = without_webhook(both, Mode.TEST)

    assert [webhook.mode for webhook in left.webhooks] == [Mode.LIVE]


@pytest.mark.parametrize(
    "url",
    [
        "",
        "shop.test/hooks",
        "ftp://shop.test/hooks",
        "file:///etc/hostname",
        "https://",
        "https:///hooks",
        "https://user:word@shop.test/",
        "https://shop.test/#part",
        "https://127.1/",
        "https://2130706433/",
        "https://0177.0.0.1/",
        "https://[::1/",
        "https://[localhost]/",
        "https://shop.test:port/",
        "https://shop.test:99999/",
        "https://shop.test/a b",
        "https://shop.test/\r\nX: y",
        "https://sh\u00f6p.test/",
        "https://shop.test/" + "a" * 2000,
    ],
)
def test_an_address_that_cannot_be_called_is_refused(url: str) -> None:
    with pytest.raises(InputInvalid):
        with_webhook(a_partner(), Mode.TEST, url, root=ROOT)

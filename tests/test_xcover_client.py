"""XCover's own Python client drives every call that it has, unchanged, over real HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from xcover.config import XCoverConfig
from xcover.exceptions import XCoverHttpException
from xcover.xcover import XCover

from tests.builders import (
    NOON,
    PARTNER_KEY,
    a_key,
    a_partner,
    policyholder_json,
    purchase_json,
    some_settings,
)
from tests.fakes import Clock, Postbox
from tests.ports import on_a_port
from widget.app import build_app
from widget.partners import secret_of
from widget.storage.sqlite import SqliteStorage


class Client:
    """XCover's client, told the time of the test for the `Date` that it signs."""

    def __init__(self, client: XCover, clock: Clock) -> None:
        self._client = client
        self._clock = clock

    def __getattr__(self, name: str) -> Any:
        call = getattr(self._client, name)

        def timed(*args: Any, headers: dict[str, str] | None = None, **options: Any) -> Any:
            date = format_datetime(self._clock(), usegmt=True)
            return call(*args, headers={"date": date, **(headers or {})}, **options)

        return timed


@pytest.fixture(params=["x", "xcover"])
def url(request: pytest.FixtureRequest, tmp_path: Path, clock: Clock) -> Iterator[str]:
    """A service with the partner `acme`, on both prefixes."""
    path = str(tmp_path / "service.db")
    asyncio.run(_prepare(SqliteStorage(path, clock=clock)))
    storage = SqliteStorage(path, clock=clock)
    app = build_app(some_settings(), storage=storage, delivery=Postbox())
    with on_a_port(app) as address:
        yield f"{address}/{request.param}/"


async def _prepare(storage: SqliteStorage) -> None:
    await storage.open()
    await storage.save_partner(a_partner())
    await storage.add_key(a_key())
    await storage.close()


@pytest.fixture
def client(url: str, clock: Clock) -> Client:
    return Client(XCover(a_config(url)), clock)


def a_config(url: str, **changes: Any) -> XCoverConfig:
    """Return what a partner tells the client: a base URL and a key, and nothing else of ours."""
    known: dict[str, Any] = {
        "base_url": url,
        "partner_code": "acme",
        "auth_api_key": a_key().key_id,
        "auth_api_secret": secret_of(a_key(), [PARTNER_KEY.encode()]),
        "headers": "(request-target) date",
        **changes,
    }
    return XCoverConfig(**known)


def a_trip(**changes: Any) -> dict[str, Any]:
    """Return one entry of `request` for one plan."""
    trip: dict[str, Any] = purchase_json()["request"][0]
    return {**trip, "policy_code": "cancellation", **changes}


def a_year() -> dict[str, Any]:
    """Return a purchase of annual cover, which renews and is paid in instalments."""
    starts_at = NOON + timedelta(days=10)
    year = {
        "policy_type": "annual_travel",
        "policy_code": "medical",
        "destination_country": "PT",
        "trip_start_date": starts_at.isoformat(),
        "trip_end_date": (starts_at + timedelta(days=365)).isoformat(),
        "total_tickets_price": 2000,
        "number_of_adults": 1,
        "number_of_children": 0,
    }
    return purchase_json(partner_reference="YEAR-1", trip=year)


def booked(client: Client, purchase: dict[str, Any] | None = None, **body: Any) -> Any:
    """Return a booking of the first quote of a purchase."""
    package = client.create_quote(purchase or purchase_json(request=[a_trip()]))
    quote = {"id": package["quotes"]["0"]["id"], **body.pop("quote", {})}
    payload = {"quotes": [quote], "policyholder": policyholder_json(), **body}
    return client.create_booking(package["id"], payload)


def test_a_quote_is_made_read_and_declined(client: Client) -> None:
    package = client.create_quote(purchase_json())

    assert client.get_quote(package["id"])["quotes"] == package["quotes"]
    assert set(package["quotes"]) == {"0", "1", "2"}
    assert client.opt_out(package["id"]) is True
    assert client.get_quote(package["id"])["status"] == "OPTED_OUT"


def test_a_package_is_changed_grows_and_shrinks(client: Client) -> None:
    package = client.create_quote(purchase_json(request=[a_trip()]))
    first = package["quotes"]["0"]
    dearer = {"request": [{"quote_id": first["id"], "total_tickets_price": 2500}]}

    updated = client.update_quote(package["id"], dearer)
    added = client.add_quotes(package["id"], {"request": [a_trip(number_of_adults=1)]})
    new = added["quotes"]["0"]
    left = client.delete_quotes(package["id"], {"quotes": [{"id": new["id"]}]})

    assert updated["quotes"]["0"]["id"] == first["id"]
    assert updated["quotes"]["0"]["price"] > first["price"]
    assert [added["quotes"][place]["id"] == first["id"] for place in "01"] == [False, True]
    assert left["quotes"]["0"]["id"] == first["id"]
    assert len(left["quotes"]) == 1


def test_a_booking_is_made_read_listed_changed_and_cancelled(client: Client) -> None:
    booking = booked(client)
    quote = booking["quotes"][0]
    more = {"quotes": [{"id": quote["id"], "update_fields": {"total_tickets_price": 2500}}]}

    changed = client.booking_modification(booking["id"], more)
    cancelled = client.cancel_booking(booking["id"])

    assert booking["status"] == "CONFIRMED"
    assert booking["quotes"][0]["policy_number"].startswith("TRV-")
    assert client.list_bookings()["count"] == 1
    assert changed["total_price_diff"] > 0
    assert cancelled["status"] == "CANCELLED"
    assert cancelled["total_refund"] == changed["total_price"]
    assert client.get_booking(booking["id"])["total_price"] == 0


def test_a_change_is_priced_first_and_then_made(client: Client) -> None:
    booking = booked(client)
    quote = {"id": booking["quotes"][0]["id"], "update_fields": {"total_tickets_price": 2500}}
    change = {"policyholder": {"phone": "+49 30 5550100"}, "quotes": [quote]}

    priced = client.booking_modification_quote(booking["id"], change)
    before = client.get_booking(booking["id"])
    made = client.confirm_booking_modification(booking["id"], priced["update_id"])

    assert before["total_price"] == booking["total_price"]
    assert made["total_price"] == priced["total_price"] > booking["total_price"]
    assert made["policyholder"]["phone"] == "+49 30 5550100"


def test_a_cancellation_is_previewed_first_and_then_made(client: Client) -> None:
    booking = booked(client)

    preview = client.cancel_booking(booking["id"], {"preview": True})
    before = client.get_booking(booking["id"])
    made = client.confirm_booking_cancellation(booking["id"], preview["cancellation_id"])

    assert preview["status"] == "CANCELLED"
    assert preview["cancellation_id"].endswith("-CCL")
    assert before["status"] == "CONFIRMED"
    assert made["cancellation_id"] is None
    assert made["total_refund"] == preview["total_refund"] == booking["total_price"]


def test_a_booking_waits_for_its_payment(client: Client) -> None:
    booking = booked(client, require_payment_confirmation=True)

    paid = client.confirm_booking(booking["id"])

    assert booking["status"] == "PENDING_PAYMENT"
    assert booking["confirmed_at"] is None
    assert booking["quotes"][0]["policy_number"] is None
    assert paid["status"] == "CONFIRMED"


def test_a_purchase_is_booked_at_once(client: Client) -> None:
    purchase = purchase_json(request=[a_trip()])

    booking = client.instant_booking({**purchase, "policyholder": policyholder_json()})

    assert booking["status"] == "CONFIRMED"
    assert client.get_booking(booking["id"])["id"] == booking["id"]


def test_the_customer_is_written_to_once_more(client: Client) -> None:
    booking = booked(client)

    assert client.trigger_email(booking["id"]) is True
    with pytest.raises(XCoverHttpException, match="422"):
        client.trigger_email(booking["id"], {"event": "BOOKING_CANCELLED"})


def test_instalments_are_shown_and_reported(client: Client) -> None:
    booking = booked(client, a_year(), quote={"instalment_plan": "monthly"})
    report = {
        "id": booking["quotes"][0]["id"],
        "payment_attempted_date": NOON.isoformat(),
        "payment_status": "PAID",
        "instalment_number": 1,
    }

    reported = client.update_instalment_payment_status(booking["id"], {"quotes": [report]})

    schedule = client.get_instalments(booking["id"])["quotes"][0]["instalments"]
    assert reported is True
    assert [part["payment_status"] for part in schedule] == ["PAID", *["UNPAID"] * 11]
    assert round(sum(part["amount"] for part in schedule), 2) == booking["total_price"]


def test_a_year_is_renewed(client: Client, clock: Clock) -> None:
    booking = booked(client, a_year())
    clock.move(days=350)

    priced = client.quote_for_renewal(booking["id"])
    before = client.get_booking(booking["id"])
    facts = {"id": booking["id"], "policy_start_date": before["quotes"][0]["policy_end_date"]}
    renewed = client.renewal_confirmation(booking["id"], priced["renewal_id"], facts)

    assert [quote["status"] for quote in before["quotes"]] == ["CONFIRMED"]
    assert [quote["status"] for quote in renewed["quotes"]] == ["RENEWED", "CONFIRMED"]
    earlier, later = renewed["quotes"]
    assert later["policy_start_date"] == earlier["policy_end_date"]
    assert later["policy_number"] != earlier["policy_number"]


def test_a_renewal_is_refused(client: Client, clock: Clock) -> None:
    booking = booked(client, a_year())
    clock.move(days=350)

    assert client.renewal_opt_out(booking["id"]) is True
    with pytest.raises(XCoverHttpException, match="422"):
        client.quote_for_renewal(booking["id"])


def test_a_wrong_secret_opens_nothing(url: str, clock: Clock) -> None:
    stranger = Client(XCover(a_config(url, auth_api_secret="sk_test_guessed")), clock)

    with pytest.raises(XCoverHttpException, match="403"):
        stranger.list_bookings()


@pytest.mark.parametrize("algorithm", ["hmac-sha256", "hmac-sha384", "hmac-sha512"])
@pytest.mark.parametrize("signed", ["date", "(request-target) date"])
def test_every_way_to_sign_is_taken(url: str, clock: Clock, algorithm: str, signed: str) -> None:
    config = a_config(url, auth_algorithm=algorithm, headers=signed)

    assert Client(XCover(config), clock).list_bookings()["count"] == 0

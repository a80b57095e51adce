"""Cover that is paid by the month, and what is paid back when it ends early."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from tests.builders import some_settings
from tests.fakes import Clock, Postbox
from tests.service import running_service
from tests.stages import MoodyHouse, Sale, a_sale
from widget.app import load_catalogue
from widget.storage.sqlite import SqliteStorage


@pytest.fixture
def upstream() -> MoodyHouse:
    return MoodyHouse(load_catalogue(some_settings()))


@pytest.fixture
def sale(storage: SqliteStorage, clock: Clock, upstream: MoodyHouse) -> Iterator[Sale]:
    """Annual cover that was sold, to be paid by the month."""
    with running_service(storage, upstream=upstream, delivery=Postbox()) as service:
        sale = a_sale(service, clock, upstream)
        sale.call("POST", "bookings/{id}/", sale.confirmation)
        yield sale


def schedule(sale: Sale) -> list[dict[str, Any]]:
    told = sale.service.call("GET", sale.address("bookings/{id}/instalments/")).json()
    instalments: list[dict[str, Any]] = told["quotes"][0]["instalments"]
    return instalments


def report(sale: Sale, *numbers: int, status: str = "PAID") -> None:
    facts = {
        "id": sale.quote_id,
        "payment_attempted_date": sale.clock.time.isoformat(),
        "payment_status": status,
    }
    sale.call(
        "POST",
        "bookings/{id}/instalments/",
        {"quotes": [facts | {"instalment_number": number} for number in numbers]},
    )


def refund(sale: Sale) -> float:
    return float(sale.call("POST", "bookings/{id}/cancel", {"preview": True})["total_refund"])


def test_what_was_paid_is_paid_back_before_the_start(sale: Sale) -> None:
    first = float(schedule(sale)[0]["amount"])
    report(sale, 1)

    assert refund(sale) == first


def test_what_was_never_paid_is_not_paid_back(sale: Sale) -> None:
    assert refund(sale) == 0


def test_a_payment_that_failed_is_none(sale: Sale) -> None:
    report(sale, 1)
    report(sale, 1, status="UNPAID")

    assert refund(sale) == 0


@pytest.mark.parametrize("days", [60, 120, 240])
@pytest.mark.parametrize("paid", [3, 6, 9])
def test_of_what_is_due_back_the_unpaid_part_is_taken_off(
    sale: Sale, clock: Clock, paid: int, days: int
) -> None:
    clock.time += timedelta(days=days)
    report(sale, *range(1, paid + 1))
    unpaid = sum(float(one["amount"]) for one in schedule(sale)[paid:])

    in_part = refund(sale)
    report(sale, *range(paid + 1, 13))
    in_full = refund(sale)

    assert in_full > 0
    assert in_part == pytest.approx(max(in_full - unpaid, 0))


def test_who_has_paid_all_of_it_before_the_start_gets_all_of_it(sale: Sale) -> None:
    report(sale, *range(1, 13))

    assert refund(sale) == pytest.approx(sum(float(one["amount"]) for one in schedule(sale)))


# -- after an update of the policy


def update(sale: Sale, adults: int) -> dict[str, Any]:
    fields = {"id": sale.quote_id, "update_fields": {"number_of_adults": adults}}
    told: dict[str, Any] = sale.call("PATCH", "bookings/{id}/", {"quotes": [fields]})
    return told


def total(instalments: list[dict[str, Any]]) -> float:
    return round(sum(float(one["amount"]) for one in instalments), 2)


@pytest.mark.parametrize("adults", [1, 2, 4])
def test_after_an_update_what_was_paid_is_paid_back_and_no_more(sale: Sale, adults: int) -> None:
    update(sale, 2)
    paid = total(schedule(sale)[:3])
    report(sale, 1, 2, 3)

    told = update(sale, adults)

    assert refund(sale) == paid
    assert told["instalments_overpaid"] == 0


@pytest.mark.parametrize("adults", [1, 4])
def test_after_an_update_the_open_instalments_share_what_is_left(sale: Sale, adults: int) -> None:
    update(sale, 2)
    before = schedule(sale)[:3]
    report(sale, 1, 2, 3)

    premium = update(sale, adults)["total_price"]

    after = schedule(sale)
    assert [one["amount"] for one in after[:3]] == [one["amount"] for one in before]
    assert total(after) == premium
    assert {one["payment_status"] for one in after[3:]} == {"UNPAID"}


def test_what_was_paid_beyond_a_lower_premium_is_told_once_and_no_longer_counts(
    sale: Sale,
) -> None:
    premium = update(sale, 4)["total_price"]
    report(sale, *range(1, 13))

    told = update(sale, 1)

    assert told["instalments_overpaid"] == round(premium - told["total_price"], 2)
    assert told["instalments_overpaid_formatted"].startswith("€")
    assert total(schedule(sale)) == told["total_price"]
    assert refund(sale) == told["total_price"]


def test_a_premium_that_rises_when_all_is_paid_makes_one_more_instalment(sale: Sale) -> None:
    report(sale, *range(1, 13))

    told = update(sale, 4)
    one_more = schedule(sale)[12:]
    report(sale, 13)

    assert [one["amount"] for one in one_more] == [told["total_price_diff"]]
    assert refund(sale) == told["total_price"]


def test_a_price_for_an_update_tells_what_would_be_owed_back_and_takes_nothing_off(
    sale: Sale,
) -> None:
    report(sale, *range(1, 13))
    update(sale, 4)
    report(sale, 13)
    paid = schedule(sale)

    fields = {"id": sale.quote_id, "update_fields": {"number_of_adults": 1}}
    told = sale.call("PATCH", "bookings/{id}/quote_for_update", {"quotes": [fields]})

    assert told["instalments_overpaid"] > 0
    assert schedule(sale) == paid

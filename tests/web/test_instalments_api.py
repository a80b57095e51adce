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

"""A customer of an instance that sells through another one: the same journey, whatever fails."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.shop import YES, Customer, Demo, running_demo
from tests.browser.waiting import wait_for_state
from tests.gate import Gate, gate_before
from tests.platform import Platform, bearer, running_platform, url_at
from tests.test_through_another import FAULTS

NUMBER = re.compile(r"^TRV-\w{5}-\w{5}$")


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    with running_platform(tmp_path_factory.mktemp("platform")) as platform:
        yield platform


@pytest.fixture(scope="module")
def gate(platform: Platform) -> Iterator[Gate]:
    with gate_before(platform.origin) as gate:
        yield gate


@pytest.fixture(scope="module")
def demo(gate: Gate, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    folder = tmp_path_factory.mktemp("demo")
    with running_demo(
        folder,
        upstream_url=url_at(gate.url),
        upstream_key=bearer(),
        upstream_price_ms=700,
        upstream_other_ms=500,
    ) as demo:
        yield demo


@pytest.fixture
def customer(page: Page, demo: Demo, gate: Gate) -> Iterator[Customer]:
    yield Customer(page, demo)
    gate.mend()


def paid_for_cover(customer: Customer) -> None:
    """Come to the point where cover was chosen and is about to be paid."""
    customer.begin()
    customer.await_offer()
    customer.answer(YES)
    customer.go_to_payment()


def number_of(customer: Customer) -> str:
    """Return the policy number that the order shows, which may take some tries of the shop."""
    number = customer.page.get_by_text(NUMBER)
    expect(number).to_be_visible(timeout=60_000)
    return number.inner_text()


def test_a_customer_takes_cover_that_another_platform_issues(
    customer: Customer, platform: Platform
) -> None:
    sold_before = len(platform.bookings())
    paid_for_cover(customer)
    customer.pay()

    number = number_of(customer)

    expect(customer.page.get_by_text("Confirmed", exact=True)).to_be_visible()
    sold = platform.bookings()
    assert len(sold) == sold_before + 1
    assert number in {policy.number for booking in sold for policy in booking.policies}
    platform.postbox.wait_for(len(sold))


@pytest.mark.parametrize("fault", FAULTS)
def test_cover_that_was_paid_is_confirmed_once_whatever_the_platform_did_at_first(
    customer: Customer, platform: Platform, gate: Gate, fault: str
) -> None:
    sold_before = len(platform.bookings())
    paid_for_cover(customer)
    gate.spoil(FAULTS[fault], part="/bookings/", times=2)

    customer.pay()
    number = number_of(customer)

    sold = platform.bookings()
    assert len(sold) == sold_before + 1
    assert number in {policy.number for booking in sold for policy in booking.policies}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_customer_books_the_trip_all_the_same_when_there_are_no_prices(
    customer: Customer, gate: Gate, fault: str
) -> None:
    gate.spoil(FAULTS[fault], part="/quotes/")

    customer.begin()
    wait_for_state(customer.page, "unavailable")
    customer.go_to_payment()
    customer.pay()

    expect(customer.page.get_by_text("€1,284.60").first).to_be_visible()
    expect(customer.page.get_by_text(NUMBER)).to_have_count(0)

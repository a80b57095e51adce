"""A customer books a trip: with cover, without it, by keyboard, without JavaScript, without us."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.shop import NO, TIMEOUT_MS, YES, Customer, Demo, running_demo


@pytest.fixture
def customer(page: Page, demo: Demo) -> Customer:
    return Customer(page, demo)


@pytest.fixture
def plain_page(browser: Browser) -> Iterator[Page]:
    """A browser in which no script runs."""
    context = browser.new_context(
        java_script_enabled=False, viewport={"width": 1280, "height": 2400}
    )
    context.set_default_timeout(TIMEOUT_MS)
    yield context.new_page()
    context.close()


def test_a_customer_takes_cover_with_the_keyboard_alone(customer: Customer) -> None:
    page = customer.page
    customer.begin()
    customer.await_offer()

    page.get_by_label("E-mail").focus()
    page.keyboard.press("Tab")
    first = customer.offer.get_by_role("radio").first
    expect(first).to_be_focused()
    page.keyboard.press("Space")
    expect(first).to_be_checked()
    page.keyboard.press("ArrowDown")
    expect(customer.offer.get_by_text(f"Saved: {YES}").first).to_be_visible()
    expect(customer.offer.get_by_role("radio", name=YES)).to_be_focused()
    expect(customer.bill.get_by_text("Not chosen yet")).not_to_be_visible()
    page.get_by_role("button", name="Continue to payment").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Payment")).to_be_visible()
    page.get_by_role("button", name="Pay").focus()
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", name="Your trip is booked")).to_be_visible()
    expect(page.get_by_text("Confirmed", exact=True)).to_be_visible()
    number = page.get_by_text(re.compile(r"^TRV-\w{5}-\w{5}$")).inner_text()
    customer.open_mail(number)
    letter = page.frame_locator("iframe").first
    expect(letter.get_by_text(number).first).to_be_visible()
    expect(letter.get_by_text(YES)).to_be_visible()
    expect(letter.get_by_role("heading", name="If you change your mind")).to_be_visible()


def test_the_certificate_that_the_shop_links_to_is_the_policys(customer: Customer) -> None:
    customer.begin()
    customer.await_offer()
    customer.answer(YES)
    customer.go_to_payment()
    customer.pay()
    number = customer.page.get_by_text(re.compile(r"^TRV-\w{5}-\w{5}$")).inner_text()

    with customer.page.context.expect_page() as opened:
        customer.page.get_by_role("link", name="Insurance certificate").click(modifiers=["Control"])

    certificate = opened.value
    expect(certificate.get_by_role("heading", name=YES)).to_be_visible()
    expect(certificate.get_by_text(number)).to_be_visible()
    expect(certificate.get_by_text("Ines Albrecht")).to_be_visible()


def test_a_customer_declines_and_pays_for_the_trip_alone(customer: Customer) -> None:
    customer.begin()
    customer.await_offer()

    customer.answer(NO)
    expect(customer.bill.get_by_text("No, thanks")).to_be_visible()
    customer.go_to_payment()
    customer.pay()

    expect(customer.page.get_by_text("€1,284.60").first).to_be_visible()
    expect(customer.page.get_by_text(re.compile("TRV-"))).not_to_be_visible()


def test_the_total_follows_the_choice(customer: Customer) -> None:
    customer.begin()
    customer.await_offer()
    before = customer.bill.inner_text()

    customer.answer(YES)
    with_cover = customer.bill.inner_text()
    premium = customer.element.evaluate("element => element.state.premium.formatted")
    customer.answer(NO)
    expect(customer.bill.get_by_text("No, thanks")).to_be_visible()

    assert "€1,284.60" in before
    assert premium in with_cover
    assert "€1,284.60" not in with_cover.split("Total")[1]
    assert "€1,284.60" in customer.bill.inner_text().split("Total")[1]


def test_the_shop_asks_for_an_answer_before_it_goes_on(customer: Customer) -> None:
    customer.begin()
    customer.await_offer()

    customer.page.get_by_role("button", name="Continue to payment").click()

    assert "/checkout/" in customer.page.url
    assert customer.element.evaluate("element => element.validationMessage") == (
        "Please choose one of the answers."
    )


def test_the_answer_is_still_there_after_a_reload(customer: Customer) -> None:
    customer.begin()
    customer.await_offer()
    customer.answer(YES)

    customer.page.reload()

    expect(customer.offer.get_by_role("radio", name=YES)).to_be_checked()
    expect(customer.bill.get_by_text("Not chosen yet")).not_to_be_visible()


@pytest.mark.parametrize(("answer", "proof"), [(YES, "Confirmed"), (NO, "No")])
def test_a_customer_without_javascript_books_all_the_same(
    plain_page: Page, demo: Demo, answer: str, proof: str
) -> None:
    customer = Customer(plain_page, demo)
    customer.begin()
    frame = plain_page.frame_locator("iframe")

    frame.get_by_role("radio", name=answer).check()
    frame.get_by_role("button", name="Save my answer").click()
    expect(frame.get_by_text("Saved:")).to_be_visible()
    customer.go_to_payment()
    customer.pay()

    expect(plain_page.get_by_text(re.compile(f"^{proof}")).first).to_be_visible()
    assert plain_page.get_by_text(re.compile("TRV-")).count() == (1 if answer == YES else 0)


def test_the_shop_sells_the_trip_while_the_service_is_down(page: Page, tmp_path: Path) -> None:
    with running_demo(tmp_path) as demo:
        demo.stop_service()
        customer = Customer(page, demo)

        customer.begin()
        customer.go_to_payment()
        customer.pay()

        expect(page.get_by_text("€1,284.60").first).to_be_visible()


def test_cover_that_was_paid_while_the_service_was_down_is_confirmed_once_it_is_back(
    page: Page, tmp_path: Path
) -> None:
    with running_demo(tmp_path) as demo:
        customer = Customer(page, demo)
        customer.begin()
        customer.await_offer()
        customer.answer(YES)
        customer.go_to_payment()
        demo.stop_service()

        customer.pay()
        expect(page.get_by_text("confirming").first).to_be_visible()
        demo.start_service()

        # The shop tries again by itself, and its page looks again by itself.
        expect(page.get_by_text(re.compile(r"^TRV-\w{5}-\w{5}$"))).to_be_visible(timeout=60_000)

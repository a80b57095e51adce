"""A customer finds the way from the mail to their policy, and out of it again."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.partner import Partner
from tests.browser.shop import TIMEOUT_MS, YES, Customer, Demo
from tests.browser.test_manners import WATCH_POLICY, View, faults_of
from tests.builders import PARTNER_KEY, a_key, policyholder_json, purchase_json
from widget.partners import secret_of

WITHDRAW = {"en": "Withdraw from contract here", "de": "Vertrag hier widerrufen"}
CONFIRM = {"en": "Confirm withdrawal", "de": "Widerruf bestätigen"}


@pytest.fixture(params=[View(w, s) for w in (360, 1280) for s in ("light", "dark")], ids=str)
def plain_window(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Page]:
    """A window on a phone and on a desk, by day and by night, in which scripts only watch."""
    view: View = request.param
    context = browser.new_context(
        viewport={"width": view.width, "height": 900},
        color_scheme="dark" if view.scheme == "dark" else "light",
    )
    context.set_default_timeout(TIMEOUT_MS)
    context.add_init_script(WATCH_POLICY)
    yield context.new_page()
    context.close()


@pytest.fixture
def without_scripts(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(java_script_enabled=False)
    context.set_default_timeout(TIMEOUT_MS)
    yield context.new_page()
    context.close()


def sold(partner: Partner, language: str = "en") -> dict[str, Any]:
    """Return a booking of two policies."""
    secret = secret_of(a_key(), [PARTNER_KEY.encode()])
    base, headers = f"{partner.service}/x/partners/acme", {"Authorization": f"Bearer {secret}"}
    trip = {**purchase_json()["request"][0], "policy_code": "cancellation_medical"}
    purchase = purchase_json(request=[trip, trip], customer_language=language)
    package = httpx2.post(f"{base}/quotes/", json=purchase, headers=headers).json()
    insured = [{"first_name": "Ada", "last_name": "Muster"}]
    quotes = [{"id": quote["id"], "insured": insured} for quote in package["quotes"].values()]
    body = {"quotes": quotes, "policyholder": policyholder_json()}
    answer = httpx2.post(f"{base}/bookings/{package['id']}/", json=body, headers=headers)
    booking: dict[str, Any] = json.loads(answer.text)
    return booking


def fits(page: Page) -> bool:
    """Tell whether nothing has to be scrolled sideways."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


def test_a_customer_withdraws_from_the_mail_on_and_gets_a_mail(page: Page, demo: Demo) -> None:
    customer = Customer(page, demo)
    customer.begin()
    customer.await_offer()
    customer.answer(YES)
    customer.go_to_payment()
    customer.pay()
    number = page.get_by_text(re.compile(r"^TRV-\w{5}-\w{5}$")).inner_text()
    customer.open_mail(f"{number} is confirmed")
    letter = page.frame_locator("iframe").first
    account = letter.get_by_role("link", name="See your insurance").get_attribute("href")

    page.goto(str(account))
    expect(page.get_by_role("heading", name=YES)).to_be_visible()
    page.get_by_role("link", name=WITHDRAW["en"]).click()
    expect(page.get_by_text("Nothing has ended yet.")).to_be_visible()
    page.get_by_role("button", name=CONFIRM["en"]).click()

    expect(page.get_by_role("heading", name="You have withdrawn")).to_be_visible()
    page.get_by_role("link", name="Back to your insurance").click()
    expect(page.get_by_text("Cancelled", exact=True)).to_be_visible()
    expect(page.get_by_role("link", name=WITHDRAW["en"])).to_have_count(0)
    customer.open_mail(f"{number} was cancelled")
    letter = page.frame_locator("iframe").first
    expect(letter.get_by_text("Your withdrawal reached us on")).to_be_visible()
    expect(letter.get_by_text(re.compile(r"You get .+ back from"))).to_be_visible()


def test_no_script_is_needed(without_scripts: Page, partner: Partner) -> None:
    page = without_scripts
    page.goto(sold(partner)["account_url"])

    page.get_by_role("link", name=WITHDRAW["en"]).first.click()
    page.get_by_role("button", name=CONFIRM["en"]).click()

    expect(page.get_by_role("heading", name="You have withdrawn")).to_be_visible()


def test_the_keyboard_is_enough(page: Page, partner: Partner) -> None:
    page.goto(sold(partner)["account_url"])

    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name=WITHDRAW["en"]).first).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Withdraw from your contract")).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name=CONFIRM["en"])).to_be_focused()
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", name="You have withdrawn")).to_be_visible()


def test_who_thinks_better_of_it_keeps_the_policy(page: Page, partner: Partner) -> None:
    page.goto(sold(partner)["account_url"])
    page.get_by_role("link", name=WITHDRAW["en"]).first.click()

    page.get_by_role("link", name="Keep the insurance").click()

    expect(page.get_by_text("Confirmed", exact=True)).to_have_count(2)


@pytest.mark.parametrize("language", ["en", "de"])
def test_axe_finds_nothing_and_everything_fits_on_every_page(
    plain_window: Page, partner: Partner, language: str
) -> None:
    page, booking = plain_window, sold(partner, language)
    found: dict[str, Any] = {}

    def look(name: str) -> None:
        refused = page.evaluate("window.refused")
        found[name] = [*faults_of(page), *refused, *([] if fits(page) else ["too wide"])]

    page.goto(booking["account_url"])
    look("account")
    page.get_by_role("link", name=WITHDRAW[language]).first.click()
    look("asked")
    page.get_by_role("button", name=CONFIRM[language]).click()
    look("done")
    page.goto(booking["account_url"])
    look("one cancelled")
    partner.clock.move(days=92)
    page.reload()
    look("begun")
    page.goto(f"{booking['account_url'].partition('?')[0]}/withdraw?locale={language}")
    page.goto(f"{partner.service}/policy/rubbish?locale={language}")
    look("missing")

    assert {name: faults for name, faults in found.items() if faults} == {}


def test_no_other_host_learns_the_address(page: Page, partner: Partner) -> None:
    hosts = set()
    page.on("request", lambda request: hosts.add(request.url.split("/")[2]))

    page.goto(sold(partner)["account_url"])

    assert hosts == {partner.service.split("/")[2]}
    assert page.context.cookies() == []


def test_another_page_cannot_withdraw_for_the_customer(page: Page, partner: Partner) -> None:
    booking = sold(partner)
    page.goto(booking["account_url"])
    page.get_by_role("link", name=WITHDRAW["en"]).first.click()
    address = page.locator("form").get_attribute("action")
    refund = page.locator("input[name=refund]").input_value()
    page.goto("data:text/html,<h1>Elsewhere</h1>")

    page.set_content(
        f'<form action="{address}" method="post"><input name="refund" value="{refund}">'
        "<button>Win</button></form>"
    )
    page.get_by_role("button", name="Win").click()

    expect(page.get_by_role("heading", name="Nothing was changed")).to_be_visible()
    page.goto(booking["account_url"])
    expect(page.get_by_text("Confirmed", exact=True)).to_have_count(2)

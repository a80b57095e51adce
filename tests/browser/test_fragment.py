"""The fragment in a partner's own page: its form stays out of ours, and ours out of its."""

from __future__ import annotations

import re

import httpx2
from playwright.sync_api import Page, Request, expect

from tests.browser.partner import Partner


def include(partner: Partner, **query: str) -> None:
    """Write the fragment into the partner's page, as its server would."""
    address = f"{partner.service}/open/acme/fragment"
    response = httpx2.get(address, params={"purchase": partner.purchase(), **query})
    assert response.status_code == 200
    partner.scripts = ""
    partner.offer = response.text


def test_an_included_offer_is_answered_without_a_script_and_leads_back_to_the_page(
    page: Page, partner: Partner
) -> None:
    include(partner, return_to=f"{partner.site}/")
    partner.visit(page)

    page.get_by_role("radio", name="Cancellation and medical").check()
    page.get_by_role("button", name="Save my answer").click()
    page.wait_for_url(f"{partner.site}/")
    include(partner)
    page.reload()

    expect(page.get_by_role("radio", name="Cancellation and medical")).to_be_checked()


def test_the_card_number_of_the_page_never_reaches_us(page: Page, partner: Partner) -> None:
    include(partner, return_to=f"{partner.site}/")
    requests: list[Request] = []
    page.on("request", lambda request: requests.extend([request]))
    partner.visit(page)

    page.get_by_role("radio", name=re.compile("^No")).check()
    page.get_by_role("button", name="Save my answer").click()
    page.wait_for_url(f"{partner.site}/")

    ours = [request for request in requests if request.url.startswith(partner.service)]
    bodies = [f"{request.url} {request.post_data or ''}" for request in ours]
    assert any("choice=opted_out" in body for body in bodies)
    assert not any("4242" in body or "cardnumber" in body for body in bodies)


def test_the_partners_own_form_is_whole_around_an_included_offer(
    page: Page, partner: Partner
) -> None:
    include(partner)
    partner.visit(page)

    page.get_by_role("button", name="Pay").click()
    expect(page.get_by_role("heading", name="Thank you")).to_be_visible()

    assert partner.bought == [{"cardnumber": "4242 4242 4242 4242"}]

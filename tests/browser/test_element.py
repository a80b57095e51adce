"""`<insurance-offer>` in a page that is not ours: a form field like any other."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import FrameLocator, Page, Route, expect

from tests.browser.partner import Partner, running_partner
from tests.browser.waiting import wait_for
from tests.fakes import Clock
from widget.evidence import Leaf

#: Written into the page before anything else, so that no event is missed.
LISTEN = """
window.heard = []
for (const name of ['change', 'offer-ready', 'offer-expired', 'offer-unavailable'])
  addEventListener(name, event => heard.push([name, event.target.localName, event.target.value]))
"""


def visit(page: Page, partner: Partner) -> FrameLocator:
    """Open the partner's page and wait for the offer."""
    page.add_init_script(LISTEN)
    partner.visit(page)
    offer = page.frame_locator("insurance-offer iframe")
    expect(offer.get_by_role("group")).to_be_visible()
    await_event(page, "offer-ready")
    return offer


def await_event(page: Page, name: str, count: int = 1) -> None:
    wait_for(
        page,
        "([name, count]) => heard.filter(event => event[0] === name).length >= count",
        [name, count],
    )


def heard(page: Page, name: str) -> list[Any]:
    events: list[Any] = page.evaluate("name => heard.filter(event => event[0] === name)", name)
    return events


def value(page: Page) -> str:
    text: str = page.evaluate("document.querySelector('insurance-offer').value")
    return text


def decoded(token: str) -> bytes:
    payload = token.split(".", maxsplit=1)[0]
    return base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))


def choose(page: Page, offer: FrameLocator, index: int) -> None:
    """Give the answer at `index`, and wait until the page has heard of it."""
    before = len(heard(page, "change"))
    offer.get_by_role("radio").nth(index).check()
    await_event(page, "change", before + 1)


def evidence_of_choices(partner: Partner, page: Page) -> list[Leaf]:
    offer_id = page.evaluate("document.querySelector('insurance-offer').state.offer_id")
    leaves = partner.run(partner.storage.list_evidence("acme", offer_id))
    return [leaf for leaf in leaves if leaf.kind == "choice_made"]


def test_its_value_goes_to_the_partner_with_the_partners_own_form(
    page: Page, partner: Partner
) -> None:
    offer = visit(page, partner)

    choose(page, offer, 0)
    token = value(page)
    page.get_by_role("button", name="Pay").click()
    expect(page.get_by_role("heading", name="Thank you")).to_be_visible()

    assert partner.bought == [{"cardnumber": "4242 4242 4242 4242", "insurance": token}]


def test_an_unanswered_offer_sends_nothing(page: Page, partner: Partner) -> None:
    visit(page, partner)

    page.get_by_role("button", name="Pay").click()
    expect(page.get_by_role("heading", name="Thank you")).to_be_visible()

    assert "insurance" not in partner.bought[0]


def test_a_required_offer_holds_the_form_until_it_is_answered(page: Page, partner: Partner) -> None:
    partner.embed('name="insurance" required')
    offer = visit(page, partner)

    page.get_by_role("button", name="Pay").click()
    held = page.evaluate("document.querySelector('insurance-offer').validity.valueMissing")
    choose(page, offer, 3)
    page.get_by_role("button", name="Pay").click()
    expect(page.get_by_role("heading", name="Thank you")).to_be_visible()

    assert held
    assert len(partner.bought) == 1


def test_a_reset_of_the_form_takes_the_answer_back(page: Page, partner: Partner) -> None:
    offer = visit(page, partner)
    choose(page, offer, 0)

    page.get_by_role("button", name="Start again").click()
    await_event(page, "change", 2)

    assert value(page) == ""
    assert page.evaluate("document.querySelector('insurance-offer').state.state") == "open"
    expect(offer.get_by_role("radio", checked=True)).to_have_count(0)
    assert len(evidence_of_choices(partner, page)) == 2


def test_it_fires_change_once_for_each_stored_answer(page: Page, partner: Partner) -> None:
    offer = visit(page, partner)

    choose(page, offer, 0)
    choose(page, offer, 1)
    choose(page, offer, 2)

    values = [event[2] for event in heard(page, "change")]
    assert len(set(values)) == 3
    assert len(heard(page, "offer-ready")) == 1
    assert [event[1] for event in heard(page, "change")] == ["insurance-offer"] * 3


def test_twenty_clicks_in_a_second_store_one_choice(page: Page, partner: Partner) -> None:
    offer = visit(page, partner)
    first = offer.get_by_role("radio").first

    first.evaluate(
        """radio => {
          for (let i = 0; i < 20; i++) setTimeout(() => {
            radio.checked = true
            radio.dispatchEvent(new Event('change', {bubbles: true}))
          }, i * 50)
        }"""
    )
    await_event(page, "change")
    # The last click is stored half a second after it at the latest.
    page.wait_for_timeout(1_500)

    assert len(evidence_of_choices(partner, page)) == 1
    assert len(heard(page, "change")) == 1


def test_after_quick_changes_of_mind_page_frame_and_database_agree(
    page: Page, partner: Partner
) -> None:
    offer = visit(page, partner)

    for index in (0, 1, 2, 0, 1):
        offer.get_by_role("radio").nth(index).check()
    expect(offer.get_by_text("Saved: Cancellation and medical").first).to_be_visible()
    wait_for(
        page,
        "() => document.querySelector('insurance-offer').state.plan?.includes('medical')",
    )

    leaf = evidence_of_choices(partner, page)[-1]
    assert '"choice":"opted_in"' in leaf.body
    expect(offer.get_by_role("radio").nth(1)).to_be_checked()


def test_a_stored_answer_is_there_again_in_a_new_page(page: Page, partner: Partner) -> None:
    offer = visit(page, partner)
    choose(page, offer, 1)
    token = value(page)

    page.reload()
    await_event(page, "offer-ready")

    assert value(page) == token


def test_another_purchase_is_another_offer_in_place(page: Page, partner: Partner) -> None:
    offer = visit(page, partner)
    choose(page, offer, 0)
    other = partner.purchase(partner_reference="CHK-2", trip={"number_of_adults": 4})

    page.evaluate(
        "purchase => document.querySelector('insurance-offer').setAttribute('purchase', purchase)",
        other,
    )
    await_event(page, "offer-ready", 2)

    assert value(page) == ""
    expect(offer.get_by_text("4 adults")).to_be_visible()


def test_loaded_twice_it_asks_for_one_offer(page: Page, partner: Partner) -> None:
    partner.scripts += partner.scripts.replace(".js", ".js?again")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))

    visit(page, partner)

    assert len([url for url in asked if "/open/" in url]) == 1


def test_an_offer_that_expires_says_so_and_can_be_asked_for_again(
    page: Page, tmp_path: Path, clock: Clock
) -> None:
    with running_partner(tmp_path, clock, offer_lifetime_s=2) as partner:
        partner.embed('name="insurance" required')
        offer = visit(page, partner)
        choose(page, offer, 0)

        # The page waits for as long as the service said, and not a moment less.
        clock.move(seconds=2)
        await_event(page, "offer-expired")

        assert value(page) == ""
        expect(offer.get_by_role("heading", name="This premium has expired")).to_be_visible()
        offer.get_by_role("button", name="Ask for a new premium").click()
        expect(offer.get_by_role("radio").first).to_be_visible()
        expect(offer.get_by_role("radio", checked=True)).to_have_count(0)


def test_a_page_without_an_offer_hears_why_and_goes_on(page: Page, partner: Partner) -> None:
    partner.embed('name="insurance" required', trip={"number_of_adults": 200})
    page.add_init_script(LISTEN)
    partner.visit(page)

    await_event(page, "offer-unavailable")
    reason = page.evaluate("document.querySelector('insurance-offer').state.reason")
    offer = page.frame_locator("insurance-offer iframe")
    expect(offer.get_by_text("Insurance cannot be offered for this purchase.")).to_be_visible()
    page.get_by_role("button", name="Pay").click()
    expect(page.get_by_role("heading", name="Thank you")).to_be_visible()

    assert reason == "validation_failed"
    assert len(partner.bought) == 1


def test_a_frame_that_never_answers_is_given_up_after_eight_seconds(
    page: Page, partner: Partner
) -> None:
    partner.embed('name="insurance" required')
    page.clock.install()
    page.add_init_script(LISTEN)
    page.route("**/open/**", lambda route: route.abort())
    partner.visit(page)

    page.clock.run_for(7_000)
    early = heard(page, "offer-unavailable")
    page.clock.run_for(1_500)
    late = heard(page, "offer-unavailable")
    expect(page.locator("insurance-offer iframe")).to_be_hidden()
    page.get_by_role("button", name="Pay").click()
    expect(page.get_by_role("heading", name="Thank you")).to_be_visible()

    assert (len(early), len(late)) == (0, 1)
    assert len(partner.bought) == 1


def test_a_page_cannot_send_an_answer_that_the_customer_has_just_changed(
    page: Page, partner: Partner
) -> None:
    offer = visit(page, partner)
    choose(page, offer, 0)

    on_their_way: list[Route] = []
    page.route("**/choice**", lambda route: on_their_way.extend([route]))
    with page.expect_request("**/choice**"):
        offer.get_by_role("radio").nth(3).check()
    page.get_by_role("button", name="Pay").click()
    held = page.evaluate("document.querySelector('insurance-offer').validationMessage")
    on_their_way[0].continue_()
    await_event(page, "change", 2)
    page.get_by_role("button", name="Pay").click()
    expect(page.get_by_role("heading", name="Thank you")).to_be_visible()

    assert held == "Your answer is being saved."
    [bought] = partner.bought
    assert b'"opted_out"' in decoded(bought["insurance"])


def test_an_answer_that_cannot_be_stored_is_not_shown_as_stored(
    page: Page, partner: Partner
) -> None:
    offer = visit(page, partner)
    choose(page, offer, 0)
    token = value(page)
    page.route("**/choice**", lambda route: route.fulfill(status=503, body="down"))

    offer.get_by_role("radio").nth(1).check()

    expect(offer.get_by_text("could not be saved").first).to_be_visible()
    expect(offer.get_by_role("radio").first).to_be_checked()
    assert value(page) == token


@pytest.mark.parametrize(
    "message",
    [
        {"kind": "hello", "v": 1},
        {"kind": "state", "state": "opted_in", "token": "forged"},
        {"kind": "port"},
    ],
)
def test_it_does_not_listen_to_the_page_or_to_other_frames(
    page: Page, partner: Partner, message: dict[str, Any]
) -> None:
    offer = visit(page, partner)
    choose(page, offer, 0)
    token = value(page)

    page.evaluate("message => postMessage(message, '*')", message)
    page.evaluate(
        "message => document.querySelector('insurance-offer').shadowRoot"
        ".querySelector('iframe').contentWindow.postMessage(message, '*')",
        message,
    )
    choose(page, offer, 3)

    assert value(page) not in {"", "forged", token}

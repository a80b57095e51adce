"""A guest in somebody else's page: nothing moves, nothing stays, nothing is out of reach."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Frame, Page, expect

from tests.browser.partner import Partner
from tests.browser.shop import NO, TIMEOUT_MS, YES, Customer, Demo
from tests.browser.waiting import wait_for, wait_for_state

WIDTHS = (360, 1280)

#: Adds up the layout shifts that count, as browsers report them.
WATCH_SHIFTS = """
window.shift = 0
new PerformanceObserver(list => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) shift += entry.value
}).observe({type: 'layout-shift', buffered: true})
"""

#: Collects what the page's policy refused.
WATCH_POLICY = """
window.refused = []
addEventListener('securitypolicyviolation', event => refused.push(event.violatedDirective))
"""


@dataclass(frozen=True)
class View:
    """One way to look at a page."""

    width: int
    scheme: str


@pytest.fixture(params=[View(w, s) for w in WIDTHS for s in ("light", "dark")], ids=str)
def window(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Page]:
    """A window on a phone and on a desk, by day and by night."""
    view: View = request.param
    # A whole page high: a click right after scrolling past a frame of another site can get lost.
    context = browser.new_context(
        viewport={"width": view.width, "height": 7000},
        color_scheme="dark" if view.scheme == "dark" else "light",
    )
    context.set_default_timeout(TIMEOUT_MS)
    yield context.new_page()
    context.close()


def faults_of(page: Page | Frame) -> list[tuple[str, str]]:
    """Return what axe finds, as rule and element."""
    results = Axe().run(page)
    return [
        (violation["id"], node["html"][:120])
        for violation in results.response["violations"]
        for node in violation["nodes"]
    ]


def frame_of(page: Page) -> Frame:
    """Return the offer's frame."""
    return next(frame for frame in page.frames if "/open/" in frame.url)


def test_axe_finds_nothing_in_any_state_of_the_offer(window: Page, partner: Partner) -> None:
    found = {}
    for locale in ("en", "de"):
        partner.embed(f'name="insurance" locale="{locale}"', partner_reference=f"CHK-{locale}")
        partner.visit(window)
        wait_for_state(window, "open")
        frame = frame_of(window)
        found[locale, "open"] = faults_of(frame)
        for index, state in ((0, "opted_in"), (3, "opted_out")):
            frame.get_by_role("radio").nth(index).check()
            expect(frame.locator(f"[data-state={state}]")).to_be_visible()
            found[locale, state] = faults_of(frame)
        partner.clock.move(minutes=31)
        frame.evaluate("document.getElementById('offer').dispatchEvent(new Event('refresh'))")
        expect(frame.locator("[data-state=expired]")).to_be_visible()
        found[locale, "expired"] = faults_of(frame)
        partner.clock.move(minutes=-31)

    assert {state: faults for state, faults in found.items() if faults} == {}


def test_axe_finds_nothing_where_there_is_no_offer(window: Page, partner: Partner) -> None:
    partner.embed(trip={"number_of_adults": 200})
    partner.visit(window)
    wait_for_state(window, "unavailable")

    assert faults_of(frame_of(window)) == []
    assert faults_of(window) == []


def test_axe_finds_nothing_on_any_page_of_a_purchase(window: Page, demo: Demo) -> None:
    customer = Customer(window, demo)
    found = {}
    window.goto(demo.stand.start_url)
    found["start"] = faults_of(window)
    window.goto(demo.stand.url_of("skylark"))
    found["landing"] = faults_of(window)
    customer.begin()
    customer.await_offer()
    found["checkout"] = faults_of(window)
    customer.answer(YES)
    offer_address = frame_of(window).url
    customer.go_to_payment()
    found["payment"] = faults_of(window)
    customer.pay()
    found["order"] = faults_of(window)
    certificate = window.get_by_role("link", name="Insurance certificate").get_attribute("href")
    customer.open_mail(window.get_by_text(re.compile(r"^TRV-\w{5}-\w{5}$")).inner_text())
    found["mail"] = faults_of(window)
    window.goto(str(certificate))
    found["certificate"] = faults_of(window)
    for document in window.get_by_role("link", name=re.compile("document|wording")).all():
        address = str(document.get_attribute("href"))
        other = window.context.new_page()
        other.goto(address)
        found[address] = faults_of(other)
        other.close()
    window.goto(offer_address)
    expect(window.get_by_role("heading", name="Your cover is confirmed")).to_be_visible()
    found["confirmed"] = faults_of(window)

    assert {name: faults for name, faults in found.items() if faults} == {}


@pytest.mark.parametrize("path", ["/x/reference", "/errors"])
def test_axe_finds_nothing_on_the_pages_for_developers(
    window: Page, partner: Partner, path: str
) -> None:
    window.goto(f"{partner.service}{path}")

    assert faults_of(window) == []


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("path", ["/x/reference", "/errors"])
def test_the_pages_for_developers_fit_their_window(
    browser: Browser, partner: Partner, path: str, width: int
) -> None:
    with browser.new_context(viewport={"width": width, "height": 900}) as context:
        page = context.new_page()
        page.goto(f"{partner.service}{path}")

        assert page.evaluate("document.documentElement.scrollWidth") == width


@pytest.mark.parametrize("width", [360, 640, 1280])
def test_nothing_in_the_shop_moves(browser: Browser, demo: Demo, width: int) -> None:
    with browser.new_context(viewport={"width": width, "height": 900}) as context:
        page = _watching(context)
        customer = Customer(page, demo)
        customer.begin()
        customer.await_offer()
        frame = frame_of(page)
        heights = [_height(page)]
        for answer in (YES, NO):
            customer.answer(answer)
            heights.append(_height(page))
        shift = page.evaluate("shift")
        inside = frame.evaluate("shift")

    print(f"layout shift at {width} px: page {shift:.4f}, frame {inside:.4f}")
    assert shift == 0
    assert len(set(heights)) == 1
    assert inside == 0


def test_nothing_stays_in_the_browser(page: Page, partner: Partner) -> None:
    _answer_everything(page, partner)

    # In a frame of another site browsers refuse some of these altogether; that is empty too.
    stored = """Promise.all([
      () => localStorage.length,
      () => sessionStorage.length,
      () => indexedDB.databases().then(all => all.length),
      () => caches.keys().then(all => all.length)
    ].map(async count => { try { return await count() } catch (error) { return error.name } }))"""

    assert page.context.cookies() == []
    assert set(frame_of(page).evaluate(stored)) <= {0, "SecurityError", "UnknownError"}
    assert page.evaluate(stored) == [0, 0, 0, 0]


def test_no_third_host_is_asked_for_anything(page: Page, partner: Partner) -> None:
    hosts = set()
    page.on("request", lambda request: hosts.add("/".join(request.url.split("/")[:3])))

    _answer_everything(page, partner)

    assert hosts == {partner.site, partner.service}


def test_the_strictest_policies_of_page_and_frame_refuse_nothing(
    page: Page, partner: Partner
) -> None:
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.add_init_script(WATCH_POLICY)

    _answer_everything(page, partner)

    assert page.evaluate("refused") == []
    assert frame_of(page).evaluate("refused") == []
    assert complaints == []


def test_no_script_or_style_stands_inside_the_frame(page: Page, partner: Partner) -> None:
    _answer_everything(page, partner)

    inline = frame_of(page).evaluate(
        """[...document.querySelectorAll('*')].filter(element =>
             element.localName === 'style' || element.hasAttribute('style')
             || element.localName === 'script' && !element.src
             || [...element.attributes].some(attribute => attribute.name.startsWith('on'))
           ).map(element => element.outerHTML.slice(0, 80))"""
    )

    assert inline == []


def test_another_site_cannot_frame_the_offer(page: Page, partner: Partner) -> None:
    address = f"{partner.service}/open/acme?purchase={partner.purchase()}"
    # The same machine under another name is another origin, and not the partner's.
    stranger = partner.site.replace("localhost", "127.0.0.1")
    blocked: list[str] = []
    page.on("console", lambda message: blocked.append(message.text))
    page.goto(stranger)

    page.evaluate(
        """address => new Promise(done => {
          const frame = document.createElement('iframe')
          frame.onload = done
          frame.src = address
          document.body.append(frame)
        })""",
        address,
    )

    assert any("frame-ancestors" in text for text in blocked)
    assert not any(frame.query_selector("#offer") for frame in page.frames[1:])


def test_both_answers_look_alike_and_neither_is_given_in_advance(
    page: Page, partner: Partner
) -> None:
    partner.visit(page)
    wait_for_state(page, "open")
    frame = frame_of(page)

    looks: list[Any] = frame.get_by_role("radio").evaluate_all(
        """radios => radios.map(radio => {
          const label = document.querySelector(`label[for="${radio.id}"]`)
          const name = getComputedStyle(label.firstElementChild)
          const card = getComputedStyle(label.parentElement)
          const box = label.parentElement.getBoundingClientRect()
          return [radio.checked, name.fontSize, name.fontWeight, name.color,
                  card.backgroundColor, card.borderColor, Math.round(box.width)]
        })"""
    )

    assert len(looks) == 4
    assert len({str(look) for look in looks}) == 1
    assert looks[0][0] is False


def _watching(context: BrowserContext) -> Page:
    context.set_default_timeout(TIMEOUT_MS)
    context.add_init_script(WATCH_SHIFTS)
    return context.new_page()


def _height(page: Page) -> float:
    height: float = page.evaluate("document.documentElement.scrollHeight")
    return height


def _answer_everything(page: Page, partner: Partner) -> None:
    """Open the partner's page and give each answer once."""
    partner.visit(page)
    wait_for_state(page, "open")
    for index, state in ((0, "opted_in"), (1, "opted_in"), (3, "opted_out")):
        before = page.evaluate("document.querySelector('insurance-offer').value")
        page.frame_locator("insurance-offer iframe").get_by_role("radio").nth(index).check()
        wait_for(
            page,
            """([before, state]) => {
              const element = document.querySelector('insurance-offer')
              return element.value !== before && element.state.state === state
            }""",
            [before, state],
        )

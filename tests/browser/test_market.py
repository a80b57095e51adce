"""A customer of the marketplace: five things at once, an answer for each that can be covered.

The amounts are worked out by hand: the rate of the catalogue, 8 % less for things and tickets
together, the insurance premium tax of the country, rounded up once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, FrameLocator, Locator, Page, expect

from tests.browser.shop import TIMEOUT_MS, Demo
from tests.browser.test_manners import View, faults_of, frame_of
from tests.browser.waiting import wait_for, wait_for_state

NUMBER = re.compile(r"^\w{3}-\w{5}-\w{5}$")

#: Collects the layout shifts that count, as browsers report them.
WATCH_SHIFTS = """
window.shifts = []
new PerformanceObserver(list => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) shifts.push(entry)
}).observe({type: 'layout-shift', buffered: true})
"""

#: Adds up those that somebody saw: what is laid out again before the first paint moves nothing.
SEEN_SHIFT = """() => {
  const painted = performance.getEntriesByName('first-paint')[0].startTime
  return shifts.reduce((sum, entry) => sum + (entry.startTime < painted ? 0 : entry.value), 0)
}"""


@dataclass(frozen=True)
class Market:
    """One country, in the words that its customers read."""

    code: str
    country: str
    cart: str
    to_checkout: str
    to_payment: str
    pay: str
    thanks: str
    thing: str
    tickets: str
    two_years: str
    no_cover: str
    saved: str
    answered: str
    #: Laptop for 24 months: 11.5 % of its price; two tickets: 6.5 % of theirs.
    laptop_premium: str
    tickets_premium: str
    insurance: str
    back_to: tuple[str, str]
    #: All but the day that has begun.
    refund: str
    price: tuple[str, str]
    tickets_back: str
    tickets_premium_back: str
    certificate: str
    covered: str
    ended: str


GERMANY = Market(
    code="de",
    country="Deutschland",
    cart="Warenkorb",
    to_checkout="Zur Kasse",
    to_payment="Weiter zur Zahlung",
    pay="zahlen",
    thanks="Vielen Dank",
    thing="Laptop Nordlicht 14",
    tickets="Kammermusik am Hafen",
    two_years="24 Monate",
    no_cover="Kein Schutz",
    saved="Gespeichert: Schutz für 2 von 5 für 159,22 €",
    answered="1 von 5 beantwortet",
    laptop_premium="150,96 €",  # 1,199.00 * 11.5 % * 0.92 * 1.19 = 150.956…
    tickets_premium="8,26 €",  # 116.00 * 6.5 % * 0.92 * 1.19 = 8.254…
    insurance="159,22 €",
    back_to=("Zurückgeben", "Jetzt zurückgeben"),
    refund="150,75 €",
    price=("Der Preis war falsch", "Zeigen, was sich ändert"),
    tickets_back="36,00 € zurück",
    tickets_premium_back="2,56 € zurück",  # 8.26 less 80.00 * 6.5 % * 0.92 * 1.19 = 5.692…
    certificate="Versicherungsschein als PDF",
    covered="Versichert",
    ended="Schutz beendet",
)

BRITAIN = Market(
    code="gb",
    country="United Kingdom",
    cart="Cart",
    to_checkout="To the checkout",
    to_payment="Continue to payment",
    pay="Pay",
    thanks="Thank you",
    thing="Nordlicht 14 laptop",
    tickets="Chamber music by the harbour",
    two_years="24 months",
    no_cover="No cover",
    saved="Saved: cover for 2 of 5 for £140.16",
    answered="1 of 5 answered",
    laptop_premium="£133.19",  # 1,049.00 * 11.5 % * 0.92 * 1.20 = 133.181…
    tickets_premium="£6.97",  # 104.00 * 6.5 % * 0.92 * 1.12 = 6.965…
    insurance="£140.16",
    back_to=("Return", "Return it"),
    refund="£133.01",
    price=("The price was wrong", "Show what changes"),
    tickets_back="£24.00 back",
    tickets_premium_back="£1.61 back",  # 6.97 less 80.00 * 6.5 % * 0.92 * 1.12 = 5.358…
    certificate="Certificate as PDF",
    covered="Covered",
    ended="Cover ended",
)


@dataclass
class Customer:
    """Somebody who buys five things."""

    page: Page
    demo: Demo
    market: Market

    @property
    def offer(self) -> FrameLocator:
        """The insurance offer inside its frame."""
        return self.page.frame_locator("iframe")

    @property
    def bill(self) -> Locator:
        """What the shop asks for."""
        return self.page.get_by_role("complementary")

    def begin(self, *without: str) -> None:
        """Come to the checkout with what is in the cart, but for some things."""
        self.page.goto(f"{self.demo.stand.url_of('kontor')}/{self.market.code}/cart")
        for name in without:
            self.page.get_by_role("button", name=name).click()
        self.go_to_checkout()

    def go_to_checkout(self) -> None:
        """Leave the cart."""
        self.page.get_by_role("button", name=self.market.to_checkout).click()
        self.page.wait_for_url("**/checkout/*")

    def answer(self, question: int, name: str) -> None:
        """Answer one of the questions."""
        fields = self.offer.get_by_role("group").locator("fieldset")
        fields.nth(question).get_by_role("radio", name=name, exact=False).first.check()

    def cover_two(self) -> None:
        """Cover the laptop and the tickets, and nothing else."""
        self.answer(0, self.market.two_years)
        for question in (1, 2, 3):
            self.answer(question, self.market.no_cover)
        self.answer(4, "Tickets")

    def go_to_payment(self) -> None:
        """Leave the checkout."""
        self.page.get_by_role("button", name=self.market.to_payment).click()
        self.page.wait_for_url("**/payment/*")

    def pay(self) -> None:
        """Pay with the card that is filled in."""
        self.page.get_by_role("button", name=self.market.pay).click()
        expect(self.page.get_by_role("heading", name=self.market.thanks)).to_be_visible()

    def thing(self, name: str) -> Locator:
        """One thing of the order."""
        return self.page.get_by_role("listitem").filter(has_text=name)


@pytest.fixture(params=[GERMANY, BRITAIN], ids=lambda market: market.code)
def customer(request: pytest.FixtureRequest, page: Page, demo: Demo) -> Customer:
    return Customer(page, demo, request.param)


@pytest.fixture
def briton(page: Page, demo: Demo) -> Customer:
    return Customer(page, demo, BRITAIN)


@pytest.fixture
def plain_page(browser: Browser) -> Iterator[Page]:
    """A browser in which no script runs."""
    context = browser.new_context(
        java_script_enabled=False, viewport={"width": 1280, "height": 2400}
    )
    context.set_default_timeout(TIMEOUT_MS)
    yield context.new_page()
    context.close()


def test_a_customer_covers_two_things_returns_one_and_has_a_price_corrected(
    customer: Customer,
) -> None:
    page, market = customer.page, customer.market
    page.goto(customer.demo.stand.url_of("kontor"))
    page.get_by_role("link", name=market.country).click()
    page.get_by_role("link", name=market.cart).click()
    customer.go_to_checkout()

    # The cable is not asked about; the laptop is, for accidents and for breakdown.
    wait_for_state(page, "open")
    expect(customer.offer.locator("fieldset")).to_have_count(5)
    customer.answer(1, market.two_years)
    expect(customer.offer.get_by_text(market.answered).first).to_be_visible()
    # On second thoughts the phone needs no cover.
    customer.cover_two()
    expect(customer.offer.get_by_text(market.saved).first).to_be_visible()
    expect(customer.bill.get_by_text(market.insurance)).to_be_visible()
    customer.go_to_payment()
    customer.pay()

    laptop, tickets = customer.thing(market.thing), customer.thing(market.tickets)
    expect(laptop.get_by_text(market.laptop_premium)).to_be_visible()
    expect(tickets.get_by_text(market.tickets_premium)).to_be_visible()
    expect(page.get_by_text(market.covered, exact=True)).to_have_count(2)
    number = laptop.get_by_text(NUMBER).first.inner_text()
    tickets_number = tickets.get_by_text(NUMBER).first.inner_text()
    address = laptop.get_by_role("link", name=market.certificate).get_attribute("href") or ""
    certificate = page.request.get(address)
    assert certificate.headers["content-type"] == "application/pdf"
    assert certificate.body().startswith(b"%PDF-")

    laptop.get_by_role("button", name=market.back_to[0]).click()
    expect(page.get_by_text(market.refund)).to_be_visible()
    page.get_by_role("button", name=market.back_to[1]).click()
    expect(laptop.get_by_text(market.ended)).to_be_visible()
    expect(customer.bill.get_by_text(market.refund)).to_be_visible()

    tickets.get_by_role("link", name=market.price[0]).click()
    page.get_by_role("textbox").fill("40")
    page.get_by_role("button", name=market.price[1]).click()
    expect(page.get_by_text(market.tickets_back)).to_be_visible()
    expect(page.get_by_text(market.tickets_premium_back)).to_be_visible()
    page.locator("button[name=agreed]").click()
    expect(customer.bill.get_by_text(market.tickets_premium_back)).to_be_visible()
    expect(page.get_by_text(market.covered, exact=True)).to_have_count(1)

    # Sold and cancelled; sold and changed.
    expect(mails_about(customer, number)).to_have_count(2)
    expect(mails_about(customer, tickets_number)).to_have_count(2)


def mails_about(customer: Customer, number: str) -> Locator:
    """Open the mailbox once two mails about a policy are in it."""
    mails = customer.page.get_by_role("link").filter(has_text=number)
    customer.page.goto(f"{customer.demo.stand.start_url}/mailbox")
    for _ in range(40):
        if mails.count() > 1:
            break
        # The mailbox is a plain page: looking again is what a customer does.
        customer.page.wait_for_timeout(250)
        customer.page.reload()
    return mails


def test_a_customer_answers_thing_by_thing_with_the_keyboard_alone(briton: Customer) -> None:
    page = briton.page
    briton.begin()
    wait_for_state(page, "open")
    radios = briton.offer.locator("fieldset")

    page.get_by_label("E-mail").focus()
    page.keyboard.press("Tab")
    expect(radios.nth(0).get_by_role("radio").first).to_be_focused()
    page.keyboard.press("Space")
    # Enter stores what there is. It must never say no to everything.
    page.keyboard.press("Enter")
    for question in (1, 2, 3, 4):
        page.keyboard.press("Tab")
        expect(radios.nth(question).get_by_role("radio").first).to_be_focused()
        page.keyboard.press("ArrowUp")
        expect(radios.nth(question).get_by_role("radio").last).to_be_checked()
    expect(briton.offer.get_by_text("Saved: cover for 1 of 5").first).to_be_visible()
    expect(radios.nth(4).get_by_role("radio").last).to_be_focused()
    page.get_by_role("button", name="Continue to payment").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/payment/*")
    page.get_by_role("button", name="Pay").focus()
    page.keyboard.press("Enter")

    expect(page.get_by_text("Covered", exact=True)).to_have_count(1)


def test_a_customer_says_no_to_everything_in_one_step(briton: Customer) -> None:
    briton.begin()
    wait_for_state(briton.page, "open")

    briton.offer.get_by_role("button", name="No cover for any of these").click()

    expect(briton.offer.get_by_text("Saved: no cover").first).to_be_visible()
    expect(briton.bill.get_by_text("No, thanks")).to_be_visible()
    assert briton.offer.get_by_role("radio", name="No cover", checked=True).count() == 5
    briton.go_to_payment()
    briton.pay()
    expect(briton.page.get_by_text("Covered", exact=True)).to_have_count(0)


def test_the_shop_asks_for_every_answer_before_it_goes_on(briton: Customer) -> None:
    briton.begin()
    wait_for_state(briton.page, "open")
    briton.answer(0, "24 months")
    expect(briton.offer.get_by_text("1 of 5 answered").first).to_be_visible()

    briton.page.get_by_role("button", name="Continue to payment").click()

    assert "/checkout/" in briton.page.url


def test_a_customer_without_javascript_covers_two_things_and_returns_one(
    plain_page: Page, demo: Demo
) -> None:
    customer = Customer(plain_page, demo, BRITAIN)
    customer.begin()

    customer.cover_two()
    customer.offer.get_by_role("button", name="Save my answers").click()
    expect(customer.offer.get_by_text(BRITAIN.saved)).to_be_visible()
    customer.go_to_payment()
    customer.pay()
    customer.thing(BRITAIN.thing).get_by_role("button", name="Return").click()
    expect(plain_page.get_by_text(BRITAIN.refund)).to_be_visible()
    plain_page.get_by_role("button", name="Return it").click()

    expect(customer.thing(BRITAIN.thing).get_by_text("Cover ended")).to_be_visible()
    expect(plain_page.get_by_text("Covered", exact=True)).to_have_count(1)


def test_what_can_have_no_cover_is_sold_without_an_offer(briton: Customer) -> None:
    briton.begin("laptop", "Kiesel", "Stille", "Chamber music")

    expect(briton.page.locator("insurance-offer")).to_have_count(0)
    briton.go_to_payment()
    briton.pay()

    expect(briton.thing("USB-C cable")).to_be_visible()


def test_less_is_asked_about_a_smaller_cart(briton: Customer) -> None:
    briton.begin("Stille", "Chamber music")

    wait_for_state(briton.page, "open")

    expect(briton.offer.locator("fieldset")).to_have_count(3)
    expect(briton.offer.get_by_text("lower before tax")).to_have_count(0)


@pytest.mark.parametrize("market", [GERMANY, BRITAIN], ids=lambda market: market.code)
@pytest.mark.parametrize("width", [360, 640, 1280])
def test_nothing_moves_while_a_cart_is_answered(
    browser: Browser, demo: Demo, width: int, market: Market
) -> None:
    with browser.new_context(viewport={"width": width, "height": 900}) as context:
        context.set_default_timeout(TIMEOUT_MS)
        context.add_init_script(WATCH_SHIFTS)
        page = context.new_page()
        customer = Customer(page, demo, market)
        customer.begin()
        wait_for_state(page, "open")
        heights = [page.evaluate("document.documentElement.scrollHeight")]
        customer.cover_two()
        wait_for_state(page, "opted_in")
        heights.append(page.evaluate("document.documentElement.scrollHeight"))
        shifts = page.evaluate(SEEN_SHIFT), frame_of(page).evaluate(SEEN_SHIFT)
        fits = page.evaluate("document.documentElement.scrollWidth") == width

    assert shifts == (0, 0)
    assert len(set(heights)) == 1
    assert fits


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    ("width", "market"), [(360, GERMANY), (1280, BRITAIN)], ids=["phone", "desk"]
)
def test_axe_finds_nothing_on_any_page_of_the_marketplace(
    browser: Browser, demo: Demo, width: int, market: Market, scheme: str
) -> None:
    view, found = View(width, scheme), {}
    with browser.new_context(
        viewport={"width": view.width, "height": 6500},
        color_scheme="dark" if view.scheme == "dark" else "light",
    ) as context:
        context.set_default_timeout(TIMEOUT_MS)
        page = context.new_page()
        customer = Customer(page, demo, market)
        page.goto(f"{demo.stand.url_of('kontor')}/{market.code}/")
        found["window"] = faults_of(page)
        page.goto(f"{demo.stand.url_of('kontor')}/{market.code}/cart")
        found["cart"] = faults_of(page)
        customer.begin()
        wait_for_state(page, "open")
        found["checkout"] = faults_of(page)
        found["offer"] = faults_of(frame_of(page))
        customer.cover_two()
        wait_for_state(page, "opted_in")
        found["answered"] = faults_of(frame_of(page))
        wait_for(page, "() => document.querySelector('insurance-offer').value !== ''")
        customer.go_to_payment()
        found["payment"] = faults_of(page)
        customer.pay()
        found["order"] = faults_of(page)
        page.get_by_role("link", name=market.price[0]).last.click()
        found["price"] = faults_of(page)
        page.go_back()
        page.get_by_role("button", name=market.back_to[0]).first.click()
        found["return"] = faults_of(page)
        page.goto(f"{demo.stand.url_of('kontor')}/nowhere/")
        found["missing"] = faults_of(page)

    assert {place: faults for place, faults in found.items() if faults} == {}

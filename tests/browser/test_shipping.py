"""A merchant buys labels and insures what is sent; voids one, corrects a value, gets the mail."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass

import httpx2
import pytest
from playwright.sync_api import Browser, FrameLocator, Locator, Page, expect
from pypdf import PdfReader

from tests.browser.shop import TIMEOUT_MS, Customer, Demo
from tests.browser.test_manners import WATCH_SHIFTS, faults_of
from tests.browser.waiting import wait_for, wait_for_state

YES = "Loss and damage"
NUMBER = re.compile(r"^(PCL|SHP)-\w{5}-\w{5}$")

ONCE, EACH, SHIPMENT = "Once for all", "For each parcel", "As one shipment"


@dataclass
class Merchant:
    """Somebody who sends parcels."""

    page: Page
    demo: Demo

    @property
    def offer(self) -> FrameLocator:
        """The insurance offer inside its frame."""
        return self.page.frame_locator("insurance-offer iframe")

    def select(self, desk: str, asking: str, *, without: tuple[str, ...] = ()) -> None:
        """Come to the table of parcels, and leave some of them there."""
        self.page.goto(f"{self.demo.stand.url_of('fernpost')}/?desk={desk}")
        for reference in without:
            self.page.get_by_role("checkbox", name=f"Send {reference}").uncheck()
        self.page.get_by_role("radio", name=asking).check()

    def review(self) -> None:
        """Go on to the offer, and wait until it can be answered."""
        self.page.get_by_role("button", name="Review labels").click()
        expect(self.page.get_by_role("heading", name="Review")).to_be_visible()
        wait_for_state(self.page, "open")

    def answer(self, *names: str) -> None:
        """Answer each question of the offer, and wait until the page has the signed token."""
        questions = self.offer.get_by_role("group").filter(has=self.offer.get_by_role("radio"))
        for place, name in enumerate(names, -len(names)):
            questions.nth(place).get_by_role("radio", name=name).check()
        expect(self.offer.get_by_text("Saved:").first).to_be_visible()
        wait_for(self.page, "() => document.querySelector('insurance-offer').value !== ''")

    def pay(self) -> None:
        """Leave the review and pay with the card on file."""
        self.page.get_by_role("button", name="Continue to payment").click()
        self.page.get_by_role("button", name="Pay").click()
        expect(self.page.get_by_role("heading", name="Your labels are ready")).to_be_visible()

    def label(self, reference: str) -> Locator:
        """The label of one parcel."""
        return self.page.get_by_role("article", name=re.compile(rf"{reference}$"))

    def number_of(self, reference: str) -> str:
        """Return the policy number on a label."""
        return self.label(reference).get_by_text(NUMBER).inner_text()

    def correct(self, reference: str, value: str) -> None:
        """Ask what another declared value costs."""
        self.page.get_by_role("link", name=f"Correct the value of {reference}").click()
        self.page.get_by_label("Declared value").fill(value)
        self.page.get_by_role("button", name=re.compile("See the price|Save")).click()

    def void(self, reference: str) -> None:
        """Void a label."""
        self.page.get_by_role("link", name=f"Void the label of {reference}").click()
        self.page.get_by_role("button", name="Void this label").click()
        expect(self.label(reference).get_by_text("Void", exact=True)).to_be_visible()

    def total_after(self, term: str) -> str:
        """Return the amount in a summary that stands beside `term`."""
        amount = self.page.get_by_role("definition").and_(
            self.page.locator(f"dt:text-is('{term}') + dd")
        )
        return amount.first.inner_text()


@pytest.fixture
def merchant(browser: Browser, demo: Demo) -> Iterator[Merchant]:
    """A merchant at a desk, whose window shows a whole page."""
    with browser.new_context(viewport={"width": 1280, "height": 4000}) as context:
        context.set_default_timeout(TIMEOUT_MS)
        yield Merchant(context.new_page(), demo)


def test_one_answer_insures_twelve_parcels_and_a_voided_label_gives_its_premium_back(
    merchant: Merchant,
) -> None:
    page = merchant.page
    merchant.select("berlin", ONCE)
    merchant.review()
    merchant.answer(YES)
    merchant.pay()
    expect(page.get_by_text(NUMBER)).to_have_count(12)
    number, paid = merchant.number_of("NL-4109"), merchant.total_after("Paid")

    page.get_by_role("link", name="Void the label of NL-4109").click()
    assert merchant.total_after("Insurance of this parcel") == "€1.14"
    page.get_by_role("button", name="Void this label").click()

    expect(merchant.label("NL-4109").get_by_text("Void", exact=True)).to_be_visible()
    expect(page.get_by_text(NUMBER)).to_have_count(11)
    assert (paid, merchant.total_after("Paid")) == ("€352.64", "€347.01")
    Customer(page, merchant.demo).open_mail(f"{number} was cancelled")
    expect(page.frame_locator("iframe").first.get_by_text("€1.14").first).to_be_visible()


def test_a_corrected_value_costs_the_difference_and_stands_on_the_certificate(
    merchant: Merchant,
) -> None:
    page = merchant.page
    merchant.select("leeds", EACH, without=tuple(f"HP-09{n}" for n in range(34, 43)))
    merchant.review()
    merchant.answer(YES, "No cover", YES)
    merchant.pay()
    expect(page.get_by_text(NUMBER)).to_have_count(2)
    expect(merchant.label("HP-0932").get_by_text("Not insured")).to_be_visible()
    number, paid = merchant.number_of("HP-0931"), merchant.total_after("Paid")

    merchant.correct("HP-0931", "900.00")
    difference = merchant.total_after("Insurance, to pay")
    page.get_by_role("button", name="Correct the value").click()

    expect(merchant.label("HP-0931").get_by_text("£900.00")).to_be_visible()
    assert _pence(merchant.total_after("Paid")) - _pence(paid) == _pence(difference) > 0
    certificate = page.get_by_role("link", name="Certificate of HP-0931")
    text = _text_of(str(certificate.get_attribute("href")))
    assert number in text
    assert "£900" in text
    Customer(page, merchant.demo).open_mail(re.compile(f"{number}.* has changed"))
    letter = page.frame_locator("iframe").first
    expect(letter.get_by_text(difference).first).to_be_visible()


def test_one_policy_for_a_shipment_shrinks_with_each_voided_label_and_ends_with_the_last(
    merchant: Merchant,
) -> None:
    page = merchant.page
    merchant.select("portland", SHIPMENT, without=tuple(f"CA-77{n}" for n in range(22, 32)))
    merchant.review()
    merchant.answer(YES)
    merchant.pay()
    number = merchant.number_of("CA-7720")
    assert number == merchant.number_of("CA-7721")
    assert number.startswith("SHP-")

    merchant.correct("CA-7721", "600.00")
    page.get_by_role("button", name="Correct the value").click()
    expect(merchant.label("CA-7721").get_by_text("$600.00")).to_be_visible()
    merchant.void("CA-7720")
    expect(merchant.label("CA-7721").get_by_text(number)).to_be_visible()
    merchant.void("CA-7721")

    expect(page.get_by_text("Void", exact=True)).to_have_count(2)
    # Everything came back: labels, and the insurance of both, corrected value and all.
    assert merchant.total_after("Paid") == "$0.00"
    Customer(page, merchant.demo).open_mail(f"{number} was cancelled")


def test_without_insurance_a_label_is_voided_and_a_value_corrected_all_the_same(
    merchant: Merchant,
) -> None:
    page = merchant.page
    merchant.select("leeds", ONCE, without=tuple(f"HP-09{n}" for n in range(33, 43)))
    merchant.review()
    merchant.answer("No, I don't want cover")
    merchant.pay()

    merchant.correct("HP-0931", "250.00")
    expect(merchant.label("HP-0931").get_by_text("£250.00")).to_be_visible()
    merchant.void("HP-0932")

    expect(merchant.label("HP-0932").get_by_text("Void", exact=True)).to_be_visible()
    expect(page.get_by_text(NUMBER)).to_have_count(0)
    assert merchant.total_after("Paid") == "£4.89"


def test_a_value_that_cannot_be_insured_is_refused_with_the_reason(merchant: Merchant) -> None:
    merchant.select("leeds", ONCE, without=tuple(f"HP-09{n}" for n in range(32, 43)))
    merchant.review()
    merchant.answer(YES)
    merchant.pay()

    merchant.correct("HP-0931", "9,000.00")

    fault = merchant.page.get_by_role("alert")
    expect(fault.get_by_role("link", name=re.compile("cover_amount|4300|4,300"))).to_be_visible()


def test_labels_need_parcels(merchant: Merchant) -> None:
    merchant.select("berlin", ONCE)
    merchant.page.get_by_role("checkbox", name="Select all parcels").uncheck()
    expect(merchant.page.get_by_text("0 parcels")).to_be_visible()

    merchant.page.get_by_role("button", name="Review labels").click()

    expect(merchant.page.get_by_role("alert")).to_have_text("Select at least one parcel.")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_axe_finds_nothing_everything_fits_and_nothing_moves(
    browser: Browser, demo: Demo, width: int, scheme: str
) -> None:
    found: dict[str, object] = {}
    with browser.new_context(
        viewport={"width": width, "height": 7000},
        color_scheme="dark" if scheme == "dark" else "light",
    ) as context:
        context.set_default_timeout(TIMEOUT_MS)
        context.add_init_script(WATCH_SHIFTS)
        merchant = Merchant(context.new_page(), demo)
        page = merchant.page

        def look(name: str, heading: str) -> None:
            expect(page.get_by_role("heading", name=heading)).to_be_visible()
            is_wide = page.evaluate("document.documentElement.scrollWidth > innerWidth")
            moved = page.evaluate("shift")
            found[name] = [*faults_of(page), *(["too wide"] if is_wide else []), moved]

        merchant.select("portland", EACH if scheme == "dark" else ONCE)
        look("desk", "Outgoing parcels")
        merchant.review()
        look("review", "Review 12 labels")
        merchant.answer(*([YES, "No cover"] * 6 if scheme == "dark" else [YES]))
        look("answered", "Review 12 labels")
        page.get_by_role("button", name="Continue to payment").click()
        look("payment", "Payment")
        page.get_by_role("button", name="Pay").click()
        look("labels", "Your labels are ready")
        merchant.correct("CA-7720", "nothing")
        look("not a value", "Correct the value")
        page.get_by_label("Declared value").fill("700.00")
        page.get_by_role("button", name="See the price").click()
        expect(page.get_by_role("button", name="Correct the value")).to_be_visible()
        look("price", "Correct the value")
        page.get_by_role("button", name="Correct the value").click()
        page.get_by_role("link", name="Void the label of CA-7722").click()
        look("void", "Void the label")
        page.get_by_role("button", name="Void this label").click()
        look("voided", "Your labels are ready")

    assert {name: faults for name, faults in found.items() if faults != [0]} == {}


def _text_of(address: str) -> str:
    """Return the text of a PDF."""
    answer = httpx2.get(address)
    assert answer.headers["content-type"] == "application/pdf"
    return "".join(page.extract_text() for page in PdfReader(io.BytesIO(answer.content)).pages)


def _pence(text: str) -> int:
    return int(re.sub(r"\D", "", text))

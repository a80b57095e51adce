"""The picture in the README, taken in the demo shop. `make pictures` runs this file."""

from __future__ import annotations

import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.browser.shop import QUIET, TIMEOUT_MS, YES, Customer, running_demo
from tests.chromium import get_chromium

IMAGES = Path(__file__).parent.parent.parent / "docs" / "images"


def main() -> None:
    """Take the picture of an answered offer in the checkout."""
    chromium = get_chromium()
    IMAGES.mkdir(exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        sync_playwright() as playwright,
        running_demo(Path(folder)) as demo,
    ):
        browser = playwright.chromium.launch(executable_path=chromium, args=[*QUIET])
        page = browser.new_page(viewport={"width": 1280, "height": 960})
        page.set_default_timeout(TIMEOUT_MS)
        customer = Customer(page, demo)
        customer.begin()
        customer.await_offer()
        customer.answer(YES)
        page.get_by_role("heading", name="Trip insurance").evaluate(
            "heading => scrollTo(0, heading.getBoundingClientRect().top + scrollY - 40)"
        )
        page.screenshot(path=IMAGES / "checkout.png")
        browser.close()


if __name__ == "__main__":
    main()

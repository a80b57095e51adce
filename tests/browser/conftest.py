"""A shopper with a real browser, in front of a real shop and a real service."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.partner import Partner, running_partner
from tests.browser.shop import QUIET, TIMEOUT_MS, Demo, running_demo
from tests.chromium import get_chromium
from tests.fakes import Clock


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    chromium = get_chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=[*QUIET])
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """The demonstration: a service and a shop, each in its own process."""
    with running_demo(tmp_path_factory.mktemp("demo")) as demo:
        yield demo


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A desk-sized window."""
    context = browser.new_context(viewport={"width": 1280, "height": 2400})
    context.set_default_timeout(TIMEOUT_MS)
    yield context.new_page()
    context.close()


@pytest.fixture
def partner(tmp_path: Path, clock: Clock) -> Iterator[Partner]:
    """A small partner's page, with the element in it."""
    with running_partner(tmp_path, clock) as partner:
        partner.embed()
        yield partner

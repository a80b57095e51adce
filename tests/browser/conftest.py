"""A shopper with a real browser, in front of a real shop and a real service."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.partner import Partner, running_partner
from tests.browser.shop import Demo, prepared
from tests.chromium import get_chromium
from tests.fakes import Clock
from widget import showcase
from widget.showcase import Stand

#: Chromium looks nothing up and updates nothing: a test talks to loopback only.
QUIET = (
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
)

#: Long for a machine that does two things at once, short for a person who waits for a failure.
TIMEOUT_MS = 15_000


def free_ports(count: int) -> list[int]:
    """Return ports that nobody listens on."""
    with ExitStack() as stack:
        sockets = [
            stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)
        ]
        return [item.getsockname()[1] for item in sockets]


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


def running_demo(folder: Path) -> Demo:
    """Start a demonstration of one's own, for a test that stops parts of it."""
    port, shop_port, smtp_port = free_ports(3)
    stand = Stand(folder, port, shop_port, smtp_port)
    environments = prepared(stand)
    service = showcase.start_service(environments)
    shop = showcase.start_shop(environments)
    showcase.await_ports([service, shop], [port, shop_port])
    return Demo(stand, service, shop)


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

"""The demo shop as its customers use it: by roles and labels, never by classes."""

from __future__ import annotations

import re
import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Self

from playwright.sync_api import FrameLocator, Locator, Page, expect

from tests.browser.waiting import wait_for, wait_for_state
from widget import showcase
from widget.showcase import PARTNERS, Environments, Process, Stand

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

YES = "Cancellation and medical"
NO = "No, I don't want cover"


def free_ports(count: int) -> list[int]:
    """Return ports that nobody listens on, nor on those after each that shops would take."""
    rows: list[int] = []
    with ExitStack() as stack:
        while len(rows) < count:
            with suppress(OSError, OverflowError):
                rows.append(_taken_row(stack))
    return rows


def _taken_row(stack: ExitStack) -> int:
    """Take a port and those after it, until `stack` ends, and return the first."""
    first = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
    port: int = first.getsockname()[1]
    for place in range(1, len(PARTNERS) + 1):
        stack.enter_context(socket.create_server(("127.0.0.1", port + place)))
    return port


def prepared(stand: Stand) -> Environments:
    """Prepare a stand. In a thread: Playwright's own loop runs in this one."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(showcase.prepare, stand).result()


@dataclass
class Demo:
    """A service and shops that run."""

    stand: Stand
    service: Process
    shops: Process

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        showcase.end([self.service, self.shops])

    def stop_service(self) -> None:
        """Stop the service, and leave the shops alone with their customers."""
        showcase.end([self.service])

    def start_service(self) -> None:
        """Start the service again, as it was."""
        self.service = showcase.start_service(prepared(self.stand))
        showcase.await_ports([self.service], [self.stand.port])


def running_demo(folder: Path, **settings: object) -> Demo:
    """Start a demonstration of one's own, for a test that stops parts of it.

    Args:
        settings: Of the service, by their names in lower case.
    """
    port, shop_port, smtp_port = free_ports(3)
    stand = Stand(folder, port, shop_port, smtp_port)
    environments = prepared(stand)
    own = {f"OFFER_WIDGET_{name.upper()}": str(value) for name, value in settings.items()}
    environments = replace(environments, service={**environments.service, **own})
    service = showcase.start_service(environments)
    shops = showcase.start_shops(environments)
    showcase.await_ports([service, shops], [port, shop_port])
    return Demo(stand, service, shops)


@dataclass
class Customer:
    """Somebody who books a trip."""

    page: Page
    demo: Demo

    @property
    def offer(self) -> FrameLocator:
        """The insurance offer inside its frame."""
        return self.page.frame_locator("insurance-offer iframe")

    @property
    def element(self) -> Locator:
        """The element in the shop's page."""
        return self.page.locator("insurance-offer")

    def begin(self) -> None:
        """Choose the trip, and come to the checkout."""
        self.page.goto(self.demo.stand.url_of("skylark"))
        self.page.get_by_role("button", name="Book").first.click()
        expect(self.page.get_by_role("heading", name="Your trip to Lisbon")).to_be_visible()

    def await_offer(self) -> None:
        """Wait until the offer can be answered."""
        expect(self.offer.get_by_role("group", name="Would you like cover")).to_be_visible()
        wait_for_state(self.page, "open")

    def answer(self, name: str) -> None:
        """Answer the offer, and wait until the page has the signed token."""
        self.offer.get_by_role("radio", name=name).check()
        expect(self.offer.get_by_text("Saved:").first).to_be_visible()
        wait_for(self.page, "() => document.querySelector('insurance-offer').value !== ''")

    def go_to_payment(self) -> None:
        """Leave the checkout."""
        self.page.get_by_role("button", name="Continue to payment").click()
        expect(self.page.get_by_role("heading", name="Payment")).to_be_visible()

    def pay(self) -> None:
        """Pay with the card that is filled in."""
        self.page.get_by_role("button", name="Pay").click()
        expect(self.page.get_by_role("heading", name="Your trip is booked")).to_be_visible()

    @property
    def bill(self) -> Locator:
        """What the shop asks for."""
        return self.page.get_by_role("complementary")

    def open_mail(self, subject: str | re.Pattern[str]) -> None:
        """Find a mail in the mailbox, which may still be on its way."""
        mail = self.page.get_by_role("link", name=subject)
        self.page.goto(f"{self.demo.stand.start_url}/mailbox")
        for _ in range(20):
            if mail.count():
                break
            # The mailbox is a plain page: looking again is what a customer does.
            self.page.wait_for_timeout(250)
            self.page.reload()
        mail.first.click()

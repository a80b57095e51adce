"""A partner's page, as small as a page can be, in front of a service in this process.

Here a test may move the service's clock, make it fail, and look into its database.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import threading
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import uvicorn
from playwright.sync_api import Page
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from tests.builders import PARTNER_KEY, a_key, a_partner, purchase_json, some_settings
from tests.fakes import Clock, Postbox
from widget.app import build_app
from widget.partners import secret_of
from widget.seals import sign_purchase
from widget.storage.sqlite import SqliteStorage

Result = TypeVar("Result")

#: A page as strict as a page can be, but for us.
POLICY = (
    "default-src 'none'; script-src {service}; frame-src {service}; style-src 'self' {service};"
    " form-action 'self' {service}; base-uri 'none'; require-trusted-types-for 'script';"
    " trusted-types 'none'"
)

PAGE = """<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <title>A shop</title>
  <link rel="stylesheet" href="/shop.css">
  {scripts}
</head>
<body>
  <main>
    <h1>Checkout</h1>
    <form action="/buy" method="post">
      <label>Card number <input name="cardnumber" value="4242 4242 4242 4242"></label>
      {offer}
      <button>Pay</button>
      <button type="reset">Start again</button>
    </form>
    <p>What comes after the offer.</p>
  </main>
</body>
</html>
"""

SHEET = """
insurance-offer { display: block; min-height: 80rem }
"""


@dataclass
class Partner:
    """A partner's site on one origin, and the service on another."""

    site: str
    service: str
    storage: SqliteStorage
    clock: Clock
    #: What the page at `/` is made of.
    offer: str = ""
    scripts: str = ""
    #: The forms that the shop received, newest last.
    bought: list[dict[str, str]] = field(default_factory=list)

    def purchase(self, **changes: Any) -> str:
        """Return a purchase that the partner signed."""
        key = a_key()
        secret = secret_of(key, [PARTNER_KEY.encode()])
        assert secret is not None
        return sign_purchase(key.key_id, secret, json.dumps(purchase_json(**changes)).encode())

    def embed(self, attributes: str = 'name="insurance"', **changes: Any) -> None:
        """Put the two lines of the README into the page."""
        self.scripts = f'<script type="module" src="{self.service}/insurance-offer.js"></script>'
        purchase = self.purchase(**changes)
        self.offer = (
            f'<insurance-offer partner="acme" purchase="{purchase}" {attributes}></insurance-offer>'
        )

    def run(self, call: Coroutine[Any, Any, Result]) -> Result:
        """Run a coroutine of the storage, away from Playwright's own loop."""
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(asyncio.run, call).result()

    def visit(self, page: Page) -> None:
        """Open the page."""
        page.goto(self.site)


@contextlib.contextmanager
def running_partner(folder: Path, clock: Clock, **settings: Any) -> Iterator[Partner]:
    """Run a partner's site and a service until the test is over."""
    site_socket, service_socket = _listening(), _listening()
    service_url = f"http://127.0.0.1:{service_socket.getsockname()[1]}"
    site_url = f"http://localhost:{site_socket.getsockname()[1]}"
    storage = SqliteStorage(str(folder / "partner.db"), clock=clock)
    with ThreadPoolExecutor(1) as pool:  # Playwright's own loop runs in this thread.
        pool.submit(asyncio.run, _register(storage, site_url)).result()
    app = build_app(
        some_settings(public_url=service_url, **settings), storage=storage, delivery=Postbox()
    )
    partner = Partner(site_url, service_url, storage, clock)
    with _serving(app, service_socket), _serving(_site(partner), site_socket):
        yield partner


async def _register(storage: SqliteStorage, site_url: str) -> None:
    await storage.open()
    await storage.save_partner(a_partner(origins=(site_url,)))
    await storage.add_key(a_key())
    await storage.close()


def _listening() -> socket.socket:
    return socket.create_server(("127.0.0.1", 0))


@contextlib.contextmanager
def _serving(app: Starlette, listening: socket.socket) -> Iterator[None]:
    config = uvicorn.Config(app, log_config=None, timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        yield
    finally:
        server.should_exit = True
        thread.join()


def _site(partner: Partner) -> Starlette:
    async def show(_: Request) -> Response:
        page = PAGE.format(scripts=partner.scripts, offer=partner.offer)
        policy = POLICY.format(service=partner.service)
        return HTMLResponse(page, headers={"Content-Security-Policy": policy})

    async def sheet(_: Request) -> Response:
        return Response(SHEET, media_type="text/css")

    async def buy(request: Request) -> Response:
        form = {name: str(value) for name, value in (await request.form()).items()}
        partner.bought.append(form)
        return HTMLResponse("<!doctype html><title>Bought</title><h1>Thank you</h1>")

    routes = [Route("/", show), Route("/shop.css", sheet), Route("/buy", buy, methods=["POST"])]
    return Starlette(routes=routes)

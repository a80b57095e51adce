"""A partner's page, as small as a page can be, in front of a service.

In front of one in this process a test may move the service's clock, make it fail, and look into its
database; in front of one in a process of its own (`tests/live.py`) it is a partner and no more.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import threading
from collections.abc import Coroutine, Iterator, Mapping
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
from widget.partners import PartnerKey, secret_of
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
<html lang="{language}">
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
class Site:
    """A partner's site on one origin, and the service on another."""

    site: str
    service: str
    key: PartnerKey = field(default_factory=a_key)
    #: What the page at `/` is made of.
    offer: str = ""
    scripts: str = ""
    language: str = "en"
    #: The forms that the shop received, newest last.
    bought: list[dict[str, str]] = field(default_factory=list)

    @property
    def secret(self) -> str:
        """What the partner's backend signs and calls with."""
        secret = secret_of(self.key, [PARTNER_KEY.encode()])
        assert secret is not None
        return secret

    def sign(self, purchase: Mapping[str, Any]) -> str:
        """Return a purchase as the page may carry it."""
        return sign_purchase(self.key.key_id, self.secret, json.dumps(purchase).encode())

    def purchase(self, **changes: Any) -> str:
        """Return a purchase that the partner signed."""
        return self.sign(purchase_json(**changes))

    def embed(self, attributes: str = 'name="insurance"', **changes: Any) -> None:
        """Put the two lines of the README into the page."""
        self.embed_signed(self.purchase(**changes), attributes)

    def embed_signed(self, purchase: str, attributes: str = 'name="insurance"') -> None:
        """Put the two lines of the README into the page, for a purchase that was signed."""
        self.scripts = f'<script type="module" src="{self.service}/insurance-offer.js"></script>'
        self.offer = (
            f'<insurance-offer partner="acme" purchase="{purchase}" {attributes}></insurance-offer>'
        )

    def visit(self, page: Page) -> None:
        """Open the page."""
        page.goto(self.site)


@dataclass(kw_only=True)
class Partner(Site):
    """A partner's site, and a service in this process."""

    storage: SqliteStorage
    clock: Clock

    def run(self, call: Coroutine[Any, Any, Result]) -> Result:
        """Run a coroutine of the storage, away from Playwright's own loop."""
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(asyncio.run, call).result()


@contextlib.contextmanager
def running_partner(folder: Path, clock: Clock, **settings: Any) -> Iterator[Partner]:
    """Run a partner's site and a service until the test is over."""
    site_socket, service_socket = _listening(), _listening()
    service_url = f"http://127.0.0.1:{service_socket.getsockname()[1]}"
    site_url = f"http://localhost:{site_socket.getsockname()[1]}"
    storage = SqliteStorage(str(folder / "partner.db"), clock=clock)
    register(storage, site_url, a_key())
    app = build_app(
        some_settings(public_url=service_url, **settings), storage=storage, delivery=Postbox()
    )
    partner = Partner(site_url, service_url, storage=storage, clock=clock)
    with _serving(app, service_socket), _serving(_site(partner), site_socket):
        yield partner


@contextlib.contextmanager
def running_site(service_url: str, key: PartnerKey) -> Iterator[Site]:
    """Run a partner's site alone, in front of a service that runs already or is about to."""
    site_socket = _listening()
    site = Site(f"http://localhost:{site_socket.getsockname()[1]}", service_url, key)
    with _serving(_site(site), site_socket):
        yield site


def register(storage: SqliteStorage, site_url: str, key: PartnerKey) -> None:
    """Make the partner `acme` known, with its site and one key."""

    async def save() -> None:
        await storage.open()
        await storage.save_partner(a_partner(origins=(site_url,)))
        await storage.add_key(key)
        await storage.close()

    with ThreadPoolExecutor(1) as pool:  # Playwright's own loop runs in this thread.
        pool.submit(asyncio.run, save()).result()


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


def _site(partner: Site) -> Starlette:
    async def show(_: Request) -> Response:
        parts = {"scripts": partner.scripts, "offer": partner.offer}
        page = PAGE.format(language=partner.language, **parts)
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

"""The street: each shop at an address of its own, and a start page that leads to them."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass

from starlette.applications import Starlette
from starlette.types import ASGIApp, Receive, Scope, Send

from .agency.shop import build_shop as build_agency
from .mailbox import Mailbox
from .market.shop import build_shop as build_market
from .settings import Settings, ShopSettings
from .shipping.shop import build_shop as build_shipping
from .start import Door, build_start


@dataclass(frozen=True, slots=True)
class Sign:
    """What hangs over the door of a shop, and what is behind it."""

    name: str
    trade: str
    #: What a visitor does there.
    words: str
    build: Callable[[ShopSettings], Starlette]


#: Each shop by its partner code.
SHOPS: Mapping[str, Sign] = {
    "skylark": Sign(
        "Skylark",
        "Travel agency",
        "A family books a week in Lisbon and may insure the trip.",
        build_agency,
    ),
    "fernpost": Sign(
        "Fernpost",
        "Shipping platform",
        "A merchant buys the labels of twelve parcels and may insure what is in them.",
        build_shipping,
    ),
    "kontor": Sign(
        "Kontor & Kind",
        "Marketplace",
        "A customer buys five things at once and may cover each by itself.",
        build_market,
    ),
}


class Street:
    """Leads each request to the shop on whose port it came, and all others to the start page."""

    def __init__(self, start: Starlette, shops: Mapping[int, Starlette]) -> None:
        self._start = start
        self._shops = shops

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or be told of the start and the end."""
        _host, port = scope.get("server") or ("", 0)
        await self._shops.get(port, self._start)(scope, receive, send)


def build_street(settings: Settings, *, mail_socket: socket.socket) -> ASGIApp:
    """Return all of the demonstration; its mailbox listens on `mail_socket`."""
    shops = {shop.port: SHOPS[code].build(shop) for code, shop in settings.shops.items()}
    mailbox = Mailbox()

    @contextlib.asynccontextmanager
    async def open_doors(_: Starlette) -> AsyncIterator[None]:
        async with contextlib.AsyncExitStack() as stack:
            for shop in shops.values():
                await stack.enter_async_context(shop.router.lifespan_context(shop))
            listen = asyncio.get_running_loop().create_server
            mail_server = await listen(mailbox.speak_smtp, sock=mail_socket)
            stack.callback(mail_server.close)
            yield

    doors = [
        Door(code, SHOPS[code].name, SHOPS[code].trade, SHOPS[code].words, shop.public_url)
        for code, shop in settings.shops.items()
    ]
    return Street(build_start(settings, mailbox, doors, lifespan=open_doors), shops)

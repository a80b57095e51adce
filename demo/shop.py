"""The shop put together: its addresses, and what runs while it is open."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from http import HTTPStatus

import httpx2
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from . import selling
from .checkouts import Checkouts
from .counter import Shop, mail_of, shop_of
from .insurance import Insurance
from .mailbox import Mailbox
from .orders import Orders
from .pages import HERE, Pages, show_mail
from .settings import Settings

FORM_MAX_BYTES = 64_000


async def show_mails(request: Request) -> Response:
    """Show the mails that customers have received."""
    shop = shop_of(request)
    return shop.pages.show("mailbox.html", mails=shop.mailbox.mails)


async def show_one_mail(request: Request) -> Response:
    """Show one mail, its HTML in a frame of its own."""
    return shop_of(request).pages.show("mail.html", mail=mail_of(request))


async def show_mail_html(request: Request) -> Response:
    """Show the HTML of one mail, which may do nothing but be looked at."""
    return show_mail(mail_of(request))


async def say_healthy(_: Request) -> Response:
    """Say that the shop is open."""
    return PlainTextResponse("ok")


async def show_problem(request: Request, exc: Exception) -> Response:
    """Show that the page does not exist, or what else stood in the way."""
    status = exc.status_code if isinstance(exc, HTTPException) else 500
    return shop_of(request).pages.show(
        "problem.html", status=status, is_missing=status == HTTPStatus.NOT_FOUND
    )


ROUTES = [
    Route("/", selling.show_window),
    Route("/checkout", selling.begin_checkout, methods=["POST"]),
    Route("/checkout/{reference}", selling.show_checkout),
    Route("/checkout/{reference}", selling.submit_checkout, methods=["POST"]),
    Route("/payment/{reference}", selling.show_payment),
    Route("/payment/{reference}", selling.submit_payment, methods=["POST"]),
    Route("/orders/{number}", selling.show_order),
    Route("/mailbox", show_mails),
    Route("/mailbox/{id:int}", show_one_mail),
    Route("/mailbox/{id:int}/html", show_mail_html),
    Route("/healthz", say_healthy),
    Mount("/static", StaticFiles(directory=HERE / "static")),
]


def build_shop(settings: Settings, *, mail_socket: socket.socket) -> Starlette:
    """Return the shop as an ASGI application; its mailbox listens on `mail_socket`."""
    return Starlette(
        routes=ROUTES,
        lifespan=_doors(settings, mail_socket),
        exception_handlers={HTTPException: show_problem},
        max_body_size=FORM_MAX_BYTES,
    )


def _doors(
    settings: Settings, mail_socket: socket.socket
) -> Callable[[Starlette], AbstractAsyncContextManager[None]]:
    @contextlib.asynccontextmanager
    async def open_doors(app: Starlette) -> AsyncIterator[None]:
        # The settings name the service: a proxy of the environment is not asked.
        async with httpx2.AsyncClient(base_url=settings.service_url, trust_env=False) as http:
            shop = app.state.shop = _furnish(settings, http)
            listen = asyncio.get_running_loop().create_server
            mail_server = await listen(shop.mailbox.speak_smtp, sock=mail_socket)
            reporting = asyncio.create_task(shop.orders.keep_reporting())
            yield
            reporting.cancel()
            mail_server.close()

    return open_doors


def _furnish(settings: Settings, http: httpx2.AsyncClient) -> Shop:
    insurance = Insurance(
        http,
        partner=settings.partner,
        key_id=settings.key_id,
        secret=settings.secret,
        token_key=settings.token_key,
    )
    return Shop(
        settings=settings,
        insurance=insurance,
        checkouts=Checkouts(),
        orders=Orders(insurance),
        mailbox=Mailbox(),
        pages=Pages(settings.service_url),
    )

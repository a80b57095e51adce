"""What every shop has behind its counter, and how it opens."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any, Generic, TypeVar
from urllib.parse import urlsplit

import httpx2
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Mount
from starlette.staticfiles import StaticFiles

from .insurance import Insurance
from .memory import Memory
from .orders import Checkout, Orders
from .pages import Filter, Pages
from .settings import ShopSettings

FORM_MAX_BYTES = 64_000

Thing = TypeVar("Thing")


@dataclass(frozen=True, slots=True)
class Shop(Generic[Checkout]):
    """Everything that one shop works with."""

    settings: ShopSettings
    insurance: Insurance
    checkouts: Memory[Checkout]
    orders: Orders[Checkout]
    pages: Pages


def open_shop(
    settings: ShopSettings, folder: Path, routes: Sequence[BaseRoute], filters: Mapping[str, Filter]
) -> Starlette:
    """Return a shop as an ASGI application; its `state.shop` is there once it has started.

    Args:
        folder: Where its `templates` and `static` lie.
        filters: How its templates write values.
    """
    known = {
        "service_url": settings.service_url,
        "partner": settings.partner,
        "start_url": settings.start_url,
    }
    pages = Pages(folder, settings.service_url, filters=filters, known=known)
    return Starlette(
        routes=[*routes, Mount("/static", StaticFiles(directory=folder / "static"))],
        lifespan=_doors(settings, pages),
        exception_handlers={HTTPException: show_problem},
        max_body_size=FORM_MAX_BYTES,
    )


async def show_problem(request: Request, exc: Exception) -> Response:
    """Show that the page does not exist, or what else stood in the way."""
    status = exc.status_code if isinstance(exc, HTTPException) else 500
    pages: Pages = request.app.state.shop.pages
    return pages.show("problem.html", status=status, is_missing=status == HTTPStatus.NOT_FOUND)


def found(thing: Thing | None) -> Thing:
    """Return `thing`, or answer 404 where there is none."""
    if thing is None:
        raise HTTPException(404)
    return thing


def go(address: str) -> Response:
    """Send the browser on: whatever was posted, the next page is only looked at."""
    return RedirectResponse(address, HTTPStatus.SEE_OTHER)


def home(request: Request, public_url: str) -> Response | None:
    """Send a visitor who typed the bare address on to the public one, or return None.

    Under its bare address a shop would be one site with the service, which does not know it by
    that name. A proxy may call us so as well: `moved` keeps it from turning in a ring.
    """
    bare, public = request.url.hostname, urlsplit(public_url).hostname
    if bare == "127.0.0.1" != public and "moved" not in request.query_params:
        return RedirectResponse(f"{public_url}/?moved")
    return None


def _doors(
    settings: ShopSettings, pages: Pages
) -> Callable[[Starlette], AbstractAsyncContextManager[None]]:
    @contextlib.asynccontextmanager
    async def open_doors(app: Starlette) -> AsyncIterator[None]:
        # The settings name the service: a proxy of the environment is not asked.
        async with httpx2.AsyncClient(base_url=settings.service_url, trust_env=False) as http:
            insurance = Insurance(
                http,
                partner=settings.partner,
                key_id=settings.key_id,
                secret=settings.secret,
                token_key=settings.token_key,
            )
            orders: Orders[Any] = Orders(insurance)
            app.state.shop = Shop(settings, insurance, Memory(), orders, pages)
            reporting = asyncio.create_task(orders.keep_reporting())
            yield
            reporting.cancel()

    return open_doors

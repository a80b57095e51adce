"""The start page, which leads to the shops, and the mailbox of all their customers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from http import HTTPStatus

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from .counter import found, home
from .mailbox import Mail, Mailbox
from .pages import HERE, Pages, show_mail
from .settings import Settings

Lifespan = Callable[[Starlette], AbstractAsyncContextManager[None]]


@dataclass(frozen=True, slots=True)
class Door:
    """The way into one shop."""

    #: Its partner code.
    code: str
    name: str
    trade: str
    words: str
    url: str


@dataclass(frozen=True, slots=True)
class Start:
    """What the start page and the mailbox show."""

    public_url: str
    doors: Sequence[Door]
    mailbox: Mailbox
    pages: Pages


async def show_doors(request: Request) -> Response:
    """Show the way into each shop."""
    start = _start_of(request)
    if moved := home(request, start.public_url):
        return moved
    return start.pages.show("start.html", doors=start.doors)


async def show_mails(request: Request) -> Response:
    """Show the mails that customers have received."""
    start = _start_of(request)
    return start.pages.show("mailbox.html", mails=start.mailbox.mails)


async def show_one_mail(request: Request) -> Response:
    """Show one mail, its HTML in a frame of its own."""
    return _start_of(request).pages.show("mail.html", mail=_mail_of(request))


async def show_mail_html(request: Request) -> Response:
    """Show the HTML of one mail, which may do nothing but be looked at."""
    return show_mail(_mail_of(request))


async def say_healthy(_: Request) -> Response:
    """Say that the shops are open."""
    return PlainTextResponse("ok")


async def show_problem(request: Request, exc: Exception) -> Response:
    """Show that the page does not exist, or what else stood in the way."""
    status = exc.status_code if isinstance(exc, HTTPException) else 500
    return _start_of(request).pages.show(
        "problem.html", status=status, is_missing=status == HTTPStatus.NOT_FOUND
    )


ROUTES = [
    Route("/", show_doors),
    Route("/mailbox", show_mails),
    Route("/mailbox/{id:int}", show_one_mail),
    Route("/mailbox/{id:int}/html", show_mail_html),
    Route("/healthz", say_healthy),
    Mount("/static", StaticFiles(directory=HERE / "static")),
]


def build_start(
    settings: Settings, mailbox: Mailbox, doors: Sequence[Door], *, lifespan: Lifespan
) -> Starlette:
    """Return the start page as an ASGI application."""
    app = Starlette(
        routes=ROUTES, lifespan=lifespan, exception_handlers={HTTPException: show_problem}
    )
    pages = Pages(HERE, settings.service_url)
    app.state.start = Start(settings.public_url, doors, mailbox, pages)
    return app


def _start_of(request: Request) -> Start:
    start: Start = request.app.state.start
    return start


def _mail_of(request: Request) -> Mail:
    return found(_start_of(request).mailbox.find(request.path_params["id"]))

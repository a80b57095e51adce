"""A partner's backend that is told of its bookings: real HTTP on a loopback port."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Condition
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tests.fakes import PATIENCE_S
from tests.ports import on_a_port


@dataclass(frozen=True, slots=True)
class Received:
    """One call as it came."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Receiver:
    """Takes every call, or answers as a test says."""

    url: str = ""
    received: list[Received] = field(default_factory=list)
    #: Given to the next calls, one by one; afterwards all are taken.
    answers: list[Response] = field(default_factory=list)
    _change: Condition = field(default_factory=Condition, init=False)

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return urlsplit(self.url).port or 0

    def wait_for(self, number: int) -> None:
        """Wait until so many calls have come."""
        with self._change:
            assert self._change.wait_for(lambda: len(self.received) >= number, PATIENCE_S), (
                f"{len(self.received)} calls came, not {number}"
            )

    async def take(self, request: Request) -> Response:
        """Keep a call, and answer it."""
        path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        received = Received(path, dict(request.headers), await request.body())
        with self._change:
            self.received.append(received)
            self._change.notify_all()
        return self.answers.pop(0) if self.answers else Response()


@contextmanager
def receiving(*, certificate: tuple[str, str] | None = None) -> Iterator[Receiver]:
    """Run a receiver; with a certificate and a key, files in PEM, it speaks https."""
    receiver = Receiver()
    app = Starlette(routes=[Route("/{path:path}", receiver.take, methods=["GET", "POST"])])
    with on_a_port(app, certificate=certificate) as url:
        receiver.url = url
        yield receiver

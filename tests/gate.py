"""A gate in front of a platform: it lets requests through, or spoils them as a test says."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from threading import Condition, Event, Thread
from typing import Any
from urllib.parse import urlsplit

from tests.fakes import PATIENCE_S

#: Changes the status and the JSON of an answer on its way.
Change = Callable[[int, Any], tuple[int, Any]]


@dataclass
class Exchange:
    """One request, on its way through the gate."""

    gate: Gate
    head: bytes
    body: bytes
    writer: asyncio.StreamWriter

    @property
    def line(self) -> str:
        """Method and path."""
        return self.head.split(b" HTTP/", 1)[0].decode()

    async def forwarded(self) -> bytes:
        """Return the platform's whole answer."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.gate.platform_port)
        lines = self.head.split(b"\r\n")
        kept = [line for line in lines if not line.lower().startswith(b"connection:")]
        writer.write(b"\r\n".join([kept[0], b"Connection: close", *kept[1:]]) + self.body)
        answer = await reader.read()
        writer.close()
        return answer

    async def answer(self, data: bytes) -> None:
        """Send an answer, and close."""
        with suppress(ConnectionError):
            self.writer.write(data)
            await self.writer.drain()
        self.writer.close()

    def reset(self) -> None:
        """Break the connection."""
        self.writer.transport.abort()


Fault = Callable[[Exchange], Awaitable[None]]


def http(status: int, body: bytes, *headers: str, length: int | None = None) -> bytes:
    """Return an HTTP answer."""
    size = len(body) if length is None else length
    lines = [f"HTTP/1.1 {status} Any", f"Content-Length: {size}", "Connection: close", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


async def hang(exchange: Exchange) -> None:
    """Take the request, and never answer."""
    await exchange.gate.closing.wait()
    exchange.reset()


async def drip(exchange: Exchange) -> None:
    """Answer byte by byte, without an end."""
    with suppress(ConnectionError):
        exchange.writer.write(http(200, b"{", length=100_000))
        while not exchange.gate.closing.is_set():
            exchange.writer.write(b" ")
            await exchange.writer.drain()
            await asyncio.sleep(0.02)
    exchange.reset()


async def reset(exchange: Exchange) -> None:
    """Break the connection without an answer."""
    exchange.reset()


async def drop(exchange: Exchange) -> None:
    """Let the platform do its work, and break the connection before its answer."""
    await exchange.forwarded()
    exchange.reset()


async def cut(exchange: Exchange) -> None:
    """Let the platform do its work, and send half of its answer."""
    answer = await exchange.forwarded()
    await exchange.answer(answer[: -len(answer) // 3])


def held(until: Event) -> Fault:
    """Return a fault that lets the platform do its work, and keeps its answer back until then."""

    async def fault(exchange: Exchange) -> None:
        answer = await exchange.forwarded()
        await asyncio.to_thread(until.wait, PATIENCE_S)
        await exchange.answer(answer)

    return fault


def status(code: int, body: bytes = b"", *headers: str) -> Fault:
    """Return a fault that answers a status without asking the platform."""

    async def fault(exchange: Exchange) -> None:
        await exchange.answer(http(code, body, *headers))

    return fault


def changed(change: Change) -> Fault:
    """Return a fault that changes the platform's answer."""

    async def fault(exchange: Exchange) -> None:
        head, _, body = (await exchange.forwarded()).partition(b"\r\n\r\n")
        code, content = change(int(head.split(b" ", 2)[1]), json.loads(body) if body else None)
        text = b"" if content is None else json.dumps(content).encode()
        await exchange.answer(http(code, text, "Content-Type: application/json"))

    return fault


@dataclass
class Gate:
    """Stands between an instance and the platform that it sells for."""

    platform: str
    url: str = ""
    #: What went through: method and path.
    lines: list[str] = field(default_factory=list)
    #: The idempotency key of each of them; empty without one.
    keys: list[str] = field(default_factory=list)
    _fault: Fault | None = None
    _part: str = ""
    _times: int | None = None
    closing: asyncio.Event = field(default_factory=asyncio.Event)
    _change: Condition = field(default_factory=Condition)

    @property
    def platform_port(self) -> int:
        """The platform's port."""
        return urlsplit(self.platform).port or 0

    def spoil(self, fault: Fault, *, part: str = "", times: int | None = None) -> None:
        """Spoil the next requests.

        Args:
            part: Only those with this in their method and path.
            times: So many of them; None is all.
        """
        self._fault, self._part, self._times = fault, part, times

    def mend(self) -> None:
        """Let everything through again."""
        self._fault = None

    def wait_for(self, part: str, *, times: int = 1) -> None:
        """Wait until so many requests have come with this in their method and path."""
        with self._change:
            assert self._change.wait_for(
                lambda: sum(part in line for line in self.lines) >= times, PATIENCE_S
            )

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take one request."""
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            body = await reader.readexactly(_length(head))
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()
            return
        exchange = Exchange(self, head, body, writer)
        with self._change:
            self.lines.append(exchange.line)
            self.keys.append(_header(head, b"x-idempotency-key"))
            self._change.notify_all()
        fault = self._next(exchange.line)
        await (fault(exchange) if fault else exchange.answer(await exchange.forwarded()))

    def _next(self, line: str) -> Fault | None:
        if self._fault is None or self._part not in line or self._times == 0:
            return None
        if self._times is not None:
            self._times -= 1
        return self._fault


@contextmanager
def gate_before(platform: str) -> Iterator[Gate]:
    """Run a gate in front of a platform on this machine, in a thread of its own."""
    gate, ready = Gate(platform), Event()
    loop = asyncio.new_event_loop()

    async def run() -> None:
        server = await asyncio.start_server(gate.serve, "127.0.0.1", 0)
        gate.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        ready.set()
        await gate.closing.wait()
        server.close()
        under_way = asyncio.all_tasks(loop) - {asyncio.current_task()}
        await asyncio.gather(*under_way, return_exceptions=True)

    thread = Thread(target=loop.run_until_complete, args=[run()])
    thread.start()
    ready.wait()
    try:
        yield gate
    finally:
        loop.call_soon_threadsafe(gate.closing.set)
        thread.join()
        loop.close()


def _length(head: bytes) -> int:
    return int(_header(head, b"content-length") or 0)


def _header(head: bytes, wanted: bytes) -> str:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == wanted:
            return value.strip().decode()
    return ""

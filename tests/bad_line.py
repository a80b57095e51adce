"""A line to the service on which answers come late, wrong or never, as a test says."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

#: An answer that is lost after the service has done what it was asked for.
LOST = "lost"


@dataclass
class BadLine:
    """What happens to the next calls, and what was seen of those before."""

    service: str
    #: For each collection (`quotes`, `bookings`), what its next calls meet: `LOST`, or a status
    #: that the service never saw; after these they come through.
    faults: dict[str, list[str]]
    url: str = ""
    #: The collection, the idempotency key and the credential of each call.
    calls: list[tuple[str, str, str]] = field(default_factory=list)

    def calls_to(self, collection: str) -> list[tuple[str, str, str]]:
        """Return the calls to one collection, as they came."""
        return [call for call in self.calls if call[0] == collection]


@contextmanager
def bad_line(service: str, **faults: list[str]) -> Iterator[BadLine]:
    """Stand between a partner's program and the service."""
    line = BadLine(service, faults)

    class Handler(_Handler):
        pass

    Handler.line = line
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        line.url = f"http://127.0.0.1:{server.server_port}"
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield line
        finally:
            server.shutdown()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    line: BadLine

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        collection = self.path.split("/")[4]
        key, credential = self.headers["x-idempotency-key"], self.headers["Authorization"]
        self.line.calls.append((collection, key, credential))
        faults = self.line.faults[collection]
        fault = faults.pop(0) if faults else ""
        if fault not in {"", LOST}:
            self._answer(int(fault), b'{"message": "A bad line."}')
            return
        status, answer = self._forward(body)
        if fault != LOST:
            self._answer(status, answer)

    def _forward(self, body: bytes) -> tuple[int, bytes]:
        address = urlsplit(self.line.service)
        assert address.hostname is not None
        connection = http.client.HTTPConnection(address.hostname, address.port)
        connection.request("POST", self.path, body, dict(self.headers))
        response = connection.getresponse()
        answer = response.read()
        connection.close()
        return response.status, answer

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - http.server's name
        """Keep quiet: the test says what matters."""

"""The service on a port of this process, with a clock that a test moves."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

import uvicorn
from starlette.applications import Starlette

from widget.server import listen

#: A start takes a moment; a machine that is busy gets a lot more.
START_TIMEOUT_S = 30


@contextmanager
def on_a_port(app: Starlette, *, certificate: tuple[str, str] | None = None) -> Iterator[str]:
    """Serve an app over real HTTP, and return its address; it has ended after this.

    Args:
        certificate: With a certificate and its key, files in PEM, it is https.
    """
    listening = listen("127.0.0.1", 0)
    chain, key = certificate or (None, None)
    server = uvicorn.Server(
        uvicorn.Config(app, log_config=None, access_log=False, ssl_certfile=chain, ssl_keyfile=key)
    )
    thread = Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        deadline = time.monotonic() + START_TIMEOUT_S
        while not server.started and time.monotonic() < deadline:
            time.sleep(0.01)  # uvicorn announces its start by an attribute only
        assert server.started
        scheme = "https" if certificate else "http"
        yield f"{scheme}://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()

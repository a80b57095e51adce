"""The server process: a socket, and uvicorn on it."""

from __future__ import annotations

import contextlib
import errno
import socket

import structlog
import uvicorn
from starlette.applications import Starlette

from widget import __version__
from widget.errors import SettingInvalid

#: Requests under way get this long to finish when the service is told to stop.
GRACEFUL_S = 8

MAX_PORT = 65_535

_log = structlog.get_logger(__name__)


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens, so that a taken port is found before anything else starts.

    Raises:
        SettingInvalid: The port is taken or none, or the address is not this machine's.
    """
    if not 0 <= port <= MAX_PORT:
        raise SettingInvalid(f"Port {port}", f"choose one up to {MAX_PORT}")
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listening = socket.create_server((host, port), family=family)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise SettingInvalid(
                f"Port {port}", f"it is taken on {host}; choose another"
            ) from error
        raise SettingInvalid(f"{host}:{port}", f"cannot listen: {error.strerror}") from error
    # Else an answer's second packet waits for the first one's receipt: 40 ms on each request.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listening


def serve_app(app: Starlette, listening: socket.socket) -> None:
    """Serve until told to stop by SIGINT or SIGTERM."""
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACEFUL_S,
    )
    address, port = listening.getsockname()[:2]
    _log.info("serving", address=address, port=port, version=__version__)
    # uvicorn ends in good order and then raises the signal again; Ctrl-C is no error.
    with contextlib.suppress(KeyboardInterrupt):
        uvicorn.Server(config).run(sockets=[listening])

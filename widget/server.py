"""The server process: a socket, and uvicorn on it."""

from __future__ import annotations

import contextlib
import errno
import socket

import uvicorn
from starlette.applications import Starlette

from widget.errors import SettingInvalid

#: Requests under way get this long to finish when the service is told to stop.
GRACEFUL_S = 8


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens, so that a taken port is found before anything else starts.

    Raises:
        SettingInvalid: The port is taken, or the address is not this machine's.
    """
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise SettingInvalid(
                f"Port {port}", f"it is taken on {host}; choose another"
            ) from error
        raise SettingInvalid(f"{host}:{port}", f"cannot listen: {error.strerror}") from error


def serve_app(app: Starlette, listening: socket.socket) -> None:
    """Serve until told to stop by SIGINT or SIGTERM."""
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACEFUL_S,
    )
    # uvicorn ends in good order and then raises the signal again; Ctrl-C is no error.
    with contextlib.suppress(KeyboardInterrupt):
        uvicorn.Server(config).run(sockets=[listening])

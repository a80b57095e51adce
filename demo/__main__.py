"""Opens the shops: `python -m demo`, or `python -m widget.demo` where it is installed."""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import socket
import sys

import uvicorn

from .settings import SettingMissing, Settings, read_settings
from .street import SHOPS, build_street


def main() -> None:
    """Serve the shops until interrupted, or say in one sentence why they cannot open."""
    logging.basicConfig(format="%(levelname)s %(message)s", level=logging.INFO)
    # One line per request that we send is the service's log, not a shop's.
    logging.getLogger("httpx2").setLevel(logging.WARNING)
    logging.getLogger("mail.log").setLevel(logging.WARNING)
    try:
        settings = read_settings(os.environ, SHOPS)
        sockets = [_listen(settings.host, settings.port, "DEMO_PORT")]
        for code, shop in settings.shops.items():
            sockets.append(_listen(settings.host, shop.port, f"DEMO_{code.upper()}_PORT"))
        mail_socket = _listen(settings.host, settings.smtp_port, "DEMO_SMTP_PORT")
    except SettingMissing as exc:
        sys.exit(str(exc))
    _serve(settings, sockets, mail_socket)


def _serve(settings: Settings, sockets: list[socket.socket], mail_socket: socket.socket) -> None:
    app = build_street(settings, mail_socket=mail_socket)
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            http="h11",
            ws="none",
            log_level="warning",
            server_header=False,
            timeout_graceful_shutdown=3,
        )
    )
    # The sockets already listen: who follows this line at once is served, a moment later.
    print(f"The shops are open at {settings.public_url}", flush=True)
    # uvicorn closes the shops in good order, then hands the signal on: Ctrl+C is no error.
    with contextlib.suppress(KeyboardInterrupt):
        server.run(sockets=sockets)


def _listen(host: str, port: int, name: str) -> socket.socket:
    """Return a socket that listens, bound before anything else so that a taken port is found."""
    try:
        return socket.create_server((host, port))
    except OSError as exc:
        if exc.errno == errno.EADDRINUSE:
            raise SettingMissing(f"Port {port} is taken: set {name} to a free one.") from exc
        raise SettingMissing(
            f"Cannot listen on {host}:{port}: check DEMO_HOST and {name}."
        ) from exc


if __name__ == "__main__":
    main()

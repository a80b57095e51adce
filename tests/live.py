"""The service in a process of its own, as an operator runs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread
from typing import Any

from tests.builders import PARTNER_KEY, TOKEN_KEY

COMMAND = [sys.executable, "-m", "widget"]

#: A start takes about one second; a machine that is busy gets a lot more.
START_TIMEOUT_S = 60


def environment(database: Path, **settings: object) -> Mapping[str, str]:
    """Return an environment with settings that can serve, and nothing of this machine's."""
    known: dict[str, object] = {
        "PUBLIC_URL": "https://cover.test",
        "DATABASE": f"sqlite:///{database}",
        "TOKEN_KEYS": TOKEN_KEY,
        "PARTNER_KEYS": PARTNER_KEY,
        "SALES_LIMIT_PER_S": 0,
        "OTHER_LIMIT_PER_S": 0,
        **settings,
    }
    own = {name: value for name, value in os.environ.items() if not name.startswith("OFFER_WIDGET")}
    given = {
        f"OFFER_WIDGET_{name}": str(value) for name, value in known.items() if value is not None
    }
    return {**own, **given}


@dataclass
class LiveService:
    """A serving process, its port, and what it logged."""

    process: subprocess.Popen[str]
    port: int = 0
    lines: list[dict[str, Any]] = field(default_factory=list)
    reader: Thread | None = None

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    def wait(self) -> int:
        """Wait until it has ended, and return its exit code."""
        code = self.process.wait(timeout=30)
        if self.reader is not None:
            self.reader.join()
        return code


@contextmanager
def serving(environ: Mapping[str, str], *, port: int = 0) -> Iterator[LiveService]:
    """Run `offer-widget serve`; whatever happens, it has ended after this.

    Args:
        port: 0 takes one that is free.
    """
    command = [*COMMAND, "serve", "--port", str(port)]
    with subprocess.Popen(command, env=environ, stderr=subprocess.PIPE, text=True) as process:
        service = LiveService(process)
        is_listening = Event()
        service.reader = Thread(target=_read, args=(service, is_listening))
        service.reader.start()
        try:
            assert is_listening.wait(START_TIMEOUT_S)
            assert service.port, service.lines
            yield service
        finally:
            process.kill()
            service.reader.join()


def _read(service: LiveService, is_listening: Event) -> None:
    assert service.process.stderr is not None
    for text in service.process.stderr:
        line: dict[str, Any] = json.loads(text) if text.startswith("{") else {"event": text}
        service.lines.append(line)
        if line["event"] == "serving":
            service.port = line["port"]
            is_listening.set()
    is_listening.set()  # it has ended without listening


def run(environ: Mapping[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command `offer-widget` to its end."""
    return subprocess.run(
        [*COMMAND, *arguments],
        env=environ,
        capture_output=True,
        text=True,
        check=False,
        timeout=START_TIMEOUT_S,
    )

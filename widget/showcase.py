"""The demonstration: the service and a partner's shop, in processes and on origins of their own."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import typer

from widget.app import folder as shipped
from widget.app import new_key, open_storage
from widget.errors import SettingInvalid
from widget.partners import Mode, PartnerKey, checked_partner, secret_of, token_key_of
from widget.server import listen
from widget.settings import PREFIX, Settings

Process = subprocess.Popen[bytes]

PARTNER = "skylark"

#: A start takes about one second; a machine that is busy gets a lot more.
START_TIMEOUT_S = 60


@dataclass(frozen=True, slots=True)
class Stand:
    """Where the demonstration stands."""

    folder: Path
    port: int
    shop_port: int
    smtp_port: int

    @property
    def service_url(self) -> str:
        """The service; another site than the shop, as in real life."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def shop_url(self) -> str:
        """The shop, as its customers type it."""
        return f"http://localhost:{self.shop_port}"


@dataclass(frozen=True, slots=True)
class Environments:
    """What each of the two processes is told, as environment variables."""

    service: Mapping[str, str]
    shop: Mapping[str, str]


def demonstrate(stand: Stand) -> None:
    """Run the demonstration until Ctrl-C, and leave its database for the next time.

    Raises:
        SettingInvalid: A port is taken, or a process did not start.
    """
    for port in (stand.port, stand.shop_port, stand.smtp_port):
        listen("127.0.0.1", port).close()
    environments = prepare(stand)
    signals = _noted_signals()
    processes: list[Process] = []
    try:
        processes.append(start_service(environments))
        processes.append(start_shop(environments))
        await_ports(processes, (stand.port, stand.shop_port), signals)
        if not signals:
            typer.echo(f"Open {stand.shop_url} and book a trip. Ctrl-C ends the demonstration.")
        _await_end(processes, signals)
    finally:
        end(processes)


def prepare(stand: Stand) -> Environments:
    """Make sure that there are keys, a database and a partner, and tell each process of them."""
    settings = _settings(stand)
    shop = asyncio.run(_prepare_partner(stand, settings))
    return Environments(_service_environment(settings), shop)


def start_service(environments: Environments) -> Process:
    """Start the service in a process of its own."""
    return _start(["-m", "widget", "serve"], environments.service)


def start_shop(environments: Environments) -> Process:
    """Start the shop in a process of its own; it knows of the service what a partner knows."""
    place = shipped("demo")
    module = "widget.demo" if place.parent.name == "widget" else "demo"
    path = os.pathsep.join([str(place.parent), os.environ.get("PYTHONPATH", "")])
    return _start(["-m", module], {**environments.shop, "PYTHONPATH": path})


def await_ports(
    processes: Sequence[Process], ports: Sequence[int], signals: Sequence[int] = ()
) -> None:
    """Return once every port answers, or a signal was noted.

    Raises:
        SettingInvalid: A process ended before that, or took too long.
    """
    deadline = time.monotonic() + START_TIMEOUT_S
    for port in ports:
        while not signals and not _answers(port):
            ended = any(process.poll() is not None for process in processes)
            if ended or time.monotonic() > deadline:
                raise SettingInvalid("demo", "it did not start; the lines above say why")
            time.sleep(0.02)


def end(processes: Sequence[Process]) -> None:
    """Tell processes to stop, and return once they have."""
    for process in processes:
        process.terminate()
    for process in processes:
        process.wait()


def _settings(stand: Stand) -> Settings:
    stand.folder.mkdir(parents=True, exist_ok=True)
    keys = _keys(stand.folder / "keys.json")
    return Settings(
        public_url=stand.service_url,
        port=stand.port,
        database=f"sqlite:///{(stand.folder / 'offer-widget.db').absolute()}",
        token_keys=(keys["token"],),
        partner_keys=(keys["partner"],),
        smtp_url=f"smtp://127.0.0.1:{stand.smtp_port}",
        mail_from="Offer Widget <policies@offer-widget.example>",
        test_mail_to="developer@skylark.example",
        log_format="console",
        log_level="warning",
    )


def _keys(path: Path) -> Mapping[str, str]:
    if not path.exists():
        made = {"token": secrets.token_urlsafe(32), "partner": secrets.token_urlsafe(32)}
        path.touch(mode=0o600)
        path.write_text(json.dumps(made), encoding="utf-8")
    known: Mapping[str, str] = json.loads(path.read_text(encoding="utf-8"))
    return known


async def _prepare_partner(stand: Stand, settings: Settings) -> Mapping[str, str]:
    """Make sure that the shop is a partner with keys, and return its environment."""
    storage = open_storage(settings)
    await storage.open()
    try:
        origins = [stand.shop_url]
        partner = checked_partner(PARTNER, "Skylark Travel", origins, now=storage.now())
        await storage.save_partner(partner)
        known = [key for key in await storage.list_keys(PARTNER) if not key.revoked_at]
        for mode in Mode:
            if mode not in {key.mode for key in known}:
                root = settings.partner_keys[-1].encode()
                known.append(new_key(PARTNER, mode, root=root, now=storage.now()))
                await storage.add_key(known[-1])
    finally:
        await storage.close()
    keys = {key.mode: key for key in known}
    _write_environment(stand, settings, keys[Mode.TEST])
    return _shop_environment(stand, settings, keys[Mode.LIVE])


def _write_environment(stand: Stand, settings: Settings, key: PartnerKey) -> None:
    """Write what a person at a shell needs to call the service: `. .demo/env`."""
    path = stand.folder / "env"
    path.touch(mode=0o600)
    path.write_text(
        f"SERVICE={settings.public_url}\n"
        f"PARTNER={PARTNER}\n"
        f"KEY_ID={key.key_id}\n"
        f"SECRET={_secret(key, settings)}\n",
        encoding="utf-8",
    )


def _secret(key: PartnerKey, settings: Settings) -> str:
    secret = secret_of(key, [root.encode() for root in settings.partner_keys])
    if secret is None:
        raise SettingInvalid("demo", "its database and its keys.json do not fit; remove the folder")
    return secret


def _shop_environment(stand: Stand, settings: Settings, key: PartnerKey) -> Mapping[str, str]:
    return {
        "DEMO_PORT": str(stand.shop_port),
        "DEMO_PUBLIC_URL": stand.shop_url,
        "DEMO_SMTP_PORT": str(stand.smtp_port),
        "DEMO_SERVICE_URL": stand.service_url,
        "DEMO_PARTNER": PARTNER,
        "DEMO_KEY_ID": key.key_id,
        "DEMO_SECRET": _secret(key, settings),
        "DEMO_TOKEN_KEY": token_key_of(PARTNER, Mode.LIVE, settings.token_keys[-1].encode()),
    }


def _service_environment(settings: Settings) -> Mapping[str, str]:
    return {
        f"{PREFIX}PUBLIC_URL": settings.public_url,
        f"{PREFIX}PORT": str(settings.port),
        f"{PREFIX}DATABASE": settings.database,
        f"{PREFIX}TOKEN_KEYS": ",".join(settings.token_keys),
        f"{PREFIX}PARTNER_KEYS": ",".join(settings.partner_keys),
        f"{PREFIX}SMTP_URL": settings.smtp_url,
        f"{PREFIX}MAIL_FROM": settings.mail_from,
        f"{PREFIX}TEST_MAIL_TO": settings.test_mail_to,
        f"{PREFIX}LOG_FORMAT": settings.log_format,
        f"{PREFIX}LOG_LEVEL": settings.log_level,
    }


def _start(arguments: list[str], environment: Mapping[str, str]) -> Process:
    # In a session of its own: Ctrl-C in the terminal reaches us, and we end it in good order.
    return subprocess.Popen(  # noqa: S603 - our own interpreter and our own modules
        [sys.executable, *arguments], env={**os.environ, **environment}, start_new_session=True
    )


def _answers(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def _noted_signals() -> Sequence[int]:
    """Return a list that each signal which ends us joins, in place of ending us anywhere.

    Nowhere, not between a start and the name that it is given, is a process left behind.
    """
    noted: list[int] = []
    for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(signum) is not signal.SIG_IGN:  # as `nohup` has it
            signal.signal(signum, lambda signum, _: noted.append(signum))
    return noted


def _await_end(processes: Sequence[Process], signals: Sequence[int]) -> None:
    """Wait for Ctrl-C, SIGTERM, a closed terminal, or the end of either process."""
    while not signals:
        if any(process.poll() is not None for process in processes):
            raise SettingInvalid("demo", "a process ended by itself; the lines above say why")
        time.sleep(0.2)

"""The demonstration: the service and its partners' shops, on origins of their own."""

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
from widget.storage.sqlite import SqliteStorage

Process = subprocess.Popen[bytes]

#: The shops by their partner codes. Each stands on a port of its own, in this order, after the
#: start page; `demo/street.py` has the shops themselves.
PARTNERS = {"skylark": "Skylark Travel", "fernpost": "Fernpost", "kontor": "Kontor & Kind"}

#: Whose key `.demo/env` holds, for a person at a shell.
SHELL_PARTNER = "skylark"

#: A start takes about one second; a machine that is busy gets a lot more.
START_TIMEOUT_S = 60


@dataclass(frozen=True, slots=True)
class Stand:
    """Where the demonstration stands."""

    folder: Path
    port: int
    #: Of the start page; the shops stand on the ports after it.
    shop_port: int
    smtp_port: int

    @property
    def service_url(self) -> str:
        """The service; another site than the shops, as in real life."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def start_url(self) -> str:
        """The start page, which leads to the shops and has their customers' mailbox."""
        return f"http://localhost:{self.shop_port}"

    @property
    def shop_ports(self) -> Mapping[str, int]:
        """The port of each shop, by its partner code."""
        return {code: self.shop_port + place for place, code in enumerate(PARTNERS, 1)}

    def url_of(self, code: str) -> str:
        """Return a shop's address, as its customers type it."""
        return f"http://localhost:{self.shop_ports[code]}"

    @property
    def ports(self) -> Sequence[int]:
        """Every port that is listened on."""
        return self.port, self.shop_port, *self.shop_ports.values(), self.smtp_port


@dataclass(frozen=True, slots=True)
class Environments:
    """What each of the two processes is told, as environment variables."""

    service: Mapping[str, str]
    shops: Mapping[str, str]


def demonstrate(stand: Stand) -> None:
    """Run the demonstration until Ctrl-C, and leave its database for the next time.

    Raises:
        SettingInvalid: A port is taken, or a process did not start.
    """
    for port in stand.ports:
        listen("127.0.0.1", port).close()
    environments = prepare(stand)
    signals = _noted_signals()
    processes: list[Process] = []
    try:
        processes.append(start_service(environments))
        processes.append(start_shops(environments))
        await_ports(processes, (stand.port, stand.shop_port), signals)
        if not signals:
            typer.echo(f"Open {stand.start_url} and buy something. Ctrl-C ends the demonstration.")
        _await_end(processes, signals)
    finally:
        end(processes)


def prepare(stand: Stand) -> Environments:
    """Make sure that there are keys, a database and partners, and tell each process of them."""
    settings = _settings(stand)
    shops = asyncio.run(_prepare_partners(stand, settings))
    return Environments(_service_environment(settings), shops)


def start_service(environments: Environments) -> Process:
    """Start the service in a process of its own."""
    return _start(["-m", "widget", "serve"], environments.service)


def start_shops(environments: Environments) -> Process:
    """Start the shops in one process; they know of the service what partners know."""
    place = shipped("demo")
    module = "widget.demo" if place.parent.name == "widget" else "demo"
    path = os.pathsep.join([str(place.parent), os.environ.get("PYTHONPATH", "")])
    return _start(["-m", module], {**environments.shops, "PYTHONPATH": path})


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
        test_mail_to="developer@shops.example",
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


async def _prepare_partners(stand: Stand, settings: Settings) -> Mapping[str, str]:
    """Make sure that each shop is a partner with keys, and return the environment of all."""
    storage = open_storage(settings)
    await storage.open()
    try:
        keys = {code: await _prepare_partner(storage, stand, settings, code) for code in PARTNERS}
    finally:
        await storage.close()
    _write_environment(stand, settings, keys[SHELL_PARTNER][Mode.TEST])
    environment = {
        "DEMO_PORT": str(stand.shop_port),
        "DEMO_PUBLIC_URL": stand.start_url,
        "DEMO_SMTP_PORT": str(stand.smtp_port),
        "DEMO_SERVICE_URL": stand.service_url,
    }
    for code in PARTNERS:
        environment |= _shop_environment(stand, settings, keys[code][Mode.LIVE])
    return environment


async def _prepare_partner(
    storage: SqliteStorage, stand: Stand, settings: Settings, code: str
) -> Mapping[Mode, PartnerKey]:
    """Make sure that a shop is a partner with a key for each mode, and return these."""
    partner = checked_partner(code, PARTNERS[code], [stand.url_of(code)], now=storage.now())
    await storage.save_partner(partner)
    known = [key for key in await storage.list_keys(code) if not key.revoked_at]
    for mode in Mode:
        if mode not in {key.mode for key in known}:
            root = settings.partner_keys[-1].encode()
            known.append(new_key(code, mode, root=root, now=storage.now()))
            await storage.add_key(known[-1])
    return {key.mode: key for key in known}


def _write_environment(stand: Stand, settings: Settings, key: PartnerKey) -> None:
    """Write what a person at a shell needs to call the service: `. .demo/env`."""
    path = stand.folder / "env"
    path.touch(mode=0o600)
    path.write_text(
        f"SERVICE={settings.public_url}\n"
        f"PARTNER={SHELL_PARTNER}\n"
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
    code = key.partner_code
    own = f"DEMO_{code.upper()}"
    return {
        f"{own}_PORT": str(stand.shop_ports[code]),
        f"{own}_URL": stand.url_of(code),
        f"{own}_KEY_ID": key.key_id,
        f"{own}_SECRET": _secret(key, settings),
        f"{own}_TOKEN_KEY": token_key_of(code, Mode.LIVE, settings.token_keys[-1].encode()),
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

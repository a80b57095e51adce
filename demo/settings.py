"""What the demonstration is told by its environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


class SettingMissing(Exception):
    """The shop cannot open: a setting is absent or cannot be read. The text says which."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Where the shop stands, and who it is for the insurance service."""

    host: str
    port: int
    #: The shop as its customers type it; another site than the service, as in real life.
    public_url: str
    smtp_port: int
    service_url: str
    partner: str
    key_id: str
    secret: str = field(repr=False)
    token_key: str = field(repr=False)


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Return the settings, each from its `DEMO_…` variable or its default.

    Raises:
        SettingMissing: A credential is absent, or a port is not a number.
    """
    return Settings(
        host=environment.get("DEMO_HOST", "127.0.0.1"),
        port=_read_port(environment, "DEMO_PORT", 8001),
        public_url=_read_url(environment, "DEMO_PUBLIC_URL", "http://localhost:8001"),
        smtp_port=_read_port(environment, "DEMO_SMTP_PORT", 8025),
        service_url=_read_url(environment, "DEMO_SERVICE_URL", "http://127.0.0.1:8000"),
        partner=environment.get("DEMO_PARTNER", "skylark"),
        key_id=_require(environment, "DEMO_KEY_ID"),
        secret=_require(environment, "DEMO_SECRET"),
        token_key=_require(environment, "DEMO_TOKEN_KEY"),
    )


def _require(environment: Mapping[str, str], name: str) -> str:
    if value := environment.get(name, "").strip():
        return value
    raise SettingMissing(f"{name} is not set: the shop needs the credentials of its partner.")


def _read_url(environment: Mapping[str, str], name: str, default: str) -> str:
    return environment.get(name, default).rstrip("/")


def _read_port(environment: Mapping[str, str], name: str, default: int) -> int:
    text = environment.get(name, str(default))
    if text.isascii() and text.isdigit() and int(text) < 2**16:
        return int(text)
    raise SettingMissing(f"{name} is {text!r}: a port is a number below 65536.")

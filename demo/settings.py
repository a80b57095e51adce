"""What the demonstration is told by its environment."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field


class SettingMissing(Exception):
    """The demonstration cannot open: a setting is absent or cannot be read. The text says which."""


@dataclass(frozen=True, slots=True)
class ShopSettings:
    """Where one shop stands, and who it is for the insurance service."""

    port: int
    #: The shop as its customers type it; another site than the service, as in real life.
    public_url: str
    #: The way back to the other shops and to the mailbox: what a real shop would not have.
    start_url: str
    service_url: str
    partner: str
    key_id: str
    secret: str = field(repr=False)
    token_key: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Settings:
    """Where everything stands."""

    host: str
    #: Of the start page, which leads to the shops and to the mailbox.
    port: int
    public_url: str
    smtp_port: int
    service_url: str
    #: Each shop by its partner code.
    shops: Mapping[str, ShopSettings]


def read_settings(environment: Mapping[str, str], codes: Iterable[str]) -> Settings:
    """Return the settings, each from its `DEMO_…` variable or its default.

    Args:
        codes: The partner codes of the shops. What a shop is told starts with its own code, as
            in `DEMO_SKYLARK_SECRET`.

    Raises:
        SettingMissing: A credential is absent, or a port is not a number.
    """
    port = _read_port(environment, "DEMO_PORT", 8001)
    public_url = _read_url(environment, "DEMO_PUBLIC_URL", "http://localhost:8001")
    service_url = _read_url(environment, "DEMO_SERVICE_URL", "http://127.0.0.1:8000")
    return Settings(
        host=environment.get("DEMO_HOST", "127.0.0.1"),
        port=port,
        public_url=public_url,
        smtp_port=_read_port(environment, "DEMO_SMTP_PORT", 8025),
        service_url=service_url,
        shops={
            code: _read_shop(
                environment,
                code,
                port=port + place,
                start_url=public_url,
                service_url=service_url,
            )
            for place, code in enumerate(codes, 1)
        },
    )


def _read_shop(
    environment: Mapping[str, str], code: str, *, port: int, start_url: str, service_url: str
) -> ShopSettings:
    own = f"DEMO_{code.upper()}"
    port = _read_port(environment, f"{own}_PORT", port)
    return ShopSettings(
        port=port,
        public_url=_read_url(environment, f"{own}_URL", f"http://localhost:{port}"),
        start_url=start_url,
        service_url=service_url,
        partner=code,
        key_id=_require(environment, f"{own}_KEY_ID"),
        secret=_require(environment, f"{own}_SECRET"),
        token_key=_require(environment, f"{own}_TOKEN_KEY"),
    )


def _require(environment: Mapping[str, str], name: str) -> str:
    if value := environment.get(name, "").strip():
        return value
    raise SettingMissing(f"{name} is not set: each shop needs the credentials of its partner.")


def _read_url(environment: Mapping[str, str], name: str, default: str) -> str:
    return environment.get(name, default).rstrip("/")


def _read_port(environment: Mapping[str, str], name: str, default: int) -> int:
    text = environment.get(name, str(default))
    if text.isascii() and text.isdigit() and int(text) < 2**16:
        return int(text)
    raise SettingMissing(f"{name} is {text!r}: a port is a number below 65536.")

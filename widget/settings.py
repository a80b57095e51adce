"""Every setting, as one table: name with its unit, default, one line of help.

Settings come from the environment (`OFFER_WIDGET_<NAME>`), over an optional TOML file, over the
defaults. A secret may also come from a file: `OFFER_WIDGET_<NAME>_FILE` names it. Secrets have no
readable form here, so they cannot reach a log by accident.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from widget.errors import SettingInvalid
from widget.partners import is_origin

PREFIX = "OFFER_WIDGET_"

#: 32 random bytes written as base64url; shorter keys can be guessed.
MIN_SECRET_CHARS = 32


#: A partner's own address at a remote platform; without TLS on this machine only.
_UPSTREAM_URL = re.compile(
    r"(https://[A-Za-z0-9.-]+|http://(127\.0\.0\.1|localhost|\[::1\]))(:[0-9]{1,5})?"
    r"(/[A-Za-z0-9._~-]+)*/partners/[A-Za-z0-9._~-]+/?",
    re.ASCII,
)


def _setting(default: object, help_text: str, *, is_secret: bool = False) -> Any:  # noqa: ANN401 - as dataclasses.field
    return field(
        default=default, repr=not is_secret, metadata={"help": help_text, "secret": is_secret}
    )


@dataclass(frozen=True, slots=True)
class Settings:
    """How one instance runs."""

    public_url: str = _setting(
        "http://127.0.0.1:8000",
        "Where browsers and partners reach this service; all links start with it.",
    )
    host: str = _setting("127.0.0.1", "The address to listen on.")
    port: int = _setting(8000, "The port to listen on.")
    database: str = _setting(
        "sqlite:///offer-widget.db",
        "The database: sqlite:///relative/path or sqlite:////absolute/path.",
    )
    catalogue_dir: str = _setting(
        "",
        "A folder of product and line files beside those of the package; one of the same name"
        " stands in its place.",
    )
    fonts_dir: str = _setting(
        "",
        "A folder of further fonts for PDF, for names in scripts that ours do not draw: Latin,"
        " Greek, Cyrillic, Hebrew and Arabic.",
    )
    token_keys: tuple[str, ...] = _setting(
        (),
        "Keys that sign tokens, oldest first, separated by commas; the last signs.",
        is_secret=True,
    )
    partner_keys: tuple[str, ...] = _setting(
        (),
        "Root keys of the partners' secrets, oldest first; the last makes new ones.",
        is_secret=True,
    )
    evidence_keys: tuple[str, ...] = _setting(
        (),
        "Keys that sign the roots of the evidence, oldest first; the last signs, the others check"
        " what they signed. Empty: the token keys do it.",
        is_secret=True,
    )
    offer_lifetime_s: int = _setting(1800, "How long a premium stands.")
    confirm_grace_s: int = _setting(
        900, "How much later than that a payment under way may still be confirmed."
    )
    payment_lifetime_s: int = _setting(
        604_800, "How long a booking waits for the partner to confirm its payment."
    )
    records_kept_days: int = _setting(
        3653,
        "How long after its end a policy's records are kept by law: until then `erase` refuses.",
    )
    sales_limit_per_s: int = _setting(
        50, "Calls in one second that quote, offer or confirm, for each partner; 0: no limit."
    )
    other_limit_per_s: int = _setting(
        20, "All other calls in one second, for each partner; 0: no limit."
    )
    max_body_bytes: int = _setting(65536, "The largest request body that is read.")
    smtp_url: str = _setting(
        "smtp://127.0.0.1:25",
        "The mail server: smtp://, smtps:// or smtp+starttls:// and [user:password@]host:port.",
        is_secret=True,
    )
    mail_from: str = _setting(
        "Offer Widget <policies@offer-widget.example>", "The sender of policy confirmations."
    )
    test_mail_to: str = _setting(
        "",
        "Where mail of test bookings goes; empty: it is not sent. It never goes to the customer.",
    )
    upstream_url: str = _setting(
        "",
        "The platform that live cover is bought from, up to and with our partner code there:"
        " https://api.xcover.example/x/partners/ACME; empty: the house sells.",
    )
    upstream_key: str = _setting(
        "",
        "Our key there: id:secret signs as XCover's clients do, a secret alone is a bearer.",
        is_secret=True,
    )
    upstream_family: str = _setting(
        "quotes", "Which of XCover's calls it takes: quotes, or the newer offers."
    )
    upstream_test_url: str = _setting(
        "", "The platform that test cover is bought from; empty: the house sells."
    )
    upstream_test_key: str = _setting("", "Our key there, spelled alike.", is_secret=True)
    upstream_test_family: str = _setting("quotes", "Which calls that takes: quotes or offers.")
    upstream_price_ms: int = _setting(
        2500, "How long the platform has for prices; a shopper waits for them."
    )
    upstream_other_ms: int = _setting(
        10_000, "How long it has for everything else; after that the outcome is unknown."
    )
    webhook_private_hosts: tuple[str, ...] = _setting(
        (), "Hosts of webhooks that may be in a private network and without TLS, for tests."
    )
    log_format: str = _setting("json", "json for machines, console for people.")
    log_level: str = _setting("info", "debug, info, warning or error.")

    def __post_init__(self) -> None:
        # Browsers tell us whom they talk to in their spelling, and we compare it with ours.
        if not is_origin(self.public_url):
            raise SettingInvalid(
                f"{PREFIX}PUBLIC_URL",
                "write scheme and host in lower case, without a path and without a default port,"
                " like https://cover.example",
            )
        if self.test_mail_to and not re.fullmatch(r"[^@\s]+@[^@\s]+", self.test_mail_to):
            raise SettingInvalid(f"{PREFIX}TEST_MAIL_TO", "write one address, name@mail.example")
        if self.log_format not in {"json", "console"}:
            raise SettingInvalid(f"{PREFIX}LOG_FORMAT", "choose json or console")
        if self.log_level not in {"debug", "info", "warning", "error"}:
            raise SettingInvalid(f"{PREFIX}LOG_LEVEL", "choose debug, info, warning or error")
        for name in ("token_keys", "partner_keys", "evidence_keys"):
            if any(len(key) < MIN_SECRET_CHARS for key in getattr(self, name)):
                raise SettingInvalid(
                    PREFIX + name.upper(), f"each key needs at least {MIN_SECRET_CHARS} characters"
                )

        for prefix in ("upstream", "upstream_test"):
            self._check_upstream(prefix)

    def _check_upstream(self, prefix: str) -> None:
        url, key = getattr(self, f"{prefix}_url"), getattr(self, f"{prefix}_key")
        if url and not _UPSTREAM_URL.fullmatch(url):
            raise SettingInvalid(
                f"{PREFIX}{prefix.upper()}_URL",
                "write https, host and path up to the partner code, like"
                " https://api.xcover.example/x/partners/ACME; http is for this machine only",
            )
        if url and len(key) < MIN_SECRET_CHARS // 2:
            raise SettingInvalid(
                f"{PREFIX}{prefix.upper()}_KEY", "set it to our key at the platform"
            )
        if getattr(self, f"{prefix}_family") not in {"quotes", "offers"}:
            raise SettingInvalid(f"{PREFIX}{prefix.upper()}_FAMILY", "choose quotes or offers")

    @property
    def sealing_keys(self) -> list[bytes]:
        """The keys that sign the roots of the evidence, oldest first."""
        return [key.encode() for key in self.evidence_keys or self.token_keys]

    def check_can_serve(self) -> None:
        """Make sure that everything which has no safe default is there.

        Raises:
            SettingInvalid: A key is missing; the sentence tells how to make one.
        """
        for name in ("token_keys", "partner_keys"):
            if not getattr(self, name):
                recipe = 'python -c "import secrets; print(secrets.token_urlsafe(32))"'
                raise SettingInvalid(
                    PREFIX + name.upper(), f"set it to a random key; make one with: {recipe}"
                )


@dataclass(frozen=True, slots=True)
class SettingRow:
    """One setting, as it is printed and documented."""

    name: str
    default: str
    value: str
    help: str


def read_settings(
    environ: Mapping[str, str],
    file: Mapping[str, object] | None = None,
    *,
    read_secret: Callable[[str], str],
) -> Settings:
    """Return the settings of an environment and an optional, already parsed TOML file.

    Args:
        read_secret: Returns the text of the file that a `…_FILE` variable names.

    Raises:
        SettingInvalid: A value cannot be read, or the file has a name that is not a setting.
    """
    table = {item.name: item for item in fields(Settings)}
    values: dict[str, object] = {}
    for name, value in (file or {}).items():
        if name not in table:
            raise SettingInvalid(name, "there is no such setting; see offer-widget settings")
        values[name] = _parsed(name, value, table[name].default)
    for name, item in table.items():
        text = environ.get(PREFIX + name.upper())
        path = environ.get(f"{PREFIX}{name.upper()}_FILE")
        if text is None and path is not None and item.metadata["secret"]:
            text = read_secret(path).strip()
        if text is not None:
            values[name] = _parsed(PREFIX + name.upper(), text, item.default)
    return Settings(**values)  # type: ignore[arg-type]  # each value has the type of its default


def rows(settings: Settings) -> list[SettingRow]:
    """Return all settings for people to read; a secret only says whether it is set."""
    result = []
    for item in fields(Settings):
        value = getattr(settings, item.name)
        shown = ("(set)" if value else "(not set)") if item.metadata["secret"] else _spelled(value)
        result.append(
            SettingRow(
                PREFIX + item.name.upper(), _spelled(item.default), shown, item.metadata["help"]
            )
        )
    return result


def _parsed(name: str, value: object, default: object) -> object:
    if isinstance(default, tuple):
        parts = value if isinstance(value, list) else str(value).split(",")
        return tuple(str(part).strip() for part in parts if str(part).strip())
    if isinstance(default, int):
        try:
            number = int(str(value))
        except ValueError:
            raise SettingInvalid(name, f"{value!r} is not a whole number") from None
        if number < 0:
            raise SettingInvalid(name, f"{number} is negative")
        return number
    return str(value)


def _spelled(value: object) -> str:
    return ",".join(value) if isinstance(value, tuple) else str(value)

"""Partners and their keys.

A partner's secrets are derived, not stored: `HMAC(root key, key id)`. The database holds only the
key's id, so a stolen copy of it opens nothing, and a revoked key is one updated row.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from urllib.parse import urlsplit

from widget.errors import InputInvalid
from widget.restrictions import NONE, Restrictions

#: How far the clock of who signs a request may be from ours.
CLOCK_WINDOW_S = 900
#: A minute for the way; two days for clients that take their own time zone for UTC.
CLOCK_WINDOWS_S = range(60, 172_800 + 1)

CODE_PATTERN = re.compile(r"[a-z0-9][a-z0-9-]{1,31}", re.ASCII)

_ORIGIN = re.compile(
    r"(?P<scheme>https?)://([a-z0-9][a-z0-9.-]*|\[[0-9a-f.:]+\])(:(?P<port>[1-9][0-9]*))?", re.ASCII
)

#: A browser leaves these out of an origin.
_UNSPOKEN_PORTS = {("http", "80"), ("https", "443")}


class Mode(StrEnum):
    """Live sells; test does everything else, and reaches no customer and no remote upstream."""

    LIVE = "live"
    TEST = "test"


@dataclass(frozen=True, slots=True)
class WebhookSecret:
    """One secret that signs the calls of a webhook; derived from a root key and never stored."""

    #: Which root key it is derived from; see `root_id`.
    root_id: str
    #: Counts the secrets of an endpoint.
    generation: int
    #: Aware UTC; None for the newest. An older one goes on signing until then.
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Webhook:
    """Where a partner's backend wants to hear of its bookings, for one mode."""

    mode: Mode
    url: str
    #: Oldest first; the last is the newest.
    secrets: tuple[WebhookSecret, ...]


@dataclass(frozen=True, slots=True)
class Partner:
    """The business whose page we are in."""

    code: str
    name: str
    #: The origins whose pages may frame the offer, exactly: scheme, host and port.
    origins: tuple[str, ...]
    created_at: datetime
    #: How many seconds the `Date` of a signed request may differ from our clock, either way.
    clock_window_s: int = CLOCK_WINDOW_S
    #: Whether a signature must cover the body too, by a signed `Content-Digest`.
    requires_digest: bool = False
    #: At most one for each mode.
    webhooks: tuple[Webhook, ...] = ()
    #: What it asks beyond the law of its customers' markets.
    restrictions: Restrictions = NONE

    def webhook_for(self, mode: Mode) -> Webhook | None:
        """Return where to tell of bookings of a mode, None when nobody wants to hear."""
        return next((webhook for webhook in self.webhooks if webhook.mode is mode), None)


@dataclass(frozen=True, slots=True)
class PartnerKey:
    """One of a partner's keys; its secret is derived from a root key and never stored."""

    key_id: str
    partner_code: str
    mode: Mode
    #: Which root key the secret is derived from; see `root_id`.
    root_id: str
    created_at: datetime
    revoked_at: datetime | None = None


def checked_partner(
    code: str,
    name: str,
    origins: Sequence[str],
    *,
    now: datetime,
    clock_window_s: int = CLOCK_WINDOW_S,
    requires_digest: bool = False,
) -> Partner:
    """Return a partner made of an operator's input.

    Raises:
        InputInvalid: The code, the name, an origin or the window is not usable; every fault is
            named.
    """
    problems: dict[str, list[str]] = {}
    if not CODE_PATTERN.fullmatch(code):
        problems["code"] = ["Use 2 to 32 lower-case letters, digits and hyphens."]
    if not name.strip() or not name.isprintable():
        problems["name"] = ["Give the name that customers know."]
    wrong = [origin for origin in origins if not is_origin(origin)]
    if wrong:
        problems["origins"] = [
            f"{origin!r} is not an origin like https://shop.example." for origin in wrong
        ]
    if clock_window_s not in CLOCK_WINDOWS_S:
        problems["clock_window_s"] = [
            f"Give {CLOCK_WINDOWS_S[0]} to {CLOCK_WINDOWS_S[-1]} seconds, not {clock_window_s}."
        ]
    if problems:
        raise InputInvalid(problems)
    own_origins = tuple(dict.fromkeys(origins))
    return Partner(code, name.strip(), own_origins, now, clock_window_s, requires_digest)


def is_origin(text: str) -> bool:
    """Tell whether `text` is a web origin as browsers write it: `https://shop.example:8443`."""
    match = _ORIGIN.fullmatch(text)
    if match is None or (match["scheme"], match["port"]) in _UNSPOKEN_PORTS:
        return False
    try:
        return urlsplit(text).port != 0  # reading it checks its range, and the IPv6 address
    except ValueError:
        return False


def root_id(root: bytes) -> str:
    """Return the public name of a root key: enough to pick it from a list, nothing to guess it."""
    return hashlib.sha256(b"offer-widget.root-id:" + root).hexdigest()[:8]


def key_named(
    random: str, partner_code: str, mode: Mode, *, root: bytes, now: datetime
) -> PartnerKey:
    """Return a new key whose id carries `random`, 16 letters and digits that nobody has used."""
    return PartnerKey(f"pk_{mode}_{random}", partner_code, mode, root_id(root), now)


def secret_of(key: PartnerKey, roots: Sequence[bytes]) -> str | None:
    """Return the key's secret, `sk_<mode>_<random>_<43 characters>`.

    It authenticates the partner's backend and signs its purchases. None when the root key that it
    is derived from has been retired.
    """
    root = next((root for root in roots if root_id(root) == key.root_id), None)
    if root is None:
        return None
    return f"s{key.key_id[1:]}_{_derive(root, 'partner-secret', key.key_id)}"


def token_key_of(partner_code: str, mode: Mode, root: bytes) -> str:
    """Return the key that signs this partner's quote tokens, `tk_<mode>_<43 characters>`.

    The partner gets it too, to read tokens without calling us. It can only make tokens of its own
    with it, and every fact of a token is compared with the stored offer before anything is sold.
    """
    return f"tk_{mode}_{_derive(root, 'quote-token', f'{partner_code}:{mode}')}"


def key_id_of(secret: str) -> str | None:
    """Return the id of the key that `secret` claims to belong to, None when it is not shaped so."""
    match = re.fullmatch(r"s(k_(?:live|test)_[a-z0-9]{16})_[A-Za-z0-9_-]{43}", secret, re.ASCII)
    return f"p{match[1]}" if match else None


def _derive(root: bytes, purpose: str, subject: str) -> str:
    digest = hmac.digest(root, f"offer-widget.{purpose}:{subject}".encode(), hashlib.sha256)
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()

"""Purchases that a partner's page carries, sealed with the partner's secret.

A signed purchase lets the page open an offer without a call to us:

    signed   = key_id + "." + base64url(JSON)
    purchase = signed + "." + hex(HMAC-SHA256(secret, signed))

With a test key the purchase may also come unsigned, as `key_id + "." + JSON`, so that the widget
can be tried from a static page.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from dataclasses import dataclass

from widget.errors import RequestMalformed

#: A purchase travels in an address; servers and proxies commonly stop at 8 kB or more.
MAX_PURCHASE_CHARS = 16_384

_SIGNED = re.compile(
    r"(?P<key>pk_(?:live|test)_[a-z0-9]{16})\.(?P<body>[A-Za-z0-9_-]+)\.(?P<mac>[0-9a-f]{64})",
    re.ASCII,
)
_UNSIGNED = re.compile(r"(?P<key>pk_(?:live|test)_[a-z0-9]{16})\.(?P<body>\{.*\})", re.DOTALL)


@dataclass(frozen=True, slots=True)
class SealedPurchase:
    """A purchase as it came in an address: readable, not yet believed."""

    key_id: str
    #: The bytes of the purchase's JSON.
    body: bytes
    signed_text: str
    #: None when the purchase is unsigned.
    mac: str | None

    def is_signed_with(self, secret: str) -> bool:
        """Tell whether the holder of `secret` signed this purchase."""
        expected = _mac(secret, self.signed_text)
        return self.mac is not None and hmac.compare_digest(expected, self.mac)


def sign_purchase(key_id: str, secret: str, body: bytes) -> str:
    """Return the purchase `body`, signed for an address or an attribute."""
    text = f"{key_id}.{base64.urlsafe_b64encode(body).rstrip(b'=').decode()}"
    return f"{text}.{_mac(secret, text)}"


def open_purchase(text: str) -> SealedPurchase:
    """Take apart a purchase that came in an address.

    Raises:
        RequestMalformed: It is not spelled like a signed or an unsigned purchase.
    """
    if len(text) > MAX_PURCHASE_CHARS:
        raise RequestMalformed(
            f"The purchase has {len(text)} characters; {MAX_PURCHASE_CHARS} is the most."
        )
    if match := _SIGNED.fullmatch(text):
        return SealedPurchase(
            match["key"], _decode(match["body"]), text.rpartition(".")[0], match["mac"]
        )
    if match := _UNSIGNED.fullmatch(text):
        return SealedPurchase(match["key"], match["body"].encode("utf-8", "replace"), text, None)
    raise RequestMalformed(
        "The purchase is neither <key id>.<base64url JSON>.<hex HMAC-SHA256> nor, "
        "with a test key, <key id>.<JSON>."
    )


def _decode(body: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))
    except binascii.Error as error:
        raise RequestMalformed("The purchase is not base64url.") from error


def _mac(secret: str, text: str) -> str:
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()

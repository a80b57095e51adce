"""Signatures of requests, as XCover's clients make them.

    Authorization: Signature keyId="…",algorithm="hmac-sha512",headers="…",signature="…"

    text      = a line `name: value` for each name in `headers`, joined by LF
    signature = percent-encoded(base64(HMAC(secret, text)))

`(request-target)` stands for the method in lower case and the path as it was sent: still
percent-encoded, and without its query. A signature without `headers` speaks of `date` alone. It
covers a body only by a `content-digest` among its headers; see `digests.py`.
"""

from __future__ import annotations

import base64
import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from urllib.parse import quote, unquote

from widget.errors import CredentialInvalid

REQUEST_TARGET = "(request-target)"

#: What we accept, and the size of each one's signature in bytes. SHA-1 is deprecated by XCover too.
ALGORITHMS: Mapping[str, int] = {"hmac-sha256": 32, "hmac-sha384": 48, "hmac-sha512": 64}

#: XCover's clients need about 300.
MAX_CREDENTIAL_CHARS = 2_048

_PAIR = r'([A-Za-z]+)="([\x20\x21\x23-\x5b\x5d-\x7e]*)"'
_CREDENTIAL = re.compile(rf"{_PAIR}(?:[ \t]*,[ \t]*{_PAIR})*")
_PARAMETERS = {"keyid", "algorithm", "headers", "signature"}
_NAME = re.compile(r"[a-z0-9!#$%&'*+.^_`|~-]+|\(request-target\)")
_BASE64 = re.compile(r"[A-Za-z0-9+/]+={0,2}")
_DATE = re.compile(r"[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT", re.ASCII)


@dataclass(frozen=True, slots=True)
class RequestHead:
    """What a signature may speak of."""

    method: str
    #: As it was sent: percent-encoded, without the query.
    path: str
    #: Every header line, in the latin-1 that HTTP/1.1 reads its bytes as.
    headers: Sequence[tuple[str, str]]

    def value_of(self, name: str) -> str:
        """Return the value of a header that stands here once.

        Raises:
            CredentialInvalid: There is no such header, or more than one.
        """
        values = [value for other, value in self.headers if other.lower() == name]
        if len(values) != 1:
            count = "more than one" if values else "none"
            raise CredentialInvalid(f"The signature lists {name!r}; the request has {count}.")
        return values[0].strip(" \t")


@dataclass(frozen=True, slots=True)
class RequestSignature:
    """A signature as it came in a header: readable, not yet believed."""

    key_id: str
    algorithm: str
    #: What is signed, in this order: header names in lower case, and `(request-target)`.
    names: tuple[str, ...]
    #: Standard base64, percent-decoded.
    value: str

    def is_made_with(self, secret: str, head: RequestHead) -> bool:
        """Tell whether the holder of `secret` signed this head.

        Raises:
            CredentialInvalid: A listed header is not there, or not once.
        """
        expected = _mac(secret, self.algorithm, text_to_sign(self.names, head))
        # Text with text: base64 has other spellings of the same bytes, and none of them is ours.
        return hmac.compare_digest(expected, self.value)


def read_signature(credential: str) -> RequestSignature:
    """Take apart what follows `Signature` in an `Authorization` header.

    Raises:
        CredentialInvalid: It is not spelled like one, or asks for what we do not accept.
    """
    given = _pairs(credential)
    algorithm = _checked_algorithm(given.get("algorithm", ""))
    value = unquote(given.get("signature", ""))
    if len(value) != _base64_size(algorithm) or not _BASE64.fullmatch(value):
        raise CredentialInvalid(
            f"The signature is not the base64 of the {ALGORITHMS[algorithm]} bytes of {algorithm}, "
            "percent-encoded once."
        )
    names = _checked_names(given.get("headers", "date").lower().split())
    return RequestSignature(given.get("keyid", ""), algorithm, names, value)


def sign_request(
    head: RequestHead,
    key_id: str,
    secret: str,
    *,
    algorithm: str = "hmac-sha512",
    names: Sequence[str] = ("date",),
) -> str:
    """Return the `Authorization` header for a request.

    Args:
        names: What to sign, in lower case. XCover takes `date` alone, and `(request-target) date`.

    Raises:
        CredentialInvalid: `date` is not among the names, or a header is not there, or not once, or
            the algorithm is not one of ours.
    """
    text = text_to_sign(_checked_names(names), head)
    value = _mac(secret, _checked_algorithm(algorithm), text)
    # Left out as XCover's own samples do: absent means `date`.
    listed = "" if tuple(names) == ("date",) else f'headers="{" ".join(names)}",'
    return (
        f'Signature keyId="{key_id}",algorithm="{algorithm}",{listed}'
        f'signature="{quote(value, safe="")}"'
    )


def text_to_sign(names: Sequence[str], head: RequestHead) -> str:
    """Return the text that is signed; it has no final line feed.

    Raises:
        CredentialInvalid: A listed header is not there, or not once. XCover's Python client leaves
            such a line out, and would sign an empty text for a header that it does not know.
    """
    target = f"{head.method.lower()} {head.path}"
    return "\n".join(
        f"{name}: {target if name == REQUEST_TARGET else head.value_of(name)}" for name in names
    )


def http_date(moment: datetime) -> str:
    """Return an aware moment as HTTP writes it: `Sun, 29 Aug 2021 12:07:26 GMT`."""
    return format_datetime(moment.astimezone(UTC), usegmt=True)


def read_http_date(text: str) -> datetime:
    """Return the moment, aware UTC, that a `Date` header tells.

    Raises:
        CredentialInvalid: It is not written as `http_date` writes it, weekday included.
    """
    try:
        moment = parsedate_to_datetime(text) if _DATE.fullmatch(text) else None
    except ValueError:
        moment = None
    if moment is None or http_date(moment) != text:
        raise CredentialInvalid(
            f"The Date {text!r} is not written like Sun, 29 Aug 2021 12:07:26 GMT."
        )
    return moment


def _pairs(credential: str) -> dict[str, str]:
    if len(credential) > MAX_CREDENTIAL_CHARS or not _CREDENTIAL.fullmatch(credential):
        raise CredentialInvalid(
            'Write the signature as keyId="…",algorithm="…",headers="…",signature="…", '
            f"in at most {MAX_CREDENTIAL_CHARS} characters."
        )
    found = re.findall(_PAIR, credential)
    given = {name.lower(): value for name, value in found}
    if len(given) != len(found) or not given.keys() <= _PARAMETERS:
        raise CredentialInvalid("A signature has keyId, algorithm, headers, signature, each once.")
    return given


def _checked_algorithm(algorithm: str) -> str:
    if algorithm not in ALGORITHMS:
        raise CredentialInvalid(
            f"The algorithm {algorithm!r} is not accepted; use one of {', '.join(ALGORITHMS)}."
        )
    return algorithm


def _checked_names(names: Sequence[str]) -> tuple[str, ...]:
    if wrong := [name for name in names if not _NAME.fullmatch(name)]:
        raise CredentialInvalid(f"{wrong[0]!r} is not the name of a header that can be signed.")
    if "date" not in names or len(set(names)) != len(names):
        raise CredentialInvalid("The signed headers name each header once, `date` among them.")
    return tuple(names)


def _base64_size(algorithm: str) -> int:
    return -(-ALGORITHMS[algorithm] // 3) * 4


def _mac(secret: str, algorithm: str, text: str) -> str:
    digest = hmac.digest(secret.encode(), text.encode("latin-1"), algorithm.removeprefix("hmac-"))
    return base64.b64encode(digest).decode()

"""Which key does a request prove to hold? By its secret, or by a signature made with it."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta

from starlette.requests import Request

from widget.denials import ClockSkewed, SignatureInvalid
from widget.errors import CredentialInvalid
from widget.partners import PartnerKey, key_id_of, secret_of
from widget.signatures import RequestHead, RequestSignature, read_http_date, read_signature
from widget.web.house import House

#: Stands in for the secret of a key that is not known, so that the same work is done for both.
_NOBODYS_SECRET = "sk_nobody"  # noqa: S105 - what it makes is never believed


@dataclass(frozen=True, slots=True)
class SignedHead:
    """What a good signature covers, and when it was made."""

    names: tuple[str, ...]
    #: By the clock of who signed, aware UTC.
    date: datetime


@dataclass(frozen=True, slots=True)
class Credential:
    """A key that the caller has proved to hold."""

    key: PartnerKey
    #: None when the secret key itself was sent.
    signed: SignedHead | None = None

    def check_clock(self, now: datetime, window_s: int) -> None:
        """Check that a signature was made at most `window_s` seconds before or after `now`.

        Raises:
            ClockSkewed: It was not.
        """
        if self.signed and abs(now - self.signed.date) > timedelta(seconds=window_s):
            raise ClockSkewed(self.signed.date, now, window_s)


async def credential_of(request: Request, house: House) -> Credential:
    """Return the key that a request proves to hold.

    Raises:
        CredentialInvalid: `Authorization` is missing or cannot be read, or the secret is not good.
        SignatureInvalid: The signature is not made with the key's secret, or there is no such key.
    """
    lines = request.headers.getlist("authorization")
    scheme, _, rest = (lines[0] if len(lines) == 1 else "").partition(" ")
    match scheme.lower():
        case "bearer":
            return Credential(await _key_with_secret(rest.strip(), house))
        case "signature":
            return await _signer(read_signature(rest.strip()), _head_of(request), house)
    raise CredentialInvalid(
        "Send your secret key as `Authorization: Bearer sk_…`, or sign the request with it."
    )


async def _key_with_secret(secret: str, house: House) -> PartnerKey:
    key_id = key_id_of(secret)
    key = await house.storage.find_key(key_id) if key_id else None
    expected = secret_of(key, house.partner_roots) if key else None
    if (
        key is None
        or expected is None
        or not hmac.compare_digest(expected.encode(), secret.encode())
    ):
        raise CredentialInvalid("This secret key is not known, or was revoked.")
    return key


async def _signer(signature: RequestSignature, head: RequestHead, house: House) -> Credential:
    # Read first, while the answer cannot depend on the key.
    date = read_http_date(head.value_of("date"))
    key = await house.storage.find_key(signature.key_id)
    secret = secret_of(key, house.partner_roots) if key else None
    is_made = signature.is_made_with(secret or _NOBODYS_SECRET, head)
    if key is None or secret is None or not is_made:
        raise SignatureInvalid(head.method, head.path, signature.names, signature.algorithm)
    return Credential(key, SignedHead(signature.names, date))


def _head_of(request: Request) -> RequestHead:
    # The path as it came in, which routing has decoded since. `public_url` has no path of its own,
    # so behind a proxy it is the client's path too, and there is no prefix to put before it.
    path = request.scope["raw_path"].decode("latin-1")
    return RequestHead(request.method, path, request.headers.items())

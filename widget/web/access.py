"""Who is asking? A partner's key, a signed purchase, or a token in an address."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request

from widget.denials import DigestRequired
from widget.digests import check_digest
from widget.errors import AccessDenied, NotFound, RequestMalformed, TokenInvalid
from widget.partners import Mode, Partner, secret_of
from widget.seals import SealedPurchase, open_purchase
from widget.tokens import QuoteToken, read_quote_token
from widget.web.credentials import Credential, credential_of
from widget.web.house import House, house_of

#: The methods whose bodies nobody reads; XCover's clients send `null` or `{}` with them.
_READING = {"GET", "HEAD"}


@dataclass(frozen=True, slots=True)
class Caller:
    """A partner, and the mode that its key works in."""

    partner: Partner
    mode: Mode


async def caller_of(request: Request) -> Caller:
    """Return the partner whose backend calls.

    Raises:
        CredentialInvalid: `Authorization` has no good secret key and no signature.
        ClockSkewed: The signature is good, and too old or too new for this partner.
        SignatureInvalid: It is not a signature by the key that it names.
        NotFound: The key is good, and the path is another partner's.
        DigestRequired: This partner signs bodies, and this signature covers none.
        RequestMalformed: `Content-Digest` cannot be read.
        DigestMismatch: It speaks of another body.
    """
    house = house_of(request)
    credential = await credential_of(request, house)
    partner = await _partner(house, credential.key.partner_code)
    credential.check_clock(house.now(), partner.clock_window_s)
    if partner.code != request.path_params["partner"]:
        raise NotFound("Partner")
    await _check_body(request, credential, partner)
    return Caller(partner, credential.key.mode)


async def opener_of(request: Request, sealed: str) -> tuple[Caller, SealedPurchase]:
    """Return the partner whose page opens a purchase, and the purchase taken apart.

    Raises:
        RequestMalformed: The purchase is not spelled like one.
        AccessDenied: It is signed with another secret, or unsigned with a live key.
        NotFound: The key is not this partner's, or there is no such key.
    """
    house = house_of(request)
    purchase = open_purchase(sealed)
    key = await house.storage.find_key(purchase.key_id)
    if key is None or key.partner_code != request.path_params["partner"]:
        raise NotFound("Partner")
    if purchase.mac is None and key.mode is Mode.LIVE:
        raise AccessDenied("With a live key the purchase must be signed.")
    secret = secret_of(key, house.partner_roots)
    if purchase.mac is not None and (secret is None or not purchase.is_signed_with(secret)):
        raise AccessDenied("The purchase is not signed with this key's secret.")
    return Caller(await _partner(house, key.partner_code), key.mode), purchase


async def partner_of(house: House, code: str) -> Partner:
    """Return the partner named in a path or a token.

    Raises:
        NotFound: There is no such partner.
    """
    return await _partner(house, code)


def token_of(house: House, caller: Caller, text: str, offer_id: str) -> QuoteToken:
    """Return the facts of a quote token that a partner's backend presents for an offer.

    Raises:
        TokenInvalid: It is forged, altered, another partner's, or for another purpose.
        RequestMalformed: It is genuine, and speaks of another offer.
    """
    token = read_quote_token(text, house.token_keys_of(caller.partner.code, caller.mode))
    # A partner holds the key of its own tokens, and could sign another's name with it.
    if (token.partner_code, token.mode) != (caller.partner.code, caller.mode):
        raise TokenInvalid
    if token.offer_id != offer_id:
        raise RequestMalformed(
            f"The token speaks of offer {token.offer_id}, the path of {offer_id}."
        )
    return token


async def _check_body(request: Request, credential: Credential, partner: Partner) -> None:
    # The rule is for signatures: who could change the body under a secret key has the secret key.
    signed = credential.signed
    is_change = request.method not in _READING
    if partner.requires_digest and is_change and signed and "content-digest" not in signed.names:
        raise DigestRequired
    # Of a header that is sent in several lines, the lines are one list.
    if lines := request.headers.getlist("content-digest"):
        check_digest(", ".join(lines), await request.body())


async def _partner(house: House, code: str) -> Partner:
    partner = await house.storage.find_partner(code)
    if partner is None:
        raise NotFound("Partner")
    return partner

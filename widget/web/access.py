"""Who is asking? A partner's key, a signed purchase, or a token in an address."""

from __future__ import annotations

import hmac
from dataclasses import dataclass

from starlette.requests import Request

from widget.errors import (
    AccessDenied,
    CredentialInvalid,
    NotFound,
    RequestMalformed,
    TokenInvalid,
)
from widget.partners import Mode, Partner, PartnerKey, key_id_of, secret_of
from widget.signatures import SealedPurchase, open_purchase
from widget.tokens import QuoteToken, read_quote_token
from widget.web.house import House, house_of


@dataclass(frozen=True, slots=True)
class Caller:
    """A partner, and the mode that its key works in."""

    partner: Partner
    mode: Mode


async def caller_of(request: Request) -> Caller:
    """Return the partner whose backend calls.

    Raises:
        CredentialInvalid: There is no good secret key in `Authorization`.
        NotFound: The key is good, and the path is another partner's.
    """
    house = house_of(request)
    scheme, _, secret = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        raise CredentialInvalid("Send your secret key as `Authorization: Bearer sk_…`.")
    key = await _key_with_secret(house, secret.strip())
    if key is None:
        raise CredentialInvalid("This secret key is not known, or was revoked.")
    if key.partner_code != request.path_params["partner"]:
        raise NotFound("Partner")
    return Caller(await _partner(house, key.partner_code), key.mode)


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


async def _key_with_secret(house: House, secret: str) -> PartnerKey | None:
    key_id = key_id_of(secret)
    key = await house.storage.find_key(key_id) if key_id else None
    expected = secret_of(key, house.partner_roots) if key else None
    if expected is None or not hmac.compare_digest(expected.encode(), secret.encode()):
        return None
    return key


async def _partner(house: House, code: str) -> Partner:
    partner = await house.storage.find_partner(code)
    if partner is None:
        raise NotFound("Partner")
    return partner

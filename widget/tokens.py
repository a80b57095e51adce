"""Signed tokens, one salt for each purpose.

`offer`   opens one offer in a browser: look, choose, ask again. In addresses.
`quote`   says what the customer chose and what it costs. For the partner's backend.
`policy`  opens the certificates of a booking. In mails, and in what customers pass on.
`account` opens the customer's own page: look at the policies, withdraw from them. In mails.

A token is `<payload>.<signature>`: base64url of a JSON array, and HMAC-SHA-384 by itsdangerous.
It holds no personal data. Nothing is granted by a quote token alone: confirming also needs the
partner's credential, and every fact in it is compared with the stored offer.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from itsdangerous import BadSignature, Signer

from widget.errors import TokenInvalid
from widget.offers import Choice, Offer
from widget.partners import Mode

#: An address stays short, a header stays legal, and nobody signs a novel.
MAX_TOKEN_BYTES = 512

#: The longest list of versions that is told in full.
MAX_TERMS = 80

# An itsdangerous signature is malleable: its base64 decoder skips foreign characters and ignores
# spare bits. 48 bytes are exactly 64 characters with no spare bits, so with this pattern a
# signature has one accepted spelling only.
_SPELLING = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{64}", re.ASCII)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

#: Makes of a fact's JSON what it stands for, and raises `TypeError` or `ValueError` if it does not.
Reader = Callable[[Any], object]


@dataclass(frozen=True, slots=True)
class OfferToken:
    """Leave to look at one offer and to answer it."""

    mode: Mode
    partner_code: str
    offer_id: str


@dataclass(frozen=True, slots=True)
class PolicyToken:
    """Leave to look at the policies of one booking."""

    mode: Mode
    partner_code: str
    booking_id: str


@dataclass(frozen=True, slots=True)
class AccountToken:
    """Leave to look at the policies of one booking, and to withdraw from them.

    It is none of `PolicyToken`: whoever is shown a certificate cannot end the policy.
    """

    mode: Mode
    partner_code: str
    booking_id: str


@dataclass(frozen=True, slots=True)
class QuoteToken:
    """What the customer chose, when, and at which price."""

    mode: Mode
    partner_code: str
    offer_id: str
    #: The partner's own id of the checkout; empty when the purchase named none. With it the
    #: partner sees, without a call, that the token belongs to the checkout it came with.
    reference: str
    choice: Choice
    #: The chosen quotes; empty after an opt-out. Of more than one, only their digest: see `digest`.
    quote_ids: tuple[str, ...]
    currency: str
    #: In the currency's smallest unit, tax included.
    premium_minor: int
    tax_minor: int
    purchase_hash: str
    #: The versions that were offered; their digest where they are long.
    terms_version: str
    locale: str
    #: Aware UTC, whole seconds.
    issued_at: datetime
    expires_at: datetime


def quote_token_for(offer: Offer, *, now: datetime) -> QuoteToken:
    """Return the facts of an answered offer, as its token states them."""
    return QuoteToken(
        mode=offer.mode,
        partner_code=offer.partner_code,
        offer_id=offer.id,
        reference=offer.purchase.reference or "",
        choice=offer.choice,
        quote_ids=offer.chosen if len(offer.chosen) < 2 else (digest(offer.chosen),),  # noqa: PLR2004 - one fits
        currency=offer.purchase.currency,
        premium_minor=offer.premium.minor,
        tax_minor=offer.tax.minor,
        purchase_hash=offer.purchase_hash,
        terms_version=_terms_of(offer),
        locale=offer.chosen_locale or "",
        issued_at=now.replace(microsecond=0),
        expires_at=offer.expires_at.replace(microsecond=0),
    )


def digest(parts: Iterable[str]) -> str:
    """Return what stands in a token for more than it can hold: `sha256:` and 43 characters.

    They are the SHA-256 of the parts, sorted and joined by commas, in base64url without padding.
    """
    told = ",".join(sorted(parts)).encode()
    value = base64.urlsafe_b64encode(hashlib.sha256(told).digest()).rstrip(b"=")
    return f"sha256:{value.decode()}"


def _terms_of(offer: Offer) -> str:
    terms = offer.terms_version
    return terms if len(terms) <= MAX_TERMS else digest(terms.split("+"))


def issue_offer_token(token: OfferToken, keys: Sequence[bytes]) -> str:
    """Return the token that opens an offer."""
    return _issue("offer", [token.mode, token.partner_code, token.offer_id], keys)


def read_offer_token(text: str, keys: Sequence[bytes]) -> OfferToken:
    """Return what an offer token opens.

    Raises:
        TokenInvalid: It was not issued for this purpose with one of `keys`, or was changed.
    """
    return OfferToken(*_read("offer", text, keys, (Mode, _text, _text)))


def issue_policy_token(token: PolicyToken, keys: Sequence[bytes]) -> str:
    """Return the token that opens the policies of a booking."""
    return _issue("policy", [token.mode, token.partner_code, token.booking_id], keys)


def read_policy_token(text: str, keys: Sequence[bytes]) -> PolicyToken:
    """Return what a policy token opens.

    Raises:
        TokenInvalid: It was not issued for this purpose with one of `keys`, or was changed.
    """
    return PolicyToken(*_read("policy", text, keys, (Mode, _text, _text)))


def issue_account_token(token: AccountToken, keys: Sequence[bytes]) -> str:
    """Return the token that opens the customer's own page."""
    return _issue("account", [token.mode, token.partner_code, token.booking_id], keys)


def read_account_token(text: str, keys: Sequence[bytes]) -> AccountToken:
    """Return what an account token opens.

    Raises:
        TokenInvalid: It was not issued for this purpose with one of `keys`, or was changed.
    """
    return AccountToken(*_read("account", text, keys, (Mode, _text, _text)))


def issue_quote_token(token: QuoteToken, keys: Sequence[bytes]) -> str:
    """Return the signed quote token.

    Args:
        keys: The partner's token keys, oldest first; the last one signs.
    """
    facts = [
        token.mode,
        token.partner_code,
        token.offer_id,
        token.reference,
        token.choice,
        list(token.quote_ids),
        token.currency,
        token.premium_minor,
        token.tax_minor,
        token.purchase_hash,
        token.terms_version,
        token.locale,
        int(token.issued_at.timestamp()),
        int(token.expires_at.timestamp()),
    ]
    return _issue("quote", facts, keys)


def read_quote_token(text: str, keys: Sequence[bytes]) -> QuoteToken:
    """Return the facts of a quote token. Whether it has expired is the caller's to judge.

    Raises:
        TokenInvalid: It was not issued for this purpose with one of `keys`, or was changed.
    """
    return QuoteToken(*_read("quote", text, keys, _QUOTE_FACTS))


def _issue(purpose: str, facts: list[object], keys: Sequence[bytes]) -> str:
    text = json.dumps([1, *facts], separators=(",", ":"))
    payload = base64.urlsafe_b64encode(text.encode()).rstrip(b"=")
    token = _signer(purpose, keys).sign(payload).decode()
    if len(token) > MAX_TOKEN_BYTES:
        raise ValueError(
            f"a {purpose} token of {len(token)} bytes is longer than {MAX_TOKEN_BYTES}"
        )
    return token


# A partner holds the key of its quote tokens, so that what is signed with it may be anything.
def _read(purpose: str, text: str, keys: Sequence[bytes], facts: Sequence[Reader]) -> list[Any]:
    if len(text) > MAX_TOKEN_BYTES or not _SPELLING.fullmatch(text):
        raise TokenInvalid
    try:
        payload = _signer(purpose, keys).unsign(text)
        version, *values = json.loads(
            base64.urlsafe_b64decode(payload + b"=" * (-len(payload) % 4))
        )
        read = [fact(value) for fact, value in zip(facts, values, strict=True)]
        if _number(version) != 1:
            raise TokenInvalid
    except (BadSignature, ValueError, TypeError, OverflowError) as error:
        raise TokenInvalid from error
    return read


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("not a text")
    value.encode()  # a lone surrogate is a text that no database and no answer can hold
    return value


def _texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise TypeError("not a list")
    return tuple(_text(part) for part in value)


def _number(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError("not a whole number")
    return value


def _moment(value: object) -> datetime:
    return _EPOCH + timedelta(seconds=_number(value))


#: In the order of `QuoteToken`.
_QUOTE_FACTS: Sequence[Reader] = (
    *(Mode, _text, _text, _text),
    *(Choice, _texts, _text, _number, _number),
    *(_text, _text, _text, _moment, _moment),
)


def _signer(purpose: str, keys: Sequence[bytes]) -> Signer:
    return Signer(
        list(keys),
        salt=f"offer-widget.{purpose}.v1",
        key_derivation="hmac",
        digest_method=hashlib.sha384,
    )

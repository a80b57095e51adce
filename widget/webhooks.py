"""Webhooks: what a partner's backend is told of its bookings, and how it knows that it was us.

The body is XCover's envelope, and has an id, a sequence number and a timestamp besides. Its
signature covers all of it. Source: XCover, "webhooks"; Standard Webhooks 1.0.0.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from widget import formats
from widget.bookings import Booking, Policy
from widget.errors import InputInvalid
from widget.messages import Message
from widget.money import Money
from widget.offers import Quote, Status
from widget.partners import Mode, Partner, Webhook, WebhookSecret, root_id
from widget.products import Catalogue
from widget.signatures import RequestHead, http_date, sign_request
from widget.wire import duration, priced, timestamp

#: How long the secret before goes on signing, unless the operator says otherwise.
KEPT_FOR = timedelta(hours=24)

MAX_URL_CHARS = 2000

_HOST = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?|\[[0-9a-f:.]+\]", re.ASCII)


def body_of(
    booking: Booking,
    event: str,
    event_id: str,
    *,
    sequence: int,
    catalogue: Catalogue,
    at: datetime,
) -> str:
    """Return the JSON of a call: `event` and `payload` as XCover has them, and what we add.

    Args:
        sequence: Counts the changes of the booking; what comes with a lower one is older.
    """
    content = {
        "event": event,
        "event_id": event_id,
        "sequence": sequence,
        "timestamp": timestamp(at),
        "test": booking.mode is Mode.TEST,
        "payload": _payload(booking, catalogue),
    }
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))


def secret_of(
    secret: WebhookSecret, partner_code: str, mode: Mode, roots: Sequence[bytes]
) -> str | None:
    """Return a webhook's secret as its receiver gets it: `whsec_` and the base64 of 32 bytes.

    None when the root key that it is derived from has been retired.
    """
    root = next((root for root in roots if root_id(root) == secret.root_id), None)
    if root is None:
        return None
    name = f"webhook-secret\x00{partner_code}:{mode}:{secret.generation}"
    key = hmac.digest(root, name.encode(), hashlib.sha256)
    return f"whsec_{base64.b64encode(key).decode()}"


def headers_for(
    message: Message, webhook: Webhook, *, roots: Sequence[bytes], now: datetime
) -> dict[str, str]:
    """Return the headers that say when a call was made, and sign it with every secret in use.

    Beside the signature over the body there is XCover's own over the date, made with the newest
    secret, for receivers that know no other; its `keyId` counts the secrets.

    Raises:
        LookupError: No secret is left to sign with; rotating makes a new one.
    """
    in_use = [s for s in webhook.secrets if s.until is None or now < s.until]
    known = [secret_of(s, message.partner_code, webhook.mode, roots) for s in reversed(in_use)]
    secrets = [secret for secret in known if secret is not None]
    if not secrets:
        raise LookupError("No secret of this webhook can be derived from the root keys.")
    second, date = int(now.timestamp()), http_date(now)
    key_id = f"whk_{webhook.secrets[-1].generation}"
    head = RequestHead("POST", urlsplit(webhook.url).path or "/", [("date", date)])
    return {
        "Content-Type": "application/json",
        "webhook-id": message.id,
        "webhook-timestamp": str(second),
        "webhook-signature": " ".join(
            signature_of(message.id, second, message.body, secret) for secret in secrets
        ),
        "Date": date,
        "X-Api-Key": key_id,
        "Authorization": sign_request(
            head, key_id=key_id, secret=secrets[0], algorithm="hmac-sha256", names=("date",)
        ),
    }


def signature_of(event_id: str, second: int, body: str, secret: str) -> str:
    """Return the signature of one secret over an id, a time and a body.

    Args:
        second: Since 1970; when it is sent, not when it happened.
    """
    key = base64.b64decode(secret.removeprefix("whsec_"))
    text = f"{event_id}.{second}.{body}"
    return f"v1,{base64.b64encode(hmac.digest(key, text.encode(), hashlib.sha256)).decode()}"


def with_webhook(partner: Partner, mode: Mode, url: str, *, root: bytes) -> Partner:
    """Return a partner that is told of its bookings at `url`; secrets stay as they were.

    Raises:
        InputInvalid: Nothing can be sent there.
    """
    _check_url(url)
    known = partner.webhook_for(mode)
    secrets = known.secrets if known else (WebhookSecret(root_id(root), 1),)
    return _with(partner, mode, Webhook(mode, url, secrets))


def with_new_secret(
    partner: Partner, mode: Mode, *, root: bytes, now: datetime, kept_for: timedelta = KEPT_FOR
) -> Partner:
    """Return a partner whose webhook has one more secret; the one before signs for a while too.

    Raises:
        InputInvalid: The partner has no webhook in this mode.
    """
    webhook = partner.webhook_for(mode)
    if webhook is None:
        raise InputInvalid({"mode": [f"{partner.code} has no webhook for {mode}; set one first."]})
    *older, newest = webhook.secrets
    kept = [secret for secret in older if secret.until and now < secret.until]
    new = WebhookSecret(root_id(root), newest.generation + 1)
    secrets = (*kept, replace(newest, until=now + kept_for), new)
    return _with(partner, mode, replace(webhook, secrets=secrets))


def without_webhook(partner: Partner, mode: Mode) -> Partner:
    """Return a partner that is not told of bookings of a mode."""
    return _with(partner, mode, None)


def _with(partner: Partner, mode: Mode, webhook: Webhook | None) -> Partner:
    others = tuple(known for known in partner.webhooks if known.mode is not mode)
    return replace(partner, webhooks=others if webhook is None else (*others, webhook))


def _check_url(url: str) -> None:
    """Make sure that an address can be called. Where it leads is checked when it is called."""
    try:
        parts = urlsplit(url)
        is_sound = (
            parts.scheme in {"http", "https"}
            and len(url) <= MAX_URL_CHARS
            and url.isascii()
            and url.isprintable()
            and " " not in url
            and not parts.fragment
            and "@" not in parts.netloc
            and _is_host(parts.netloc.removesuffix(f":{parts.port}"))
        )
    except ValueError:
        is_sound = False
    if not is_sound:
        raise InputInvalid({"url": [f"{url[:100]!r} is not like https://shop.example/webhooks."]})


def _is_host(text: str) -> bool:
    """Tell whether a text is a name, or an address in its one usual spelling."""
    if text.startswith("["):
        ip_address(text.removeprefix("[").removesuffix("]"))
    elif text.replace(".", "").isdigit():
        ip_address(text)
    return _HOST.fullmatch(text) is not None


def _payload(booking: Booking, catalogue: Catalogue) -> dict[str, Any]:
    locale = booking.offer.chosen_locale or "en"
    currency = booking.purchase.currency
    policies = {policy.quote_id: policy for policy in booking.policies}
    return {
        "id": booking.id,
        "status": booking.status,
        "currency": currency,
        **_money("total_price", booking.premium, locale),
        "partner_transaction_id": booking.transaction_id,
        "partner_metadata": dict(booking.metadata),
        "quotes": [
            _quote(quote, policies.get(quote.id), booking, catalogue) for quote in booking.quotes
        ],
    }


def _quote(
    quote: Quote, policy: Policy | None, booking: Booking, catalogue: Catalogue
) -> dict[str, Any]:
    locale = booking.offer.chosen_locale or "en"
    refund = None if policy is None else policy.refund
    return {
        "id": quote.id,
        "status": policy.status if policy else booking.status,
        **_money("price", quote.premium, locale),
        "policy_number": policy and policy.number,
        "policy_start_date": quote.starts_at.isoformat(),
        "policy_end_date": quote.ends_at.isoformat(),
        "policy": {
            "policy_type": quote.product_code,
            "policy_name": _plan_name(quote, locale, catalogue),
            "policy_version": str(quote.product_version),
        },
        "duration": duration(quote.starts_at, quote.ends_at),
        "total_renewed_times": _renewals(policy, booking),
        **({} if refund is None else _money("refund_value", refund, locale)),
    }


def _renewals(policy: Policy | None, booking: Booking) -> int:
    """Return how many terms of the same cover came before a policy's."""
    if policy is None:
        return 0
    earlier = (known for known in booking.policies if known.issued_at < policy.issued_at)
    return sum(
        known.status is Status.RENEWED and known.quote.item == policy.quote.item
        for known in earlier
    )


def _plan_name(quote: Quote, locale: str, catalogue: Catalogue) -> str:
    if quote.provided is not None:
        return quote.provided.plan_name
    product = catalogue.get(quote.product_code, quote.product_version)
    return product.text_in(locale).plan[quote.plan_code].name


def _money(name: str, amount: Money, locale: str) -> dict[str, Any]:
    return priced(name, amount, formats.money(amount, locale))

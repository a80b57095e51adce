"""Evidence: what was shown, and what was chosen, in a form that cannot be argued with.

A leaf is canonical JSON and its hash. It holds no personal data: offers, prices, versions, times.
Source of the hash: RFC 6962, section 2.1 (a leaf is hashed with a zero byte in front).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from widget.bookings import Booking
from widget.offers import Offer


@dataclass(frozen=True, slots=True)
class Leaf:
    """One fact about one offer."""

    partner_code: str
    offer_id: str
    #: `offer_made`, `choice_made`, `offer_declined` or `offer_confirmed`.
    kind: str
    #: Aware UTC.
    at: datetime
    #: Canonical JSON of the fact.
    body: str

    def digest(self) -> bytes:
        """Return the leaf's hash, 32 bytes."""
        return hashlib.sha256(b"\x00" + self.body.encode()).digest()


def offer_made(offer: Offer, *, texts_version: str) -> Leaf:
    """Return the fact that the quotes of an offer were made, ready to be shown.

    Args:
        texts_version: Names the exact templates and texts that it is shown with.
    """
    quotes: list[object] = [
        {
            "id": quote.id,
            "plan": quote.plan_code,
            "terms": f"{quote.product_code}@{quote.product_version}",
            "premium": quote.premium.minor,
            "tax": quote.tax.minor,
        }
        for quote in offer.quotes
    ]
    facts: dict[str, object] = {
        "currency": offer.purchase.currency,
        "country": offer.purchase.customer_country,
        "purchase": offer.purchase_hash,
        "quotes": quotes,
        "expires_at": offer.expires_at.isoformat(),
        "preselected": None,
        "texts": texts_version,
    }
    return _leaf(offer, "offer_made", offer.created_at, facts)


def choice_made(offer: Offer, *, at: datetime, texts_version: str) -> Leaf:
    """Return the fact that the customer answered."""
    facts = {
        "choice": offer.choice,
        "quotes": list(offer.chosen),
        "premium": offer.premium.minor,
        "currency": offer.purchase.currency,
        "locale": offer.chosen_locale,
        "revision": offer.revision,
        "texts": texts_version,
    }
    return _leaf(offer, "choice_made", at, facts)


def offer_declined(offer: Offer, *, at: datetime) -> Leaf:
    """Return the fact that the partner reported a purchase without cover."""
    return _leaf(offer, "offer_declined", at, {"choice": offer.choice})


def offer_confirmed(booking: Booking) -> Leaf:
    """Return the fact that an offer became a booking."""
    facts = {
        "quotes": list(booking.offer.chosen),
        "premium": booking.premium.minor,
        "currency": booking.premium.currency,
        "policies": [policy.number for policy in booking.policies],
        "terms": booking.offer.terms_version,
    }
    return _leaf(booking.offer, "offer_confirmed", booking.confirmed_at, facts)


def _leaf(offer: Offer, kind: str, at: datetime, facts: Mapping[str, object]) -> Leaf:
    fact = {
        "v": 1,
        "kind": kind,
        "at": at.isoformat(),
        "partner": offer.partner_code,
        "mode": offer.mode,
        "offer": offer.id,
        **facts,
    }
    body = json.dumps(fact, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return Leaf(offer.partner_code, offer.id, kind, at, body)

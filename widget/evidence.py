"""Evidence: what was shown, and what was chosen, in a form that cannot be argued with.

A leaf is canonical JSON and its hash. It holds no personal data: offers, prices, versions, times.
Source of the hash: RFC 6962, section 2.1 (a leaf is hashed with a zero byte in front).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from widget.amendments import Amendment
from widget.bookings import Booking
from widget.offers import Offer
from widget.trees import leaf_hash
from widget.witnesses import Witness


@dataclass(frozen=True, slots=True)
class Leaf:
    """One fact about one offer."""

    partner_code: str
    offer_id: str
    #: `offer_made`, `offer_repriced`, `offer_shown`, `choice_made`, `offer_declined`,
    #: `offer_booked`, `offer_confirmed`, `booking_failed`, `booking_amended`, `booking_noted` or
    #: `people_erased`.
    kind: str
    #: Aware UTC.
    at: datetime
    #: Canonical JSON of the fact.
    body: str

    def digest(self) -> bytes:
        """Return the leaf's hash, 32 bytes."""
        return leaf_hash(self.body.encode())

    def faults(self) -> list[str]:
        """Return what beside the body contradicts it: nothing, unless somebody has changed it."""
        try:
            fact = json.loads(self.body)
            said = {**fact, "at": datetime.fromisoformat(fact["at"])}
        except (ValueError, TypeError, KeyError):
            return ["body"]
        told = {
            "partner": self.partner_code,
            "offer": self.offer_id,
            "kind": self.kind,
            "at": self.at,
        }
        return [name for name, value in told.items() if said.get(name) != value]


@dataclass(frozen=True, slots=True)
class Entry:
    """A leaf at its place in the log."""

    #: From 1, without a gap.
    position: int
    leaf: Leaf
    #: The hash that was stored with it.
    digest: bytes


def offer_made(offer: Offer, *, texts_version: str) -> Leaf:
    """Return the fact that the quotes of an offer were made, ready to be shown.

    Args:
        texts_version: Names the exact templates and texts that it is shown with.
    """
    facts = {**_shown(offer), "preselected": None, "texts": texts_version}
    return _leaf(offer, "offer_made", offer.created_at, facts)


def offer_repriced(offer: Offer, *, at: datetime, texts_version: str) -> Leaf:
    """Return the fact that the partner changed the purchase, and what it is offered for now."""
    facts = {**_shown(offer), "preselected": None, "texts": texts_version}
    return _leaf(offer, "offer_repriced", at, facts | {"revision": offer.revision})


def offer_shown(offer: Offer, facts: Mapping[str, object], *, at: datetime) -> Leaf:
    """Return the fact that a shopper was shown a page of an offer; see `showings` for the facts."""
    return _leaf(offer, "offer_shown", at, {**facts, "revision": offer.revision})


def choice_made(
    offer: Offer, *, at: datetime, texts_version: str, by: Witness = Witness.SHOPPER
) -> Leaf:
    """Return the fact that the customer answered.

    Args:
        by: Who told: the shopper in our own page, or the partner that drew the offer itself.
    """
    facts = {
        "choice": offer.choice,
        "quotes": list(offer.chosen),
        "premium": offer.premium.minor,
        "currency": offer.purchase.currency,
        "locale": offer.chosen_locale,
        "revision": offer.revision,
        "texts": texts_version,
        "by": by,
    }
    return _leaf(offer, "choice_made", at, facts)


def offer_declined(offer: Offer, *, at: datetime) -> Leaf:
    """Return the fact that the partner reported a purchase without cover."""
    return _leaf(offer, "offer_declined", at, {"choice": offer.choice})


def offer_booked(booking: Booking) -> Leaf:
    """Return the fact that the partner booked, and something is still awaited."""
    facts = {**_sold(booking), "status": booking.status}
    return _leaf(booking.offer, "offer_booked", booking.booked_at, facts)


def offer_confirmed(booking: Booking, *, at: datetime) -> Leaf:
    """Return the fact that an offer became policies."""
    facts = {
        **_sold(booking),
        "policies": [policy.number for policy in booking.policies],
        "terms": booking.offer.terms_version,
    }
    return _leaf(booking.offer, "offer_confirmed", at, facts)


def booking_failed(booking: Booking, *, at: datetime) -> Leaf:
    """Return the fact that the upstream refused to issue."""
    return _leaf(booking.offer, "booking_failed", at, _sold(booking))


def booking_amended(booking: Booking, amendment: Amendment, *, at: datetime) -> Leaf:
    """Return the fact that a booking was updated, cancelled or renewed."""
    facts = {
        "amendment": amendment.id,
        "what": amendment.kind.name.lower(),
        "purchase": booking.purchase.content_hash(),
        "premium": booking.premium.minor,
        "refund": amendment.refund().minor,
        "currency": booking.purchase.currency,
        "policies": {policy.number: policy.status for policy in booking.policies},
        "policyholder_changed": amendment.policyholder is not None,
        "insured_changed": amendment.insured is not None,
        "by": amendment.asked_by,
        "reason_given": amendment.reason is not None,
        "revision": booking.revision,
    }
    return _leaf(booking.offer, "booking_amended", at, facts)


def booking_noted(booking: Booking, what: str, *, at: datetime) -> Leaf:
    """Return a fact about a booking that changes neither its status nor its terms."""
    facts = {"what": what, "revision": booking.revision}
    return _leaf(booking.offer, "booking_noted", at, facts)


def people_erased(offer: Offer, *, at: datetime, is_forced: bool) -> Leaf:
    """Return the fact that the personal data of an offer, or of its booking, were erased.

    Args:
        is_forced: Whether they were still to be kept by law, and somebody decided otherwise.
    """
    return _leaf(offer, "people_erased", at, {"forced": is_forced, "revision": offer.revision})


def _shown(offer: Offer) -> dict[str, object]:
    quotes: list[object] = [
        {
            "id": quote.id,
            "plan": quote.plan_code,
            "terms": f"{quote.product_code}@{quote.product_version}",
            "premium": quote.premium.minor,
            "tax": quote.tax.minor,
            **({"documents": quote.documents} if quote.documents else {}),
        }
        for quote in offer.quotes
    ]
    return {
        "currency": offer.purchase.currency,
        "country": offer.purchase.customer_country,
        "purchase": offer.purchase_hash,
        "quotes": quotes,
        "expires_at": offer.expires_at.isoformat(),
    }


def _sold(booking: Booking) -> dict[str, object]:
    return {
        "quotes": list(booking.offer.chosen),
        "premium": booking.offer.premium.minor,
        "currency": booking.offer.purchase.currency,
    }


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

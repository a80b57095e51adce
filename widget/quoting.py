"""Make an offer for a purchase, or find the one that it leads to."""

from __future__ import annotations

import secrets
from datetime import timedelta

from widget.evidence import offer_made
from widget.offers import Offer
from widget.partners import Mode
from widget.purchases import Purchase
from widget.storage.base import Storage
from widget.upstream.base import Upstream

#: Capital letters and digits that nobody confuses on the phone.
_CLEAR = "23456789ABCDEFGHJKMNPQRSTVWXYZ"


async def make_offer(
    partner_code: str,
    mode: Mode,
    purchase: Purchase,
    *,
    storage: Storage,
    upstream: Upstream,
    lifetime: timedelta,
    texts_version: str,
) -> Offer:
    """Price a purchase and keep the offer, with the evidence of what is shown.

    A purchase with a reference leads to the same offer until that expires, and for good once it
    is booked. It is not priced again then.

    Raises:
        InputInvalid: The purchase contradicts itself, or no product takes it.
        UpstreamUnavailable: No premium could be had in time.
        StorageUnavailable: The offer could not be kept.
    """
    purchase_hash = purchase.content_hash()
    if purchase.reference is not None:
        key = (partner_code, mode, purchase.reference, purchase_hash)
        if current := await storage.find_open_offer(*key):
            return current
    now = storage.now()
    offer = Offer(
        id=_new_offer_id(),
        partner_code=partner_code,
        mode=mode,
        purchase=purchase,
        purchase_hash=purchase_hash,
        quotes=await upstream.price(purchase, now=now),
        created_at=now,
        expires_at=now + lifetime,
    )
    return await storage.save_offer(offer, offer_made(offer, texts_version=texts_version))


def _new_offer_id() -> str:
    """Return an id in XCover's shape, one of 30 ** 10."""
    letters = "".join(secrets.choice(_CLEAR) for _ in range(10))
    return f"{letters[:5]}-{letters[5:]}-INS"

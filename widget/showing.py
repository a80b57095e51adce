"""Record what a shopper is shown, before it is sent.

What is about to be stored is rendered first, so that offer or choice and what is shown of it share
a transaction. What is shown of an offer as it stands is recorded by itself, once for a content.
"""

from __future__ import annotations

import secrets

from widget.offers import Offer
from widget.showings import Rendered, Showing, showing_of
from widget.storage.base import Storage


def prepare_showing(
    offer: Offer, rendered: Rendered, *, storage: Storage, texts_version: str
) -> Showing:
    """Return what is about to be shown, to be stored with what it shows."""
    salt = secrets.token_bytes(16)
    return showing_of(offer, rendered, at=storage.now(), salt=salt, texts_version=texts_version)


async def record_showing(
    offer: Offer, rendered: Rendered, *, storage: Storage, texts_version: str
) -> None:
    """Keep what is about to be shown; what was shown before is not kept again.

    Whoever sends a page awaits this first, so that no choice can follow a showing that is not kept.

    Raises:
        StorageUnavailable: It could not be kept, and must not be shown.
    """
    if not await storage.has_shown(offer.partner_code, offer.id, rendered.content):
        showing = prepare_showing(offer, rendered, storage=storage, texts_version=texts_version)
        await storage.save_showing(showing)

"""Make an offer for a purchase, find the one that it leads to, or change its quotes."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from widget.errors import InputInvalid, NotFound, StorageUnavailable
from widget.evidence import offer_made, offer_repriced
from widget.offers import Metadata, Offer, Quote
from widget.partners import Mode
from widget.products import Catalogue
from widget.purchases import Item, Purchase
from widget.replies import Reply
from widget.restrictions import NONE, Restrictions
from widget.sales import promised, refusals
from widget.showings import Showing
from widget.storage.base import Storage
from widget.upstream.base import Upstream

#: Capital letters and digits that nobody confuses on the phone.
_CLEAR = "23456789ABCDEFGHJKMNPQRSTVWXYZ"

#: An offer may change between reading and writing; more rounds than this mean something else.
MAX_ROUNDS = 10


@dataclass(frozen=True, slots=True)
class Quoting:
    """What is the same for every offer of one partner, in one mode."""

    partner_code: str
    mode: Mode
    lifetime: timedelta
    #: Names the exact templates and texts that offers are shown with.
    texts_version: str
    #: The products, and the markets that they are sold in.
    catalogue: Catalogue
    #: What the partner says of its own of this offer.
    metadata: Metadata = field(default_factory=dict)
    #: Makes the reply to keep with what is stored, when there is an idempotency key.
    reply_with: Callable[[Offer], Reply | None] = lambda _: None
    #: What the partner asks beyond the law.
    restrictions: Restrictions = NONE
    #: Renders the offer, to be kept with it, when it is for a shopper who is looking.
    show_with: Callable[[Offer], Showing | None] = lambda _: None

    def without_reply(self) -> Quoting:
        """Return the same for a call that has not come to its answer with the offer."""
        return replace(self, reply_with=lambda _: None)


async def make_offer(
    quoting: Quoting,
    purchase: Purchase,
    *,
    storage: Storage,
    upstream: Upstream,
    follows: Offer | None = None,
) -> Offer:
    """Price a purchase and keep the offer, with the evidence of what is shown.

    A purchase with a reference leads to the same offer until that expires, and for good once it
    is booked. It is not priced again then.

    Where the law defers the sale, the customer was informed by the first offer for the purchase,
    and the days are counted from that one.

    Args:
        follows: The offer that this one takes the place of.

    Raises:
        InputInvalid, UpstreamRefused: The purchase contradicts itself, or no product takes it.
        UpstreamUnavailable: No premium could be had in time.
        StorageUnavailable: The offer could not be kept.
    """
    if purchase.reference is not None:
        key = (quoting.partner_code, quoting.mode, purchase.reference, purchase.content_hash())
        if current := await storage.find_open_offer(*key):
            return current
    offer = await price_offer(quoting, purchase, storage=storage, upstream=upstream)
    if offer.opens_at is not None:
        before = follows or await _latest_offer(quoting, purchase, storage)
        offer = replace(offer, quotes=_informed_before(offer.quotes, before))
    made = offer_made(offer, texts_version=quoting.texts_version)
    reply, showing = quoting.reply_with(offer), quoting.show_with(offer)
    return await storage.save_offer(offer, made, reply, showing)


async def price_offer(
    quoting: Quoting, purchase: Purchase, *, storage: Storage, upstream: Upstream
) -> Offer:
    """Return what a purchase would be offered; nothing is kept, and nothing can be sold by it.

    Raises:
        InputInvalid, UpstreamRefused, UpstreamUnavailable: As `make_offer`.
    """
    now = storage.now()
    quotes, upstream_id = await _quotes(quoting, purchase, upstream, now)
    return Offer(
        id=_new_offer_id(),
        partner_code=quoting.partner_code,
        mode=quoting.mode,
        purchase=purchase,
        purchase_hash=purchase.content_hash(),
        quotes=quotes,
        created_at=now,
        expires_at=now + quoting.lifetime,
        upstream_id=upstream_id,
        metadata=quoting.metadata,
    )


async def update_quotes(
    quoting: Quoting,
    offer_id: str,
    changed: Callable[[Purchase, Mapping[str, int]], Purchase],
    *,
    storage: Storage,
    upstream: Upstream,
) -> Offer:
    """Price an offer's purchase again after the partner changed it; quotes keep their ids.

    Args:
        changed: Returns the new purchase, from the old one and the item of each quote.

    Raises:
        NotFound: This partner has no such offer.
        OfferDeclined, AlreadyConfirmed, StatusForbids: It can no longer be changed.
        InputInvalid, UpstreamRefused, UpstreamUnavailable, StorageUnavailable: As `make_offer`.
    """

    async def edit(offer: Offer) -> Offer:
        items = {quote.id: quote.item for quote in offer.quotes}
        purchase = changed(offer.purchase, items)
        known = {(quote.item, quote.plan_code): quote.id for quote in offer.quotes}
        return await _repriced(quoting, offer, purchase, known, storage=storage, upstream=upstream)

    return await _change(quoting, offer_id, edit, storage)


async def add_quotes(
    quoting: Quoting,
    offer_id: str,
    added: Callable[[Purchase], tuple[Item, ...]],
    *,
    storage: Storage,
    upstream: Upstream,
    max_items: int,
) -> Offer:
    """Ask for more policies in one offer; as XCover has it, the new ones come first.

    Args:
        max_items: The most that one offer may ask for.

    Raises:
        As `update_quotes`.
    """

    async def edit(offer: Offer) -> Offer:
        new = added(offer.purchase)
        purchase = replace(offer.purchase, items=(*new, *offer.purchase.items))
        if len(purchase.items) > max_items:
            raise InputInvalid({"request": [f"A package holds up to {max_items} policies."]})
        known = {(quote.item + len(new), quote.plan_code): quote.id for quote in offer.quotes}
        return await _repriced(quoting, offer, purchase, known, storage=storage, upstream=upstream)

    return await _change(quoting, offer_id, edit, storage)


async def delete_quotes(
    quoting: Quoting, offer_id: str, quote_ids: Collection[str], *, storage: Storage
) -> Offer:
    """Take quotes out of an offer; the premiums of the others stay as they are.

    Raises:
        NotFound: This partner has no such offer.
        InputInvalid: It has no such quote, or would have none left.
        OfferDeclined, AlreadyConfirmed, StatusForbids: It can no longer be changed.
        StorageUnavailable: It could not be kept.
    """

    async def edit(offer: Offer) -> Offer:
        known = {quote.id for quote in offer.quotes}
        if unknown := [quote_id for quote_id in quote_ids if quote_id not in known]:
            raise InputInvalid({"quotes": [f"There is no quote {unknown[0]!r} here."]})
        if not known - set(quote_ids):
            raise InputInvalid({"quotes": ["One quote must stay; opt out to close the package."]})
        return _without(offer, quote_ids)

    return await _change(quoting, offer_id, edit, storage)


async def _change(
    quoting: Quoting,
    offer_id: str,
    edit: Callable[[Offer], Awaitable[Offer]],
    storage: Storage,
) -> Offer:
    for _ in range(MAX_ROUNDS):
        seen = await storage.find_offer(quoting.partner_code, offer_id)
        if seen is None or seen.mode is not quoting.mode:
            raise NotFound("Quote package")
        seen.check_changeable()
        changed = await edit(seen)
        leaf = offer_repriced(changed, at=storage.now(), texts_version=quoting.texts_version)
        if await storage.change_offer(seen, changed, leaf, reply=quoting.reply_with(changed)):
            return changed
    raise StorageUnavailable(f"Offer {offer_id} kept changing under {MAX_ROUNDS} attempts.")


async def _repriced(
    quoting: Quoting,
    offer: Offer,
    purchase: Purchase,
    known: Mapping[tuple[int, str], str],
    *,
    storage: Storage,
    upstream: Upstream,
) -> Offer:
    """Return an offer for a changed purchase.

    A plan that was taken out of an item's quotes stays out; a new item has all of its plans.
    """
    now = storage.now()
    priced, upstream_id = await _quotes(quoting, purchase, upstream, now)
    old_items = {item for item, _ in known}
    quotes = tuple(
        replace(quote, id=known.get((quote.item, quote.plan_code), quote.id))
        for quote in _informed_before(priced, offer)
        if quote.item not in old_items or (quote.item, quote.plan_code) in known
    )
    if not quotes:
        raise InputInvalid({"request": ["None of the package's plans is sold for this."]})
    return offer.repriced(
        purchase, quotes, upstream_id=upstream_id, expires_at=now + quoting.lifetime
    )


async def _quotes(
    quoting: Quoting, purchase: Purchase, upstream: Upstream, now: datetime
) -> tuple[tuple[Quote, ...], str | None]:
    """Return the quotes for a purchase that its market and the partner let us sell."""
    known = (purchase, quoting.catalogue, quoting.restrictions)
    if problems := refusals(*known):
        raise InputInvalid(problems)
    priced = await upstream.price(purchase, now=now)
    return promised(priced.quotes, *known, informed_at=now), priced.upstream_id


async def _latest_offer(quoting: Quoting, purchase: Purchase, storage: Storage) -> Offer | None:
    if purchase.reference is None:
        return None
    key = (quoting.partner_code, quoting.mode, purchase.reference, purchase.content_hash())
    return await storage.find_latest_offer(*key)


def _informed_before(quotes: Iterable[Quote], offer: Offer | None) -> tuple[Quote, ...]:
    """Return quotes with the days counted from when `offer` informed of the same products."""
    known = {quote.product_code: quote.sold_from for quote in offer.quotes} if offer else {}
    return tuple(
        replace(quote, sold_from=known.get(quote.product_code) or quote.sold_from)
        if quote.sold_from
        else quote
        for quote in quotes
    )


def _without(offer: Offer, quote_ids: Collection[str]) -> Offer:
    """Return an offer without some quotes, and without the items that nothing is left of."""
    left = tuple(quote for quote in offer.quotes if quote.id not in quote_ids)
    items = sorted({quote.item for quote in left})
    quotes: tuple[Quote, ...] = tuple(
        replace(quote, item=items.index(quote.item)) for quote in left
    )
    purchase = replace(offer.purchase, items=tuple(offer.purchase.items[i] for i in items))
    return offer.repriced(
        purchase, quotes, upstream_id=offer.upstream_id, expires_at=offer.expires_at
    )


def _new_offer_id() -> str:
    """Return an id in XCover's shape, one of 30 ** 10."""
    letters = "".join(secrets.choice(_CLEAR) for _ in range(10))
    return f"{letters[:5]}-{letters[5:]}-INS"

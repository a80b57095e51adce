"""Record what the customer answers, and what the partner reports of it."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime

from widget.errors import NotFound, StorageUnavailable
from widget.evidence import Leaf, choice_made, offer_declined
from widget.messages import Kind, Message
from widget.offers import Choice, Metadata, Offer
from widget.replies import Reply
from widget.showings import Showing
from widget.storage.base import Storage
from widget.upstream.base import Upstream

#: Answers that arrive at once are settled one by one; more rounds than this mean something else.
MAX_ROUNDS = 10


@dataclass(frozen=True, slots=True)
class Answer:
    """What the customer said."""

    choice: Choice
    #: The chosen quotes; empty unless opted in.
    quote_ids: Collection[str] = ()
    #: The language that the offer was shown in.
    locale: str = "en"


async def record_choice(
    partner_code: str,
    offer_id: str,
    answer: Answer,
    *,
    storage: Storage,
    texts_version: str,
    show_with: Callable[[Offer], Showing | None] | None = None,
) -> Offer:
    """Store the customer's answer and return the offer as it is then.

    The same answer again changes nothing. Of different answers at once, each is stored and the
    last one stands.

    Args:
        texts_version: Names the exact templates and texts that the offer was shown with.
        show_with: Renders the offer as the answer makes it, to be kept with the answer.

    Raises:
        NotFound: This partner has no such offer.
        QuoteNotOffered, OfferExpired, OfferDeclined, AlreadyConfirmed: The answer comes too late,
            or names what was not offered.
        StorageUnavailable: It could not be kept.
    """

    def move(offer: Offer, at: datetime) -> Offer:
        if answer.choice is Choice.OPTED_IN:
            return offer.opt_in(answer.quote_ids, at=at, locale=answer.locale)
        if answer.choice is Choice.OPTED_OUT:
            return offer.opt_out(at=at, locale=answer.locale)
        return offer.reopen(at=at, locale=answer.locale)

    def leaf(offer: Offer, at: datetime) -> Leaf:
        return choice_made(offer, at=at, texts_version=texts_version)

    return await _change(partner_code, offer_id, move, leaf, storage, show_with=show_with)


async def record_decline(
    partner_code: str,
    offer_id: str,
    *,
    storage: Storage,
    upstream: Upstream,
    metadata: Metadata | None = None,
    reply: Reply | None = None,
) -> Offer:
    """Store the partner's report that the customer bought without cover.

    Reporting it again changes nothing. A remote upstream is told of it in the background.

    Args:
        metadata: What the partner says of its own of this; added to the offer's.
        reply: Kept with the report, when there is an idempotency key.

    Raises:
        NotFound: This partner has no such offer.
        AlreadyConfirmed: It is a booking.
        StorageUnavailable: It could not be kept.
    """
    return await _change(
        partner_code,
        offer_id,
        lambda offer, _: offer.decline(metadata),
        lambda offer, at: offer_declined(offer, at=at),
        storage,
        owes=_report if upstream.is_remote else None,
        reply=reply,
    )


async def _change(
    partner_code: str,
    offer_id: str,
    move: Callable[[Offer, datetime], Offer],
    leaf: Callable[[Offer, datetime], Leaf],
    storage: Storage,
    *,
    owes: Callable[[Offer, datetime], Message] | None = None,
    reply: Reply | None = None,
    show_with: Callable[[Offer], Showing | None] | None = None,
) -> Offer:
    for _ in range(MAX_ROUNDS):
        seen = await storage.find_offer(partner_code, offer_id)
        if seen is None:
            raise NotFound("Quote package")
        now = storage.now()
        changed = move(seen, now)
        if changed == seen:
            return changed
        if await storage.change_offer(
            seen,
            changed,
            leaf(changed, now),
            messages=() if owes is None else (owes(changed, now),),
            reply=reply,
            showing=None if show_with is None else show_with(changed),
        ):
            return changed
    raise StorageUnavailable(f"Offer {offer_id} kept changing under {MAX_ROUNDS} attempts.")


def _report(offer: Offer, at: datetime) -> Message:
    """Return the message that tells a remote upstream of a decline."""
    key = f"{offer.partner_code}:{offer.id}:{Kind.DECLINE}"
    return Message(key, offer.partner_code, offer.mode, offer.id, Kind.DECLINE, "upstream", at)

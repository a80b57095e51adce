"""The screen: what one visit shows of an offer. It is kept before it is sent."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.responses import Response

from widget.offers import Offer
from widget.showing import prepare_showing, record_showing
from widget.showings import Showing
from widget.web.pages import Visit, show_offer


class Screen:
    """Renders an offer for one visit, with the evidence of what is shown."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._ready: tuple[Offer, Response] | None = None

    def showing_of(self, offer: Offer) -> Showing | None:
        """Render an offer that is about to be stored, for whoever stores it to keep with it."""
        house = self._visit.house
        response, rendered = show_offer(self._visit, offer)
        self._ready = (offer, response)
        if rendered is None:
            return None
        version = house.rendering.version
        return prepare_showing(offer, rendered, storage=house.storage, texts_version=version)

    async def show(self, offer: Offer, *, hint: str = "") -> Response:
        """Show an offer as it is stored.

        Args:
            hint: What was wrong with the answer, when there was one that could not be stored.

        Raises:
            StorageUnavailable: What would be shown cannot be kept, so it is not shown.
        """
        if self._ready is not None and self._ready[0] is offer:
            return self._ready[1]
        house = self._visit.house
        numbers = await self._policy_numbers(offer)
        response, rendered = show_offer(self._visit, offer, numbers, hint=hint)
        if rendered is not None:
            version = house.rendering.version
            await record_showing(offer, rendered, storage=house.storage, texts_version=version)
        return response

    async def show_unfinished(self, offer: Offer, told: Mapping[str, str]) -> Response:
        """Show an offer with answers to some of its questions, which are stored once all have one.

        It shows what was shown before, but for the answers that the form has; so it leaves no
        evidence of its own.
        """
        response, _ = show_offer(self._visit, offer, told=told)
        return response

    async def _policy_numbers(self, offer: Offer) -> tuple[str, ...]:
        if not offer.is_booked:
            return ()
        booking = await self._visit.house.storage.find_booking(offer.partner_code, offer.id)
        return tuple(policy.number for policy in booking.policies) if booking else ()

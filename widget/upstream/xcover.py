"""The remote upstream: sells a platform's products by XCover's calls."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import quote as quoted

from widget.amendments import Amendment, AmendmentKind, Terms
from widget.bookings import Booking, Policy
from widget.errors import InputInvalid, NotAllowedByProduct, UpstreamRefused, UpstreamUnavailable
from widget.offers import Offer, Status
from widget.purchases import Purchase
from widget.upstream import asking
from widget.upstream.base import Priced
from widget.upstream.booking_reading import cancelled_policies, issued_policies, updated_policies
from widget.upstream.breaker import Breaker
from widget.upstream.calls import Answer, Calls
from widget.upstream.families import Family
from widget.upstream.reading import Json, problems_of, table, text

_CONFLICT = 409

#: How XCover names the booking that a confirmation repeats.
_BOOKING_ID = re.compile(r"\b[A-Z0-9]{5}-[A-Z0-9]{5}-INS\b")


@dataclass(eq=False)
class XCover:
    """Prices and binds at a remote platform; the contract is its commit, not ours."""

    calls: Calls
    family: Family
    #: For an offer: a shopper waits for it.
    price_s: float
    #: For everything else: a partner's backend waits for it.
    other_s: float
    _pricing: Breaker = field(default_factory=Breaker)
    #: Of its own: what has been paid for is not refused because prices are slow.
    _selling: Breaker = field(default_factory=Breaker)

    is_remote = True
    sends_mail = True

    async def close(self) -> None:
        """Close the connections that wait for the next call."""
        await self.calls.close()

    async def price(self, purchase: Purchase, *, now: datetime) -> Priced:
        """Return the remote platform's quotes under ids of our own; see `Upstream.price`."""
        del now  # it has its own clock
        body = self.family.ask(purchase)
        async with self.calls.operation(self._pricing, self.price_s):
            answer = await self.calls.call("POST", self.family.pricing, body)
            self._check_fields(answer)
            return self.family.read(_taken(answer), purchase)

    async def issue(self, booking: Booking, *, now: datetime) -> tuple[Policy, ...]:
        """Confirm the chosen quotes; see `Upstream.issue`."""
        path = self.family.confirming(_id_of(booking.offer))
        key = f"issue-{asking.transaction_of(booking)}"
        async with self.calls.operation(self._selling, self.other_s):
            answer = await self.calls.call("POST", path, asking.confirmation_of(booking), key=key)
            if _leaves_open(answer):
                answer = await self._known(answer, booking)
            return issued_policies(_taken(answer), booking, now=now)

    async def decline(self, offer: Offer) -> None:
        """Report that nothing was bought; what the platform does not take needs no report."""
        path = self.family.declining(_id_of(offer))
        key = f"decline-{offer.partner_code}:{offer.id}"
        async with self.calls.operation(self._selling, self.other_s):
            await self.calls.call("POST", path, {}, key=key)

    async def price_update(self, booking: Booking, wanted: Booking, *, now: datetime) -> Terms:
        """Return the terms for a changed purchase; see `Upstream.price_update`."""
        del now
        path = f"bookings/{_booking_id(booking)}/quote_for_update"
        async with self.calls.operation(self._selling, self.other_s):
            answer = await self.calls.call("PATCH", path, asking.change_of(booking, wanted))
            told = _allowed(answer)
            policies = updated_policies(told, booking)
            return Terms(wanted.purchase, policies, _named(told, "update_id"))

    async def price_cancellation(
        self, booking: Booking, quote_ids: Collection[str], *, reason: str | None, now: datetime
    ) -> Terms:
        """Return the terms with some policies cancelled; see `Upstream.price_cancellation`."""
        path = f"bookings/{_booking_id(booking)}/cancel"
        body = asking.cancellation_of(booking, quote_ids, reason)
        async with self.calls.operation(self._selling, self.other_s):
            told = _allowed(await self.calls.call("POST", path, body))
            policies = cancelled_policies(told, booking, quote_ids, now=now)
            return Terms(booking.purchase, policies, _named(told, "cancellation_id"))

    async def price_renewal(self, booking: Booking, *, now: datetime) -> Terms:
        """Refuse: the platform renews what it issued, by itself; see `Upstream.price_renewal`."""
        del now
        raise NotAllowedByProduct(
            f"Booking {booking.id} is renewed by the platform that issued it."
        )

    async def apply(self, booking: Booking, amendment: Amendment) -> None:
        """Make an amendment at the platform; see `Upstream.apply`."""
        if not booking.policies:
            return  # it waits for its payment: the platform does not know of it
        base = f"bookings/{_booking_id(booking)}/"
        key = f"{amendment.kind}-{amendment.id}"
        async with self.calls.operation(self._selling, self.other_s):
            # One call, so that it is made whole or not at all: what was priced there holds the
            # people too.
            if amendment.upstream_id is not None:
                path = base + _confirming(amendment)
                _allowed(await self.calls.call("POST", path, {}, key=key))
            elif body := asking.change_of(booking, amendment.applied_to(booking)):
                _allowed(await self.calls.call("PATCH", base, body, key=f"{key}-person"))

    def _check_fields(self, answer: Answer) -> None:
        """Make sure that a purchase was understood.

        Raises:
            InputInvalid: The platform names fields at fault, which are named as we know them.
        """
        if answer.is_success:
            return
        problems = problems_of(table(answer.body))
        if problems:
            raise InputInvalid({self.family.field(path): found for path, found in problems.items()})

    async def _known(self, answer: Answer, booking: Booking) -> Answer:
        """Return the booking as the platform knows it now, else the answer that left it open.

        A platform forgets idempotency keys, and then refuses what is confirmed already. Or it
        remembers them, and tells again how the booking was when it was asked first.

        Raises:
            UpstreamUnavailable: It does not say what it refuses.
        """
        told = table(answer.body)
        named = _BOOKING_ID.search(text(told.get("message"), 500))
        own = text(told.get("id"), 64) or _id_of(booking.offer)
        known_id = named[0] if named else own
        found = await self.calls.call("GET", f"bookings/{quoted(known_id, safe='')}/")
        if found.is_success and _is_ours(found, booking):
            return found
        return answer


def _taken(answer: Answer) -> Json:
    """Return what an answer tells.

    Raises:
        UpstreamRefused: It is a definite no.
        UpstreamUnavailable: It is neither a yes nor a no.
    """
    told = table(answer.body)
    if answer.is_success or _is_booking(answer):
        return told
    if answer.status == _CONFLICT or not _is_envelope(told):
        # A refusal of XCover's has its envelope; any other may be anybody's on the way.
        raise UpstreamUnavailable(f"it answered {answer.status} without a reason.")
    raise UpstreamRefused(f"The remote platform refused: {text(told.get('message'), 200)}")


def _is_envelope(told: Json) -> bool:
    """Tell whether an answer is a refusal as XCover writes it."""
    return all(text(told.get(name), 200) for name in ("type", "message"))


def _allowed(answer: Answer) -> Json:
    """Return what an answer about an amendment tells.

    Raises:
        NotAllowedByProduct: It is a definite no.
        UpstreamUnavailable: It is neither a yes nor a no.
    """
    try:
        told = _taken(answer)
    except UpstreamRefused as error:
        raise NotAllowedByProduct(str(error)) from error
    if told.get("errors"):
        raise UpstreamUnavailable("it told of errors inside of a success.")
    return told


def _leaves_open(answer: Answer) -> bool:
    """Tell whether an answer does not say how a booking stands now."""
    if not answer.is_success and not _is_booking(answer):
        return True
    return table(answer.body).get("status") == Status.PENDING


def _is_booking(answer: Answer) -> bool:
    """Tell whether a conflict is the first answer given again, which is how XCover replays."""
    told = table(answer.body)
    return answer.status == _CONFLICT and "id" in told and "quotes" in told


def _is_ours(answer: Answer, booking: Booking) -> bool:
    """Tell whether a booking there is this one; platforms that name no payment leave it out."""
    known = table(answer.body).get("partner_transaction_id")
    return known in {None, asking.transaction_of(booking)}


def _confirming(amendment: Amendment) -> str:
    verb = "update" if amendment.kind is AmendmentKind.UPDATE else "cancellation"
    return f"confirm_{verb}/{amendment.upstream_id}/"


def _named(told: Json, name: str) -> str:
    """Return the id of what was priced.

    Raises:
        UpstreamUnavailable: There is none: it cannot be confirmed.
    """
    found = text(told.get(name), 64)
    if not re.fullmatch(r"[A-Za-z0-9-]+", found):
        raise UpstreamUnavailable(f"it named no {name}.")
    return found


def _id_of(offer: Offer) -> str:
    if offer.upstream_id is None:
        raise UpstreamUnavailable(f"Offer {offer.id} was not priced by the remote platform.")
    return offer.upstream_id


def _booking_id(booking: Booking) -> str:
    found = booking.policies[0].upstream_id
    if found is None or not re.fullmatch(r"[A-Za-z0-9-]+", found):
        raise NotAllowedByProduct(f"Booking {booking.id} was not issued by the remote platform.")
    return found

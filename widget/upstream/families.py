"""XCover's two families of calls for selling: quote packages, and the newer offers.

After the sale they are one: a booking is a booking. Source: XCover, "quotes and bookings" and
"offers".
"""

from __future__ import annotations

from typing import Protocol
from urllib.parse import quote as quoted

from widget.errors import InputInvalid, UpstreamUnavailable
from widget.offers import Quote
from widget.purchases import Purchase
from widget.upstream import asking
from widget.upstream.base import Priced
from widget.upstream.offer_reading import offered_quotes
from widget.upstream.reading import Json, quotes_of, text


class Family(Protocol):
    """How one family asks for quotes, and where it confirms and declines them."""

    #: Where quotes are asked for.
    pricing: str

    def ask(self, purchase: Purchase) -> asking.Json:
        """Return the body that asks for a purchase's quotes.

        Raises:
            InputInvalid: This family cannot ask for it.
        """
        ...

    def read(self, told: Json, purchase: Purchase) -> Priced:
        """Return the quotes in an answer.

        Raises:
            UpstreamUnavailable: They are not sound.
        """
        ...

    def field(self, path: str) -> str:
        """Return the name that we have for a field of the body."""
        ...

    def confirming(self, upstream_id: str) -> str:
        """Return where quotes are confirmed."""
        ...

    def declining(self, upstream_id: str) -> str:
        """Return where a decline is reported."""
        ...


class Packages:
    """Quote packages, whose bookings have the package's id."""

    pricing = "quotes/"

    def ask(self, purchase: Purchase) -> asking.Json:
        """Return the body; see `Family.ask`."""
        return asking.package_of(purchase)

    def read(self, told: Json, purchase: Purchase) -> Priced:
        """Return the quotes; see `Family.read`."""
        return _priced(told, quotes_of(told, purchase))

    def field(self, path: str) -> str:
        """Return the name of a field, which is ours as well."""
        return path

    def confirming(self, upstream_id: str) -> str:
        """Return where quotes are confirmed."""
        return f"bookings/{quoted(upstream_id, safe='')}/"

    def declining(self, upstream_id: str) -> str:
        """Return where a decline is reported."""
        return f"bookings/{quoted(upstream_id, safe='')}/opt_out"


class Offers:
    """Offers, each of one item; their bookings get an id of their own."""

    pricing = "offers/?extra_fields=tax,benefits"

    def ask(self, purchase: Purchase) -> asking.Json:
        """Return the body; see `Family.ask`."""
        if len(purchase.items) > 1:
            problem = "The platform that sells this takes one item at a time."
            raise InputInvalid({"request.1": [problem]})
        return asking.offer_of(purchase)

    def read(self, told: Json, purchase: Purchase) -> Priced:
        """Return the quotes; see `Family.read`."""
        return _priced(told, offered_quotes(told, purchase))

    def field(self, path: str) -> str:
        """Return the name of a field in our quote call."""
        if path.startswith("schema"):
            return "request.0.policy_type"
        if path in {"customer.country", "customer.region", "customer.language"}:
            return path.replace(".", "_")
        return path.removeprefix("customer.").replace("context.", "request.0.", 1)

    def confirming(self, upstream_id: str) -> str:
        """Return where quotes are confirmed."""
        return f"offers/{quoted(upstream_id, safe='')}/confirm/"

    def declining(self, upstream_id: str) -> str:
        """Return where a decline is reported."""
        return f"offers/{quoted(upstream_id, safe='')}/opt_out/"


#: By the name that a setting gives them.
FAMILIES: dict[str, Family] = {"quotes": Packages(), "offers": Offers()}


def _priced(told: Json, quotes: tuple[Quote, ...]) -> Priced:
    upstream_id = text(told.get("id"), 64)
    if not upstream_id or not quotes:
        raise UpstreamUnavailable("it named no quotes, or no id of them.")
    return Priced(quotes, upstream_id)

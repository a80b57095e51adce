"""One sale of annual cover at every stage of its life, reached by the partner's own calls."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from typing import Any

from tests.builders import policyholder_json, purchase_json
from tests.fakes import Clock
from tests.service import Service
from widget.bookings import Booking, Policy
from widget.errors import UpstreamRefused, UpstreamUnavailable
from widget.offer_ids import uuid_of
from widget.upstream.house import House

_numbers = count(1)


class MoodyHouse(House):
    """The house, which at a word is a remote upstream that does not answer, or that refuses."""

    is_silent = False
    is_refusing = False

    @property
    def is_remote(self) -> bool:  # type: ignore[override]  # the house is always the house
        """Remote while it is moody."""
        return self.is_silent or self.is_refusing

    async def issue(self, booking: Booking, *, now: Any) -> tuple[Policy, ...]:
        """Issue, keep silent, or refuse."""
        if self.is_silent:
            raise UpstreamUnavailable("No answer could be had in time.")
        if self.is_refusing:
            raise UpstreamRefused("It is not issued.")
        return await super().issue(booking, now=now)


@dataclass
class Sale:
    """One package or booking, and the ids that its calls take."""

    service: Service
    clock: Clock
    upstream: MoodyHouse
    package: dict[str, Any]
    #: The one entry of the purchase's `request`.
    request: dict[str, Any]
    #: The ids of what was priced, for as far as it could be.
    priced: dict[str, str] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """The id of the package and of the booking."""
        return str(self.package["id"])

    @property
    def quote_id(self) -> str:
        """The id of its first quote."""
        return str(self.package["quotes"]["0"]["id"])

    @property
    def confirmation(self) -> dict[str, Any]:
        """What the partner sends to confirm the first quote."""
        chosen = {"id": self.quote_id, "instalment_plan": "monthly"}
        return {"quotes": [chosen], "policyholder": policyholder_json()}

    def call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """Make a call that must succeed, and return its JSON."""
        answer = self.service.call(method, path.format(id=self.id), json=body or {})
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    def address(self, path: str) -> str:
        """Return a path with the ids of this sale; what was not priced has an id of nothing."""
        unknown = dict.fromkeys(("update_id", "renewal_id"), "aaaaa-bbbbb-ccccc-UPD")
        ids = {**unknown, "cancellation_id": "aaaaa-bbbbb-ccccc-CCL", **self.priced}
        return path.format(id=self.id, offer_id=uuid_of(self.id), **ids)

    def body(self, body: Any) -> Any:
        """Return the body of a call; words name what depends on the sale."""
        quote = {"id": self.quote_id}
        instalment = {
            "payment_attempted_date": self.clock.time.isoformat(),
            "payment_status": "PAID",
            "instalment_number": 1,
        }
        person = policyholder_json(phone="+49 30 5550100")
        words = {
            "confirmation": self.confirmation,
            "two adults": {"request": [{"quote_id": self.quote_id, "number_of_adults": 2}]},
            "more": {"request": [self.request]},
            "quotes": {"quotes": [quote]},
            "instalment": {"quotes": [quote | instalment]},
            "offer confirmation": {"quotes": [quote], "policyholder": person},
        }
        return words[body] if isinstance(body, str) else body

    def price_everything(self) -> None:
        """Price an update, a cancellation and a renewal, near the end of the term."""
        self.clock.move(days=330)
        update = self.call("PATCH", "bookings/{id}/quote_for_update", CHANGE)
        cancellation = self.call("POST", "bookings/{id}/cancel", {"preview": True})
        renewal = self.call("PATCH", "renewals/{id}/quote_for_renewal/")
        self.priced = {
            "update_id": update["update_id"],
            "cancellation_id": cancellation["cancellation_id"],
            "renewal_id": renewal["renewal_id"],
        }


#: A change that every product allows.
CHANGE = {"policyholder": {"phone": "+49 30 5550100"}}


def a_sale(service: Service, clock: Clock, upstream: MoodyHouse) -> Sale:
    """Return a package that nobody has answered."""
    starts_at = clock.time + timedelta(days=10)
    year = {
        "policy_type": "annual_travel",
        "trip_start_date": starts_at.isoformat(),
        "trip_end_date": (starts_at + timedelta(days=366)).isoformat(),
        "total_tickets_price": 2000,
        "number_of_adults": 1,
        "number_of_children": 0,
    }
    purchase = purchase_json(partner_reference=f"STAGE-{next(_numbers)}", trip=year)
    upstream.is_silent = upstream.is_refusing = False
    package = service.quote(**purchase)
    return Sale(service, clock, upstream, package, purchase["request"][0])


def declined(sale: Sale) -> None:
    """Let the partner report that the customer bought without cover."""
    sale.call("POST", "bookings/{id}/opt_out")


def late(sale: Sale) -> None:
    """Let the premiums run out, and the payment still be under way."""
    sale.clock.move(minutes=40)


def expired(sale: Sale) -> None:
    """Let the premiums run out, and the time for payments under way too."""
    sale.clock.move(minutes=46)


def pending(sale: Sale) -> None:
    """Confirm, and get no answer from the upstream."""
    sale.upstream.is_silent = True
    sale.call("POST", "bookings/{id}/", sale.confirmation)


def unpaid(sale: Sale) -> None:
    """Book, and wait for the payment; what can be priced is a cancellation."""
    body = {**sale.confirmation, "require_payment_confirmation": True}
    sale.call("POST", "bookings/{id}/", body)
    preview = sale.call("POST", "bookings/{id}/cancel", {"preview": True})
    sale.priced = {"cancellation_id": preview["cancellation_id"]}


def confirmed(sale: Sale) -> None:
    """Sell."""
    sale.call("POST", "bookings/{id}/", sale.confirmation)
    sale.price_everything()


def cancelled(sale: Sale) -> None:
    """Sell, and cancel."""
    confirmed(sale)
    sale.call("POST", "bookings/{id}/cancel")


def failed(sale: Sale) -> None:
    """Confirm, and be refused."""
    sale.upstream.is_refusing = True
    answer = sale.service.call("POST", f"bookings/{sale.id}/", json=sale.confirmation)
    assert answer.json()["code"] == "upstream_refused"


def renewed(sale: Sale) -> None:
    """Sell, and renew."""
    confirmed(sale)
    sale.call("POST", f"renewals/{{id}}/confirm/{sale.priced['renewal_id']}/")


#: How each stage is reached.
STAGES: Mapping[str, Callable[[Sale], None]] = {
    "RECEIVED": lambda _: None,
    "OPTED_OUT": declined,
    "late": late,
    "expired": expired,
    "PENDING": pending,
    "PENDING_PAYMENT": unpaid,
    "CONFIRMED": confirmed,
    "CANCELLED": cancelled,
    "FAILED": failed,
    "RENEWED": renewed,
}

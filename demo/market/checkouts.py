"""What customers are about to buy, and how the insurance service is told of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from ..forms import is_email, read_text
from ..insurance import Booking, Choice, Policy
from .goods import TICKETS, Article
from .places import Place


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the purchase: a thing, and a product that can cover it."""

    article: Article
    product: str


@dataclass(frozen=True, slots=True)
class Checkout:
    """One customer's way to the payment, and what becomes of the things afterwards."""

    reference: str
    place: Place
    articles: tuple[Article, ...]
    #: What is asked about, in the order of the purchase.
    entries: tuple[Entry, ...]
    #: As the insurance service knows it, and the same sealed for the page.
    purchase: Mapping[str, Any]
    signed_purchase: str
    first_name: str = "Mara"
    last_name: str = "Lindqvist"
    email: str = "mara.lindqvist@customer.example"
    choice: Choice | None = None
    #: The codes of what came back.
    returned: frozenset[str] = frozenset()
    #: What a piece really costs, where the price was wrong.
    corrected: Mapping[str, int] = field(default_factory=dict)
    #: What the customer was shown and may agree to: by the id of the proposal, what they get back.
    proposed: Mapping[str, int] = field(default_factory=dict)
    #: What was paid back since, and less than nothing for what was charged; each with its reason.
    settled: tuple[tuple[str, int], ...] = ()

    @property
    def order_number(self) -> str:
        """The number of its order: one checkout can only become one order."""
        return self.reference.replace("CHK-", "KOK-")

    @property
    def policyholder(self) -> dict[str, str]:
        """The customer, who is the person that enters the contract."""
        return {
            "first_name": self.first_name,
            "last_name": self.last_name,
            "email": self.email,
            "country": self.place.country,
        }

    @property
    def goods_cents(self) -> int:
        """What all things cost together."""
        return sum(article.cents(self.place.currency) for article in self.articles)

    @property
    def premium_cents(self) -> int:
        """What the insurance adds to the bill."""
        return self.choice.premium_cents if self.choice and self.choice.is_opted_in else 0

    @property
    def total_cents(self) -> int:
        """What the customer pays, for everything."""
        return self.goods_cents + self.premium_cents

    @property
    def uncovered(self) -> tuple[Article, ...]:
        """What no cover is offered for."""
        return tuple(article for article in self.articles if not article.covers)

    @property
    def has_insurance(self) -> bool:
        """Whether the customer chose cover for anything."""
        return self.choice is not None and self.choice.is_opted_in

    @property
    def has_declined(self) -> bool:
        """Whether the customer said no to everything; not having answered is something else."""
        return self.choice is not None and not self.choice.is_opted_in

    def piece_cents(self, article: Article) -> int:
        """Return what one piece of an article costs, after corrections."""
        return self.corrected.get(article.code, article.prices[self.place.currency])

    def policies_of(self, article: Article, booking: Booking | None) -> tuple[Policy, ...]:
        """Return the policies for one thing; none where every answer was no."""
        return tuple(
            policy
            for place, entry in enumerate(self.entries)
            if entry.article == article and booking and (policy := booking.find_policy(place))
        )


def entries_of(articles: tuple[Article, ...]) -> tuple[Entry, ...]:
    """Return what can be covered, product by product; the cable is not among it."""
    entries = [Entry(article, product) for article in articles for product in article.covers]
    order = list(dict.fromkeys(entry.product for entry in entries))
    return tuple(sorted(entries, key=lambda entry: order.index(entry.product)))


def describe_purchase(
    entries: tuple[Entry, ...], place: Place, reference: str, *, now: datetime
) -> dict[str, Any]:
    """Return what is bought in the words of the insurance service.

    Each entry is asked about by itself (`answering`), so that the customer covers what they want.
    """
    purchase = {
        "currency": place.currency,
        "customer_country": place.country,
        "customer_language": place.language,
        "partner_reference": reference,
        "answering": "each",
        "request": [dict(_describe(entry, place, now)) for entry in entries],
    }
    return purchase | ({"customer_region": place.region} if place.region else {})


def read_details(form: Mapping[str, Any], checkout: Checkout) -> tuple[Checkout, dict[str, str]]:
    """Return the checkout with the name and the address of the form, and what is wrong by field.

    The checkout has what was typed even where it is wrong, so that nothing is typed twice.
    """
    checkout = replace(
        checkout,
        first_name=read_text(form, "first_name"),
        last_name=read_text(form, "last_name"),
        email=read_text(form, "email"),
    )
    say, faults = checkout.place.say, {}
    if not checkout.first_name:
        faults["first_name"] = say("Enter your first name.")
    if not checkout.last_name:
        faults["last_name"] = say("Enter your last name.")
    if not is_email(checkout.email):
        faults["email"] = say("Enter an e-mail address, such as name@example.com.")
    return checkout, faults


def _describe(entry: Entry, place: Place, now: datetime) -> Iterator[tuple[str, Any]]:
    article = entry.article
    name = article.names[place.language]
    yield "policy_type", entry.product
    if entry.product == TICKETS:
        yield "event_name", name
        yield "event_location", article.words[place.language].rpartition(", ")[2]
        yield "event_country", place.country
        yield "event_datetime", article.starts_at(now).isoformat()
        yield "number_of_tickets", article.tickets
    else:
        yield "name", name
        yield "category", article.category
        yield "condition", "new"
        yield "purchase_date", now.isoformat()
        yield "manufacturer_duration", article.guarantee
    yield from article.describe_price(article.prices[place.currency]).items()

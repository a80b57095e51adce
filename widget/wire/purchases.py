"""Purchases on the wire: the bodies of the quote calls."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Annotated

from pydantic import ConfigDict, Field, PlainValidator, ValidationInfo, WithJsonSchema

from widget.countries import region_code
from widget.errors import InputInvalid
from widget.lines import Line
from widget.money import Money
from widget.products import Catalogue
from widget.purchases import Answering, Item, Purchase, Subject
from widget.wire.fields import (
    Body,
    Country,
    Currency,
    Language,
    Metadata,
    Once,
    Postcode,
    QuoteId,
    Reference,
    Short,
)
from widget.wire.subjects import (
    QUOTE_CHANGE,
    SUBJECT,
    EntryBody,
    bodies_of,
    changed_subject,
    told_by,
)

#: How many policies one package may ask for; each may be offered in several plans.
MAX_ITEMS = 50


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of `request`, read by its line."""

    line: Line
    body: EntryBody


def _entry(value: object, info: ValidationInfo) -> Entry:
    """Read an entry as the product that it names wants it.

    Raises:
        ValueError, ValidationError: It is no object, or fields of it are missing, unknown or wrong.
    """
    catalogue = (info.context or {})["catalogue"]
    if not isinstance(value, dict):
        raise ValueError("Send a JSON object.")  # noqa: TRY004 - makes a problem of the field
    named = value.get("policy_type")
    line = catalogue.line_of(named if isinstance(named, str) else "", value)
    return Entry(line, bodies_of(line).entry.model_validate(value))


Requests = Annotated[
    list[Annotated[Entry, PlainValidator(_entry), WithJsonSchema(SUBJECT)]],
    Field(min_length=1, max_length=MAX_ITEMS),
]


class QuoteChangeBody(Body):
    """What changes of the thing that a quote is for: the fields of its product."""

    model_config = ConfigDict(extra="allow")

    quote_id: QuoteId
    """A quote of the package."""

    def changes(self) -> Mapping[str, object]:
        """Return what changes, to be read by the line of the thing."""
        return self.model_extra or {}


class PurchaseBody(Body):
    """A purchase: the body of the quote call, and what a page carries signed."""

    currency: Currency
    """Of every amount here, and of the premium."""
    customer_country: Country
    """Where the customer lives: decides law, tax and documents."""
    customer_language: Language | None = None
    """A tag such as `de` or `de-AT`, for texts."""
    customer_region: Short | None = None
    """ISO 3166-2, as `US-NY` or `NY`: needed where the law differs by region, else not kept."""
    customer_postcode: Postcode | None = None
    """Accepted and not used."""
    partner_customer_id: Reference | None = None
    """Accepted and not used."""
    partner_subsidiary: Short | None = None
    """Accepted and not used."""
    partner_metadata: Metadata | None = None
    partner_reference: Reference | None = None
    """Your id of this checkout, unique per shopper: with it, asking again is the same offer."""
    answering: Answering = Answering.EACH
    """`together` asks for one answer for all things that have the same plans; ours."""
    request: Requests
    """One entry for each thing to insure."""


class UpdateQuotesBody(Body):
    """What changes of a package."""

    currency: Currency | None = None
    """Then every amount is needed anew."""
    customer_country: Country | None = None
    customer_region: Short | None = None
    """Goes with the country: a new country needs it anew."""
    customer_language: Language | None = None
    request: Annotated[
        tuple[Annotated[QuoteChangeBody, WithJsonSchema(QUOTE_CHANGE)], ...],
        Field(max_length=MAX_ITEMS),
    ] = ()
    """What changes, by quote; the rest stays."""


class AddQuotesBody(Body):
    """More policies for a package."""

    request: Requests
    """One entry for each further thing to insure."""


class DroppedQuoteBody(Body):
    """A quote to take out of a package."""

    id: QuoteId
    """A quote of the package."""


class DeleteQuotesBody(Body):
    """The quotes to take out of a package."""

    quotes: Annotated[list[DroppedQuoteBody], Field(min_length=1, max_length=100), Once]
    """Those that go."""


def purchase_of(body: PurchaseBody) -> Purchase:
    """Return the purchase that a body describes.

    Raises:
        InputInvalid: An amount has more decimals than its currency, or there is no such region.
    """
    return Purchase(
        currency=body.currency,
        customer_country=body.customer_country,
        language=body.customer_language,
        reference=body.partner_reference,
        items=items_of(body.request, body.currency),
        customer_region=_region(body.customer_country, body.customer_region),
        answering=body.answering,
    )


def items_of(entries: Iterable[Entry], currency: str) -> tuple[Item, ...]:
    """Return the items that entries of `request` describe.

    Raises:
        InputInvalid: An amount has more decimals than its currency.
    """
    return tuple(_item(entry, currency, index) for index, entry in enumerate(entries))


def changed_purchase(
    purchase: Purchase, body: UpdateQuotesBody, items: Mapping[str, int], catalogue: Catalogue
) -> Purchase:
    """Return a purchase with what a body changes.

    Args:
        items: The position of the purchase's item that each quote is for.

    Raises:
        InputInvalid: A quote is not in the package, there is no such region, fields are wrong, or
            amounts must be told anew.
    """
    currency = body.currency or purchase.currency
    country = body.customer_country or purchase.customer_country
    same = country == purchase.customer_country
    region = body.customer_region or (purchase.customer_region if same else None)
    changes: dict[int, tuple[str, Mapping[str, object]]] = {}
    for index, entry in enumerate(body.request):
        if entry.quote_id not in items:
            raise InputInvalid({f"request.{index}.quote_id": ["There is no such quote here."]})
        changes[items[entry.quote_id]] = (f"request.{index}", entry.changes())
    changed = tuple(
        _changed(item, changes.get(index, (f"request.{index}", {})), currency, catalogue)
        for index, item in enumerate(purchase.items)
    )
    return replace(
        purchase,
        currency=currency,
        customer_country=country,
        customer_region=_region(country, region),
        language=body.customer_language or purchase.language,
        items=changed,
    )


def _changed(
    item: Item, change: tuple[str, Mapping[str, object]], currency: str, catalogue: Catalogue
) -> Item:
    line, (path, told) = catalogue.line_of_item(item), change
    subject = item.subject
    if currency != subject.value.currency:
        if missing := sorted(_with_amounts(subject) - told.keys()):
            sentence = f"State it in {currency} too."
            raise InputInvalid({f"{path}.{name}": [sentence] for name in missing})
        subject = replace(subject, value=Money.zero(currency))
    return replace(item, subject=changed_subject(line, subject, told, path=path))


def _with_amounts(subject: Subject) -> frozenset[str]:
    """Return the facts that are in a currency."""
    facts = subject.facts
    listed = (name for name, parts in facts.parts.items() if any(one.amounts for one in parts))
    return frozenset({*facts.amounts, *listed})


def _region(country: str, text: str | None) -> str | None:
    try:
        return region_code(country, text) if text else None
    except ValueError as error:
        raise InputInvalid({"customer_region": [str(error)]}) from error


def _item(entry: Entry, currency: str, index: int) -> Item:
    body = entry.body
    subject = told_by(entry.line, body, currency, path=f"request.{index}")
    return Item(body.policy_type, body.policy_type_version, subject, body.policy_code)

"""Untrusted input to values of the ground, or the reasons why not."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from decimal import Decimal
from http import HTTPStatus
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request

from widget.bookings import Booking, Insured, Policyholder
from widget.choosing import Answer
from widget.confirming import Confirmation
from widget.errors import InputInvalid, QuoteNotOffered, RequestMalformed
from widget.modifying import Modification
from widget.money import Money
from widget.offers import Choice, Offer, Quote
from widget.products import Catalogue
from widget.purchases import Purchase
from widget.questions import ALL, Question, chosen_by
from widget.tokens import QuoteToken
from widget.wire import (
    BookingBody,
    ChosenQuoteBody,
    ConfirmOfferBody,
    InstantBookingBody,
    ModificationBody,
    PurchaseBody,
    changed_subject,
    insured_of,
    policyholder_of,
    purchase_of,
    read_body,
    read_json,
)

#: The most bookings that one page lists, and the furthest that a page may begin.
MAX_PAGE = 100
MAX_OFFSET = 1_000_000

#: What a form answers, by question.
Told = Mapping[str, str]

#: One answer for each thing of the largest purchase, and some that are told apart below.
MAX_FIELDS = 70

#: The fields that a choice has; a partner's page that sends more is leaking its own form.
CHOICE_FIELDS = frozenset({"choice", "return_to"})

#: The fields of the page that asks whether to withdraw.
WITHDRAWAL_FIELDS = frozenset({"refund"})


def read_purchase(body: bytes, catalogue: Catalogue) -> Purchase:
    """Return the purchase that a page carries.

    Raises:
        RequestMalformed, InputInvalid: It cannot be read, or fields are wrong.
    """
    return purchase_of(read_body(PurchaseBody, read_json(body), catalogue))


def confirmation_of(
    body: BookingBody, token: QuoteToken | None, offer: Offer, catalogue: Catalogue
) -> Confirmation:
    """Return what a partner's backend says when it confirms.

    Raises:
        InputInvalid: Nothing says what the customer chose, an amount has more decimals than its
            currency, or there is no such instalment plan.
    """
    if token is None and not body.quotes:
        raise InputInvalid({"quotes": ["Name the chosen quotes, or send the quote_token."]})
    quotes = body.quotes or ()
    return Confirmation(
        mode=offer.mode,
        offer_id=offer.id,
        policyholder=policyholder_of(body.policyholder, offer.purchase.customer_country),
        token=token,
        quote_ids=frozenset(quote.id for quote in quotes) if body.quotes is not None else None,
        transaction_id=body.partner_transaction_id,
        paid=_paid(body.total_price, offer.purchase.currency),
        purchase_hash=_sold(body.purchase) if body.purchase else None,
        awaits_payment=body.require_payment_confirmation,
        insured={quote.id: insured_of(quote.insured) for quote in quotes if quote.insured},
        instalment_plans=_plans(quotes, offer, catalogue),
        metadata=body.partner_metadata or {},
        seen=offer,
    )


def chosen_at_once(body: InstantBookingBody, offer: Offer) -> Confirmation:
    """Return the confirmation of an offer that was made for being booked at once.

    Raises:
        InputInvalid: An amount has more decimals than its currency, no plan costs what an entry of
            `request` says, or the policyholder lives elsewhere.
    """
    prices = [entry.body.partner_price for entry in body.request]
    return Confirmation(
        mode=offer.mode,
        offer_id=offer.id,
        policyholder=policyholder_of(body.policyholder, offer.purchase.customer_country),
        quote_ids=frozenset(_meant(offer, item, price).id for item, price in enumerate(prices)),
        transaction_id=body.partner_transaction_id,
        paid=_paid(body.total_price, offer.purchase.currency),
        awaits_payment=body.require_payment_confirmation,
        seen=offer,
    )


def _meant(offer: Offer, item: int, price: Decimal | None) -> Quote:
    """Return the plan that an entry of an instant booking means: by its price, else the first."""
    plans = [quote for quote in offer.quotes if quote.item == item]
    found = [quote for quote in plans if price is None or quote.premium.amount == price]
    if not found:
        costs = ", ".join(f"{quote.plan_code} {quote.premium.amount}" for quote in plans)
        raise InputInvalid({f"request.{item}.partner_price": [f"No plan costs that: {costs}."]})
    return found[0]


def offer_confirmation_of(
    body: ConfirmOfferBody, token: QuoteToken | None, offer: Offer, catalogue: Catalogue
) -> Confirmation:
    """Return what a partner's backend says when it confirms by the newer call.

    Raises:
        InputInvalid: As `confirmation_of`.
    """
    payment = body.payment_details.transaction_id if body.payment_details else None
    return Confirmation(
        mode=offer.mode,
        offer_id=offer.id,
        policyholder=policyholder_of(body.policyholder, offer.purchase.customer_country),
        token=token,
        quote_ids=frozenset(quote.id for quote in body.quotes),
        transaction_id=body.partner_transaction_id or payment,
        paid=_paid(body.total_price, offer.purchase.currency),
        insured={quote.id: insured_of(quote.insured) for quote in body.quotes if quote.insured},
        instalment_plans=_plans(body.quotes, offer, catalogue),
        metadata=body.partner_metadata or {},
        seen=offer,
    )


def modification_of(body: ModificationBody, catalogue: Catalogue) -> Modification:
    """Return what a partner wants changed; what it means is worked out with the booking."""
    return Modification(
        purchase=lambda booking: _changed_purchase(body, booking, catalogue),
        policyholder=lambda booking: _changed_person(body, booking.policyholder),
        insured=lambda booking: _changed_insured(body, booking),
    )


#: How the clients of XCover, and people, write a flag.
_FLAGS = {"true": True, "1": True, "false": False, "0": False}


def page_of(request: Request) -> tuple[int, int]:
    """Return how many bookings are asked for, and after how many.

    Raises:
        InputInvalid: These are not whole numbers within their bounds.
    """
    bounds = {"limit": (1, MAX_PAGE, 20), "offset": (0, MAX_OFFSET, 0)}
    values, problems = {}, {}
    for name, (least, most, default) in bounds.items():
        text = request.query_params.get(name, str(default))
        value = int(text) if re.fullmatch(r"[0-9]{1,9}", text, re.ASCII) else -1
        if not least <= value <= most:
            problems[name] = [f"Give a whole number from {least} to {most}."]
        values[name] = value
    if problems:
        raise InputInvalid(problems)
    return values["limit"], values["offset"]


def flag_of(request: Request, name: str, *, default: bool) -> bool:
    """Return what a flag in the address says.

    Raises:
        InputInvalid: It says neither true nor false.
    """
    text = request.query_params.get(name)
    if text is None:
        return default
    if text.lower() not in _FLAGS:
        raise InputInvalid({name: ["Send true or false."]})
    return _FLAGS[text.lower()]


async def read_answers(request: Request, questions: Iterable[Question]) -> tuple[Told, str]:
    """Return what a form post answers to each question, and where the page wants to go after.

    Raises:
        RequestMalformed: It is not such a form.
    """
    form = await _form_of(request, CHOICE_FIELDS | {question.name for question in questions})
    return {name: value for name, value in form.items() if name != "return_to"}, form.get(
        "return_to", ""
    )


def answer_of(
    told: Told, questions: tuple[Question, ...], offer: Offer, locale: str
) -> Answer | None:
    """Return what the customer has answered; None while a question has no answer.

    Raises:
        QuoteNotOffered: An answer is none of those that were asked for, or there is none at all.
    """
    if told.get(ALL) == Choice.OPEN:
        return Answer(Choice.OPEN, locale=locale)
    chosen = chosen_by(offer, questions, told)
    if chosen is None:
        if not any(told.values()):
            raise QuoteNotOffered(offer.id, "")
        return None
    return Answer(Choice.OPTED_IN if chosen else Choice.OPTED_OUT, chosen, locale=locale)


async def read_return(request: Request) -> str:
    """Return where the page wants to go after a form post without an answer."""
    return (await _form_of(request)).get("return_to", "")


async def read_refund(request: Request) -> int | None:
    """Return the refund that the customer was shown, in the currency's smallest unit.

    None when the form tells of none that could be.

    Raises:
        RequestMalformed: It is not such a form.
    """
    form = await _form_of(request, WITHDRAWAL_FIELDS)
    text = form.get("refund", "")
    return int(text) if re.fullmatch(r"[0-9]{1,18}", text, re.ASCII) else None


async def _form_of(request: Request, known: frozenset[str] = CHOICE_FIELDS) -> dict[str, str]:
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type not in {"application/x-www-form-urlencoded", ""}:
        raise RequestMalformed("Send the choice as a form, application/x-www-form-urlencoded.")
    try:
        fields: dict[str, Any] = dict(await request.form(max_fields=MAX_FIELDS, max_files=0))
    except HTTPException as error:
        if error.status_code == HTTPStatus.BAD_REQUEST:
            raise RequestMalformed("The form cannot be read.") from error
        raise
    if unknown := fields.keys() - known:
        # Their names and values are the shopper's; not even the log gets them.
        raise RequestMalformed(
            f"The form has {len(unknown)} fields too many; keep the offer out of your own form."
        )
    return {name: str(value) for name, value in fields.items()}


def _sold(body: PurchaseBody) -> str:
    try:
        return purchase_of(body).content_hash()
    except InputInvalid as error:
        problems = {f"purchase.{path}": texts for path, texts in error.problems.items()}
        raise InputInvalid(problems) from error


def _plans(quotes: Iterable[ChosenQuoteBody], offer: Offer, catalogue: Catalogue) -> dict[str, str]:
    """Return the instalment plans that were agreed, by quote id."""
    wanted = {quote.id: quote.instalment_plan for quote in quotes if quote.instalment_plan}
    known = {quote.id: _plan_codes(quote, catalogue) for quote in offer.quotes}
    for index, quote in enumerate(quotes):
        if quote.instalment_plan and quote.instalment_plan not in known.get(quote.id, set()):
            sentence = f"There is no plan {quote.instalment_plan!r} for this quote."
            raise InputInvalid({f"quotes.{index}.instalment_plan": [sentence]})
    return wanted


def _plan_codes(quote: Quote, catalogue: Catalogue) -> set[str]:
    if quote.provided is not None:
        return set()
    product = catalogue.get(quote.product_code, quote.product_version)
    return {plan.code for plan in product.after_sale.instalment_plan}


def _changed_purchase(body: ModificationBody, booking: Booking, catalogue: Catalogue) -> Purchase:
    items = list(booking.purchase.items)
    known = {policy.quote_id: policy.quote.item for policy in booking.in_force}
    for index, changed in enumerate(body.quotes):
        if changed.id not in known:
            raise InputInvalid({f"quotes.{index}.id": ["No policy in force has this quote."]})
        item = items[known[changed.id]]
        path = f"quotes.{index}.update_fields"
        line = catalogue.line_of_item(item)
        subject = changed_subject(line, item.subject, changed.update_fields.changes(), path=path)
        items[known[changed.id]] = replace(item, subject=subject)
    return replace(booking.purchase, items=tuple(items))


def _changed_insured(body: ModificationBody, booking: Booking) -> Mapping[str, tuple[Insured, ...]]:
    told = {
        changed.id: insured_of(changed.update_fields.insured)
        for changed in body.quotes
        if changed.update_fields.insured is not None
    }
    return {**booking.insured, **told}


def _changed_person(body: ModificationBody, person: Policyholder) -> Policyholder:
    if body.policyholder is None:
        return person
    changes = body.policyholder.model_dump(exclude_unset=True, exclude_none=True)
    return replace(person, **changes)


def _paid(amount: Decimal | None, currency: str) -> Money | None:
    if amount is None:
        return None
    try:
        return Money.exactly(amount, currency)
    except ValueError as error:
        raise InputInvalid({"total_price": [f"{error}."]}) from error

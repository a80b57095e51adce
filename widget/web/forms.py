"""Untrusted input to values of the ground, or the reasons why not."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, TypeVar

from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.requests import Request

from widget.choosing import Answer
from widget.confirming import Confirmation
from widget.errors import InputInvalid, RequestMalformed
from widget.money import Money
from widget.offers import Choice
from widget.purchases import Purchase
from widget.tokens import QuoteToken
from widget.wire import (
    BookingBody,
    PurchaseBody,
    policyholder_of,
    purchase_of,
    read_body,
    read_json,
)

Model = TypeVar("Model", bound=BaseModel)

#: The fields that a choice has; a partner's page that sends more is leaking its own form.
CHOICE_FIELDS = frozenset({"choice", "return_to"})


async def body_of(request: Request, model: type[Model]) -> Model:
    """Return the JSON body of a request as `model`.

    Raises:
        RequestMalformed, InputInvalid: It cannot be read, or fields are wrong.
    """
    return read_body(model, read_json(await request.body()))


def read_purchase(body: bytes) -> Purchase:
    """Return the purchase that a page carries.

    Raises:
        RequestMalformed, InputInvalid: It cannot be read, or fields are wrong.
    """
    return purchase_of(read_body(PurchaseBody, read_json(body)))


def confirmation_of(body: BookingBody, token: QuoteToken) -> Confirmation:
    """Return what a partner's backend says when it confirms.

    Raises:
        InputInvalid: An amount has more decimals than its currency.
    """
    return Confirmation(
        token=token,
        policyholder=policyholder_of(body.policyholder),
        transaction_id=body.partner_transaction_id,
        paid=_paid(body, token.currency),
        purchase_hash=_sold(body.purchase) if body.purchase else None,
        quote_ids=frozenset(quote.id for quote in body.quotes) if body.quotes is not None else None,
    )


async def read_answer(request: Request, locale: str) -> tuple[Answer, str]:
    """Return what the customer answered in a form post, and where the page wants to go after.

    Raises:
        RequestMalformed: It is not such a form.
    """
    form = await _form_of(request)
    value = form.get("choice", "")
    if value in {Choice.OPEN, Choice.OPTED_OUT}:
        answer = Answer(Choice(value), locale=locale)
    else:
        # Without an answer the form says nothing, and an empty name is not a quote.
        answer = Answer(Choice.OPTED_IN, (value,) if value else (), locale=locale)
    return answer, form.get("return_to", "")


async def read_return(request: Request) -> str:
    """Return where the page wants to go after a form post without an answer."""
    return (await _form_of(request)).get("return_to", "")


async def _form_of(request: Request) -> dict[str, str]:
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type not in {"application/x-www-form-urlencoded", ""}:
        raise RequestMalformed("Send the choice as a form, application/x-www-form-urlencoded.")
    try:
        fields: dict[str, Any] = dict(await request.form(max_fields=20, max_files=0))
    except HTTPException as error:
        if error.status_code == HTTPStatus.BAD_REQUEST:
            raise RequestMalformed("The form cannot be read.") from error
        raise
    if unknown := fields.keys() - CHOICE_FIELDS:
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


def _paid(body: BookingBody, currency: str) -> Money | None:
    if body.total_price is None:
        return None
    try:
        return Money.exactly(body.total_price, currency)
    except ValueError as error:
        raise InputInvalid({"total_price": [f"{error}."]}) from error

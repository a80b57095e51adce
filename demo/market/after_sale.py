"""After the sale: a thing goes back, or its price was wrong. Its insurance follows.

Both take two steps. First the service tells what the customer gets back or pays, and nothing has
changed; then the customer agrees, and it is done at the amount that was shown.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from starlette.requests import Request
from starlette.responses import Response

from ..counter import found, go
from ..forms import read_text
from ..insurance import InsuranceRefused, InsuranceUnavailable, Policy, Proposal
from ..orders import Order
from .checkouts import Checkout
from .goods import Article
from .selling import order_of, shop_of, show


@dataclass(frozen=True, slots=True)
class Case:
    """One thing of an order, and the policies that still cover it."""

    order: Order[Checkout]
    article: Article
    policies: tuple[Policy, ...]

    @property
    def name(self) -> str:
        """What the customer knows the thing by."""
        return self.article.names[self.order.checkout.place.language]

    @property
    def cents(self) -> int:
        """What it cost, all tickets together."""
        return self.order.checkout.piece_cents(self.article) * max(1, self.article.tickets)


async def return_thing(request: Request) -> Response:
    """Show what is paid back for a thing and its cover; once agreed, do so."""
    case, form = case_of(request), await request.form()
    try:
        if "agreed" not in form:
            return _return_page(request, case, await _price_return(request, case))
        await _cancel(request, case, read_text(form, "proposal"))
    except (InsuranceUnavailable, InsuranceRefused):
        return _return_page(request, case, has_failed=True)
    return go(f"/orders/{case.order.number}")


async def show_price(request: Request) -> Response:
    """Show the form for the right price."""
    case = case_of(request)
    checkout = case.order.checkout
    return _price_page(request, case, checkout.place.plain(checkout.piece_cents(case.article)))


async def correct_price(request: Request) -> Response:
    """Show what another price means for the thing and its cover; once agreed, correct it."""
    case, form = case_of(request), await request.form()
    place, typed = case.order.checkout.place, read_text(form, "price")
    cents = place.cents_in(typed)
    if not cents:
        fault = place.say("Enter an amount, such as {amount}.", amount=place.plain(999_00))
        return _price_page(request, case, typed, fault=fault)
    try:
        if "agreed" not in form:
            proposal = await _price_correction(request, case, cents)
            return _price_page(request, case, typed, cents=cents, proposal=proposal)
        await _correct(request, case, cents, read_text(form, "proposal"))
    except (InsuranceUnavailable, InsuranceRefused):
        fault = place.say("The insurance could not be changed. Please try again.")
        return _price_page(request, case, typed, fault=fault)
    return go(f"/orders/{case.order.number}")


def case_of(request: Request) -> Case:
    """Return the thing that the address names, or answer 404; what has come back is none."""
    order = order_of(request)
    checkout, code = order.checkout, request.path_params["code"]
    here = (one for one in checkout.articles if one.code == code and code not in checkout.returned)
    article = found(next(here, None))
    policies = checkout.policies_of(article, order.booking)
    return Case(order, article, tuple(policy for policy in policies if policy.is_in_force))


async def _price_return(request: Request, case: Case) -> Proposal | None:
    if not (case.order.booking and case.policies):
        return None
    insurance = shop_of(request).insurance
    proposal = await insurance.price_cancellation(case.order.booking, *case.policies)
    _note(case.order, proposal.id, proposal.cents)
    return proposal


async def _cancel(request: Request, case: Case, proposal_id: str) -> None:
    order, checkout = case.order, case.order.checkout
    settled = [(checkout.place.say("{thing}, returned", thing=case.name), case.cents)]
    if order.booking and case.policies:
        refund = found(checkout.proposed.get(proposal_id))
        order.booking = await shop_of(request).insurance.cancel(order.booking, proposal_id)
        settled.append((checkout.place.say("{thing}, cover ended", thing=case.name), refund))
    order.checkout = replace(
        checkout,
        returned=checkout.returned | {case.article.code},
        settled=(*checkout.settled, *settled),
    )


async def _price_correction(request: Request, case: Case, cents: int) -> Proposal | None:
    if not (case.order.booking and case.policies):
        return None
    first, *others = case.policies
    insurance, changes = shop_of(request).insurance, case.article.describe_price(cents)
    proposal = await insurance.price_change(case.order.booking, first, changes, *others)
    _note(case.order, proposal.id, -proposal.cents)
    return proposal


async def _correct(request: Request, case: Case, cents: int, proposal_id: str) -> None:
    order, checkout = case.order, case.order.checkout
    difference = case.cents - cents * max(1, case.article.tickets)
    settled = [(checkout.place.say("{thing}, price corrected", thing=case.name), difference)]
    if order.booking and case.policies:
        back = found(checkout.proposed.get(proposal_id))
        order.booking = await shop_of(request).insurance.change(order.booking, proposal_id)
        settled.append((checkout.place.say("{thing}, cover adjusted", thing=case.name), back))
    order.checkout = replace(
        checkout,
        corrected={**checkout.corrected, case.article.code: cents},
        settled=(*checkout.settled, *settled),
    )


def _note(order: Order[Checkout], proposal_id: str, cents: int) -> None:
    """Keep what the customer is shown: they are paid that, whatever their form says."""
    checkout = order.checkout
    order.checkout = replace(checkout, proposed={**checkout.proposed, proposal_id: cents})


def _return_page(
    request: Request, case: Case, proposal: Proposal | None = None, *, has_failed: bool = False
) -> Response:
    return show(
        shop_of(request),
        case.order.checkout.place,
        "return.html",
        status=503 if has_failed else 200,
        order=case.order,
        case=case,
        proposal=proposal,
        has_failed=has_failed,
    )


def _price_page(
    request: Request,
    case: Case,
    typed: str,
    *,
    cents: int | None = None,
    proposal: Proposal | None = None,
    fault: str = "",
) -> Response:
    return show(
        shop_of(request),
        case.order.checkout.place,
        "price.html",
        status=422 if fault else 200,
        order=case.order,
        case=case,
        typed=typed,
        cents=cents,
        proposal=proposal,
        faults={"price": fault} if fault else {},
    )

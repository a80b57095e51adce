"""From the shop window to the receipt: one function for each step of a customer."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from .checkouts import Checkout, new_reference, read_details
from .counter import Shop, checkout_of, order_of, shop_of
from .insurance import Choice, InsuranceRefused, InsuranceUnavailable, TokenInvalid
from .orders import order_number
from .payments import Card, demo_card, read_card
from .trips import describe_purchase, plan_trip

log = logging.getLogger(__name__)


async def show_window(request: Request) -> Response:
    """Show the trip."""
    shop = shop_of(request)
    if _is_at_bare_address(request, shop):
        return RedirectResponse(f"{shop.settings.public_url}/?moved")
    return shop.pages.show("window.html", trip=plan_trip(_today()))


async def begin_checkout(request: Request) -> Response:
    """Open a checkout for the trip, and seal what it is for the insurance offer."""
    shop = shop_of(request)
    trip, reference = plan_trip(_today()), new_reference()
    purchase = describe_purchase(trip, reference)
    signed = shop.insurance.sign_purchase(purchase)
    shop.checkouts.save(Checkout(reference, trip, purchase, signed))
    return _go(f"/checkout/{reference}")


async def show_checkout(request: Request) -> Response:
    """Show the details of the trip, the insurance offer and the price."""
    shop, checkout = shop_of(request), checkout_of(request)
    if order := shop.orders.find(order_number(checkout)):
        return _go(f"/orders/{order.number}")
    is_expired = "expired" in request.query_params
    return _checkout_page(shop, checkout, faults={}, is_expired=is_expired)


async def submit_checkout(request: Request) -> Response:
    """Take the details and the choice, and go on to the payment."""
    shop = shop_of(request)
    form = await request.form()
    checkout, faults = read_details(form, checkout_of(request))
    checkout = replace(checkout, choice=await _read_choice(shop, form, checkout))
    shop.checkouts.save(checkout)
    if faults:
        return _checkout_page(shop, checkout, faults=faults)
    return _go(f"/payment/{checkout.reference}")


async def show_payment(request: Request) -> Response:
    """Show what is to be paid, and the card form."""
    shop, checkout = shop_of(request), checkout_of(request)
    if order := shop.orders.find(order_number(checkout)):
        return _go(f"/orders/{order.number}")
    holder = f"{checkout.travellers[0].first_name} {checkout.travellers[0].last_name}"
    card = demo_card(holder, today=_today())
    return _payment_page(shop, checkout, card=card, faults={})


async def submit_payment(request: Request) -> Response:
    """Take the payment, place the order and have its insurance confirmed."""
    shop, checkout = shop_of(request), checkout_of(request)
    card, faults = read_card(await request.form(), today=_today())
    # From here to `place` nothing is awaited: a double click finds the order of the first.
    if order := shop.orders.find(order_number(checkout)):
        return _go(f"/orders/{order.number}")
    if faults:
        return _payment_page(shop, checkout, card=card, faults=faults)
    if checkout.choice and checkout.choice.is_expired(datetime.now(UTC)):
        # Nobody pays a premium that can no longer be confirmed.
        shop.checkouts.save(replace(checkout, choice=None))
        return _go(f"/checkout/{checkout.reference}?expired")
    order = shop.orders.place(checkout, card_ending=card.ending)
    await shop.orders.report(order)
    return _go(f"/orders/{order.number}")


async def show_order(request: Request) -> Response:
    """Show the receipt, and where the insurance stands."""
    return shop_of(request).pages.show("order.html", order=order_of(request))


async def _read_choice(shop: Shop, form: Mapping[str, Any], checkout: Checkout) -> Choice | None:
    """Return what the customer chose, or None to go on without insurance."""
    try:
        if token := form.get("insurance"):
            return shop.insurance.read_token(str(token), checkout.reference)
    except TokenInvalid as exc:
        log.warning("Checkout %s: %s.", checkout.reference, exc)
    try:
        return await shop.insurance.look_up(checkout.purchase)
    except (InsuranceUnavailable, InsuranceRefused, TokenInvalid) as exc:
        log.warning("Checkout %s goes on without insurance: %s.", checkout.reference, exc)
        return None


def _checkout_page(
    shop: Shop, checkout: Checkout, *, faults: Mapping[str, str], is_expired: bool = False
) -> Response:
    return shop.pages.show(
        "checkout.html",
        status=422 if faults else 200,
        checkout=checkout,
        faults=faults,
        is_expired=is_expired,
        service_url=shop.settings.service_url,
        partner=shop.settings.partner,
    )


def _payment_page(
    shop: Shop, checkout: Checkout, *, card: Card, faults: Mapping[str, str]
) -> Response:
    status = 422 if faults else 200
    return shop.pages.show(
        "payment.html", status=status, checkout=checkout, card=card, faults=faults
    )


def _is_at_bare_address(request: Request, shop: Shop) -> bool:
    # Under its bare address the shop would be one site with the service, which does not know it
    # by that name. A proxy may call us so as well: `moved` keeps it from turning in a ring.
    bare, public = request.url.hostname, urlsplit(shop.settings.public_url).hostname
    return bare == "127.0.0.1" != public and "moved" not in request.query_params


def _today() -> date:
    return datetime.now(UTC).date()


def _go(address: str) -> Response:
    # 303: whatever was posted, the next page is only looked at.
    return RedirectResponse(address, 303)

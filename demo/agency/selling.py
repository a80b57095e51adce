"""From the shop window to the receipt: one function for each step of a customer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime

from starlette.requests import Request
from starlette.responses import Response

from ..counter import Shop, found, go, home
from ..memory import new_reference
from ..payments import Card, demo_card, read_card
from .checkouts import Checkout, read_details
from .trips import describe_purchase, plan_trip


async def show_window(request: Request) -> Response:
    """Show the trip."""
    shop = shop_of(request)
    if moved := home(request, shop.settings.public_url):
        return moved
    return shop.pages.show("window.html", trip=plan_trip(_today()))


async def begin_checkout(request: Request) -> Response:
    """Open a checkout for the trip, and seal what it is for the insurance offer."""
    shop = shop_of(request)
    trip, reference = plan_trip(_today()), new_reference("CHK")
    purchase = describe_purchase(trip, reference)
    signed = shop.insurance.sign_purchase(purchase)
    shop.checkouts.save(reference, Checkout(reference, trip, purchase, signed))
    return go(f"/checkout/{reference}")


async def show_checkout(request: Request) -> Response:
    """Show the details of the trip, the insurance offer and the price."""
    shop, checkout = shop_of(request), checkout_of(request)
    if order := shop.orders.find(checkout.order_number):
        return go(f"/orders/{order.number}")
    is_expired = "expired" in request.query_params
    return _checkout_page(shop, checkout, faults={}, is_expired=is_expired)


async def submit_checkout(request: Request) -> Response:
    """Take the details and the choice, and go on to the payment."""
    shop = shop_of(request)
    form = await request.form()
    checkout, faults = read_details(form, checkout_of(request))
    choice = await shop.insurance.find_choice(form, checkout.purchase)
    checkout = replace(checkout, choice=choice)
    shop.checkouts.save(checkout.reference, checkout)
    if faults:
        return _checkout_page(shop, checkout, faults=faults)
    return go(f"/payment/{checkout.reference}")


async def show_payment(request: Request) -> Response:
    """Show what is to be paid, and the card form."""
    shop, checkout = shop_of(request), checkout_of(request)
    if order := shop.orders.find(checkout.order_number):
        return go(f"/orders/{order.number}")
    holder = f"{checkout.travellers[0].first_name} {checkout.travellers[0].last_name}"
    card = demo_card(holder, today=_today())
    return _payment_page(shop, checkout, card=card, faults={})


async def submit_payment(request: Request) -> Response:
    """Take the payment, place the order and have its insurance confirmed."""
    shop, checkout = shop_of(request), checkout_of(request)
    card, faults = read_card(await request.form(), today=_today())
    # From here to `place` nothing is awaited: a double click finds the order of the first.
    if order := shop.orders.find(checkout.order_number):
        return go(f"/orders/{order.number}")
    if faults:
        return _payment_page(shop, checkout, card=card, faults=faults)
    if checkout.choice and checkout.choice.is_expired(datetime.now(UTC)):
        # Nobody pays a premium that can no longer be confirmed.
        shop.checkouts.save(checkout.reference, replace(checkout, choice=None))
        return go(f"/checkout/{checkout.reference}?expired")
    order = shop.orders.place(checkout, card_ending=card.ending)
    await shop.orders.report(order)
    return go(f"/orders/{order.number}")


async def show_order(request: Request) -> Response:
    """Show the receipt, and where the insurance stands."""
    shop = shop_of(request)
    order = found(shop.orders.find(request.path_params["number"]))
    return shop.pages.show("order.html", order=order)


def shop_of(request: Request) -> Shop[Checkout]:
    """Return the shop that the request has come to."""
    shop: Shop[Checkout] = request.app.state.shop
    return shop


def checkout_of(request: Request) -> Checkout:
    """Return the checkout that the address names, or answer 404."""
    return found(shop_of(request).checkouts.find(request.path_params["reference"]))


def _checkout_page(
    shop: Shop[Checkout], checkout: Checkout, *, faults: Mapping[str, str], is_expired: bool = False
) -> Response:
    return shop.pages.show(
        "checkout.html",
        status=422 if faults else 200,
        checkout=checkout,
        faults=faults,
        is_expired=is_expired,
    )


def _payment_page(
    shop: Shop[Checkout], checkout: Checkout, *, card: Card, faults: Mapping[str, str]
) -> Response:
    status = 422 if faults else 200
    return shop.pages.show(
        "payment.html", status=status, checkout=checkout, card=card, faults=faults
    )


def _today() -> date:
    return datetime.now(UTC).date()

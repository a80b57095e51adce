"""From the shop window to the order: one function for each step of a customer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime

from starlette.requests import Request
from starlette.responses import Response

from ..counter import Shop, found, go, home
from ..forms import read_text
from ..memory import new_reference
from ..orders import Order
from ..payments import Card, demo_card, read_card
from .carts import COOKIE, Cart
from .checkouts import Checkout, describe_purchase, entries_of, read_details
from .goods import GOODS, Article
from .places import PLACES, Place, place_for


async def choose_place(request: Request) -> Response:
    """Lead a visitor to the shop window of their country."""
    if moved := home(request, shop_of(request).settings.public_url):
        return moved
    return go(f"/{place_for(request.headers.get('accept-language', '')).code}/")


async def show_window(request: Request) -> Response:
    """Show everything that is sold, department by department."""
    place, cart = place_of(request), cart_of(request)
    departments: dict[str, list[Article]] = {}
    for article in GOODS.values():
        departments.setdefault(article.department, []).append(article)
    return show(shop_of(request), place, "window.html", cart=cart, departments=departments)


async def show_cart(request: Request) -> Response:
    """Show what is put aside."""
    return show(shop_of(request), place_of(request), "cart.html", cart=cart_of(request))


async def change_cart(request: Request) -> Response:
    """Put one thing into the cart, or take one out of it."""
    place, cart, form = place_of(request), cart_of(request), await request.form()
    if (code := read_text(form, "add")) in GOODS:
        cart = cart.with_one(code)
    cart = cart.without(read_text(form, "remove"))
    response = go(f"/{place.code}/cart")
    response.set_cookie(COOKIE, cart.cookie, httponly=True, samesite="lax")
    return response


async def begin_checkout(request: Request) -> Response:
    """Open a checkout for the cart, and seal what it is for the insurance offer."""
    shop, place, cart = shop_of(request), place_of(request), cart_of(request)
    if not cart.codes:
        return go(f"/{place.code}/cart")
    reference, entries = new_reference("CHK"), entries_of(cart.articles)
    purchase = describe_purchase(entries, place, reference, now=_now())
    signed = shop.insurance.sign_purchase(purchase)
    checkout = Checkout(reference, place, cart.articles, entries, purchase, signed)
    shop.checkouts.save(reference, checkout)
    return go(f"/checkout/{reference}")


async def show_checkout(request: Request) -> Response:
    """Show the things, the insurance offer and the price."""
    shop, checkout = shop_of(request), checkout_of(request)
    if order := shop.orders.find(checkout.order_number):
        return go(f"/orders/{order.number}")
    is_expired = "expired" in request.query_params
    return _checkout_page(shop, checkout, faults={}, is_expired=is_expired)


async def submit_checkout(request: Request) -> Response:
    """Take the details and the answers, and go on to the payment."""
    shop = shop_of(request)
    form = await request.form()
    checkout, faults = read_details(form, checkout_of(request))
    if checkout.entries:
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
    card = demo_card(f"{checkout.first_name} {checkout.last_name}", today=_today())
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
    if checkout.choice and checkout.choice.is_expired(_now()):
        # Nobody pays a premium that can no longer be confirmed.
        shop.checkouts.save(checkout.reference, replace(checkout, choice=None))
        return go(f"/checkout/{checkout.reference}?expired")
    order = shop.orders.place(checkout, card_ending=card.ending)
    await shop.orders.report(order)
    return go(f"/orders/{order.number}")


async def show_order(request: Request) -> Response:
    """Show each thing with its policies, and what was paid."""
    order = order_of(request)
    return show(shop_of(request), order.checkout.place, "order.html", order=order)


def show(
    shop: Shop[Checkout], place: Place, template: str, *, status: int = 200, **values: object
) -> Response:
    """Return a page in the language of a place."""
    return shop.pages.show(
        template, status=status, place=place, places=PLACES.values(), say=place.say, **values
    )


def shop_of(request: Request) -> Shop[Checkout]:
    """Return the shop that the request has come to."""
    shop: Shop[Checkout] = request.app.state.shop
    return shop


def place_of(request: Request) -> Place:
    """Return the place that the address names, or answer 404."""
    return found(PLACES.get(request.path_params["place"]))


def cart_of(request: Request) -> Cart:
    """Return the visitor's cart."""
    return Cart.read(request.cookies.get(COOKIE))


def checkout_of(request: Request) -> Checkout:
    """Return the checkout that the address names, or answer 404."""
    return found(shop_of(request).checkouts.find(request.path_params["reference"]))


def order_of(request: Request) -> Order[Checkout]:
    """Return the order that the address names, or answer 404."""
    return found(shop_of(request).orders.find(request.path_params["number"]))


def _checkout_page(
    shop: Shop[Checkout], checkout: Checkout, *, faults: Mapping[str, str], is_expired: bool = False
) -> Response:
    return show(
        shop,
        checkout.place,
        "checkout.html",
        status=422 if faults else 200,
        checkout=checkout,
        faults=faults,
        is_expired=is_expired,
    )


def _payment_page(
    shop: Shop[Checkout], checkout: Checkout, *, card: Card, faults: Mapping[str, str]
) -> Response:
    told = {name: checkout.place.say(fault) for name, fault in faults.items()}
    status = 422 if faults else 200
    return show(
        shop,
        checkout.place,
        "payment.html",
        status=status,
        checkout=checkout,
        card=card,
        faults=told,
    )


def _now() -> datetime:
    return datetime.now(UTC)


def _today() -> date:
    return _now().date()

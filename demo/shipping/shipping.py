"""From the table of parcels to the labels: one function for each step of a merchant."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import Response

from ..counter import Shop, found, go, home
from ..memory import new_reference
from .batches import Asking, Batch
from .desks import DESKS, Desk
from .parcels import next_pickup

#: The card that the merchants have on file.
CARD_ENDING = "4242"


async def show_desk(request: Request) -> Response:
    """Show the parcels that wait for their labels."""
    shop = shop_of(request)
    if moved := home(request, shop.settings.public_url):
        return moved
    desk = DESKS.get(request.query_params.get("desk", ""), next(iter(DESKS.values())))
    return _desk_page(shop, desk)


async def begin_batch(request: Request) -> Response:
    """Take the parcels that were selected, and seal what they are for the insurance offer."""
    shop, form = shop_of(request), await request.form()
    desk = found(DESKS.get(str(form.get("desk"))))
    selected = set(form.getlist("parcel"))
    parcels = tuple(parcel for parcel in desk.parcels if parcel.reference in selected)
    if not parcels:
        return _desk_page(shop, desk, is_empty=True)
    batch = Batch(
        reference=new_reference("BAT"),
        desk=desk,
        parcels=parcels,
        asking=_read_asking(str(form.get("asking"))),
        ships_at=next_pickup(datetime.now(desk.zone).date(), desk.zone),
    )
    signed = shop.insurance.sign_purchase(batch.purchase)
    shop.checkouts.save(batch.reference, replace(batch, signed_purchase=signed))
    return go(f"/batches/{batch.reference}")


async def show_batch(request: Request) -> Response:
    """Show the labels that are about to be bought, and the insurance offer."""
    shop, batch = shop_of(request), batch_of(request)
    if order := shop.orders.find(batch.order_number):
        return go(f"/labels/{order.number}")
    is_expired = "expired" in request.query_params
    return shop.pages.show("batch.html", batch=batch, is_expired=is_expired)


async def submit_batch(request: Request) -> Response:
    """Take the answer to the offer, and go on to the payment."""
    shop, batch = shop_of(request), batch_of(request)
    choice = await shop.insurance.find_choice(await request.form(), batch.purchase)
    shop.checkouts.save(batch.reference, replace(batch, choice=choice))
    return go(f"/batches/{batch.reference}/payment")


async def show_payment(request: Request) -> Response:
    """Show what is to be paid, from the card on file."""
    shop, batch = shop_of(request), batch_of(request)
    if order := shop.orders.find(batch.order_number):
        return go(f"/labels/{order.number}")
    return shop.pages.show("payment.html", batch=batch, card_ending=CARD_ENDING)


async def submit_payment(request: Request) -> Response:
    """Take the payment, buy the labels and have their insurance confirmed."""
    shop, batch = shop_of(request), batch_of(request)
    # From here to `place` nothing is awaited: a double click finds the order of the first.
    if order := shop.orders.find(batch.order_number):
        return go(f"/labels/{order.number}")
    if batch.choice and batch.choice.is_expired(datetime.now(UTC)):
        # Nobody pays a premium that can no longer be confirmed.
        shop.checkouts.save(batch.reference, replace(batch, choice=None))
        return go(f"/batches/{batch.reference}?expired")
    order = shop.orders.place(batch, card_ending=CARD_ENDING)
    await shop.orders.report(order)
    return go(f"/labels/{order.number}")


def shop_of(request: Request) -> Shop[Batch]:
    """Return the platform that the request has come to."""
    shop: Shop[Batch] = request.app.state.shop
    return shop


def batch_of(request: Request) -> Batch:
    """Return the batch that the address names, or answer 404."""
    return found(shop_of(request).checkouts.find(request.path_params["reference"]))


def _read_asking(value: str) -> Asking:
    return Asking(value) if value in set(Asking) else Asking.TOGETHER


def _desk_page(shop: Shop[Batch], desk: Desk, *, is_empty: bool = False) -> Response:
    pickup = next_pickup(datetime.now(desk.zone).date(), desk.zone)
    return shop.pages.show(
        "desk.html",
        status=422 if is_empty else 200,
        desk=desk,
        desks=DESKS.values(),
        pickup=pickup,
        is_empty=is_empty,
    )

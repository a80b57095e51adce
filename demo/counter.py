"""What every page of the shop has at hand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

from starlette.exceptions import HTTPException
from starlette.requests import Request

from .checkouts import Checkout, Checkouts
from .insurance import Insurance
from .mailbox import Mail, Mailbox
from .orders import Order, Orders
from .pages import Pages
from .settings import Settings

Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Shop:
    """Everything behind the counter."""

    settings: Settings
    insurance: Insurance
    checkouts: Checkouts
    orders: Orders
    mailbox: Mailbox
    pages: Pages


def shop_of(request: Request) -> Shop:
    """Return the shop that the request has come to."""
    shop: Shop = request.app.state.shop
    return shop


def checkout_of(request: Request) -> Checkout:
    """Return the checkout that the address names, or answer 404."""
    return _found(shop_of(request).checkouts.find(request.path_params["reference"]))


def order_of(request: Request) -> Order:
    """Return the order that the address names, or answer 404."""
    return _found(shop_of(request).orders.find(request.path_params["number"]))


def mail_of(request: Request) -> Mail:
    """Return the mail that the address names, or answer 404."""
    return _found(shop_of(request).mailbox.find(request.path_params["id"]))


def _found(thing: Found | None) -> Found:
    if thing is None:
        raise HTTPException(404)
    return thing

"""The marketplace put together: its addresses."""

from __future__ import annotations

from pathlib import Path

from starlette.applications import Starlette
from starlette.routing import Route

from ..counter import open_shop
from ..settings import ShopSettings
from . import after_sale, selling

ROUTES = [
    Route("/", selling.choose_place),
    Route("/checkout/{reference}", selling.show_checkout),
    Route("/checkout/{reference}", selling.submit_checkout, methods=["POST"]),
    Route("/payment/{reference}", selling.show_payment),
    Route("/payment/{reference}", selling.submit_payment, methods=["POST"]),
    Route("/orders/{number}", selling.show_order),
    Route("/orders/{number}/{code}/return", after_sale.return_thing, methods=["POST"]),
    Route("/orders/{number}/{code}/price", after_sale.show_price),
    Route("/orders/{number}/{code}/price", after_sale.correct_price, methods=["POST"]),
    Route("/{place}/", selling.show_window),
    Route("/{place}/cart", selling.show_cart),
    Route("/{place}/cart", selling.change_cart, methods=["POST"]),
    Route("/{place}/checkout", selling.begin_checkout, methods=["POST"]),
]


def build_shop(settings: ShopSettings) -> Starlette:
    """Return the marketplace as an ASGI application."""
    return open_shop(settings, Path(__file__).parent, ROUTES, {})

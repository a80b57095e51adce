"""The platform put together: its addresses, and how it writes money, weight and barcodes."""

from __future__ import annotations

from pathlib import Path

from starlette.applications import Starlette
from starlette.routing import Route

from ..counter import open_shop
from ..pages import Filter
from ..settings import ShopSettings
from . import labels, shipping

LABEL = "/labels/{number}/{reference}"

ROUTES = [
    Route("/", shipping.show_desk),
    Route("/batches", shipping.begin_batch, methods=["POST"]),
    Route("/batches/{reference}", shipping.show_batch),
    Route("/batches/{reference}", shipping.submit_batch, methods=["POST"]),
    Route("/batches/{reference}/payment", shipping.show_payment),
    Route("/batches/{reference}/payment", shipping.submit_payment, methods=["POST"]),
    Route("/labels/{number}", labels.show_labels),
    Route(f"{LABEL}/void", labels.ask_to_void),
    Route(f"{LABEL}/void", labels.void_label, methods=["POST"]),
    Route(f"{LABEL}/value", labels.ask_for_value),
    Route(f"{LABEL}/value", labels.price_value, methods=["POST"]),
    Route(f"{LABEL}/value/confirm", labels.correct_value, methods=["POST"]),
]

SIGNS = {"EUR": "€", "GBP": "£", "USD": "$"}


def build_shop(settings: ShopSettings) -> Starlette:
    """Return the platform as an ASGI application."""
    filters: dict[str, Filter] = {"money": money, "weight": weight, "bars": bars}
    return open_shop(settings, Path(__file__).parent, ROUTES, filters)


def money(cents: int, currency: str) -> str:
    """Return an amount as the platform writes it: €1,284.60, with a minus before it."""
    sign = "\N{MINUS SIGN}" if cents < 0 else ""
    whole, rest = divmod(abs(cents), 100)
    return f"{sign}{SIGNS[currency]}{whole:,}.{rest:02}"


def weight(grams: int) -> str:
    """Return a weight as the platform writes it: 2.4 kg."""
    return f"{grams / 1000:.1f} kg"


def bars(number: str) -> str:
    """Return the bars of a label as an SVG path: two bars for each sign, in 7 units, and an end.

    It looks like a barcode and is none: no carrier could scan it.
    """
    path = []
    for place, sign in enumerate(number.replace(" ", "")):
        first, gap, second = (1 + (ord(sign) >> bit) % 2 for bit in range(3))
        at = 7 * place
        path.append(f"M{at} 0h{first}v1h-{first}zM{at + first + gap} 0h{second}v1h-{second}z")
    return f"{''.join(path)}M{7 * len(path)} 0h2v1h-2z"

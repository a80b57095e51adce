"""The agency put together: its addresses, and how it writes money and time."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from starlette.applications import Starlette
from starlette.routing import Route

from ..counter import open_shop
from ..pages import Filter
from ..settings import ShopSettings
from . import selling

ROUTES = [
    Route("/", selling.show_window),
    Route("/checkout", selling.begin_checkout, methods=["POST"]),
    Route("/checkout/{reference}", selling.show_checkout),
    Route("/checkout/{reference}", selling.submit_checkout, methods=["POST"]),
    Route("/payment/{reference}", selling.show_payment),
    Route("/payment/{reference}", selling.submit_payment, methods=["POST"]),
    Route("/orders/{number}", selling.show_order),
]


def build_shop(settings: ShopSettings) -> Starlette:
    """Return the agency as an ASGI application."""
    filters: dict[str, Filter] = {"euros": euros, "duration": duration}
    return open_shop(settings, Path(__file__).parent, ROUTES, filters)


def euros(cents: int) -> str:
    """Return an amount as the agency writes it: €1,284.60."""
    return f"€{cents // 100:,}.{cents % 100:02}"


def duration(span: timedelta) -> str:
    """Return a time span as the agency writes it: 3 h 55 min."""
    hours, minutes = divmod(int(span.total_seconds()) // 60, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min"

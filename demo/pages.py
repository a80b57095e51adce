"""Templates, the words for money and time, and the headers that every page is sent with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse, Response

from .mailbox import Mail

HERE = Path(__file__).parent

#: A mail brings its own styles, and may do nothing else: no script, no address but data. The
#: sandbox holds when the page is opened by itself as well, where no frame restrains it.
MAIL_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; "
    "frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox"
)

#: Writes a value as a shop writes it.
Filter = Callable[..., str]


class Pages:
    """Renders the pages of one shop: its own templates, and those that all shops share.

    Args:
        folder: Where the shop's `templates` lie.
        known: What every page of the shop may show.
    """

    def __init__(
        self,
        folder: Path,
        service_url: str,
        *,
        filters: Mapping[str, Filter] | None = None,
        known: Mapping[str, object] | None = None,
    ) -> None:
        self._environment = Environment(
            loader=FileSystemLoader([folder / "templates", HERE / "templates"]),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters |= {
            "day": day,
            "clock": "{:%H:%M}".format,
            **(filters or {}),
        }
        self._environment.globals |= known or {}
        service = urlsplit(service_url)
        self._policy = shop_policy(f"{service.scheme}://{service.netloc}")

    def show(self, template: str, *, status: int = 200, **values: object) -> Response:
        """Return the page made of `template` and `values`."""
        html = self._environment.get_template(template).render(values)
        headers = {
            "Content-Security-Policy": self._policy,
            "Referrer-Policy": "strict-origin-when-cross-origin",
            "X-Content-Type-Options": "nosniff",
            # Names and addresses: not for shared caches, and asked anew each time.
            "Cache-Control": "private, no-cache",
        }
        return HTMLResponse(html, status, headers)


def show_mail(mail: Mail) -> Response:
    """Return the HTML part of a mail, for the frame of its page."""
    headers = {"Content-Security-Policy": MAIL_POLICY, "X-Content-Type-Options": "nosniff"}
    return HTMLResponse(_open_links_outside(mail.html), headers=headers)


def shop_policy(service: str) -> str:
    """Return the Content-Security-Policy of a partner: the service may bring a script and a frame.

    A page that embeds the offer needs no more than this, and no `unsafe-inline`.
    """
    return (
        f"default-src 'none'; script-src 'self' {service}; style-src 'self'; "
        f"frame-src 'self' {service}; img-src 'self' data:; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    )


def day(moment: datetime) -> str:
    """Return a date as the shop writes it: Sat 6 February 2027."""
    return f"{moment:%a} {moment.day} {moment:%B %Y}"


def _open_links_outside(html: str) -> str:
    # A link that opened inside the frame would be refused there; in a mail reader it opens outside.
    base = '<base target="_blank">'
    return html.replace("<head>", f"<head>{base}", 1) if "<head>" in html else base + html

"""Calls of the partners' webhooks: signed, in time, and to the public internet only."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

import httpx2
import structlog

from widget.addresses import is_public
from widget.bookings import Booking
from widget.errors import DeliveryFailed
from widget.messages import Message
from widget.partners import Partner, Webhook
from widget.webhooks import headers_for

#: For the whole call: finding the address, connecting, sending, and the answer's status.
#: Source: Standard Webhooks, 15 to 30 seconds.
TIMEOUT_S = 15

#: A receiver that asks for patience gets no more than the longest of our own waits.
MAX_PATIENCE_S = 86_400

#: Returns the numeric addresses of a host.
Resolve = Callable[[str, int], Awaitable[Sequence[str]]]

#: Names that nobody answers for keep a thread for many seconds: these are not the loop's own, which
#: mail needs too.
_RESOLVERS = ThreadPoolExecutor(max_workers=64, thread_name_prefix="webhook-names")

_GONE, _TOO_MANY, _UNAVAILABLE = 410, 429, 503

_log = structlog.get_logger(__name__)


async def resolve(host: str, port: int) -> Sequence[str]:
    """Return the numeric addresses of a host, as the operating system knows them.

    Raises:
        OSError: It has none.
    """
    loop = asyncio.get_running_loop()
    find = partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
    found = await loop.run_in_executor(_RESOLVERS, find)
    return [str(address[0]) for *_, address in found]


@dataclass(frozen=True, slots=True)
class WebhookDelivery:
    """Calls webhooks; see `base.Delivery`. What is taken is answered with any 2xx."""

    #: The root keys that the webhooks' secrets are derived from.
    roots: Sequence[bytes]
    now: Callable[[], datetime]
    #: Hosts that may be called wherever they are, and without TLS.
    private_hosts: Collection[str] = ()
    resolve: Resolve = resolve
    timeout_s: float = TIMEOUT_S
    tls: ssl.SSLContext = field(default_factory=ssl.create_default_context, repr=False)

    async def deliver(self, message: Message, booking: Booking, partner: Partner) -> None:
        """Call the webhook of the booking's partner."""
        webhook = partner.webhook_for(booking.mode)
        if webhook is None:
            raise DeliveryFailed(f"{partner.code} has no webhook any more.", is_final=True)
        try:
            async with asyncio.timeout(self.timeout_s):
                response = await self._call(message, webhook)
        except TimeoutError as error:
            raise DeliveryFailed(f"No answer within {self.timeout_s:g} s.") from error
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:
            raise DeliveryFailed(f"The webhook failed: {type(error).__name__}.") from error
        _check(response)
        _log.info("delivered", message_id=message.id)

    async def _call(self, message: Message, webhook: Webhook) -> httpx2.Response:
        """Return the head of the answer; nobody reads its body.

        The host is resolved once, and the connection goes to the address that was checked: a name
        that has another address a moment later leads nowhere.
        """
        url = httpx2.URL(webhook.url)
        address = await self._checked_address(url)
        headers = {**self._headers(message, webhook), "Host": url.netloc.decode()}
        transport = httpx2.AsyncHTTPTransport(verify=self.tls, trust_env=False)
        async with (
            httpx2.AsyncClient(transport=transport, trust_env=False, timeout=None) as client,
            client.stream(
                "POST",
                url.copy_with(host=address),
                content=message.body.encode(),
                headers=headers,
                extensions={"sni_hostname": url.host},
            ) as response,
        ):
            return response

    def _headers(self, message: Message, webhook: Webhook) -> dict[str, str]:
        try:
            return headers_for(message, webhook, roots=self.roots, now=self.now())
        except LookupError as error:
            raise DeliveryFailed(str(error)) from error

    async def _checked_address(self, url: httpx2.URL) -> str:
        if url.host in self.private_hosts:
            return (await self._addresses(url))[0]
        if url.scheme != "https":
            raise DeliveryFailed("A webhook is called over https only.", is_final=True)
        addresses = await self._addresses(url)
        if not all(is_public(address) for address in addresses):
            raise DeliveryFailed(f"{url.host} is not in the public internet.")
        return addresses[0]

    async def _addresses(self, url: httpx2.URL) -> Sequence[str]:
        return await self.resolve(url.host, url.port or (443 if url.scheme == "https" else 80))


def _check(response: httpx2.Response) -> None:
    """Make sure that the call was taken.

    Raises:
        DeliveryFailed: It was not.
    """
    status = response.status_code
    if response.is_success:
        return
    patience_s = 0
    if status in {_TOO_MANY, _UNAVAILABLE}:
        patience_s = _patience_s(response.headers.get("retry-after", ""))
    raise DeliveryFailed(
        f"The webhook answered {status}.", is_final=status == _GONE, patience_s=patience_s
    )


def _patience_s(text: str) -> int:
    """Return how long a receiver asks us to wait, in seconds; a date is as good as nothing."""
    if not (text.isascii() and text.isdigit() and len(text) <= len("99999")):
        return 0
    return min(int(text), MAX_PATIENCE_S)

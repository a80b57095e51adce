"""HTTP to a remote platform: one deadline for an operation, bounded answers, bounded numbers."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

import httpx2

from widget.errors import RequestMalformed, UpstreamUnavailable
from widget.signatures import RequestHead, http_date, sign_request
from widget.upstream.breaker import Breaker
from widget.wire import read_json

MAX_ANSWER_BYTES = 1024 * 1024

#: How many operations are under way at one platform; the others are refused at once, so that a
#: platform that has become slow does not collect our requests.
MAX_UNDER_WAY = 64

#: The same request is still running there, and has an answer soon.
_LOCKED = 423
_FIRST_PAUSE_S = 0.1
_MAX_PAUSE_S = 2.0

#: Nothing was sent, or the connection broke before an answer: asking the same again is safe.
_BROKEN = (httpx2.ConnectError, httpx2.ReadError, httpx2.WriteError, httpx2.RemoteProtocolError)

#: Refusals of what was asked; all others tell of the way there, the credential or the load.
_REFUSALS = {400, 404, 409, 422}
_SUCCESSES = range(200, 300)


@dataclass(frozen=True, slots=True)
class Remote:
    """Where a remote platform is, and who we are to it."""

    #: Up to and with our partner code: `https://api.xcover.example/x/partners/ACME`.
    url: str
    #: `id:secret` signs requests; a secret alone is sent as a bearer.
    key: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a remote platform answered: a success, or a refusal."""

    status: int
    #: JSON; None when there was nothing, or nothing that can be read beside a refusal.
    body: object

    @property
    def is_success(self) -> bool:
        """Whether the status says that it was done."""
        return self.status in _SUCCESSES


class Calls:
    """Calls one remote platform.

    Every operation here may be repeated: pricing keeps nothing that matters, and what changes
    something has an idempotency key.
    """

    def __init__(
        self, remote: Remote, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._remote = remote
        self._now = now
        self._base = f"{remote.url.rstrip('/')}/"
        self._client = httpx2.AsyncClient(
            trust_env=False,
            timeout=None,
            limits=httpx2.Limits(max_connections=MAX_UNDER_WAY, max_keepalive_connections=16),
        )
        self._under_way = 0

    async def close(self) -> None:
        """Close the connections that wait for the next call."""
        await self._client.aclose()

    @asynccontextmanager
    async def operation(self, breaker: Breaker, within_s: float) -> AsyncIterator[None]:
        """Give the calls inside one deadline together, and note whether they had answers.

        Raises:
            UpstreamUnavailable: There were none in time, or none that can be understood.
        """
        if self._under_way >= MAX_UNDER_WAY:
            raise UpstreamUnavailable("Too many calls to the remote platform are under way.")
        breaker.enter()
        self._under_way += 1
        try:
            async with asyncio.timeout(within_s):
                yield
        except (TimeoutError, httpx2.HTTPError, RequestMalformed, UpstreamUnavailable) as error:
            breaker.failed()
            raise UpstreamUnavailable(f"The remote platform: {_named(error, within_s)}") from error
        except Exception:
            breaker.succeeded()  # it had an answer: a refusal
            raise
        else:
            breaker.succeeded()
        finally:
            self._under_way -= 1

    async def call(self, method: str, path: str, body: object = None, *, key: str = "") -> Answer:
        """Return the answer to a call; inside an `operation`.

        Args:
            key: Tells repetitions of a call that changes something from another one.

        Raises:
            UpstreamUnavailable, RequestMalformed, httpx2.HTTPError: The outcome is unknown.
        """
        pause_s = _FIRST_PAUSE_S
        while True:
            status, raw = await self._twice(method, path, body, key)
            if status != _LOCKED:
                return _answer(status, raw)
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, _MAX_PAUSE_S)

    async def _twice(self, method: str, path: str, body: object, key: str) -> tuple[int, bytes]:
        """Call once more when the connection broke, as one that was kept open may."""
        try:
            return await self._once(method, path, body, key)
        except _BROKEN:
            return await self._once(method, path, body, key)

    async def _once(self, method: str, path: str, body: object, key: str) -> tuple[int, bytes]:
        content = None if body is None else json.dumps(body, sort_keys=True).encode()
        url = httpx2.URL(self._base + path)
        headers = self._headers(method, url, key)
        raw = bytearray()
        async with self._client.stream(method, url, content=content, headers=headers) as response:
            async for part in response.aiter_raw():
                raw += part
                if len(raw) > MAX_ANSWER_BYTES:
                    raise UpstreamUnavailable(f"its answer has more than {MAX_ANSWER_BYTES} bytes.")
            return response.status_code, bytes(raw)

    def _headers(self, method: str, url: httpx2.URL, key: str) -> Mapping[str, str]:
        date = http_date(self._now())
        key_id, is_signing, secret = self._remote.key.partition(":")
        credential = f"Bearer {key_id}"
        if is_signing:
            head = RequestHead(method, url.raw_path.decode().partition("?")[0], [("date", date)])
            credential = sign_request(head, key_id, secret)
        headers = {
            "Date": date,
            "Authorization": credential,
            "Content-Type": "application/json",
            "Accept": "application/json",
            # What is compressed could be small on the way and huge here.
            "Accept-Encoding": "identity",
        }
        return headers | ({"x-idempotency-key": key} if key else {})


def _answer(status: int, raw: bytes) -> Answer:
    if status in _SUCCESSES:
        return Answer(status, read_json(raw) if raw else None)
    if status not in _REFUSALS:
        raise UpstreamUnavailable(f"it answered {status}.")
    try:
        return Answer(status, read_json(raw))
    except RequestMalformed:
        # The status tells, as far as it can be believed; see `xcover`.
        return Answer(status, None)


def _named(error: Exception, within_s: float) -> str:
    if isinstance(error, UpstreamUnavailable):
        return str(error)
    if isinstance(error, TimeoutError):
        return f"no answer within {within_s:g} s."
    return f"{type(error).__name__}."

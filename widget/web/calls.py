"""What every call of the partner API goes through: who, how often, and whether it came before."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Protocol, TypeVar

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from widget.amending import Amended, Amending
from widget.confirming import Selling
from widget.errors import RateLimited, RequestMalformed, WidgetError
from widget.offers import Metadata, Offer
from widget.quoting import Quoting
from widget.replies import Reply, fingerprint_of
from widget.upstream.base import Upstream
from widget.web.access import Caller, caller_of
from widget.web.house import House, house_of
from widget.wire import read_body, read_json

Json = dict[str, Any]
Model = TypeVar("Model", bound=BaseModel)

_KEY = re.compile(r"[\x21-\x7e]{1,255}", re.ASCII)
_KEY_HEADERS = ("x-idempotency-key", "idempotency-key")

#: Answers hold prices and people: no cache keeps them.
_PRIVATE = {"Cache-Control": "no-store", "Content-Type": "application/json"}


class Told(Protocol):
    """Anything that an answer may be about: an offer, a booking, an amendment of one."""

    @property
    def id(self) -> str:
        """The id of the offer or the booking."""
        ...


Value = TypeVar("Value", bound=Told)


@dataclass
class Call:
    """One call of a partner's backend."""

    request: Request
    house: House
    caller: Caller
    #: None when the caller gave none.
    key: str | None
    fingerprint: str
    #: What an earlier request with this key has begun, while its outcome is not known.
    begun: Reply | None = field(default=None, init=False)
    #: The offer or booking that the answer speaks of.
    _told_id: str | None = field(default=None, init=False)
    _rendered: tuple[object, bytes] | None = field(default=None, init=False)

    @property
    def code(self) -> str:
        """The partner's code."""
        return self.caller.partner.code

    @property
    def upstream(self) -> Upstream:
        """Who prices and issues in the caller's mode."""
        return self.house.upstreams[self.caller.mode]

    def path(self, name: str = "id") -> str:
        """Return a part of the address."""
        return str(self.request.path_params[name])

    async def body(self, model: type[Model]) -> Model:
        """Return the body; nothing at all is the empty object.

        Raises:
            RequestMalformed, InputInvalid: It cannot be read, or fields are wrong.
        """
        text = await self.request.body()
        return read_body(model, read_json(text) if text else {}, self.house.catalogue)

    def quoting(
        self, status: int, render: Callable[[Offer], Json], metadata: Metadata | None = None
    ) -> Quoting:
        """Return what the deeds of quoting need, with the reply that is kept."""
        return Quoting(
            partner_code=self.code,
            mode=self.caller.mode,
            lifetime=self.house.lifetime,
            texts_version=self.house.rendering.version,
            catalogue=self.house.catalogue,
            restrictions=self.caller.partner.restrictions,
            metadata=metadata or {},
            reply_with=lambda offer: self.reply(status, offer, render),
        )

    def selling(self, status: int, render: Callable[[Any], Json]) -> Selling:
        """Return what the deeds of confirming need, with the reply that is kept."""
        return Selling(
            partner=self.caller.partner,
            storage=self.house.storage,
            upstream=self.upstream,
            catalogue=self.house.catalogue,
            grace=self.house.grace,
            payment_lifetime=self.house.payment_lifetime,
            texts_version=self.house.rendering.version,
            reply_with=lambda booking: self.reply(status, booking, render),
        )

    def amending(
        self, status: int = 200, render: Callable[[Amended], Json] | None = None
    ) -> Amending:
        """Return what the deeds of amending need, with the reply that is kept."""
        return Amending(
            partner=self.caller.partner,
            mode=self.caller.mode,
            storage=self.house.storage,
            upstream=self.upstream,
            catalogue=self.house.catalogue,
            reply_with=lambda made: self.reply(status, made, render) if render else None,
        )

    def reply(
        self, status: int, value: Value, render: Callable[[Value], Json] | None
    ) -> Reply | None:
        """Return the answer to keep for repetitions, None when the caller gave no key."""
        if self.key is None:
            return None
        body = b"" if render is None else _dumped(render(value))
        self._rendered = (value, body)
        return self.empty_reply(status, value.id, body)

    def empty_reply(self, status: int, offer_id: str, body: bytes = b"") -> Reply | None:
        """Return an answer without a body to keep, None when the caller gave no key."""
        if self.key is None:
            return None
        self._told_id = offer_id
        now = self.house.now()
        return Reply(
            self.code, self.caller.mode, self.key, self.fingerprint, status, body, offer_id, now
        )

    def answer(
        self,
        status: int,
        value: Value,
        render: Callable[[Value], Json],
        *,
        is_replay: bool = False,
    ) -> Response:
        """Return the answer about a value; what was rendered to be kept is not rendered again."""
        self._told_id = value.id
        if self._rendered is not None and self._rendered[0] is value:
            return _response(status, self._rendered[1], is_replay=is_replay)
        return _response(status, _dumped(render(value)), is_replay=is_replay)

    def reply_to_keep(self, response: Response) -> Reply | None:
        """Return an answer to keep that was not stored with a change, because nothing changed.

        None when there is no offer or booking that it speaks of.
        """
        if self._told_id is None:
            return None
        reply = self.empty_reply(response.status_code, self._told_id, bytes(response.body))
        is_pending = response.status_code == HTTPStatus.ACCEPTED and response.body
        return reply.under_way() if reply and is_pending else reply


def json_response(content: object, status: int = 200) -> Response:
    """Return JSON that no cache keeps."""
    return _response(status, _dumped(content))


def empty_response(status: int) -> Response:
    """Return an answer without a body."""
    return _response(status, b"")


Handler = Callable[[Call], Awaitable[Response]]
Endpoint = Callable[[Request], Awaitable[Response]]

#: Calls that sell; all others share the other limit. Source: XCover, "rate limits".
SALES, OTHERS = "sales", "others"


def by_method(endpoints: Mapping[str, Endpoint]) -> Endpoint:
    """Return an endpoint that serves one address for several methods."""

    async def endpoint(request: Request) -> Response:
        method = "GET" if request.method == "HEAD" else request.method
        return await endpoints[method](request)

    return endpoint


def partner_call(handler: Handler, group: str) -> Endpoint:
    """Return an endpoint that lets a partner's backend make a call.

    A request whose idempotency key was answered before gets that answer again, and does nothing;
    every success that speaks of an offer or a booking is kept for that. Reading takes no key.

    Raises:
        RateLimited: The partner has made too many calls.
        IdempotencyKeyReused: The key was used for another request.
        CredentialInvalid, NotFound: As `caller_of`.
    """

    async def endpoint(request: Request) -> Response:
        house = house_of(request)
        caller = await caller_of(request)
        _take_allowance(request, house, caller, group)
        call = Call(request, house, caller, _key_of(request), await _fingerprint(request))
        is_reading = request.method in {"GET", "HEAD"}
        return await (handler(call) if call.key is None or is_reading else _once(call, handler))

    return endpoint


async def _once(call: Call, handler: Handler) -> Response:
    """Answer a request with an idempotency key as before, or for the first time."""
    if (replay := await _replay(call)) is not None:
        return replay
    try:
        return await _kept(call, await handler(call))
    except WidgetError:
        # Another request with this key may have come at once, and be the cause of the refusal.
        knew = call.begun
        if (replay := await _replay(call)) is not None:
            return replay
        if knew or call.begun is None:
            raise
    return await _kept(call, await handler(call))


async def _replay(call: Call) -> Response | None:
    """Return the answer that a key has; what it has begun so far is noted in the call."""
    reply = await _reply_of(call)
    if reply is None:
        return None
    reply.check_same_request(call.fingerprint)
    if reply.is_answer:
        return _response(reply.status, reply.body, is_replay=True)
    call.begun = reply
    return None


async def _kept(call: Call, response: Response) -> Response:
    """Return an answer that is kept now, if it was not with what the call has changed."""
    stored, reply = await _reply_of(call), call.reply_to_keep(response)
    if reply is not None and (stored is None or reply.is_answer > stored.is_answer):
        await call.house.storage.add_messages((), reply)
    return response


async def _reply_of(call: Call) -> Reply | None:
    return await call.house.storage.find_reply(call.code, call.caller.mode, call.key or "")


def _key_of(request: Request) -> str | None:
    given = {request.headers[name] for name in _KEY_HEADERS if name in request.headers}
    if not given:
        return None
    key = given.pop()
    if given or not _KEY.fullmatch(key):
        raise RequestMalformed("Send one idempotency key of up to 255 printable ASCII characters.")
    return key


async def _fingerprint(request: Request) -> str:
    body = await request.body()
    return fingerprint_of(request.method, request.url.path, request.url.query, body)


def _take_allowance(request: Request, house: House, caller: Caller, group: str) -> None:
    settings = house.settings
    limits = {SALES: settings.sales_limit_per_s, OTHERS: settings.other_limit_per_s}
    allowance = house.limits.take(
        caller.partner.code, caller.mode, group, limits[group], time.monotonic()
    )
    # The envelope sends them with whatever the answer becomes.
    request.scope["more_headers"] = {
        "X-Ratelimit-Limit": str(allowance.limit),
        "X-Ratelimit-Remaining": str(allowance.remaining),
        "X-Ratelimit-Reset": str(allowance.reset_s),
    }
    if not allowance.is_granted:
        raise RateLimited(allowance.limit, allowance.retry_after_s)


def _response(status: int, body: bytes, *, is_replay: bool = False) -> Response:
    headers = dict(_PRIVATE)
    if not body:
        del headers["Content-Type"]
    if is_replay:
        headers["Idempotent-Replayed"] = "true"
    return Response(body, status_code=status, headers=headers)


def _dumped(content: object) -> bytes:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()

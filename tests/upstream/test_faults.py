"""A platform that fails, in every way and at every call: unknown is never a yes, and never a no."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from tests.builders import NOON, a_changed, a_pending_booking, a_purchase, an_amendment, an_offer
from tests.fakes import Clock
from tests.gate import (
    Fault,
    Gate,
    changed,
    cut,
    drip,
    drop,
    gate_before,
    hang,
    reset,
    status,
)
from tests.platform import Platform, bearer, running_platform, url_at
from widget.amendments import AmendmentKind
from widget.bookings import Booking
from widget.errors import NotAllowedByProduct, UpstreamRefused, UpstreamUnavailable
from widget.offers import Offer, Status
from widget.upstream import calls
from widget.upstream.breaker import FAILURES
from widget.upstream.calls import Calls, Remote
from widget.upstream.families import FAMILIES
from widget.upstream.xcover import XCover

pytestmark = pytest.mark.anyio

#: Short, because most tests here wait for it; the platform answers within milliseconds.
DEADLINE_S = 0.25

NUMBERS = itertools.count()


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    with running_platform(tmp_path_factory.mktemp("platform"), Clock()) as platform:
        yield platform


@pytest.fixture
def gate(platform: Platform) -> Iterator[Gate]:
    with gate_before(platform.origin) as gate:
        yield gate


def remote(gate: Gate, *, family: str = "quotes", within_s: float = 20) -> XCover:
    reached = Calls(Remote(url_at(gate.url), bearer()))
    return XCover(reached, FAMILIES[family], price_s=within_s, other_s=within_s)


@pytest.fixture(params=FAMILIES)
async def upstream(request: pytest.FixtureRequest, gate: Gate) -> AsyncIterator[XCover]:
    upstream = remote(gate, family=request.param)
    yield upstream
    await upstream.close()


async def opted_in(upstream: XCover) -> Offer:
    priced = await upstream.price(a_purchase(), now=NOON)
    offer = an_offer(
        id=f"AAAAA-{next(NUMBERS):05}-INS", quotes=priced.quotes, upstream_id=priced.upstream_id
    )
    return offer.opt_in({offer.quotes[0].id}, at=NOON, locale="en")


async def pending(upstream: XCover) -> Booking:
    offer = await opted_in(upstream)
    return a_pending_booking(offer=offer.booked(Status.PENDING), purchase=offer.purchase)


async def sold(upstream: XCover) -> Booking:
    booking = await pending(upstream)
    return booking.issued(await upstream.issue(booking, now=NOON), at=NOON)


def sales(platform: Platform, booking: Booking) -> list[Booking]:
    """Return what the platform sold for a booking."""
    key = f"acme:{booking.id}"
    return [found for found in platform.bookings() if found.transaction_id == key]


# -- what is unknown


def with_errors(code: int, body: Any) -> tuple[int, Any]:
    return code, {**body, "errors": {"0": ["The policy could not be made."]}}


FAULTS: dict[str, Fault] = {
    "hangs": hang,
    "drips": drip,
    "breaks the connection": reset,
    "works, and breaks the connection": drop,
    "works, and sends half of its answer": cut,
    "answers 500": status(500, b'{"type": "error", "message": "Oh no."}'),
    "answers 502 in HTML": status(502, b"<h1>Bad gateway</h1>"),
    "answers 503": status(503),
    "has moved": status(307, b"", "Location: http://127.0.0.1:1/"),
    "has no room": status(429, b"", "Retry-After: 60"),
    "does not know us": status(401, b'{"type": "auth_error", "message": "Who?"}'),
    "does not let us": status(403, b'{"type": "auth_error", "message": "No."}'),
    "answers a page": status(200, b"<h1>It works!</h1>"),
    "answers garbage": status(200, b'{"id": "AAAAA-'),
    "answers another language": status(200, b"\xff\xfe\x00\x01"),
    "answers nothing": status(200),
    "answers a list": status(200, b"[]"),
    "answers too much": status(200, b'{"a": "' + b"a" * 2 * calls.MAX_ANSWER_BYTES + b'"}'),
    "says 404 without a reason": status(404, b"<h1>Not found</h1>"),
    "says 422 without a reason": status(422),
    "says 409 without a reason": status(409),
    "is busy with it for ever": status(423),
}


async def price(upstream: XCover, booking: Booking) -> Any:
    return await upstream.price(booking.purchase, now=NOON)


async def issue(upstream: XCover, booking: Booking) -> Any:
    return await upstream.issue(booking, now=NOON)


async def decline(upstream: XCover, booking: Booking) -> Any:
    return await upstream.decline(booking.offer)


async def change(upstream: XCover, booking: Booking) -> Any:
    (item,) = booking.purchase.items
    more = replace(item, subject=a_changed(item.subject, adults=3))
    wanted = replace(booking, purchase=replace(booking.purchase, items=(more,)))
    return await upstream.price_update(booking, wanted, now=NOON)


async def preview(upstream: XCover, booking: Booking) -> Any:
    ids = {policy.quote_id for policy in booking.policies}
    return await upstream.price_cancellation(booking, ids, reason=None, now=NOON)


Operation = Callable[[XCover, Booking], Awaitable[Any]]
BEFORE: dict[str, Operation] = {"pricing": price, "issuing": issue}
AFTER: dict[str, Operation] = {"changing": change, "previewing": preview}


@pytest.mark.parametrize("operation", BEFORE)
@pytest.mark.parametrize("fault", FAULTS)
async def test_before_the_sale_a_fault_leaves_the_outcome_unknown(
    gate: Gate, upstream: XCover, fault: str, operation: str
) -> None:
    booking = await pending(upstream)
    upstream.price_s = upstream.other_s = DEADLINE_S
    gate.spoil(FAULTS[fault])

    began = time.monotonic()
    with pytest.raises(UpstreamUnavailable):
        await BEFORE[operation](upstream, booking)

    assert time.monotonic() - began < 10 * DEADLINE_S


@pytest.mark.parametrize("operation", AFTER)
@pytest.mark.parametrize("fault", FAULTS)
async def test_after_the_sale_a_fault_leaves_the_outcome_unknown(
    gate: Gate, upstream: XCover, fault: str, operation: str
) -> None:
    booking = await sold(upstream)
    upstream.other_s = DEADLINE_S
    gate.spoil(FAULTS[fault])

    with pytest.raises(UpstreamUnavailable):
        await AFTER[operation](upstream, booking)


@pytest.mark.parametrize("fault", FAULTS)
async def test_what_was_unknown_is_issued_once_when_the_fault_is_over(
    gate: Gate, platform: Platform, upstream: XCover, fault: str
) -> None:
    booking = await pending(upstream)
    upstream.other_s = DEADLINE_S
    gate.spoil(FAULTS[fault])
    with pytest.raises(UpstreamUnavailable):
        await upstream.issue(booking, now=NOON)
    gate.mend()
    upstream.other_s = 20

    policies = await upstream.issue(booking, now=NOON)

    (found,) = sales(platform, booking)
    assert [policy.number for policy in policies] == [policy.number for policy in found.policies]


async def test_errors_inside_a_success_are_no_success(gate: Gate, upstream: XCover) -> None:
    booking = await pending(upstream)
    gate.spoil(changed(with_errors))

    for operation in BEFORE.values():
        with pytest.raises(UpstreamUnavailable):
            await operation(upstream, booking)


@pytest.mark.parametrize("told", ["PENDING", "RECEIVED", "PENDING_PAYMENT", None, 7])
async def test_what_is_not_confirmed_yet_is_unknown(
    gate: Gate, upstream: XCover, told: object
) -> None:
    booking = await pending(upstream)
    gate.spoil(changed(lambda code, body: (code, {**body, "status": told})))

    with pytest.raises(UpstreamUnavailable, match="has not confirmed"):
        await upstream.issue(booking, now=NOON)


async def test_a_policy_that_is_missing_is_unknown(gate: Gate, upstream: XCover) -> None:
    booking = await pending(upstream)
    gate.spoil(changed(lambda code, body: (code, {**body, "quotes": []})))

    with pytest.raises(UpstreamUnavailable, match="did not issue every policy"):
        await upstream.issue(booking, now=NOON)


@pytest.mark.parametrize(
    "change_quote",
    [
        {"price": "48.92"},
        {"price": -1},
        {"price": 0},
        {"price": 48.921},
        {"price": 1e14},
        {"price": True},
        {"price": None},
        {"id": ""},
        {"id": None},
        {"policy_start_date": "soon"},
        {"policy_start_date": "2027-03-01T12:00:00"},
        {"item": 7},
        {"tax": {"total_tax": 999_999}},
    ],
)
async def test_a_quote_that_is_not_sound_is_not_offered(
    gate: Gate, change_quote: dict[str, Any]
) -> None:
    def spoilt(code: int, body: Any) -> tuple[int, Any]:
        first = body["quotes"]["0"] | change_quote
        return code, {**body, "quotes": {**body["quotes"], "0": first}}

    gate.spoil(changed(spoilt))

    with pytest.raises(UpstreamUnavailable):
        await remote(gate).price(a_purchase(), now=NOON)


async def test_another_currency_is_not_offered(gate: Gate, upstream: XCover) -> None:
    gate.spoil(changed(lambda code, body: (code, {**body, "currency": "USD"})))

    with pytest.raises(UpstreamUnavailable):
        await upstream.price(a_purchase(), now=NOON)


# -- what is a yes, however it is said


async def test_a_conflict_with_the_first_answer_is_that_answer(
    gate: Gate, upstream: XCover
) -> None:
    booking = await pending(upstream)
    first = await upstream.issue(booking, now=NOON)
    gate.spoil(changed(lambda _, body: (409, body)))

    assert await upstream.issue(booking, now=NOON) == first


@pytest.mark.parametrize("code", [202, 409])
async def test_a_replay_of_an_open_answer_is_looked_up(
    gate: Gate, upstream: XCover, code: int
) -> None:
    booking = await pending(upstream)
    first = await upstream.issue(booking, now=NOON)
    gate.spoil(changed(lambda _, body: (code, {**body, "status": "PENDING"})), part="POST")

    assert await upstream.issue(booking, now=NOON) == first


async def test_what_is_locked_is_waited_for(gate: Gate, upstream: XCover) -> None:
    booking = await pending(upstream)
    gate.spoil(status(423), times=2)

    policies = await upstream.issue(booking, now=NOON)

    assert len(policies) == 1
    assert len(gate.lines) == 1 + 3


async def test_a_sale_has_the_same_key_however_often_it_is_asked_for(
    gate: Gate, upstream: XCover
) -> None:
    booking, other = await pending(upstream), await pending(upstream)
    asked = len(gate.keys)

    for one in (booking, booking, other):
        await upstream.issue(one, now=NOON)

    assert gate.keys[asked:] == [f"issue-acme:{one.id}" for one in (booking, booking, other)]


async def test_a_platform_that_answers_too_much_is_not_read(gate: Gate, upstream: XCover) -> None:
    booking = await pending(upstream)
    more = "a" * calls.MAX_ANSWER_BYTES
    gate.spoil(changed(lambda code, body: (code, {**body, "more": more})))

    for operation in BEFORE.values():
        with pytest.raises(UpstreamUnavailable, match="bytes"):
            await operation(upstream, booking)


async def test_a_connection_that_breaks_once_is_not_noticed(gate: Gate, upstream: XCover) -> None:
    booking = await pending(upstream)

    for operation in (price, issue):
        gate.spoil(reset, times=1)
        await operation(upstream, booking)


async def test_a_booking_that_the_platform_knows_without_its_key_is_found(gate: Gate) -> None:
    upstream = remote(gate)
    booking = await pending(upstream)
    first = await upstream.issue(booking, now=NOON)
    refusal = b'{"type": "error", "message": "Already confirmed."}'
    gate.spoil(status(422, refusal), part="POST")

    assert await upstream.issue(booking, now=NOON) == first


async def test_a_booking_that_the_platform_names_in_its_refusal_is_found(gate: Gate) -> None:
    upstream = remote(gate, family="offers")
    booking = await pending(upstream)
    (first,) = await upstream.issue(booking, now=NOON)
    refusal = f'{{"type": "error", "message": "Offer is booking {first.upstream_id} already."}}'
    gate.spoil(status(422, refusal.encode()), part="POST")

    assert await upstream.issue(booking, now=NOON) == (first,)


async def test_somebody_elses_booking_is_not_taken_for_ours(gate: Gate) -> None:
    upstream = remote(gate, family="offers")
    other = await sold(upstream)
    booking = await pending(upstream)
    named = other.policies[0].upstream_id
    refusal = f'{{"type": "error", "message": "See {named}."}}'
    gate.spoil(status(422, refusal.encode()), part="POST")

    with pytest.raises(UpstreamRefused):
        await upstream.issue(booking, now=NOON)


# -- what is a no


@pytest.mark.parametrize("code", [400, 404, 422])
async def test_a_refusal_with_a_reason_is_a_no(gate: Gate, upstream: XCover, code: int) -> None:
    booking = await pending(upstream)
    gate.spoil(status(code, b'{"type": "error", "message": "We do not sell this."}'))

    with pytest.raises(UpstreamRefused, match="We do not sell this"):
        await upstream.issue(booking, now=NOON)


@pytest.mark.parametrize("code", [400, 404, 422])
@pytest.mark.parametrize(
    "body",
    [
        b'{"detail": "Not Found"}',
        b'{"message": "no Route matched with those values"}',
        b'{"type": "about:blank", "title": "Not Found"}',
        b'{"type": 404, "message": ["Not Found"]}',
    ],
)
async def test_a_refusal_that_is_not_the_platforms_own_is_unknown(
    gate: Gate, upstream: XCover, code: int, body: bytes
) -> None:
    booking = await pending(upstream)
    gate.spoil(status(code, body))

    with pytest.raises(UpstreamUnavailable):
        await upstream.issue(booking, now=NOON)


@pytest.mark.parametrize("told", ["FAILED", "CANCELLED", "OPTED_OUT"])
async def test_a_booking_that_is_over_is_a_no(gate: Gate, upstream: XCover, told: str) -> None:
    booking = await pending(upstream)
    gate.spoil(changed(lambda code, body: (code, {**body, "status": told})))

    with pytest.raises(UpstreamRefused, match=told):
        await upstream.issue(booking, now=NOON)


@pytest.mark.parametrize("refund", [48.93, -0.01, "48.92", None])
async def test_a_refund_that_is_not_within_the_premium_is_not_told(
    gate: Gate, upstream: XCover, refund: object
) -> None:
    booking = await sold(upstream)
    assert booking.premium.minor == 4892

    def spoilt(code: int, body: Any) -> tuple[int, Any]:
        return code, {**body, "quotes": [q | {"refund_value": refund} for q in body["quotes"]]}

    gate.spoil(changed(spoilt))

    with pytest.raises(UpstreamUnavailable):
        await preview(upstream, booking)


async def test_what_the_platform_does_not_allow_after_the_sale_is_not_allowed(
    gate: Gate, upstream: XCover
) -> None:
    booking = await sold(upstream)
    gate.spoil(status(422, b'{"type": "error", "message": "Too late."}'))

    for operation in AFTER.values():
        with pytest.raises(NotAllowedByProduct, match="Too late"):
            await operation(upstream, booking)


async def test_a_decline_that_the_platform_does_not_take_needs_no_repetition(
    gate: Gate, upstream: XCover
) -> None:
    offer = await opted_in(upstream)
    gate.spoil(status(422, b'{"type": "error", "message": "It is sold."}'))

    await upstream.decline(offer)


@pytest.mark.parametrize("fault", ["hangs", "answers 500", "breaks the connection"])
async def test_a_decline_that_did_not_arrive_is_reported_again(
    gate: Gate, upstream: XCover, fault: str
) -> None:
    offer = await opted_in(upstream)
    upstream.other_s = DEADLINE_S
    gate.spoil(FAULTS[fault])

    with pytest.raises(UpstreamUnavailable):
        await upstream.decline(offer)


async def test_a_cancellation_whose_answer_was_lost_is_made_once(
    gate: Gate, platform: Platform, upstream: XCover
) -> None:
    booking = await sold(upstream)
    terms = await preview(upstream, booking)
    amendment = an_amendment(
        id=f"aaaaa-bbbbb-{next(NUMBERS):05}-CCL",
        kind=AmendmentKind.CANCELLATION,
        booking_id=booking.id,
        policies=terms.policies,
        upstream_id=terms.upstream_id,
    )
    gate.spoil(drop, times=2)
    with pytest.raises(UpstreamUnavailable):
        await upstream.apply(booking, amendment)

    await upstream.apply(booking, amendment)

    (found,) = sales(platform, booking)
    assert found.status is Status.CANCELLED


# -- a platform that is left alone


async def test_after_failures_in_a_row_the_platform_is_left_alone(gate: Gate) -> None:
    upstream = remote(gate)
    gate.spoil(status(500))
    for _ in range(FAILURES):
        with pytest.raises(UpstreamUnavailable, match="500"):
            await upstream.price(a_purchase(), now=NOON)
    asked = len(gate.lines)

    with pytest.raises(UpstreamUnavailable, match="resting"):
        await upstream.price(a_purchase(), now=NOON)

    assert len(gate.lines) == asked


async def test_prices_that_fail_do_not_stop_sales(gate: Gate) -> None:
    upstream = remote(gate)
    booking = await pending(upstream)
    gate.spoil(status(500), part="/quotes/")
    for _ in range(FAILURES + 1):
        with pytest.raises(UpstreamUnavailable):
            await upstream.price(a_purchase(), now=NOON)

    assert len(await upstream.issue(booking, now=NOON)) == 1


async def test_refusals_do_not_open_the_breaker(gate: Gate) -> None:
    upstream = remote(gate)
    booking = await pending(upstream)
    gate.spoil(status(422, b'{"type": "error", "message": "No."}'))
    for _ in range(2 * FAILURES):
        with pytest.raises(UpstreamRefused):
            await upstream.issue(booking, now=NOON)
    gate.mend()

    assert len(await upstream.issue(booking, now=NOON)) == 1


async def test_a_platform_that_hangs_collects_only_so_many_requests(
    gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calls, "MAX_UNDER_WAY", 3)
    upstream = remote(gate)
    gate.spoil(hang)
    waiting = [asyncio.create_task(upstream.price(a_purchase(), now=NOON)) for _ in range(3)]
    await asyncio.sleep(0)

    with pytest.raises(UpstreamUnavailable, match="Too many"):
        await upstream.price(a_purchase(), now=NOON)

    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)

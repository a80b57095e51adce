"""The breaker: closed while there are answers, open after failures in a row."""

from __future__ import annotations

import pytest

from widget.errors import UpstreamUnavailable
from widget.upstream.breaker import Breaker


class Seconds:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
def breaker(seconds: Seconds) -> Breaker:
    return Breaker(failures=3, rest_s=10, clock=seconds)


def fail(breaker: Breaker, times: int) -> None:
    for _ in range(times):
        breaker.enter()
        breaker.failed()


def is_open(breaker: Breaker) -> bool:
    try:
        breaker.enter()
    except UpstreamUnavailable:
        return True
    return False


def test_it_stays_closed_below_its_limit(breaker: Breaker) -> None:
    fail(breaker, 2)

    assert not is_open(breaker)


def test_it_opens_after_failures_in_a_row(breaker: Breaker) -> None:
    fail(breaker, 3)

    assert is_open(breaker)


def test_an_answer_between_failures_keeps_it_closed(breaker: Breaker) -> None:
    fail(breaker, 2)
    breaker.succeeded()
    fail(breaker, 2)

    assert not is_open(breaker)


def test_after_a_rest_one_call_tries_and_the_others_wait(
    breaker: Breaker, seconds: Seconds
) -> None:
    fail(breaker, 3)
    seconds.now = 10

    tries = [is_open(breaker) for _ in range(3)]

    assert tries == [False, True, True]


def test_the_try_that_succeeds_closes_it(breaker: Breaker, seconds: Seconds) -> None:
    fail(breaker, 3)
    seconds.now = 10
    breaker.enter()
    breaker.succeeded()

    assert not is_open(breaker)


def test_the_try_that_fails_opens_it_for_another_rest(breaker: Breaker, seconds: Seconds) -> None:
    fail(breaker, 3)
    seconds.now = 10
    fail(breaker, 1)
    seconds.now = 19.9

    assert is_open(breaker)


def test_a_try_that_never_ends_does_not_keep_it_open_for_ever(
    breaker: Breaker, seconds: Seconds
) -> None:
    fail(breaker, 3)
    seconds.now = 10
    breaker.enter()
    seconds.now = 20

    assert not is_open(breaker)

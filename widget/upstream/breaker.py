"""A circuit breaker: a remote platform that fails again and again is left alone for a while."""

from __future__ import annotations

import time
from collections.abc import Callable

from widget.errors import UpstreamUnavailable

#: Failures in a row before calls stop.
FAILURES = 5

#: How long they stop, before one call tries.
REST_S = 10.0


class Breaker:
    """Closed while calls succeed; open after failures in a row; then one call tries."""

    def __init__(
        self,
        *,
        failures: int = FAILURES,
        rest_s: float = REST_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._limit = failures
        self._rest_s = rest_s
        self._clock = clock
        self._failed = 0
        self._resting_until = 0.0

    def enter(self) -> None:
        """Let a call pass.

        Raises:
            UpstreamUnavailable: The remote platform is being left alone.
        """
        if self._failed < self._limit:
            return
        if self._clock() < self._resting_until:
            raise UpstreamUnavailable("The remote platform fails again and again; it is resting.")
        # One call tries; the others go on resting until it has an answer.
        self._resting_until = self._clock() + self._rest_s

    def succeeded(self) -> None:
        """Note an answer, be it a refusal."""
        self._failed = 0

    def failed(self) -> None:
        """Note that there was none."""
        self._failed += 1
        self._resting_until = self._clock() + self._rest_s

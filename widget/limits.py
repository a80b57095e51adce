"""Rate limits: how many calls a partner may make, counted so that bursts are fair.

A bucket holds as many tokens as the limit allows in one second and fills steadily; a call takes
one. Pure: the time is an argument.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil


@dataclass(frozen=True, slots=True)
class Allowance:
    """Whether a call may go on, and what the caller is told of its limit."""

    is_granted: bool
    #: Calls in one second; -1 when there is no limit, as XCover writes it.
    limit: int
    remaining: int
    #: Whole seconds until the bucket is full again; 0 when it is.
    reset_s: int
    #: Whole seconds until the next call is granted; 0 when it is now.
    retry_after_s: int


UNLIMITED = Allowance(is_granted=True, limit=-1, remaining=-1, reset_s=0, retry_after_s=0)


@dataclass(slots=True)
class Bucket:
    """The tokens of one partner for one kind of calls."""

    #: Calls in one second, and the most that may come at once.
    limit: int
    tokens: float
    #: Seconds on a clock that never goes back.
    filled_at: float

    def take(self, now: float) -> Allowance:
        """Take one token, if there is one."""
        elapsed = max(0.0, now - self.filled_at)
        self.tokens = min(float(self.limit), self.tokens + elapsed * self.limit)
        self.filled_at = now
        is_granted = self.tokens >= 1
        if is_granted:
            self.tokens -= 1
        return Allowance(
            is_granted=is_granted,
            limit=self.limit,
            remaining=int(self.tokens),
            reset_s=ceil((self.limit - self.tokens) / self.limit),
            retry_after_s=0 if is_granted else ceil((1 - self.tokens) / self.limit),
        )


class Limits:
    """The buckets of all partners; there are as many as partners call, and no more."""

    def __init__(self) -> None:
        self._buckets: dict[tuple[str, str, str], Bucket] = {}

    def take(self, partner_code: str, mode: str, group: str, limit: int, now: float) -> Allowance:
        """Take one call of a partner's limit for a group of calls.

        Args:
            limit: Calls in one second; 0 is no limit.
            now: Seconds on a clock that never goes back.
        """
        if limit == 0:
            return UNLIMITED
        key = (partner_code, mode, group)
        bucket = self._buckets.setdefault(key, Bucket(limit, float(limit), now))
        return bucket.take(now)

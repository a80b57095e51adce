"""News: what an event changed, for the letter that tells of it.

A letter shows a booking as it is when it is sent. What the booking does not show any more, such as
the premium before a change, is kept with the message. No personal data is in it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from widget.witnesses import Witness


@dataclass(frozen=True, slots=True)
class News:
    """What one event changed."""

    #: How much more the policies in force cost now, in the currency's smallest unit; None when the
    #: event was no update.
    difference_minor: int | None = None
    #: The numbers of the policies that it ended; empty for all that have ended.
    ended: tuple[str, ...] = ()
    by: Witness = Witness.PARTNER

    def spelled(self) -> str:
        """Return it as it is kept; nothing new is nothing."""
        if self == NOTHING_NEW:
            return ""
        facts = {"difference": self.difference_minor, "ended": self.ended, "by": self.by}
        return json.dumps(facts, sort_keys=True, separators=(",", ":"))


NOTHING_NEW = News()


def read_news(text: str) -> News:
    """Return what `News.spelled` has spelled."""
    if not text:
        return NOTHING_NEW
    facts = json.loads(text)
    return News(facts["difference"], tuple(facts["ended"]), Witness(facts["by"]))

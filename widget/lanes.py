"""Lanes: which receivers answer, and how much may be under way to each of them.

A lane is *sound* from the moment it has taken a message until one fails or hangs in it. Whatever is
not sound gets one message at a time, in a room of its own, so receivers that are dead never take
the place of one that answers, however many they are.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

#: How many messages are sent side by side to sound lanes, and as many to all others. One that hangs
#: has left its room, so that the next receiver finds out about itself.
ROOM = 200

#: How many messages are sent side by side in one sound lane.
PER_LANE = 8

#: How many may hang at a time. Each holds a connection, of which a process has about a thousand.
MOST_HANGING = 500


@dataclass(eq=False, slots=True)
class Sending:
    """One message that is under way."""

    lane: str
    hangs: bool = False


@dataclass
class Lanes:
    """What is under way, and in which lanes there is room for more."""

    _under_way: set[Sending] = field(default_factory=set)
    _sound: set[str] = field(default_factory=set)

    def begin(self, lane: str) -> Sending:
        """Note that a message is under way."""
        sending = Sending(lane)
        self._under_way.add(sending)
        return sending

    def note_hanging(self, sending: Sending) -> None:
        """Note that its receiver has not answered in good time."""
        sending.hangs = True
        self._sound.discard(sending.lane)

    def note_answer(self, sending: Sending, *, is_sound: bool) -> None:
        """Note whether its receiver can be relied on to take the next."""
        if is_sound:
            self._sound.add(sending.lane)
        else:
            self._sound.discard(sending.lane)

    def end(self, sending: Sending) -> None:
        """Note that a message is no longer under way."""
        self._under_way.remove(sending)

    @property
    def sound(self) -> frozenset[str]:
        """The lanes that are sound."""
        return frozenset(self._sound)

    @property
    def busy(self) -> frozenset[str]:
        """The lanes that nothing more may be begun in for now."""
        number = Counter(sending.lane for sending in self._under_way)
        return frozenset(
            lane
            for lane, count in number.items()
            if count >= (PER_LANE if self._is_sound(lane) else 1)
        )

    @property
    def room_in_each(self) -> int:
        """How many more may be begun in whichever sound lane that is not busy."""
        number = Counter(sending.lane for sending in self._under_way)
        counts = (number[lane] for lane in self._sound if number[lane] < PER_LANE)
        return PER_LANE - max(counts, default=0)

    def room(self, *, for_sound: bool) -> int:
        """Return how many more messages may be begun, in lanes that are sound or in the others."""
        quick = (sending for sending in self._under_way if not sending.hangs)
        taken = sum(self._is_sound(sending.lane) is for_sound for sending in quick)
        if for_sound:
            return max(ROOM - taken, 0)
        hanging = sum(sending.hangs for sending in self._under_way)
        return max(min(ROOM, MOST_HANGING - hanging) - taken, 0)

    def _is_sound(self, lane: str) -> bool:
        return lane in self._sound

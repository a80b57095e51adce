"""A press that prints everything once: most tests need a service whose documents are published."""

from __future__ import annotations

from widget.press.typesetter import Typesetter
from widget.sheets import Printing


class RememberingPress:
    """The real press, which prints the same only once in a run of the tests."""

    def __init__(self) -> None:
        self._press = Typesetter()
        self._printed: dict[Printing, bytes] = {}

    @property
    def version(self) -> str:
        """Name what the real press prints with."""
        return self._press.version

    async def print(self, printing: Printing) -> bytes:
        """Return what was printed, or print it."""
        if printing not in self._printed:
            self._printed[printing] = await self._press.print(printing)
        return self._printed[printing]

    async def close(self) -> None:
        """Stay open for the next test."""


PRESS = RememberingPress()

"""The contract of a press."""

from __future__ import annotations

from typing import Protocol

from widget.sheets import Printing


class Press(Protocol):
    """Makes PDF of sheets."""

    @property
    def version(self) -> str:
        """Names the exact layouts, fonts and compiler; with another, the bytes may be others."""
        ...

    async def print(self, printing: Printing) -> bytes:
        """Return a sheet as PDF: tagged, with its title and language, and all fonts inside.

        The same printing gives the same bytes. It never waits on the event loop.

        Raises:
            SettingInvalid: None of the fonts draws a character of it, and nothing may be printed
                in its place. The sentence names the character, and the setting for more fonts.
        """
        ...

    async def close(self) -> None:
        """Finish what was begun."""
        ...

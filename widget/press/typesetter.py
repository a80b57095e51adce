"""A press made of Typst: a compiler for documents that comes as a wheel.

What it writes is PDF/A-2a and PDF/UA-1: made to be kept, and to be read by everybody. Under these
standards a character without a drawing in a font is an error of the compiler's, never an empty box.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path

import typst

from widget.errors import SettingInvalid
from widget.sheets import Printing

_HOME = Path(__file__).parent

#: The ones that come with us, in the order in which they are tried.
_FAMILIES = ("Inter", "Noto Sans Arabic", "Noto Sans Hebrew")

_STANDARDS: list[typst.PDFStandard] = ["a-2a", "ua-1"]

_FONTS = "OFFER_WIDGET_FONTS_DIR"

_MISSING = re.compile(r"the text `(.+?)` could not be displayed")


class Typesetter:
    """Prints with Typst, in one thread of its own; see `base.Press`."""

    def __init__(self, fonts_dir: str = "") -> None:
        """Read the layouts and the fonts.

        Args:
            fonts_dir: A folder of more fonts, for scripts that ours lack; empty: none.

        Raises:
            SettingInvalid: The folder has no font.
        """
        self._layouts = _HOME / "layout"
        folders = [_HOME / "fonts", *([Path(fonts_dir)] if fonts_dir else [])]
        fonts = typst.Fonts(
            include_system_fonts=False, include_embedded_fonts=False, font_paths=folders
        )
        more = sorted(set(fonts.families()) - set(_FAMILIES))
        if fonts_dir and not more:
            raise SettingInvalid(_FONTS, f"there is no font in {fonts_dir}")
        self._families = ",".join([*_FAMILIES, *more])
        self._version = _version_of([self._layouts, *folders])
        self._compiler = typst.Compiler(
            root=self._layouts, font_paths=fonts, ignore_system_fonts=True
        )
        # One at a time: a compilation takes milliseconds, and sales keep the other processors.
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="press")

    @property
    def version(self) -> str:
        """Names layouts, fonts and compiler."""
        return self._version

    async def print(self, printing: Printing) -> bytes:
        """Return a sheet as PDF."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, self._compiled, printing)

    async def close(self) -> None:
        """Finish what was begun."""
        self._thread.shutdown()

    def _compiled(self, printing: Printing) -> bytes:
        sheet = printing.sheet
        inputs = {"sheet": sheet.to_json(), "fonts": self._families}
        try:
            pdf = self._compiler.compile(
                self._layouts / f"{sheet.layout}.typ",
                format="pdf",
                sys_inputs=inputs,
                pdf_standards=_STANDARDS,
                timestamp=int(printing.at.timestamp()),
            )
        except typst.TypstError as error:
            if found := _MISSING.search(error.message):
                raise _not_drawn(found[1].strip('"')) from None
            raise
        if not isinstance(pdf, bytes):
            raise TypeError(f"Typst made {type(pdf).__name__} of {sheet.layout}.")
        return pdf


def _not_drawn(text: str) -> SettingInvalid:
    """Return that no font draws a text: by its numbers, for it may be of somebody's name."""
    points = " ".join(f"U+{ord(letter):04X}" for letter in text)
    return SettingInvalid(_FONTS, f"no font draws {points}; name a folder with one that does")


def _version_of(folders: Sequence[Path]) -> str:
    digest = hashlib.sha256(version("typst").encode())
    for folder in folders:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:16]

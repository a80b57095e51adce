"""Static files, kept in memory and addressed by what is in them.

An address with a digest never changes its content, so it may be kept for a year. The loader is
the exception: partners write its address into their pages, so it is asked for again and again and
answered with 304.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

from widget.errors import NotFound

LOADER = "insurance-offer.js"

FOREVER = "public, max-age=31536000, immutable"

#: A release of the loader reaches every page within this time.
SHORTLY = "public, max-age=300, stale-while-revalidate=86400"

#: Lines that hold a comment and nothing else.
_COMMENT_LINES = re.compile(rb"^[ ]*//.*\n", re.MULTILINE)

_TYPES = {".js": "text/javascript", ".css": "text/css"}


@dataclass(frozen=True, slots=True)
class Asset:
    """One file."""

    body: bytes
    media_type: str
    digest: str


class Assets:
    """All static files of a folder."""

    def __init__(self, files: Mapping[str, Asset]) -> None:
        self._files = files

    def path_of(self, name: str) -> str:
        """Return the address of a file: it changes when the file does.

        Raises:
            KeyError: There is no such file.
        """
        return f"/static/{self._files[name].digest}/{name}"

    def get(self, name: str) -> Asset:
        """Return a file by name.

        Raises:
            NotFound: There is no such file.
        """
        if name not in self._files:
            raise NotFound("This file")
        return self._files[name]


def read_assets(folder: Path) -> Assets:
    """Return the static files of `folder`."""
    return Assets(
        {
            path.relative_to(folder).as_posix(): _read(path)
            for path in folder.rglob("*")
            if path.suffix in _TYPES
        }
    )


def asset_response(
    request: Request, asset: Asset, caching: str, more: Mapping[str, str] | None = None
) -> Response:
    """Return a file, or 304 when the browser has it.

    Pages of any origin may load it; that is what it is for.

    Args:
        more: Further headers.
    """
    headers = {
        "ETag": f'"{asset.digest}"',
        "Cache-Control": caching,
        "Access-Control-Allow-Origin": "*",
        "Cross-Origin-Resource-Policy": "cross-origin",
        **(more or {}),
    }
    if _knows(request.headers.get("if-none-match", ""), headers["ETag"]):
        return Response(status_code=304, headers=headers)
    return Response(asset.body, media_type=asset.media_type, headers=headers)


def _knows(tags: str, tag: str) -> bool:
    """Tell whether the browser has the file; a proxy that compresses it makes its tag weak."""
    return not {"*", tag}.isdisjoint(known.strip().removeprefix("W/") for known in tags.split(","))


def _read(path: Path) -> Asset:
    body = path.read_bytes()
    if path.suffix == ".js" and "vendor" not in path.parts:
        # Comments are for us; a quarter of the loader's weight would be theirs.
        body = _COMMENT_LINES.sub(b"", body)
    return Asset(body, _TYPES[path.suffix], hashlib.sha256(body).hexdigest()[:16])

"""What a page that is not ours loads from us: the loader, and the offer's own files."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from widget.errors import NotFound
from widget.web.assets import FOREVER, LOADER, SHORTLY, asset_response
from widget.web.house import house_of


async def loader(request: Request) -> Response:
    """Serve the one file that partners include."""
    assets = house_of(request).rendering.assets
    return asset_response(request, assets.get(LOADER), SHORTLY)


async def static_file(request: Request) -> Response:
    """Serve a file by its digest, for ever."""
    asset = house_of(request).rendering.assets.get(request.path_params["name"])
    if asset.digest != request.path_params["digest"]:
        raise NotFound("This version of the file")
    return asset_response(request, asset, FOREVER)

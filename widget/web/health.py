"""What an orchestrator asks: is it alive, and may it have traffic?"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from widget import __version__
from widget.errors import DoorError
from widget.web.house import house_of


async def healthz(request: Request) -> Response:
    """Tell that the process answers."""
    del request
    return JSONResponse({"status": "ok", "version": __version__})


async def readyz(request: Request) -> Response:
    """Tell that the database reads and writes and that mail is being sent; otherwise 503."""
    if any(task.done() for task in request.state.at_work):
        raise DoorError("Background work has stopped by a fault of ours; restart this process.")
    await house_of(request).storage.check()
    return JSONResponse({"status": "ready"})

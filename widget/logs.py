"""What a log line may hold.

One line of JSON for each event, with the id of its request. Only known keys pass, so that a secret
or a person's data that somebody logs by mistake stays out. A traceback names places, not values.
"""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import MutableMapping
from typing import Any

import structlog
from structlog.typing import Processor

#: Keys that a line may have; anything else is dropped, and its name is told.
ALLOWED = frozenset(
    """
    event level timestamp logger request_id method route status duration_ms code fields partner_code
    message_id gave_up problem fault dropped address version port steps
    size root key_id
    """.split()
)

#: What structlog puts into an event itself, and takes out before it is written.
_INTERNAL = frozenset({"_record", "_from_structlog"})


def configure(log_format: str, level: str) -> None:
    """Make structlog and the standard library's loggers write the same lines to standard error."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        name_places,
        only_allowed,
    ]
    renderer: Processor = structlog.processors.JSONRenderer()
    if log_format == "console":
        renderer = structlog.dev.ConsoleRenderer()
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    logging.basicConfig(handlers=[handler], level=level.upper(), force=True)
    # What we do, we log ourselves; theirs repeats it with addresses in which tokens stand.
    for name in ("uvicorn.access", "httpx2", "httpcore2", "asyncio"):
        logging.getLogger(name).setLevel(logging.WARNING)


def name_places(_: object, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Replace an exception by its type and the places it passed: its text may hold anything."""
    error = event.pop("exc_info", None)
    if error is True:  # as `log.exception` says it: the one that is being handled
        error = sys.exc_info()
    if isinstance(error, tuple):
        error = error[1]
    if isinstance(error, BaseException):
        frames = traceback.extract_tb(error.__traceback__)
        places = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
        event["fault"] = {"type": type(error).__name__, "places": places}
    return event


def only_allowed(_: object, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Drop keys that no line may have."""
    dropped = sorted(event.keys() - ALLOWED - _INTERNAL)
    for key in dropped:
        del event[key]
    if dropped:
        event["dropped"] = dropped
    return event

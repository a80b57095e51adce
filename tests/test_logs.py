from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from widget.logs import ALLOWED, name_places, only_allowed

ROOT = Path(__file__).parent.parent

#: What a program logs, rightly and by mistake; everything LOUD must stay out.
PROGRAM = """
import logging, sys
import structlog
from widget.logs import configure

configure(sys.argv[1], "info")
log = structlog.get_logger("ours")
theirs = logging.getLogger("theirs")

log.info("served", route="/offer", status=200)
log.debug("LOUD")
log.info("mistaken", password="LOUD", email="LOUD", _private="LOUD", _record2="LOUD")
theirs.warning("told", extra={"card_number": "LOUD"})
theirs.warning("stacked", stack_info=True)
structlog.contextvars.bind_contextvars(request_id="r-1", token="LOUD")
log.info("bound")
structlog.contextvars.clear_contextvars()
logging.getLogger("uvicorn.access").info("GET /offer/LOUD")
logging.getLogger("httpx2").info("HTTP Request: GET https://LOUD")

def stumble(secret):
    raise ValueError("LOUD " + secret) from KeyError("LOUD")

try:
    stumble("LOUD")
except ValueError as error:
    log.error("crashed", exc_info=error)
    log.error("crashed as told", exc_info=True)
    log.exception("crashed in place")
    theirs.exception("crashed elsewhere")
    theirs.error("crashed with arguments", exc_info=sys.exc_info())
"""

CRASHES = [
    "crashed",
    "crashed as told",
    "crashed in place",
    "crashed elsewhere",
    "crashed with arguments",
]


def logged(log_format: str) -> str:
    """Return what the program writes to standard error."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", PROGRAM, log_format],
        check=False,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "NO_COLOR": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    return done.stderr


@pytest.fixture(scope="module")
def lines() -> Mapping[str, Mapping[str, Any]]:
    """What is logged for machines, by event."""
    events = [json.loads(line) for line in logged("json").splitlines()]
    return {event["event"]: event for event in events}


@pytest.fixture(scope="module")
def console() -> str:
    """What is logged for people."""
    return logged("console")


def test_a_line_is_one_json_object_with_time_and_level(
    lines: Mapping[str, Mapping[str, Any]],
) -> None:
    line = lines["served"]

    assert line.keys() == {"event", "level", "timestamp", "route", "status"}
    assert (line["level"], line["route"], line["status"]) == ("info", "/offer", 200)
    assert line["timestamp"].endswith("Z")


def test_an_unknown_key_is_dropped_and_named(lines: Mapping[str, Mapping[str, Any]]) -> None:
    assert lines["mistaken"]["dropped"] == ["_private", "_record2", "email", "password"]
    assert lines["stacked"]["dropped"] == ["stack_info"]


def test_a_line_carries_the_id_of_its_request(lines: Mapping[str, Mapping[str, Any]]) -> None:
    assert lines["bound"]["request_id"] == "r-1"
    assert lines["bound"]["dropped"] == ["token"]


@pytest.mark.parametrize("event", CRASHES)
def test_a_crash_names_places_and_no_values(
    lines: Mapping[str, Mapping[str, Any]], event: str
) -> None:
    fault = lines[event]["fault"]

    assert fault["type"] == "ValueError"
    assert [place.split()[1] for place in fault["places"]] == ["<module>", "stumble"]


def test_no_secret_and_no_text_of_an_exception_is_ever_logged(
    lines: Mapping[str, Mapping[str, Any]], console: str
) -> None:
    assert "LOUD" not in json.dumps(lines)
    assert "LOUD" not in console


def test_people_read_the_same_events(lines: Mapping[str, Mapping[str, Any]], console: str) -> None:
    assert "Logging error" not in console
    assert [event for event in lines if event not in console] == []
    assert console.count("ValueError") == len(CRASHES)


def test_what_is_below_the_level_or_said_twice_is_not_logged(
    lines: Mapping[str, Mapping[str, Any]],
) -> None:
    assert lines.keys() == {"served", "mistaken", "told", "stacked", "bound", *CRASHES}


def test_a_known_key_passes() -> None:
    line = dict.fromkeys(ALLOWED, 1)

    assert only_allowed(None, "info", line) == dict.fromkeys(ALLOWED, 1)


@pytest.mark.parametrize("value", ["LOUD", None, 0, ("LOUD", "LOUD", None), object()])
def test_what_is_no_exception_is_not_logged_as_one(value: object) -> None:
    line = name_places(None, "error", {"event": "x", "exc_info": value})

    assert line == {"event": "x"}

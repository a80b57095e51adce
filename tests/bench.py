"""What a request costs, over real HTTP on loopback, against one server process: `make bench`.

Like is compared with like: the partner's quote with the shopper's opening of an offer, which both
price and store one; the partner's confirmation with the shopper's choice, which both store a step.
The four take turns, so that a machine that slows down slows them all.

A confirmation is followed by its mail, which no page has. So it is measured twice: while the mail
server keeps everything waiting, which is the request alone; and with mail that is done with at
once, which is the request and the work that it leaves behind. Both are held to the same limit. What
pricing and a large catalogue cost comes last, see `bench_pricing`. It ends by itself within a
minute.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import socket
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from itertools import count
from pathlib import Path
from threading import local
from typing import Any
from urllib.parse import urlencode

from tests import bench_pricing
from tests.builders import PARTNER_KEY, a_key, a_partner, policyholder_json, purchase_json
from tests.live import LiveService, environment, serving
from widget.partners import secret_of
from widget.seals import sign_purchase
from widget.storage.sqlite import SqliteStorage

#: How many requests are under way at once.
CALLERS = 8

#: How many requests of a kind are made before the next kind has its turn.
TURN = 160

#: No new round is begun after this, in each of the two measurements.
SPAN_S = 22.0

#: The most that a partner's call may cost of what the shopper's page beside it costs.
MOST = 1.3

#: What is compared: the partner's call, and the shopper's page that does as much.
PAIRS = (("quote", "open"), ("confirm", "choose"))

API = "/x/partners/acme"


@dataclass
class Measured:
    """What was measured of one kind of request, in seconds."""

    spans: list[float] = field(default_factory=list)
    #: Of whole turns: wall clock, and the server's processor.
    turns: list[float] = field(default_factory=list)
    worked: list[float] = field(default_factory=list)

    @property
    def per_request_ms(self) -> float:
        """Time for one request while the server is kept busy; the median of the turns."""
        return statistics.median(self.turns) / TURN * 1e3

    @property
    def work_ms(self) -> float:
        """Processor time of the server for one request, with what it does of it afterwards."""
        return statistics.mean(self.worked) / TURN * 1e3

    def row(self) -> tuple[float, ...]:
        """Return requests per second, p50, p99, time and processor time for one request."""
        cuts = statistics.quantiles(self.spans, n=100, method="inclusive")
        rate = 1e3 / self.per_request_ms
        return rate, cuts[49] * 1e3, cuts[98] * 1e3, self.per_request_ms, self.work_ms


@dataclass
class Shop:
    """The partner's backend and its shoppers: one connection for each of the callers."""

    service: LiveService
    secret: str
    measured: dict[str, Measured] = field(default_factory=dict)
    _numbers: count[int] = field(default_factory=count)
    _own: local = field(default_factory=local)

    def round(self) -> None:
        """Let each kind of request have its turn."""
        self.turn("open", self.open, range(TURN))
        packages = self.turn("quote", self.quote, range(TURN))
        tokens = self.turn("choose", self.choose, packages)
        self.turn("confirm", self.confirm, list(zip(packages, tokens, strict=True)))

    def turn(self, name: str, act: Callable[[Any], Any], givens: Sequence[Any]) -> list[Any]:
        """Act on everything that is given, and measure it."""
        measured = self.measured.setdefault(name, Measured())

        def timed(given: Any) -> Any:
            begun = time.perf_counter()
            result = act(given)
            measured.spans.append(time.perf_counter() - begun)
            return result

        worked, begun = self.work(), time.perf_counter()
        with ThreadPoolExecutor(CALLERS) as callers:
            results = list(callers.map(timed, givens))
        measured.turns.append(time.perf_counter() - begun)
        measured.worked.append(self.settled() - worked)
        return results

    def open(self, _: int) -> None:
        """Open the offer page for a purchase that the partner signed."""
        body = json.dumps(self.purchase()).encode()
        query = urlencode({"purchase": sign_purchase(a_key().key_id, self.secret, body)})
        self.ask("GET", f"/open/acme?{query}", b"", {})

    def quote(self, _: int) -> dict[str, Any]:
        """Ask for a quote package."""
        package: dict[str, Any] = json.loads(self.call("quotes/", self.purchase()))
        return package

    def choose(self, package: Mapping[str, Any]) -> str:
        """Click on the first plan, and return the quote token."""
        form = urlencode({"choice": package["quotes"]["0"]["id"]}).encode()
        headers = {"Content-Type": "application/x-www-form-urlencoded", "HX-Request": "true"}
        page = self.ask("POST", f"/offer/{package['offer_token']}/choice", form, headers)
        tokens: list[bytes] = re.findall(rb'data-token="([^"]+)"', page)
        return tokens[0].decode()

    def confirm(self, given: tuple[Mapping[str, Any], str]) -> None:
        """Confirm the choice."""
        package, token = given
        body = {"quote_token": token, "policyholder": policyholder_json()}
        assert b'"CONFIRMED"' in self.call(f"bookings/{package['id']}/", body)

    def purchase(self) -> dict[str, Any]:
        """Return a purchase that nobody has asked for."""
        starts_at = datetime.now(UTC).replace(microsecond=0) + timedelta(days=70)
        trip = {
            "trip_start_date": starts_at.isoformat(),
            "trip_end_date": (starts_at + timedelta(days=7)).isoformat(),
        }
        return purchase_json(partner_reference=f"BENCH-{next(self._numbers)}", trip=trip)

    def call(self, path: str, body: Mapping[str, Any]) -> bytes:
        """Call the partner API."""
        headers = {"Authorization": f"Bearer {self.secret}", "Content-Type": "application/json"}
        return self.ask("POST", f"{API}/{path}", json.dumps(body).encode(), headers)

    def ask(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> bytes:
        """Make a request that must succeed, on this thread's own connection."""
        if not hasattr(self._own, "connection"):
            self._own.connection = HTTPConnection("127.0.0.1", self.service.port, timeout=10)
        connection: HTTPConnection = self._own.connection
        connection.request(method, path, body, dict(headers))
        response = connection.getresponse()
        answer = response.read()
        assert response.status in {200, 201}, answer
        return answer

    def settled(self) -> float:
        """Return the server's processor time once it has nothing left to do."""
        before = -1.0
        while (worked := self.work()) != before:
            before = worked
            time.sleep(0.05)
        return worked

    def work(self) -> float:
        """Return the server's processor time in seconds; 0 where there is no /proc."""
        path = Path(f"/proc/{self.service.process.pid}/stat")
        if not path.exists():
            return 0.0
        facts = path.read_text().rpartition(")")[2].split()
        return (int(facts[11]) + int(facts[12])) / os.sysconf("SC_CLK_TCK")


async def prepare(database: Path) -> None:
    """Make a database with one partner, who has a test key."""
    storage = SqliteStorage(str(database))
    await storage.open()
    await storage.save_partner(a_partner())
    await storage.add_key(a_key())
    await storage.close()


def measure(folder: Path, **settings: object) -> dict[str, Measured]:
    """Sell for a while, and return what it cost."""
    database = folder / "bench.db"
    asyncio.run(prepare(database))
    secret = secret_of(a_key(), [PARTNER_KEY.encode()]) or ""
    with serving(environment(database, **settings)) as service:
        shop = Shop(service, secret)
        shop.round()
        shop.measured.clear()  # that was to get warm
        end = time.monotonic() + SPAN_S
        while time.monotonic() < end:
            shop.round()
    return shop.measured


def measure_requests() -> dict[str, Measured]:
    """Measure with a mail server that takes a connection and never says a word."""
    silent = socket.create_server(("127.0.0.1", 0))
    with silent, tempfile.TemporaryDirectory() as folder:
        smtp_url = f"smtp://127.0.0.1:{silent.getsockname()[1]}"
        return measure(Path(folder), SMTP_URL=smtp_url, TEST_MAIL_TO="developer@acme.example")


def measure_everything() -> dict[str, Measured]:
    """Measure with mail that goes nowhere, as that of test bookings does."""
    with tempfile.TemporaryDirectory() as folder:
        return measure(Path(folder))


def main() -> int:
    """Print the tables, and fail when a partner's call costs too much."""
    requests, everything = measure_requests(), measure_everything()
    print(f"{CALLERS} at once, {TURN} of each in a turn; times in ms")
    show("the requests alone", requests)
    show("with the mail after them", everything)
    ratios = [*ratios_of(requests).values(), *ratios_of(everything).values()]
    print()
    return int(any(ratio > MOST for ratio in ratios)) | bench_pricing.main()


def show(title: str, measured: Mapping[str, Measured]) -> None:
    """Print a table and its ratios."""
    print(f"\n{title}\n{'':<8} {'a second':>9} {'p50':>7} {'p99':>7} {'each':>7} {'server':>7}")
    for name, found in measured.items():
        rate, *times = found.row()
        print(f"{name:<8} {rate:>9.0f}" + "".join(f" {time_ms:>7.2f}" for time_ms in times))
    for pair, ratio in ratios_of(measured).items():
        print(f"{' / '.join(pair)}: {ratio:.2f}")


def ratios_of(measured: Mapping[str, Measured]) -> dict[tuple[str, str], float]:
    """Return what each partner's call costs of its page: the worse of clock and processor."""
    return {pair: _ratio(*(measured[name] for name in pair)) for pair in PAIRS}


def _ratio(call: Measured, page: Measured) -> float:
    by_clock = call.per_request_ms / page.per_request_ms
    return max(by_clock, call.work_ms / page.work_ms) if page.work_ms else by_clock


if __name__ == "__main__":
    sys.exit(main())

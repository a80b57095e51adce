"""The command `offer-widget demo`, as somebody at a terminal meets it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx2
import pytest

from tests.browser.shop import free_ports
from widget.server import listen

ROOT = Path(__file__).parent.parent


def started(folder: Path, ports: list[int]) -> subprocess.Popen[str]:
    """Start the demonstration in a process of its own."""
    names = ("--port", "--shop-port", "--smtp-port")
    options = [word for pair in zip(names, map(str, ports), strict=True) for word in pair]
    return subprocess.Popen(
        [sys.executable, "-m", "widget", "demo", "--folder", str(folder), *options],
        cwd=folder.parent,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@contextmanager
def demo(folder: Path, ports: list[int]) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Start the demonstration, and give its process and the line that it printed when it was up."""
    process = started(folder, ports)
    try:
        assert process.stdout is not None
        line = next((line for line in process.stdout if line.startswith("Open ")), "")
        yield process, line
    finally:
        process.terminate()
        process.communicate()


def test_it_prints_one_address_to_open_and_ends_cleanly_with_ctrl_c(tmp_path: Path) -> None:
    ports = free_ports(3)

    with demo(tmp_path / "demo", ports) as (process, line):
        shop = httpx2.get(f"http://127.0.0.1:{ports[1]}/healthz")
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=20)

    assert f"http://localhost:{ports[1]}" in line
    assert shop.status_code == 200
    assert (process.returncode, errors) == (0, "")
    with pytest.raises(httpx2.ConnectError):
        httpx2.get(f"http://127.0.0.1:{ports[0]}/healthz")


def test_a_second_start_takes_under_three_seconds(tmp_path: Path) -> None:
    ports = free_ports(3)
    with demo(tmp_path / "demo", ports):
        pass

    begun = time.monotonic()
    with demo(tmp_path / "demo", ports) as (_, line):
        seconds = time.monotonic() - begun

    print(f"second start of the demonstration: {seconds:.2f} s")
    assert line
    assert seconds < 3


def test_a_taken_port_is_one_sentence(tmp_path: Path) -> None:
    ports = free_ports(3)
    with demo(tmp_path / "demo", ports):
        other = [*free_ports(2), ports[2]]

        with demo(tmp_path / "other", [ports[0], *other[:2]]) as (process, line):
            _, errors = process.communicate(timeout=20)

    assert line == ""
    assert process.returncode == 1
    assert errors == f"Port {ports[0]}: it is taken on 127.0.0.1; choose another\n"


@pytest.mark.parametrize("signum", [signal.SIGHUP, signal.SIGTERM, signal.SIGINT])
def test_a_signal_during_the_start_leaves_no_process_behind(
    tmp_path: Path, signum: signal.Signals
) -> None:
    ports = free_ports(3)

    process = started(tmp_path / "demo", ports)
    children = wait_for_children(process)
    process.send_signal(signum)
    try:
        process.communicate(timeout=20)

        assert [child for child in children if Path(f"/proc/{child}").exists()] == []
    finally:
        for child in children:
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
    assert process.returncode == 0
    for port in ports:
        listen("127.0.0.1", port).close()


def wait_for_children(process: subprocess.Popen[str]) -> list[int]:
    """Return the processes that `process` has started, as soon as there are both."""
    place = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    while len(children := place.read_text().split()) < 2:
        assert process.poll() is None
    return [int(child) for child in children]


def test_when_one_process_dies_the_other_is_not_left_behind(tmp_path: Path) -> None:
    ports = free_ports(3)

    with demo(tmp_path / "demo", ports) as (process, _):
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        os.kill(int(children[0]), signal.SIGKILL)
        _, errors = process.communicate(timeout=20)

    assert process.returncode == 1
    assert "a process ended by itself" in errors
    with pytest.raises(httpx2.ConnectError):
        httpx2.get(f"http://127.0.0.1:{ports[1]}/healthz")

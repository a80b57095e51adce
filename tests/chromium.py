"""The Chromium of the browser tests. `make browser` runs this file.

Browser tests are never skipped: a machine without a browser gets one, or one sentence that says
what is missing.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator
from typing import Protocol

from playwright.sync_api import sync_playwright

SETTING = "OFFER_WIDGET_CHROMIUM"

PROGRAMS = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)

# Fonts too: without any, a screenshot is a page of empty boxes.
DEBIAN_PACKAGES = ("chromium", "fonts-dejavu-core", "fonts-liberation")


class ChromiumMissing(Exception):
    """No Chromium that runs; the message says what to do."""


class Machine(Protocol):
    """What the search asks of the machine it runs on."""

    def setting(self, name: str) -> str:
        """Return an environment variable, empty when it is not set."""

    def find_program(self, name: str) -> str | None:
        """Return the path of a program, or None."""

    def playwright_path(self) -> str:
        """Return where Playwright keeps the Chromium that it fetches, fetched or not."""

    def can_run(self, path: str) -> bool:
        """Say whether the browser at this path starts."""

    def is_debian_as_root(self) -> bool:
        """Say whether apt-get may install Debian's packages here."""

    def run(self, *command: str) -> None:
        """Run a command; if it fails, what it says is on standard error."""


def find_chromium(machine: Machine) -> str | None:
    """Return the path of a Chromium that runs, or None. Installs nothing.

    Raises:
        ChromiumMissing: the one that the environment names does not run.
    """
    named = machine.setting(SETTING)
    if named:
        # Never another one in its place: whoever names a browser wants that browser.
        if machine.can_run(named):
            return named
        raise ChromiumMissing(f"{SETTING} names {named}, which does not run.")

    # Run, not only found: Ubuntu's `chromium-browser` may be a note that asks for a snap.
    for name in PROGRAMS:
        path = machine.find_program(name)
        if path and machine.can_run(path):
            return path
    fetched = machine.playwright_path()
    return fetched if machine.can_run(fetched) else None


def get_chromium(machine: Machine | None = None) -> str:
    """Return the path of a Chromium that runs. Installs nothing.

    Raises:
        ChromiumMissing: there is none.
    """
    path = find_chromium(machine or ThisMachine())
    if path is None:
        raise ChromiumMissing(
            f"The browser tests need Chromium: run `make browser`, or set {SETTING} to its path."
        )
    return path


def fetch_chromium(machine: Machine) -> str:
    """Return the path of a Chromium that runs, and install one if there is none.

    Raises:
        ChromiumMissing: none could be installed.
    """
    path = find_chromium(machine)
    installs = _installs(machine)
    while path is None:
        install = next(installs, None)
        if install is None:
            raise ChromiumMissing(
                "The browser tests need Chromium. None is here and none could be fetched, for the "
                f"reasons above: install one, or set {SETTING} to its path."
            )
        machine.run(*install)
        path = find_chromium(machine)
    return path


def _installs(machine: Machine) -> Iterator[tuple[str, ...]]:
    if machine.is_debian_as_root():
        yield ("apt-get", "update")
        yield ("apt-get", "install", "--yes", "--no-install-recommends", *DEBIAN_PACKAGES)
    yield (sys.executable, "-m", "playwright", "install", "chromium")


class ThisMachine:
    """The machine that runs the tests."""

    def setting(self, name: str) -> str:
        """Return an environment variable, empty when it is not set."""
        return os.environ.get(name, "")

    def find_program(self, name: str) -> str | None:
        """Return the path of a program, or None."""
        return shutil.which(name)

    def playwright_path(self) -> str:
        """Ask Playwright, whose folder differs from system to system."""
        with sync_playwright() as playwright:
            return playwright.chromium.executable_path

    def can_run(self, path: str) -> bool:
        """Ask the browser for its version, which needs all of its libraries and no display."""
        try:
            asked = subprocess.run([path, "--version"], check=False, capture_output=True)
        except OSError:
            return False
        return asked.returncode == 0

    def is_debian_as_root(self) -> bool:
        """Debian alone: under the same name, Ubuntu has a snap."""
        try:
            system = platform.freedesktop_os_release()["ID"]
        except OSError:
            return False
        return system == "debian" and os.geteuid() == 0

    def run(self, *command: str) -> None:
        """Send everything to standard error: standard output is for the path alone."""
        environ = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        try:
            subprocess.run(command, check=False, env=environ, stdout=sys.stderr)
        except OSError as error:
            print(error, file=sys.stderr)


def main() -> None:
    """Print the path of a Chromium, installing one if need be."""
    try:
        print(fetch_chromium(ThisMachine()))
    except ChromiumMissing as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()

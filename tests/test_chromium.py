from __future__ import annotations

import stat
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.chromium import (
    SETTING,
    ChromiumMissing,
    ThisMachine,
    fetch_chromium,
    find_chromium,
    get_chromium,
)

FETCHED = "/cache/playwright/chrome"


@dataclass
class FakeMachine:
    """A machine whose browsers are the paths in `browsers`."""

    named: str = ""
    programs: dict[str, str] = field(default_factory=dict)
    browsers: set[str] = field(default_factory=set)
    is_debian: bool = False
    #: A word of a command, and the browser that is there once it has run.
    brings: dict[str, str] = field(default_factory=dict)
    commands: list[tuple[str, ...]] = field(default_factory=list)

    def setting(self, name: str) -> str:
        return self.named if name == SETTING else ""

    def find_program(self, name: str) -> str | None:
        return self.programs.get(name)

    def playwright_path(self) -> str:
        return FETCHED

    def can_run(self, path: str) -> bool:
        return path in self.browsers

    def is_debian_as_root(self) -> bool:
        return self.is_debian

    def run(self, *command: str) -> None:
        self.commands.append(command)
        for word, path in self.brings.items():
            if word in command:
                self.programs["chromium"] = path
                self.browsers.add(path)


def test_the_browser_that_the_environment_names_is_taken() -> None:
    machine = FakeMachine(
        named="/opt/mine",
        programs={"chromium": "/usr/bin/chromium"},
        browsers={"/opt/mine", "/usr/bin/chromium"},
    )

    assert find_chromium(machine) == "/opt/mine"


def test_a_named_browser_that_does_not_run_is_not_replaced() -> None:
    machine = FakeMachine(
        named="/opt/gone",
        programs={"chromium": "/usr/bin/chromium"},
        browsers={"/usr/bin/chromium"},
    )

    with pytest.raises(ChromiumMissing, match="/opt/gone"):
        fetch_chromium(machine)

    assert machine.commands == []


def test_a_program_that_is_there_but_does_not_run_is_passed_over() -> None:
    machine = FakeMachine(
        programs={
            "chromium-browser": "/usr/bin/chromium-browser",
            "google-chrome": "/usr/bin/google-chrome",
        },
        browsers={"/usr/bin/google-chrome"},
    )

    assert find_chromium(machine) == "/usr/bin/google-chrome"


def test_the_browser_that_playwright_fetched_earlier_is_found() -> None:
    assert find_chromium(FakeMachine(browsers={FETCHED})) == FETCHED


def test_looking_installs_nothing_and_says_what_to_do() -> None:
    machine = FakeMachine(is_debian=True, brings={"install": "/usr/bin/chromium"})

    with pytest.raises(ChromiumMissing, match="make browser"):
        get_chromium(machine)

    assert machine.commands == []


def test_root_on_debian_gets_the_package_and_fonts() -> None:
    machine = FakeMachine(is_debian=True, brings={"fonts-liberation": "/usr/bin/chromium"})

    path = fetch_chromium(machine)

    assert path == "/usr/bin/chromium"
    assert [command[:2] for command in machine.commands] == [
        ("apt-get", "update"),
        ("apt-get", "install"),
    ]


def test_others_get_the_browser_of_playwright() -> None:
    machine = FakeMachine(brings={"playwright": FETCHED})

    path = fetch_chromium(machine)

    assert path == FETCHED
    assert len(machine.commands) == 1


def test_playwright_is_asked_when_debian_has_none() -> None:
    machine = FakeMachine(is_debian=True, brings={"playwright": FETCHED})

    assert fetch_chromium(machine) == FETCHED


def test_a_machine_that_gets_none_says_what_is_missing() -> None:
    machine = FakeMachine(is_debian=True)

    with pytest.raises(ChromiumMissing, match=f"need Chromium.*{SETTING}"):
        fetch_chromium(machine)

    assert len(machine.commands) == 3


def test_a_program_that_fails_or_is_absent_does_not_run(tmp_path: Path) -> None:
    note = tmp_path / "chromium-browser"
    note.write_text("#!/bin/sh\necho 'install the snap' >&2\nexit 1\n", encoding="utf-8")
    note.chmod(note.stat().st_mode | stat.S_IXUSR)

    assert not ThisMachine().can_run(str(note))
    assert not ThisMachine().can_run(str(tmp_path / "absent"))


def test_an_install_that_cannot_start_is_reported_and_not_raised(
    capfd: pytest.CaptureFixture[str],
) -> None:
    ThisMachine().run("a-command-that-nobody-has")

    assert "a-command-that-nobody-has" in capfd.readouterr().err


def test_this_machine_has_the_browser_that_the_tests_use() -> None:
    assert ThisMachine().can_run(get_chromium())

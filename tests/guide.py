"""The integration guide as its reader follows it: block by block, in an empty folder."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Thread

import pytest

GUIDE = Path(__file__).parent.parent / "docs" / "integration.md"

#: The port that the guide serves on; the only thing that is changed in it.
PORT = "8000"

#: What runs a program of each language.
INTERPRETERS = {"python": "python3", "js": "node", "php": "php"}

#: A start takes about two seconds; a machine that is busy gets a lot more.
TIMEOUT_S = 60


@dataclass(frozen=True)
class Block:
    """One fenced block, and the nearest heading above it."""

    heading: str
    language: str
    text: str

    @property
    def name(self) -> str:
        """The name of the file, which the first line of a program tells."""
        name: str = re.findall(r"\w+\.\w+", self.text.partition("\n")[0])[0]
        return name


def blocks() -> list[Block]:
    """Return every fenced block of the guide, in order."""
    found: list[Block] = []
    heading, fence, text = "", None, ""
    for line in GUIDE.read_text(encoding="utf-8").splitlines(keepends=True):
        if fence is not None and line == "```\n":
            found.append(Block(heading, fence, text))
            fence = None
        elif fence is not None:
            text += line
        elif line.startswith("```"):
            fence, text = line[3:].strip(), ""
        elif line.startswith("#"):
            heading = line.lstrip("#").strip()
    return found


def blocks_under(heading: str, language: str) -> list[Block]:
    """Return the blocks of a language directly under a heading; there is at least one."""
    own = [block for block in blocks() if (block.heading, block.language) == (heading, language)]
    assert own, f"the guide has no {language} under {heading!r}"
    return own


def needs(language: str) -> None:
    """Skip when what a language takes is not installed."""
    program = INTERPRETERS[language]
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed, so the guide's {language} was not run")
    if language == "php":
        modules = subprocess.run([program, "-m"], capture_output=True, text=True, check=True)
        if "curl" not in modules.stdout.split():
            pytest.skip("php has no curl extension (php-curl), so the guide's php was not run")


@dataclass(frozen=True)
class Reader:
    """Somebody with the guide, an empty folder and a shell."""

    folder: Path
    port: int

    @property
    def url(self) -> str:
        """Where the guide's service is."""
        return f"http://127.0.0.1:{self.port}"

    def shell(self, text: str, **environ: str) -> subprocess.CompletedProcess[str]:
        """Run blocks in one shell, to the end or to the first failure."""
        return subprocess.run(
            ["/bin/bash", "-euo", "pipefail", "-c", self._here(text)],
            cwd=self.folder,
            env={**_environment(), **environ},
            capture_output=True,
            text=True,
            check=False,
            timeout=TIMEOUT_S,
        )

    def save(self, block: Block) -> Path:
        """Save a program under its name."""
        path = self.folder / block.name
        path.write_text(block.text, encoding="utf-8")
        return path

    def beside(self, name: str, url: str) -> Reader:
        """Return this reader in a folder of its own, with the service at another address."""
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        env = (self.folder / "env").read_text(encoding="utf-8")
        (folder / "env").write_text(env.replace(self.url, url), encoding="utf-8")
        return Reader(folder, self.port)

    @contextmanager
    def serving(self) -> Iterator[None]:
        """Do what the guide says to get a service; it has ended after this."""
        (block,) = blocks_under("A service of your own", "sh")
        environ = {**_environment(), "OFFER_WIDGET_PORT": str(self.port)}
        with subprocess.Popen(
            ["/bin/bash", "-euo", "pipefail", "-c", self._here(block.text)],
            cwd=self.folder,
            env=environ,
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        ) as shell:
            assert shell.stderr is not None
            try:
                lines = iter(shell.stderr.readline, "")
                assert any('"event":"serving"' in line.replace(" ", "") for line in lines)
                # A log that nobody reads would hold up the service.
                rest = Thread(target=shell.stderr.read)
                rest.start()
                yield
                os.killpg(shell.pid, signal.SIGTERM)
                rest.join()
            finally:
                if shell.poll() is None:
                    os.killpg(shell.pid, signal.SIGKILL)

    def _here(self, text: str) -> str:
        return text.replace(f"127.0.0.1:{PORT}", f"127.0.0.1:{self.port}")


def _environment() -> Mapping[str, str]:
    """Return this environment with our command and Python first, and no settings of ours."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("OFFER_WIDGET")}
    return {**own, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}

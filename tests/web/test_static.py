"""The static files: what is vendored is unmodified, and what partners load is small."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import brotli
import pytest

from widget.app import folder
from widget.web.assets import LOADER, read_assets

VENDORED = sorted(path for path in (folder("static") / "vendor").iterdir() if path.is_dir())

#: The promise to partners, in bytes with brotli: docs/decisions.md.
LOADER_BYTES = 1_500

OURS = [path for path in sorted(folder("static").iterdir()) if path.suffix in {".js", ".css"}]


@pytest.mark.parametrize("place", VENDORED, ids=lambda place: place.name)
def test_vendored_files_are_those_that_their_readme_names(place: Path) -> None:
    readme = (place / "README.md").read_text(encoding="utf-8")
    named = dict(re.findall(r"\| `([^`]+)` \|[^|]+\| `([0-9a-f]{64})` \|", readme))
    there = {path.name for path in place.iterdir()} - {"README.md", "LICENSE"}

    assert named.keys() == there
    for name, digest in named.items():
        assert hashlib.sha256((place / name).read_bytes()).hexdigest() == digest, name


@pytest.mark.parametrize("place", VENDORED, ids=lambda place: place.name)
def test_vendored_files_carry_their_version_and_their_licence(place: Path) -> None:
    assert re.fullmatch(r"[a-z-]+@\d+\.\d+\.\d+", place.name)
    assert (place / "LICENSE").read_text(encoding="utf-8").strip()
    assert place.name.replace("@", " ") in (place / "README.md").read_text(encoding="utf-8")


def test_the_loader_is_as_light_as_promised(capsys: pytest.CaptureFixture[str]) -> None:
    loader = read_assets(folder("static")).get(LOADER)
    size = len(brotli.compress(loader.body, quality=11))

    with capsys.disabled():
        print(f"\n{LOADER}: {size} bytes with brotli, {LOADER_BYTES} are promised")
    assert size <= LOADER_BYTES


@pytest.mark.parametrize("path", OURS, ids=lambda path: path.name)
def test_our_files_contact_no_other_host_and_keep_nothing(path: Path) -> None:
    text = path.read_text(encoding="utf-8")

    assert not re.search(r"https?://(?!www\.w3\.org)|@import|url\(\s*['\"]?//", text)
    assert not re.search(r"localStorage|sessionStorage|indexedDB|document\.cookie", text)


@pytest.mark.parametrize("path", OURS, ids=lambda path: path.name)
def test_our_scripts_write_no_html(path: Path) -> None:
    text = path.read_text(encoding="utf-8")

    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", text)

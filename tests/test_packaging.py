"""What a stranger gets: the wheel, and the lists that `make` installs from."""

from __future__ import annotations

import re
import subprocess
import sys
import sysconfig
import tarfile
import tomllib
import venv
from pathlib import Path
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).parent.parent
LISTS = ("requirements.txt", "requirements-dev.txt")


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the source archive, and the wheel that was built from it."""
    folder = tmp_path_factory.mktemp("dist")
    _run(sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), cwd=ROOT)
    return folder


@pytest.fixture(scope="module")
def wheel(dist: Path) -> Path:
    """The wheel."""
    (path,) = dist.glob("*.whl")
    return path


@pytest.mark.parametrize("folder", ["templates", "static", "demo"])
def test_the_wheel_carries_each_folder_beside_the_package(wheel: Path, folder: str) -> None:
    expected = {f"widget/{name}" for name in _files(folder)}

    assert expected
    assert expected <= _names(wheel)


@pytest.mark.parametrize(
    "pattern",
    [
        "*.py",
        "catalogue/*.toml",
        "locales/**/*.po",
        "press/fonts/*",
        "press/layout/*.typ",
        "storage/schema/*.sql",
    ],
)
def test_the_wheel_carries_what_lies_in_the_package(wheel: Path, pattern: str) -> None:
    expected = {path.relative_to(ROOT).as_posix() for path in (ROOT / "widget").glob(pattern)}

    assert expected
    assert expected <= _names(wheel)


def test_the_wheel_puts_nothing_beside_the_package(wheel: Path) -> None:
    tops = {name.split("/")[0] for name in _names(wheel)}

    assert {top for top in tops if not top.endswith(".dist-info")} == {"widget"}


def test_the_source_archive_carries_what_building_and_testing_need(dist: Path) -> None:
    (path,) = dist.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}

    assert {"pyproject.toml", "Makefile", "LICENSE", "README.md", *LISTS} <= names
    assert {"tests/test_packaging.py", *_files("templates")} <= names


def test_the_installed_wheel_runs_from_any_folder(wheel: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    venv.create(home, with_pip=False)
    python = home / "bin" / "python"
    # The dependencies are the ones of this interpreter; the package itself comes from the wheel.
    # A path in a .pth file stands last, and the .pth files of that path are not read.
    packages = sysconfig.get_path("purelib")
    (site,) = home.glob("lib/python*/site-packages")
    (site / "dependencies.pth").write_text(packages, encoding="utf-8")
    _run(
        *(sys.executable, "-m", "pip", "--python", str(python)),
        *("install", "--quiet", "--no-deps", "--no-index", str(wheel)),
        cwd=tmp_path,
    )

    place = _run(str(python), "-c", "import widget; print(widget.__file__)", cwd=tmp_path)
    settings = _run(str(home / "bin" / "offer-widget"), "settings", cwd=tmp_path)

    assert Path(place.strip()).is_relative_to(home)
    assert settings


@pytest.mark.parametrize("name", LISTS)
def test_every_pinned_requirement_has_a_hash(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    _header, *pins = re.split(r"^(?=\w)", text, flags=re.MULTILINE)

    assert pins
    for pin in pins:
        assert re.match(r"[a-z0-9-]+==\S+( ; [^\\]+)? \\\n    --hash=sha256:[0-9a-f]{64}", pin), pin


@pytest.mark.parametrize("name", LISTS)
def test_the_requirements_name_no_address_and_no_path(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")

    assert re.findall(r"https?:|file:|--\w*(?:index|links|host)\S*|/\S*", text) == []


def test_each_dependency_is_pinned() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]

    service = {*project["dependencies"], *extras["demo"]}
    assert _named(service) <= _pinned("requirements.txt")
    assert _named({*service, *extras["test"]}) <= _pinned("requirements-dev.txt")


def test_both_lists_pin_the_same_versions() -> None:
    service, everything = (
        set(re.findall(r"^\S+==\S+", (ROOT / name).read_text(encoding="utf-8"), re.MULTILINE))
        for name in LISTS
    )

    assert service <= everything


def _run(*command: str, cwd: Path) -> str:
    done = subprocess.run(command, check=False, cwd=cwd, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def _names(wheel: Path) -> set[str]:
    with ZipFile(wheel) as archive:
        return set(archive.namelist())


def _files(folder: str) -> set[str]:
    return {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def _named(requirements: set[str]) -> set[str]:
    return {re.split(r"[^\w-]", requirement)[0] for requirement in requirements}


def _pinned(name: str) -> set[str]:
    text = (ROOT / name).read_text(encoding="utf-8")
    return set(re.findall(r"^([\w-]+)==", text, re.MULTILINE))

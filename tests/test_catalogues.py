from __future__ import annotations

from pathlib import Path

import pytest

import widget
from widget.app import load_markets
from widget.catalogues import read_catalogue
from widget.errors import CatalogueFaulty

SOURCE = "travel_protection.v1.toml"
CATALOGUE = Path(widget.__file__).parent / "catalogue"
SHIPPED = (CATALOGUE / SOURCE).read_text(encoding="utf-8")
LINE = {"travel.line.toml": (CATALOGUE / "travel.line.toml").read_text(encoding="utf-8")}


def test_the_newest_version_is_on_sale_and_older_ones_stay() -> None:
    files = {
        f"v{version}.toml": SHIPPED.replace("version = 1", f"version = {version}", 1)
        for version in (1, 10, 9)
    }

    catalogue = read_catalogue(LINE | files, load_markets())

    newest = catalogue.on_sale("travel_protection")
    assert newest is not None
    assert newest.version == 10
    assert catalogue.get("travel_protection", 1).version == 1


def test_a_product_that_nobody_wrote_is_not_on_sale() -> None:
    catalogue = read_catalogue(LINE | {SOURCE: SHIPPED}, load_markets())

    assert catalogue.on_sale("travel") is None


def test_the_file_of_a_sold_version_must_stay() -> None:
    catalogue = read_catalogue(LINE | {SOURCE: SHIPPED}, load_markets())

    with pytest.raises(CatalogueFaulty, match=r"travel_protection\.v7\.toml: .*must stay"):
        catalogue.get("travel_protection", 7)


def test_two_files_cannot_be_the_same_version() -> None:
    with pytest.raises(CatalogueFaulty, match=r"b\.toml:3: travel_protection@1 is in another file"):
        read_catalogue(LINE | {"b.toml": SHIPPED, "a.toml": SHIPPED}, load_markets())

"""Markets, and what a partner asks beyond them, as an operator sees and sets them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.live import environment
from tests.test_cli import Command, refused, typed


@pytest.fixture
def command(tmp_path: Path) -> Command:
    """The command, once there is the partner `acme`."""
    environ = environment(tmp_path / "cli.db")

    added = typed(
        environ,
        *("partners", "add", "acme", "--name", "Acme Travel", "--origin", "https://shop.test"),
    )
    assert added.returncode == 0, added.stderr
    return lambda *arguments: typed(environ, *arguments)


def test_a_market_is_shown_with_the_source_of_each_rule(command: Command) -> None:
    shown = command("markets", "show", "AU-NSW", "goods")

    assert shown.returncode == 0
    assert shown.stdout.startswith("AU-NSW\tgoods\tdeferred\tGST 0.10, STAMP_DUTY 0.09\t")
    assert "STAMP_DUTY: 0.09 (assumed) Duties Act 1997 (NSW)" in shown.stdout
    assert "sale: ASIC Act 2001" in shown.stdout


@pytest.mark.parametrize("place", ["BR", "AU", "US-XX", ""])
def test_a_market_without_rules_is_told_in_one_sentence(command: Command, place: str) -> None:
    assert refused(command("markets", "show", place, "goods")).startswith(f"The market {place} for")


def test_every_market_is_listed(command: Command) -> None:
    listed = command("markets", "list")

    assert re.search(r"^DE\ttravel\tin_path\tVERSST 0\.19\t", listed.stdout, re.MULTILINE)
    assert re.search(r"^US-IN\ttravel\t.*\twithdrawal 30 days$", listed.stdout, re.MULTILINE)


def test_the_lint_of_what_comes_with_us_finds_nothing(command: Command) -> None:
    linted = command("markets", "lint")

    assert linted.returncode == 0, linted.stdout
    assert re.search(r"^[0-9]+ offers, 0 of them with faults\.$", linted.stdout, re.MULTILINE)


def test_a_partner_is_restricted_and_stays_so_when_it_is_changed(command: Command) -> None:
    told = command(
        *("partners", "restrict", "acme", "--not-sold", "FR", "--not-sold", "AU:goods"),
        *("--withdrawal-days", "30", "--disclosure", "travel_retailer"),
    )
    changed = command(
        *("partners", "add", "acme", "--name", "Acme", "--origin", "https://shop.test", "--update")
    )

    assert told.stdout == (
        "acme: sells nothing in FR, AU:goods; withdrawal of at least 30 days;"
        " adds travel_retailer\n"
    )
    assert changed.returncode == 0


def test_a_restriction_that_cannot_be_is_told_in_one_sentence(command: Command) -> None:
    sentence = refused(command("partners", "restrict", "acme", "--not-sold", "Frankreich"))

    assert sentence == (
        "not_sold: 'Frankreich' is not a place like FR, US-NY, AU:goods or *:parcel."
    )
    assert refused(command("partners", "restrict", "globex")) == "Partner globex does not exist"

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import a_market
from widget.app import load_markets
from widget.errors import InputInvalid
from widget.markets import Market, Sale
from widget.restrictions import (
    DISCLOSURES,
    MAX_WITHDRAWAL_DAYS,
    NONE,
    Restrictions,
    checked_restrictions,
    tightened,
)

MARKETS = load_markets()

#: From the freest to the strictest.
STRICTNESS = [Sale.IN_PATH, Sale.DEFERRED, Sale.FORBIDDEN]

markets = st.sampled_from(list(MARKETS.known.values()))
places = st.sampled_from(["*", "FR", "AU", "US-NY", "CA", "XX", "", "*:*"])
classes = st.sampled_from(["", ":travel", ":goods", ":other", ":nothing"])
restrictions = st.builds(
    Restrictions,
    st.lists(st.builds("{}{}".format, places, classes), max_size=4).map(tuple),
    st.integers(-1000, 1000),
    st.lists(st.sampled_from([*DISCLOSURES, "unknown"]), max_size=9).map(tuple),
)


@given(markets, restrictions)
def test_no_setting_of_a_partner_loosens_the_law(market: Market, wanted: Restrictions) -> None:
    own = tightened(market, wanted)

    assert STRICTNESS.index(own.sale) >= STRICTNESS.index(market.sale)
    assert own.withdrawal_days >= market.withdrawal_days
    assert own.disclosures[: len(market.disclosures)] == market.disclosures
    # What a partner has no say in stays as it is, whatever rules a market gets one day.
    touched = {"sale", "withdrawal_days", "disclosures"}
    for rule in set(Market.__dataclass_fields__) - touched:
        assert getattr(own, rule) == getattr(market, rule)


@given(markets, restrictions)
def test_tightening_twice_changes_nothing_more(market: Market, wanted: Restrictions) -> None:
    own = tightened(market, wanted)

    assert tightened(own, wanted) == own


@given(markets)
def test_who_asks_for_nothing_more_has_the_law(market: Market) -> None:
    assert tightened(market, NONE) == market


@pytest.mark.parametrize(
    ("entry", "market", "sold"),
    [
        ("FR", a_market("FR"), False),
        ("FR", a_market("DE"), True),
        ("FR:parcel", a_market("FR"), True),
        ("FR:parcel", a_market("FR", None, "parcel"), False),
        ("US-NY", a_market("US", "US-NY"), False),
        ("US-NY", a_market("US", "US-CA"), True),
        ("US", a_market("US", "US-CA"), False),
        ("*:goods", a_market("JP", None, "goods"), False),
        ("*:goods", a_market("JP"), True),
    ],
)
def test_a_partner_says_where_and_what_it_does_not_sell(
    entry: str,
    market: Market,
    sold: bool,  # noqa: FBT001 - a column of the table
) -> None:
    own = tightened(market, checked_restrictions([entry], 0, []))

    assert (own.sale is not Sale.FORBIDDEN) == sold


def test_a_longer_withdrawal_and_more_disclosures_are_added() -> None:
    own = tightened(a_market("DE"), checked_restrictions([], 30, ["travel_retailer"]))

    assert own.withdrawal_days == 30
    assert own.disclosures[-1] == "travel_retailer"


@pytest.mark.parametrize("entry", ["*", "XX", "France", "DE-BY", "US-XX", "FR:", "FR:Parcel", ""])
def test_a_place_that_there_is_not_is_refused(entry: str) -> None:
    with pytest.raises(InputInvalid) as error:
        checked_restrictions([entry], 0, [])

    assert list(error.value.problems) == ["not_sold"]


def test_every_fault_is_told_at_once() -> None:
    with pytest.raises(InputInvalid) as error:
        checked_restrictions(["XX"], MAX_WITHDRAWAL_DAYS + 1, ["small_print"])

    assert error.value.problems.keys() == {"not_sold", "withdrawal_days", "disclosures"}

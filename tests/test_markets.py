from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import widget
from tests.builders import NOON, a_market
from widget.app import load_markets
from widget.countries import COUNTRIES, REGIONS
from widget.errors import CatalogueFaulty
from widget.market_files import read_markets
from widget.markets import Market, Sale

MARKETS = load_markets()
ALL = [
    pytest.param(market, id=f"{market.place}-{market.insurance_class}")
    for market in MARKETS.known.values()
]

#: A partner can lengthen it; no market that we know allows less.
LEAST_WITHDRAWAL_DAYS = 8

EUROPEAN_UNION = set(
    "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK".split()
)

FILES = {
    path.name: path.read_text(encoding="utf-8")
    for path in (Path(widget.__file__).parent / "market_rules").glob("*.toml")
}


@pytest.mark.parametrize(
    ("country", "region", "name", "rates"),
    [
        ("AT", None, "travel", {"VERSST": "0.11"}),
        ("DE", None, "travel", {"VERSST": "0.19"}),
        ("ES", None, "travel", {"IPS": "0.08", "CLEA": "0.0015"}),
        ("FR", None, "travel", {"TSCA": "0.09"}),
        ("GB", None, "travel", {"IPT": "0.20"}),
        ("GB", None, "parcel", {"IPT": "0.12"}),
        ("NL", None, "travel", {"ASSBEL": "0.21"}),
        ("NL", None, "parcel", {}),
        ("US", None, "travel", {}),
        ("AU", "AU-NSW", "goods", {"GST": "0.10", "STAMP_DUTY": "0.09"}),
        ("AU", "AU-ACT", "goods", {"GST": "0.10"}),
        ("AU", "AU-NSW", "travel", {}),
        ("AU", "AU-NSW", "travel_domestic", {"GST": "0.10", "STAMP_DUTY": "0.09"}),
        ("GB", None, "travel_domestic", {"IPT": "0.20"}),
        ("CA", "CA-ON", "travel", {"RST": "0.08"}),
        ("CA", "CA-AB", "travel", {}),
        ("SG", None, "goods", {"GST": "0.09"}),
        ("SG", None, "travel", {}),
        ("JP", None, "event", {}),
    ],
)
def test_a_market_has_the_taxes_of_its_law(
    country: str, region: str | None, name: str, rates: dict[str, str]
) -> None:
    taxes = a_market(country, region, name).taxes

    assert {tax.code: tax.share for tax in taxes} == {
        code: Decimal(rate) for code, rate in rates.items()
    }


# 1.10 * 1.09 = 1.199: the duty is on the premium with its goods and services tax.
def test_the_rate_of_all_taxes_knows_what_each_is_on() -> None:
    assert a_market("AU", "AU-NSW", "goods").tax_rate == Decimal("0.199")


def test_every_market_that_we_promise_is_there() -> None:
    assert MARKETS.countries == EUROPEAN_UNION | {"AU", "CA", "GB", "JP", "SG", "US"}
    assert {country: MARKETS.regions_of(country) for country in REGIONS} == REGIONS
    assert MARKETS.countries <= COUNTRIES


@pytest.mark.parametrize("market", ALL)
def test_every_rule_names_its_law(market: Market) -> None:
    asked = {"sale", "withdrawal_days", "documents", "disclosures", "record_years", "languages"}

    assert asked <= market.sources.keys()
    assert all(len(source) > 5 for source in market.sources.values())
    assert all(tax.source and tax.since.year >= 1900 for tax in market.taxes)


@pytest.mark.parametrize("market", ALL)
def test_every_market_lets_customers_withdraw_and_see_documents(market: Market) -> None:
    assert market.withdrawal_days >= LEAST_WITHDRAWAL_DAYS
    assert {"product_information", "wording"} <= market.documents
    assert {"optional", "price", "period", "cooling_off"} <= set(market.disclosures)


@pytest.mark.parametrize(
    ("region", "days"),
    [
        ("US-NY", 15),
        ("US-IN", 30),
        *((f"US-{state}", 21) for state in ("CT", "KS", "MO", "MT", "VT", "WA")),
    ],
)
def test_a_state_may_give_its_customers_longer_to_withdraw(region: str, days: int) -> None:
    assert a_market("US", region).withdrawal_days == days


def test_who_does_not_name_the_state_gets_what_the_kindest_gives() -> None:
    assert a_market("US", None).withdrawal_days == 30


@pytest.mark.parametrize(("country", "name"), [("CA", "travel"), ("AU", "goods")])
def test_where_taxes_differ_by_region_the_region_must_be_known(country: str, name: str) -> None:
    assert MARKETS.find(country, None, name) is None


def test_a_class_that_no_market_names_has_the_rules_of_the_others() -> None:
    market = a_market("AU", "AU-NSW", "bicycle_hire")

    assert (market.insurance_class, market.sale) == ("other", Sale.DEFERRED)


def test_a_narrower_class_has_the_rules_of_the_one_that_its_name_begins_with() -> None:
    assert a_market("AU", "AU-NSW", "travel_ski").sale is Sale.IN_PATH


def test_what_is_not_known_is_not_guessed() -> None:
    assert MARKETS.find("BR", None, "travel") is None
    with pytest.raises(CatalogueFaulty, match="customers in BR"):
        MARKETS.get("BR", None, "travel")


@pytest.mark.parametrize("region", sorted(REGIONS["AU"]))
@pytest.mark.parametrize(
    ("name", "sale"),
    [
        ("travel", Sale.IN_PATH),
        ("travel_domestic", Sale.IN_PATH),
        ("parcel", Sale.IN_PATH),
        ("goods", Sale.DEFERRED),
        ("event", Sale.DEFERRED),
    ],
)
def test_australia_defers_what_is_not_exempt(region: str, name: str, sale: Sale) -> None:
    assert a_market("AU", region, name).sale is sale


#: The clocks of Australia, and beyond them both ends of the world.
clocks = st.integers(-12, 14).map(lambda hours: timezone(timedelta(hours=hours)))
moments = st.datetimes(datetime(2026, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis adds the time zone


@given(moments, clocks)
def test_a_deferred_sale_opens_after_four_clear_days_on_every_clock(
    informed_at: datetime, clock: timezone
) -> None:
    opens_at = a_market("AU", "AU-NSW", "goods").opens_at(informed_at)

    assert opens_at is not None
    clear = opens_at.astimezone(clock).date() - informed_at.astimezone(clock).date()
    assert clear.days >= 5


def test_what_is_sold_in_the_path_opens_at_once() -> None:
    assert a_market("DE").opens_at(NOON) is None


def test_a_short_trip_in_the_union_needs_no_withdrawal_function() -> None:
    market = a_market("DE")

    assert not market.needs_withdrawal_function(8)
    assert market.needs_withdrawal_function(365)
    assert a_market("DE", None, "goods").needs_withdrawal_function(8)
    assert not a_market("GB").needs_withdrawal_function(365)


JP = FILES["jp.toml"]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("name = ", r"^jp.toml:1: Invalid value$"),
        (
            JP.replace('sale = "in_path"', 'sale = "opt_out"'),
            r"^jp.toml:\d+: sale: Input should be",
        ),
        (JP.replace("withdrawal_days = 8", ""), "JP, class event does not say withdrawal_days"),
        (JP.replace("record_years = 7", "record_year = 7"), "record_year: Extra inputs"),
        (JP.replace('country = "JP"', 'country = "XX"'), "there is no country XX"),
        (JP.replace('"in_path"', '"deferred"', 1), "defers the sale and has no deferral_days"),
        (re.sub(r"\ndocuments = \"Ins.*", "", JP), "JP, class event has no sources.documents"),
        (JP + '[[market]]\ncountry = "JP"\n', "market JP is there twice"),
        (
            JP + '[[market.tax]]\ncode = "X"\nfixed = "1.00"\nsource = "s"\nsince = 2026-01-01\n',
            "market JP, class event, tax X: '' is not an ISO 4217 currency",
        ),
    ],
)
def test_a_gap_is_one_sentence_that_names_the_place(text: str, sentence: str) -> None:
    with pytest.raises(CatalogueFaulty, match=sentence):
        read_markets({**FILES, "jp.toml": text})


def test_a_gap_of_a_market_is_told_with_its_line() -> None:
    text = JP.replace('country = "JP"', 'country = "XX"')

    with pytest.raises(CatalogueFaulty) as error:
        read_markets({"jp.toml": text})

    assert text.splitlines()[(error.value.line or 0) - 1] == 'country = "XX"'


def test_a_market_with_regions_names_each_of_them() -> None:
    text = FILES["us.toml"].replace('\n[[market.region]]\ncode = "US-NY"\n', "")

    with pytest.raises(CatalogueFaulty, match="must name each of its regions, see US-NY"):
        read_markets({"us.toml": text})

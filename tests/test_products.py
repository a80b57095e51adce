from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path

import pytest

import widget
from tests.builders import a_product, a_trip
from widget.errors import CatalogueFaulty
from widget.money import Money
from widget.products import read_catalogue, read_product

SOURCE = "travel_protection.v1.toml"
SHIPPED = (Path(widget.__file__).parent / "catalogue" / SOURCE).read_text(encoding="utf-8")


def without(text: str, start: str, end: str = r"(?=^\[)") -> str:
    """Return `text` without what begins with `start`, up to the next table."""
    cut, count = re.subn(rf"^{start}.*?{end}", "", text, count=1, flags=re.MULTILINE | re.DOTALL)
    assert count == 1, start
    return cut


def changed(old: str, new: str) -> str:
    """Return the shipped product with its first `old` made `new`."""
    assert old in SHIPPED, old
    return SHIPPED.replace(old, new, 1)


def line(name: str) -> str:
    """Return the shipped product without a line."""
    return without(SHIPPED, re.escape(name), r"\n")


#: One gap each, and words of the sentence that must tell of it.
GAPS = {
    "no toml": (SHIPPED + "\n=", r"line \d+"),
    "empty": ("", "code: Field required"),
    "no code": (line('code = "travel_protection"'), "code: Field required"),
    "a code in capitals": (changed('"travel_protection"', '"Travel"'), "^code: "),
    "no version": (line("version = 1"), "version: Field required"),
    "version zero": (changed("version = 1", "version = 0"), "^version: "),
    "another line": (changed('line = "travel"', 'line = "pets"'), "^line: "),
    "a long prefix": (changed('"TRV"', '"TRAVEL"'), "^policy_prefix: "),
    "no underwriter": (line("underwriter ="), "underwriter: Field required"),
    "no address": (line("underwriter_address ="), "underwriter_address: Field required"),
    "no contact": (line("contact ="), "contact: Field required"),
    "an unknown key": (changed("version = 1", "version = 1\nprice = 3"), "^price: "),
    "no currency": (changed('["EUR", "GBP", "USD"]', "[]"), "^currencies: "),
    "an unknown currency": (changed('"USD"]', '"USD", "XXX"]'), "'XXX' is not an ISO 4217"),
    "a currency without amounts": (
        changed('"USD"]', '"USD", "CHF"]'),
        "eligibility.cost_min has no amount in CHF",
    ),
    "a missing cost": (
        changed('cost_max = { EUR = "30000.00", ', "cost_max = { "),
        "eligibility.cost_max has no amount in EUR",
    ),
    "a missing minimum": (
        line('GBP = "3.90"'),
        "plan cancellation: minimum has no amount in GBP",
    ),
    "a missing day rate": (
        changed('adult = { EUR = "0.60", ', "adult = { "),
        r"plan cancellation_medical: day_rate\.home\.adult has no amount in EUR",
    ),
    "a missing limit": (
        changed('limit = { EUR = "1000000", ', "limit = { "),
        "benefit medical: limit has no amount in EUR",
    ),
    "a missing excess": (
        changed('excess = { EUR = "100", ', "excess = { "),
        "benefit medical: excess has no amount in EUR",
    ),
    "an amount that is no number": (changed('EUR = "4.50"', 'EUR = "much"'), "minimum.EUR"),
    "a negative amount": (changed('EUR = "4.50"', 'EUR = "-4.50"'), "minimum.EUR"),
    "a negative day rate": (changed('EUR = "0.60"', 'EUR = "-0.60"'), "day_rate.home.adult.EUR"),
    "an infinite amount": (changed('EUR = "4.50"', "EUR = inf"), "minimum.EUR"),
    "a limit in parts of a cent": (
        changed('EUR = "1000000"', 'EUR = "1000000.005"'),
        "benefit medical: limit: 1000000.005 has more decimals than EUR allows",
    ),
    "an excess in parts of a cent": (
        changed('EUR = "100"', 'EUR = "100.005"'),
        "benefit medical: excess: 100.005 has more decimals than EUR allows",
    ),
    "costs the wrong way round": (
        changed('cost_min = { EUR = "20.00"', 'cost_min = { EUR = "40000.00"'),
        "eligibility: cost_min is above cost_max in EUR",
    ),
    "an unknown market": (changed('"US"]', '"US", "BR"]'), "no market or country BR"),
    "an unknown destination": (changed('"VA",\n', '"VA", "XX",\n'), "no market or country XX"),
    "nobody to sell to": (
        changed('["DE", "AT", "FR", "NL", "ES", "GB", "US"]', "[]"),
        "^sold_to: ",
    ),
    "no travellers": (changed("travellers_max = 20", "travellers_max = 0"), "travellers_max: "),
    "bands that fall": (
        changed("days_up_to = 22", "days_up_to = 7"),
        "plan cancellation: cost_rate bands must rise",
    ),
    "bands that repeat": (
        changed("days_up_to = 22", "days_up_to = 8"),
        "plan cancellation: cost_rate bands must rise",
    ),
    "bands that end early": (
        changed("trip_days_max = 92", "trip_days_max = 93"),
        "plan cancellation: cost_rate ends at 92 days, trips may be longer",
    ),
    "a share above all": (changed('percent = "3.2"', 'percent = "101"'), "percent: "),
    "a zone without rates": (
        without(SHIPPED, r"\[plan\.day_rate\.europe\]"),
        r"plan cancellation_medical: day_rate\.europe needs adult, child and infant",
    ),
    "rates for a zone that is not there": (
        changed("[plan.day_rate.europe]", "[plan.day_rate.eurpe]"),
        r"plan cancellation_medical: day_rate\.eurpe is for a zone that does not exist",
    ),
    "two excesses at once": (
        changed(
            "excess_percent = 10",
            'excess_percent = 10\nexcess = { EUR = "1", GBP = "1", USD = "1" }',
        ),
        "benefit cancellation has an excess and an excess_percent; keep one",
    ),
    "a plan that covers nothing": (
        SHIPPED.replace('plans = ["cancellation", "cancel', 'plans = ["cancel'),
        "plan cancellation has no benefit",
    ),
    "a traveller without a rate": (
        without(SHIPPED, "infant = ", r"\n"),
        r"plan cancellation_medical: day_rate\.home needs adult, child and infant",
    ),
    "a traveller of another kind": (changed("infant = ", "senior = "), "day_rate.home.senior"),
    "a benefit of no plan": (
        changed('plans = ["cancellation", "cancellation_medical"]', "plans = []"),
        "plans: ",
    ),
    "a benefit of an unknown plan": (
        changed('plans = ["cancellation_medical"]', 'plans = ["gold"]'),
        "benefit medical names a plan that does not exist",
    ),
    "a plan that is there twice": (
        changed('code = "cancellation_medical"', 'code = "cancellation"'),
        "plan cancellation is there twice",
    ),
    "a benefit that is there twice": (
        changed('code = "repatriation"', 'code = "medical"'),
        "benefit medical is there twice",
    ),
    "a document that is there twice": (
        changed('code = "wording"', 'code = "product_information"'),
        "document product_information is there twice",
    ),
    "an excess of a hundred percent": (
        changed("excess_percent = 10", "excess_percent = 100"),
        "excess_percent: ",
    ),
    "a limit of another kind": (changed('"trip_cost"', '"everything"'), r"benefit\.0\.limit"),
    "no text to fall back to": (
        re.sub(r"^\[text\.en.*?(?=^\[text\.de\])", "", SHIPPED, flags=re.MULTILINE | re.DOTALL),
        r"there is no \[text\.en\]",
    ),
    "a plan without words": (
        without(SHIPPED, r"\[text\.de\.plan\.cancellation\]"),
        r"text\.de must name each plan and each benefit, and no others",
    ),
    "a benefit without words": (
        line('medical = "Behandlungskosten'),
        r"text\.de must name each plan and each benefit, and no others",
    ),
    "words for an unknown benefit": (
        changed('medical = "Beh', 'dental = "Zähne"\nmedical = "Beh'),
        r"text\.de must name each plan and each benefit, and no others",
    ),
    "no exclusions": (
        re.sub(
            r"exclusions = \[.*?^\]", "exclusions = []", SHIPPED, flags=re.DOTALL | re.MULTILINE
        ),
        r"text\.en\.exclusions: ",
    ),
    "no wording": (
        SHIPPED[: SHIPPED.index('[[document]]\ncode = "wording"')],
        "the document 'wording' is missing",
    ),
    "a document in one language less": (
        SHIPPED[: SHIPPED.rindex("[document.text.de]")],
        "document wording has no text in 'de'",
    ),
    "a document of another kind": (changed('code = "wording"', 'code = "leaflet"'), r"document\.1"),
}


@pytest.mark.parametrize("gap", GAPS)
def test_a_gap_is_told_in_one_sentence(gap: str) -> None:
    text, words = GAPS[gap]

    with pytest.raises(CatalogueFaulty) as error:
        read_product(SOURCE, text)

    assert re.search(words, error.value.problem), error.value.problem
    assert error.value.source == SOURCE
    assert str(error.value) == f"{SOURCE}: {error.value.problem}"
    assert "\n" not in error.value.problem


def test_the_shipped_product_has_no_gap() -> None:
    product = read_product(SOURCE, SHIPPED)

    assert product.terms_version == "travel_protection@1"
    assert product.sold_to == {"DE", "AT", "FR", "NL", "ES", "GB", "US"}


def test_the_newest_version_is_on_sale_and_older_ones_stay() -> None:
    files = {
        f"v{version}.toml": changed("version = 1", f"version = {version}") for version in (1, 10, 9)
    }

    catalogue = read_catalogue(files)

    newest = catalogue.on_sale("travel_protection")
    assert newest is not None
    assert newest.version == 10
    assert catalogue.get("travel_protection", 1).version == 1


def test_a_product_that_nobody_wrote_is_not_on_sale() -> None:
    catalogue = read_catalogue({SOURCE: SHIPPED})

    assert catalogue.on_sale("travel") is None


def test_the_file_of_a_sold_version_must_stay() -> None:
    catalogue = read_catalogue({SOURCE: SHIPPED})

    with pytest.raises(CatalogueFaulty, match=r"travel_protection\.v7\.toml: .*must stay"):
        catalogue.get("travel_protection", 7)


def test_two_files_cannot_be_the_same_version() -> None:
    with pytest.raises(CatalogueFaulty, match=r"b\.toml: travel_protection@1 is in another file"):
        read_catalogue({"b.toml": SHIPPED, "a.toml": SHIPPED})


@pytest.mark.parametrize(
    ("locale", "name"),
    [
        ("de", "Reiseschutz"),
        ("de-AT", "Reiseschutz"),
        ("en", "Trip protection"),
        ("fr", "Trip protection"),
    ],
)
def test_texts_come_in_the_locale_or_its_language_or_english(locale: str, name: str) -> None:
    assert a_product().text_in(locale).name == name


@pytest.mark.parametrize(
    ("locale", "title"),
    [("de-CH", "Versicherungsbedingungen"), ("en", "Policy wording"), ("xx", "Policy wording")],
)
def test_documents_come_in_the_locale_or_its_language_or_english(locale: str, title: str) -> None:
    assert a_product().document_in("wording", locale).title == title


def test_an_exact_locale_goes_before_its_language() -> None:
    text = SHIPPED.replace("[text.de", "[text.de-AT").replace(
        "[document.text.de", "[document.text.de-AT"
    )

    product = read_product(SOURCE, text)

    assert product.text_in("de-AT").name == "Reiseschutz"
    assert product.text_in("de").name == "Trip protection"


def test_a_product_has_no_other_documents() -> None:
    with pytest.raises(KeyError):
        a_product().document_in("leaflet", "en")


@pytest.mark.parametrize(
    ("departure", "destination", "zone"),
    [
        ("DE", "DE", "home"),
        ("DE", "PT", "europe"),
        ("US", "DE", "europe"),
        ("US", "US", "home"),
        ("DE", "US", "world"),
        ("DE", "JP", "world"),
    ],
)
def test_a_destination_lies_in_one_zone(departure: str, destination: str, zone: str) -> None:
    assert a_product().zone_of(departure, destination) == zone


def test_a_plan_has_its_benefits_in_the_order_of_the_file() -> None:
    product = a_product()

    codes = {
        plan.code: [benefit.code for benefit in product.benefits_of(plan.code)]
        for plan in product.plan
    }

    assert codes == {
        "cancellation": ["cancellation", "curtailment"],
        "cancellation_medical": ["cancellation", "curtailment", "medical", "repatriation"],
    }


def test_a_limit_is_an_amount_or_the_price_of_the_tickets() -> None:
    cancellation, _, medical, repatriation = a_product().benefit
    cost = a_trip().cost

    assert cancellation.limit_for(cost) == cost
    assert medical.limit_for(cost) == Money.exactly(Decimal(1_000_000), "EUR")
    assert repatriation.limit_for(Money(1, "USD")) == Money.exactly(Decimal(250_000), "USD")


def test_an_excess_of_nothing_is_no_excess() -> None:
    cancellation, _, medical, repatriation = a_product().benefit

    assert medical.excess_in("GBP") == Money(9000, "GBP")
    assert cancellation.excess_in("GBP") is None
    assert repatriation.excess_in("GBP") is None

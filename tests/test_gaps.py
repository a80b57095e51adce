from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import widget
from tests import builders
from widget.app import load_markets
from widget.catalogues import read_product, surveyed
from widget.errors import CatalogueFaulty
from widget.products import AfterSale

SOURCE = "travel_protection.v1.toml"
LINES = builders.CATALOGUE.lines
CATALOGUE = Path(widget.__file__).parent / "catalogue"
SHIPPED = (CATALOGUE / SOURCE).read_text(encoding="utf-8")
LINE = (CATALOGUE / "travel.line.toml").read_text(encoding="utf-8")
#: The shipped product that has terms.
ANNUAL = (CATALOGUE / "annual_travel.v1.toml").read_text(encoding="utf-8")


def without(text: str, start: str, end: str = r"(?=^\[)") -> str:
    """Return `text` without what begins with `start`, up to the next table."""
    cut, count = re.subn(rf"^{start}.*?{end}", "", text, count=1, flags=re.MULTILINE | re.DOTALL)
    assert count == 1, start
    return cut


def changed(old: str, new: str) -> str:
    """Return the shipped product with its first `old` made `new`."""
    assert old in SHIPPED, old
    return SHIPPED.replace(old, new, 1)


#: The shipped product that waits for somebody else's guarantee.
WARRANTY = (CATALOGUE / "extended_warranty.v1.toml").read_text(encoding="utf-8")

#: The shipped product that is told an amount which may be left out.
PARCEL = (CATALOGUE / "parcel_insurance.v1.toml").read_text(encoding="utf-8")

#: More taken off for five than for ten.
DISCOUNTS = """\
[[discount]]
units_from = 5
percent = "10"

[[discount]]
units_from = 10
percent = "5"

"""


def line(name: str) -> str:
    """Return the shipped product without a line."""
    return without(SHIPPED, re.escape(name), r"\n")


#: One gap each, and words of the sentence that must tell of it.
GAPS = {
    "no toml": (SHIPPED + "\n=", "^Invalid statement, at column 1$"),
    "empty": ("", "code: Field required"),
    "no code": (line('code = "travel_protection"'), "code: Field required"),
    "a code in capitals": (changed('"travel_protection"', '"Travel"'), "^code: "),
    "no version": (line("version = 1"), "version: Field required"),
    "version zero": (changed("version = 1", "version = 0"), "^version: "),
    "another line": (changed('line = "travel"', 'line = "pets"'), "^line: there is no 'pets'"),
    "a long prefix": (changed('"TRV"', '"TRAVEL"'), "^policy_prefix: "),
    "no underwriter": (line("underwriter ="), "underwriter: Field required"),
    "no address": (line("underwriter_address ="), "underwriter_address: Field required"),
    "no contact": (line("contact ="), "contact: Field required"),
    "an unknown key": (changed("version = 1", "version = 1\nprice = 3"), "^price: "),
    "no currency": (changed('["EUR", "GBP", "USD"]', "[]"), "^currencies: "),
    "an unknown currency": (changed('"USD"]', '"USD", "XXX"]'), "'XXX' is not an ISO 4217"),
    "a currency without amounts": (
        changed('"USD"]', '"USD", "CHF"]'),
        "eligibility.amount.total_tickets_price: least has no amount in CHF",
    ),
    "a missing cost": (
        changed('most = { EUR = "30000.00", ', "most = { "),
        "eligibility.amount.total_tickets_price: most has no amount in EUR",
    ),
    "a missing minimum": (
        line('GBP = "3.90"'),
        "plan cancellation: minimum has no amount in GBP",
    ),
    "a missing day rate": (
        changed('amount = { EUR = "0.60", ', "amount = { "),
        "plan cancellation_medical: charge days, zone home, unit adult has no amount in EUR",
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
    "a negative day rate": (
        changed('EUR = "0.60"', 'EUR = "-0.60"'),
        r"charge\.1\.rate\.0\.amount\.EUR",
    ),
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
        changed('least = { EUR = "20.00"', 'least = { EUR = "40000.00"'),
        "eligibility.amount.total_tickets_price: least is above most in EUR",
    ),
    "an unknown market": (changed('"US"]', '"US", "BR"]'), "there is no market BR"),
    "an unknown destination": (changed('"VA",\n', '"VA", "XX",\n'), "there is no country XX"),
    "nobody to sell to": (
        changed('["DE", "AT", "FR", "NL", "ES", "GB", "US"]', "[]"),
        "^sold_to: ",
    ),
    "no travellers": (changed("units_max = 20", "units_max = 0"), "units_max: "),
    "bands that fall": (
        changed("days = 22", "days = 7"),
        "plan cancellation: charge tickets: the rate for days 7 is never reached",
    ),
    "bands that repeat": (
        changed("days = 22", "days = 8"),
        "plan cancellation: charge tickets: the rate for days 8 is never reached",
    ),
    "bands that end early": (
        changed("days_max = 92", "days_max = 93"),
        "plan cancellation: charge tickets: there is no rate for days 93",
    ),
    "a longer trip that costs less": (
        changed('percent = "3.9"', 'percent = "3.1"'),
        "plan cancellation: charge tickets: 9 days cost less than 8, and must not",
    ),
    "a share above all": (changed('percent = "3.2"', 'percent = "101"'), "percent: "),
    "a zone without rates": (
        SHIPPED.replace('zone = "europe"', 'zone = "home"'),
        "charge days: there is no rate for zone europe, unit adult",
    ),
    "rates for a zone that is not there": (
        changed('zone = "europe"', 'zone = "eurpe"'),
        "charge days: a rate is for the zone 'eurpe', which does not exist",
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
        without(SHIPPED, r'  { when = { zone = "home", unit = "infant" }', r"\n"),
        "charge days: there is no rate for zone home, unit infant",
    ),
    "a traveller of another kind": (
        changed('unit = "infant"', 'unit = "pensioner"'),
        "a rate is for the unit 'pensioner', which does not exist",
    ),
    "a rate of nothing": (
        changed('of = "total_tickets_price"', 'of = "price"'),
        "of is 'price', which is not an amount: total_tickets_price",
    ),
    "a percentage of nothing": (
        line('of = "total_tickets_price"'),
        "there are percentages, so `of` must say of which amount",
    ),
    "a percentage for each day": (
        changed('of = "total_tickets_price"', 'of = "total_tickets_price"\neach = "day"'),
        "a percentage is not for each day",
    ),
    "a rate that is both": (
        changed('percent = "3.2"', 'percent = "3.2", amount = { EUR = "1" }'),
        "a rate has either a percent or an amount",
    ),
    "a dimension that is none": (
        changed('by = ["days"]', 'by = ["weight"]'),
        "by names 'weight', which is not a dimension: unit, zone, days",
    ),
    "a rate by what the table does not name": (
        changed("when = { days = 8 }", 'when = { zone = "home" }'),
        "a rate depends on 'zone', which `by` does not name",
    ),
    "a number that is a word": (
        changed("when = { days = 8 }", 'when = { days = "8" }'),
        "a rate has days = '8', and must have a number",
    ),
    "a plan with an end of its own": (
        changed('[[plan]]\ncode = "cancellation"', '[[plan]]\ncode = "cancellation"\nmonths = 12'),
        "plan cancellation: it has months, and a travel ends by itself",
    ),
    "no longest trip": (line("days_max = 92"), "there is no days_max"),
    "no bounds for its worth": (
        changed("[eligibility.amount.total_tickets_price]", "[eligibility.amount.price]"),
        r"there is no \[eligibility.amount\] for total_tickets_price",
    ),
    "a rule for what is not told": (
        changed("[after_sale]", "[eligibility.count.rooms]\nmost = 3\n\n[after_sale]"),
        "eligibility.count: 'rooms' is not such a field of the line travel",
    ),
    "what is needed and not asked for": (
        changed("days_max = 92", 'days_max = 92\nneeds = ["is_return"]'),
        "eligibility.needs: 'is_return' is not a field of the line travel",
    ),
    "a wait of unknown length": (
        WARRANTY.replace('needs = ["manufacturer_duration"]\n', ""),
        "it begins after manufacturer_duration, so eligibility.needs must name that",
    ),
    "a wait without months": (
        WARRANTY.replace("months = 12\n", ""),
        "plan months_12: it needs months, because a goods has no end of its own",
    ),
    "a wait for what ends by itself": (
        changed(
            'code = "cancellation"\n', 'code = "cancellation"\nbegins_after = "number_of_adults"\n'
        ),
        "plan cancellation: it begins later, so it needs months",
    ),
    "a share of what need not be told": (
        PARCEL.replace('of = "cover_amount"', 'of = "parcel_products.value"'),
        "of is 'parcel_products.value', so eligibility.needs must name that",
    ),
    "ages that fall": (
        changed("senior = 89", "senior = 9"),
        "age: the oldest of each kind must rise",
    ),
    "discounts that fall": (
        changed("[zones]", DISCOUNTS + "[zones]"),
        "discount: units_from and percent must rise together",
    ),
    "a benefit of no plan": (
        changed('plans = ["cancellation_medical_baggage"]', "plans = []"),
        "plans: ",
    ),
    "a benefit of an unknown plan": (
        changed(
            'plans = ["cancellation_medical", "cancellation_medical_baggage"]', 'plans = ["gold"]'
        ),
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
    "a limit of another kind": (changed('"value"', '"everything"'), r"benefit\.0\.limit"),
    "no text to fall back to": (
        re.sub(r"^\[text\.en.*?(?=^\[text\.de\])", "", SHIPPED, flags=re.MULTILINE | re.DOTALL),
        r"there is no \[text\.en\]",
    ),
    "a plan without words": (
        without(SHIPPED, r"\[text\.de\.plan\.cancellation\]"),
        r"text\.de\.plan has no words for 'cancellation'",
    ),
    "a benefit without words": (
        line('medical = "Behandlungskosten'),
        r"text\.de\.benefit has no words for 'medical'",
    ),
    "words for an unknown benefit": (
        changed('medical = "Beh', 'dental = "Zähne"\nmedical = "Beh'),
        r"text\.de\.benefit has 'dental', and there is no such benefit",
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
    "an unknown kind of permission": (
        changed('change_until = "start"', 'change_until = "start"\ntransfer_until = "end"'),
        r"^after_sale\.transfer_until: ",
    ),
    "a moment that is none": (
        changed('cancel_until = "start"', 'cancel_until = "departure"'),
        r"^after_sale\.cancel_until: .*'start', 'end' or 'never'",
    ),
    "a refund of more than everything": (
        changed("after_withdrawal = 0", "after_withdrawal = 101"),
        r"^after_sale\.refund_percent_after_withdrawal: ",
    ),
    "a refund of what cannot be cancelled": (
        changed(
            'cancel_until = "start"\nrefund_percent_after_withdrawal = 0',
            "refund_percent_after_withdrawal = 10",
        ),
        "there is a refund_percent_after_withdrawal, but cancel_until is never",
    ),
    "a change of what a trip has not": (
        changed('changes = [\n  "departure_country"', 'changes = [\n  "colour"'),
        "after_sale: changes names 'colour', which is not a field of travel",
    ),
    "changes at no time": (
        line('change_until = "start"'),
        "after_sale: changes names fields, but change_until is never",
    ),
    "a time for no changes": (
        without(SHIPPED, r"changes = \[\n", r"^\]\n"),
        "after_sale: change_until is start, but changes names no field",
    ),
    "a start that changes after it": (
        changed('change_until = "start"', 'change_until = "end"'),
        "after_sale: trip_start_date cannot change up to the end, only up to the start",
    ),
    "a renewal of what has no term": (
        changed('change_until = "start"', 'change_until = "start"\nrenew_within_days = 30'),
        "renew_within_days is 30, so eligibility.days_min must be more, not 1",
    ),
    "a renewal that lies too far ahead": (
        ANNUAL.replace("days_ahead_max = 365", "days_ahead_max = 59"),
        "after_sale: renew_within_days is above eligibility.days_ahead_max",
    ),
    "a renewal on no day": (
        ANNUAL.replace("renew_within_days = 60", "renew_within_days = 0"),
        r"^after_sale\.renew_within_days: ",
    ),
    "the shortest term above the longest": (
        ANNUAL.replace("days_min = 365", "days_min = 368"),
        "eligibility: days_min is above days_max",
    ),
    "instalments after the end": (
        ANNUAL.replace("days_min = 365", "days_min = 342"),
        "instalment_plan monthly: .* eligibility.days_min must be at least 343, not 342",
    ),
    "an instalment plan that is there twice": (
        ANNUAL.replace('code = "quarterly"', 'code = "monthly"'),
        "instalment_plan monthly is there twice",
    ),
    "an instalment plan of one instalment": (
        ANNUAL.replace("count = 4", "count = 1"),
        r"^after_sale\.instalment_plan\.1\.count: ",
    ),
    "an instalment plan without words": (
        without(ANNUAL, r'quarterly = "4 viertel', r"\n"),
        r"text\.de\.instalment_plan has no words for 'quarterly'",
    ),
    "words for an unknown instalment plan": (
        ANNUAL.replace(
            'quarterly = "4 quarterly', 'weekly = "Every week"\nquarterly = "4 quarterly'
        ),
        r"text\.en\.instalment_plan has 'weekly', and there is no such instalment_plan",
    ),
    "a document of another kind": (changed('code = "wording"', 'code = "leaflet"'), r"document\.1"),
}


@pytest.mark.parametrize("gap", GAPS)
def test_a_gap_is_told_in_one_sentence_with_file_and_line(gap: str) -> None:
    text, words = GAPS[gap]

    with pytest.raises(CatalogueFaulty) as error:
        read_product(SOURCE, text, LINES, load_markets())

    faults = [error.value, *error.value.others]
    assert any(re.search(words, fault.problem) for fault in faults), faults
    assert [fault.line or 0 for fault in faults] == sorted(fault.line or 0 for fault in faults)
    for fault in faults:
        assert str(fault) == f"{SOURCE}:{fault.line}: {fault.problem}"
        assert 1 <= (fault.line or 0) <= max(len(text.splitlines()), 1)
        assert "\n" not in fault.problem


@pytest.mark.parametrize(
    ("text", "sentence", "stands_there"),
    [
        (changed('"TRV"', '"TRAVEL"'), "policy_prefix: String", 'policy_prefix = "TRAVEL"'),
        (line('GBP = "3.90"'), "plan cancellation: minimum has no amount in GBP", "[plan.minimum]"),
        (line("days_ahead_max"), "eligibility.days_ahead_max: Field required", "[eligibility]"),
        (changed("days_max = 92", "days_max = 93"), "there is no rate for days 93", "rate = ["),
        (
            changed("days = 22", "days = 8"),
            "the rate for days 8 is never reached",
            '  { when = { days = 8 }, percent = "3.9" },',
        ),
        (
            changed('zone = "europe", unit = "child"', 'zone = "eurpe", unit = "child"'),
            "a rate is for the zone 'eurpe', which does not exist",
            '  { when = { zone = "eurpe", unit = "child" }',
        ),
        (
            changed('limit = { EUR = "1000000"', 'limit = { EUR = "x"'),
            "benefit.2.limit.EUR: ",
            'limit = { EUR = "x", GBP = "1000000", USD = "1000000" }',
        ),
        (
            SHIPPED[: SHIPPED.rindex("[document.text.de]")],
            "document wording has no text in 'de'",
            "[[document]]",
        ),
        (changed('"US"]', '"BR"]'), "there is no market BR", 'sold_to = ["DE", "AT", "FR", "NL",'),
        (SHIPPED + "\n=", "Invalid statement", "="),
    ],
)
def test_the_line_is_that_of_what_is_wrong_or_of_the_table_that_lacks_it(
    text: str, sentence: str, stands_there: str
) -> None:
    with pytest.raises(CatalogueFaulty) as error:
        read_product(SOURCE, text, LINES, load_markets())

    found = [fault for fault in (error.value, *error.value.others) if sentence in fault.problem]
    assert found, (error.value, error.value.others)
    assert text.splitlines()[(found[0].line or 0) - 1].startswith(stands_there)


def test_every_gap_of_a_file_is_told_from_top_to_bottom() -> None:
    text = SHIPPED.replace("version = 1", "version = 0", 1).replace('"TRV"', '"TRAVEL"', 1)
    text = text.replace('EUR = "4.50"', 'EUR = "-4.50"', 1)

    with pytest.raises(CatalogueFaulty) as error:
        read_product(SOURCE, text, LINES, load_markets())

    told = [fault.problem.partition(":")[0] for fault in (error.value, *error.value.others)]
    assert told == ["version", "policy_prefix", "plan.0.minimum.EUR"]


@settings(max_examples=150, deadline=None)
@given(st.sets(st.integers(0, len(ANNUAL.splitlines()) - 1), min_size=1, max_size=4))
def test_whatever_lines_are_lost_the_file_is_whole_or_its_gaps_are_told(lost: set[int]) -> None:
    kept = [one for number, one in enumerate(ANNUAL.splitlines()) if number not in lost]

    survey = surveyed({"travel.line.toml": LINE, SOURCE: "\n".join(kept)}, load_markets())

    assert bool(survey.faults) != bool(survey.catalogue.products)
    assert all(1 <= (fault.line or 0) <= len(kept) for fault in survey.faults)


@pytest.mark.parametrize("path", sorted(CATALOGUE.glob("*.v*.toml")), ids=lambda path: path.name)
def test_a_shipped_product_has_no_gap_and_is_what_its_file_is_called(path: Path) -> None:
    product = read_product(path.name, path.read_text(encoding="utf-8"), LINES, load_markets())

    assert path.name == f"{product.code}.v{product.version}.toml"
    assert product.text.keys() == {"en", "de"}
    assert len(product.sold_to) > 1
    assert len(product.currencies) > 1


def test_a_product_that_says_nothing_of_after_the_sale_allows_nothing() -> None:
    product = read_product(SOURCE, without(SHIPPED, r"\[after_sale\]"), LINES, load_markets())

    assert product.after_sale == AfterSale()
    assert product.after_sale.cancel_until == product.after_sale.change_until == "never"
    assert product.after_sale.refund_percent_after_withdrawal == 0
    assert product.after_sale.renew_within_days is None
    assert not product.after_sale.changes
    assert not product.after_sale.instalment_plan


def test_instalments_may_end_with_the_shortest_term() -> None:
    # 11 months have up to 341 days, and 343 days on the calendar are more than 341 on the clock.
    text = ANNUAL.replace("days_min = 365", "days_min = 343")

    assert (
        read_product("annual_travel.v1.toml", text, LINES, load_markets()).eligibility.days_min
        == 343
    )

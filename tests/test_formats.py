from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from babel.numbers import get_currency_precision, parse_decimal
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import MARKETS
from widget import formats
from widget.money import CURRENCIES, Money, exponent

#: Currencies whose smallest unit people still write.
USUAL = sorted(code for code in CURRENCIES if get_currency_precision(code) == exponent(code))

#: The languages of the European Union, and scripts, directions and plurals unlike theirs.
LOCALES = """
    bg cs da de el en es et fi fr ga hr hu it lt lv mt nl pl pt ro sk sl sv
    ar fa he hi hy ja ko my ru th tr uk ur vi zh es-VE he-IL zh-TW
""".split()


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (["de"], "de"),
        (["de-AT"], "de"),
        (["de_AT"], "de"),
        (["DE-at"], "de"),
        (["pt-BR"], "pt-BR"),
        (["pt"], "en"),
        (["xx", "de"], "de"),
        ([None, "", "de"], "de"),
        (["de", "fr"], "de"),
        (["fr", "de"], "fr"),
        ([], "en"),
    ],
)
def test_the_first_known_wish_is_spoken(wanted: list[str | None], expected: str) -> None:
    assert formats.negotiate(wanted, ["en", "de", "fr", "pt-BR"], "en") == expected


@pytest.mark.parametrize("tag", ["d", "de-", "de AT", "de\n", "../de", "de-AT;q=1", "*", "dé"])
def test_what_is_no_language_tag_is_passed_over(tag: str) -> None:
    assert formats.negotiate([tag], ["en", "de", tag], "en") == "en"


@given(st.lists(st.none() | st.text()))
def test_whatever_is_wished_a_known_locale_is_spoken(wanted: list[str | None]) -> None:
    assert formats.negotiate(wanted, ["en", "de"], "en") in {"en", "de"}


@pytest.mark.parametrize(
    ("language", "country", "expected"),
    [
        ("de", "AT", "de-AT"),
        ("de-AT", "DE", "de-DE"),
        ("en", "US", "en-US"),
        ("en", "GB", "en-GB"),
        # Where people speak another language, English is written as the world writes it.
        ("en", "DE", "en-001"),
        ("en", "XX", "en-001"),
        ("de", "US", "de"),
        ("xx", "DE", "xx"),
    ],
)
def test_a_language_is_written_as_where_it_is_at_home(
    language: str, country: str, expected: str
) -> None:
    assert formats.regional(language, country) == expected


@pytest.mark.parametrize(
    ("amount", "locale", "expected"),
    [
        (Money(128460, "EUR"), "en-US", "€1,284.60"),
        (Money(128460, "EUR"), "de-DE", "1.284,60\N{NO-BREAK SPACE}€"),
        (Money(128460, "EUR"), "de-AT", "€\N{NO-BREAK SPACE}1.284,60"),
        (Money(128460, "GBP"), "en-GB", "£1,284.60"),
        (Money(1284, "JPY"), "en-US", "¥1,284"),
        (Money(1284600, "KWD"), "de-DE", "1.284,600\N{NO-BREAK SPACE}KWD"),
        (Money(0, "EUR"), "en-US", "€0.00"),
    ],
)
def test_money_is_written_as_people_there_write_it(
    amount: Money, locale: str, expected: str
) -> None:
    assert formats.money(amount, locale) == expected


@pytest.mark.parametrize(
    ("amount", "locale", "expected"),
    [
        (Money(100000000, "EUR"), "en-US", "€1,000,000"),
        (Money(100000000, "EUR"), "de-DE", "1.000.000\N{NO-BREAK SPACE}€"),
        (Money(128460, "EUR"), "en-US", "€1,284.60"),
        (Money(1284, "JPY"), "en-US", "¥1,284"),
    ],
)
def test_a_limit_shows_decimals_only_when_it_has_some(
    amount: Money, locale: str, expected: str
) -> None:
    assert formats.whole_money(amount, locale) == expected


@given(st.integers(0, 10**14), st.sampled_from(USUAL), st.sampled_from(["en-GB", "de-DE"]))
def test_no_digit_of_an_amount_is_lost(minor: int, currency: str, locale: str) -> None:
    amount = Money(minor, currency)

    texts = [formats.money(amount, locale), formats.whole_money(amount, locale)]

    numbers = [number for text in texts for number in re.findall(r"[0-9][0-9.,]*", text)]
    assert [parse_decimal(number, locale.replace("-", "_")) for number in numbers] == [
        amount.amount,
        amount.amount,
    ]


def test_a_day_has_its_month_in_words() -> None:
    days = [formats.day(date(2027, 6, 12), locale) for locale in ("en-GB", "en-US", "de")]

    assert days == ["12 June 2027", "June 12, 2027", "12. Juni 2027"]


@pytest.mark.parametrize(
    ("end", "locale", "expected"),
    [
        (date(2027, 6, 19), "de", "12.–19. Juni 2027"),
        (date(2027, 6, 12), "de", "12. Juni 2027"),
        (date(2027, 7, 2), "de", "12. Juni – 2. Juli 2027"),
        (date(2028, 1, 2), "de", "12. Juni 2027 – 2. Jan. 2028"),
    ],
)
def test_a_period_does_not_repeat_what_its_ends_share(
    end: date, locale: str, expected: str
) -> None:
    text = formats.period(date(2027, 6, 12), end, locale)

    assert " ".join(text.split()) == expected


@pytest.mark.parametrize(
    ("parts", "locale", "expected"),
    [
        (["2 adults", "1 child", "12 Jun"], "en", "2 adults, 1 child, 12 Jun"),
        (["2 adults"], "en", "2 adults"),
        (["2 Erwachsene", "12. Juni"], "de", "2 Erwachsene, 12. Juni"),
        (["2 Erwachsene", "1 Kind", "12. Juni"], "de", "2 Erwachsene, 1 Kind und 12. Juni"),
        ([], "en", ""),
    ],
)
def test_parts_are_joined_as_people_there_join_them(
    parts: list[str], locale: str, expected: str
) -> None:
    assert formats.listed(parts, locale) == expected


@pytest.mark.parametrize("count", range(5))
def test_every_language_joins_any_number_of_parts(count: int) -> None:
    parts = [f"part{number}" for number in range(count)]

    for locale in LOCALES:
        text = formats.listed(parts, locale)
        assert all(part in text for part in parts), locale


@pytest.mark.parametrize(
    ("share", "locale", "expected"),
    [("0.19", "en", "19%"), ("0.2125", "fr", "21,25\N{NARROW NO-BREAK SPACE}%"), ("0", "en", "0%")],
)
def test_a_share_is_a_percentage_with_all_its_digits(
    share: str, locale: str, expected: str
) -> None:
    text = formats.percent(Decimal(share), locale)

    assert text.replace("\N{NO-BREAK SPACE}", "\N{NARROW NO-BREAK SPACE}") == expected


def test_a_moment_is_told_on_the_clock_of_its_own_offset() -> None:
    value = datetime(2027, 6, 12, 23, 30, tzinfo=UTC)

    here = formats.moment(value, "de")
    there = formats.moment(value.astimezone(timezone(timedelta(hours=2))), "de")

    assert here == "12.06.2027, 23:30:00"
    assert there == "13.06.2027, 01:30:00"


@pytest.mark.parametrize(("locale", "expected"), [("en", "ltr"), ("ar", "rtl"), ("he-IL", "rtl")])
def test_a_language_has_its_direction(locale: str, expected: str) -> None:
    assert formats.direction(locale) == expected


@pytest.mark.parametrize("locale", ["", "-", "xx", "en_US", "e" * 200, "\x00", "../../etc"])
def test_an_unknown_locale_is_written_in_english(locale: str) -> None:
    assert formats.money(Money(100, "EUR"), locale) == "€1.00"
    assert formats.direction(locale) == "ltr"


def test_every_locale_formats_everything() -> None:
    start, end = date(2027, 6, 12), date(2028, 1, 2)

    for locale in LOCALES:
        texts = (
            formats.money(Money(128460, "EUR"), locale),
            formats.whole_money(Money(128400, "EUR"), locale),
            formats.day(start, locale),
            formats.period(start, start, locale),
            formats.period(start, end, locale),
            formats.percent(Decimal("0.2125"), locale),
            formats.moment(datetime(2027, 6, 12, tzinfo=UTC), locale),
        )
        assert all(texts), locale


@pytest.mark.parametrize("country", sorted(MARKETS))
def test_every_market_can_be_spoken_to_in_english(country: str) -> None:
    tag = formats.regional("en", country)

    assert formats.money(Money(128460, "EUR"), tag) == "€1,284.60"
    assert formats.day(date(2027, 6, 12), tag) == (
        "June 12, 2027" if country == "US" else "12 June 2027"
    )

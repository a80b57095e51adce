from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.builders import (
    MARKETS,
    NOON,
    TOKEN_KEY,
    TRAVEL,
    a_booking,
    a_policyholder,
    a_product,
    a_quote,
    a_trip,
    a_year,
    an_offer,
    some_settings,
)
from widget.app import load_catalogue, load_texts
from widget.certificates import Certificate, certificate_of
from widget.covers import Cover, Speech, cover_of, insured, speech_for, withdrawal
from widget.links import Links
from widget.money import Money
from widget.partners import Mode
from widget.purchases import Subject

CATALOGUE = load_catalogue(some_settings())
LINKS = Links("https://cover.test", [TOKEN_KEY.encode()])
TEXTS = load_texts()


def speech(locale: str = "en", country: str = "DE") -> Speech:
    return speech_for(locale, country, TEXTS.in_locale(locale))


def cover(
    plan: str = "cancellation_medical",
    *,
    product: str = "travel_protection",
    trip: Subject | None = None,
    spoken: Speech | None = None,
) -> Cover:
    quote = a_quote(product_code=product, plan_code=plan)
    return cover_of(
        quote, trip or a_trip(), catalogue=CATALOGUE, links=LINKS, speech=spoken or speech()
    )


def a_year_cover() -> Cover:
    return cover("medical_cancellation", product="annual_travel", trip=a_year())


def certificate(locale: str = "en", **changes: object) -> Certificate:
    booking = a_booking(**changes)
    return certificate_of(
        booking, booking.policies[0], catalogue=CATALOGUE, links=LINKS, speech=speech(locale)
    )


def said(trip: Subject, locale: str = "en") -> str:
    """Return who and when a trip is insured, as a customer reads it."""
    return insured(trip, TRAVEL, a_quote(ends_at=trip.ends_at), speech(locale))


def plain(text: str) -> str:
    """Return `text` with every kind of space as a plain one."""
    return " ".join(text.split())


@pytest.mark.parametrize(
    ("people", "expected"),
    [
        ((2, 1, 0), "2 adults, 1 child, 30 May – 6 Jun 2027"),
        ((1, 0, 2), "1 adult, 2 infants, 30 May – 6 Jun 2027"),
        ((0, 2, 0), "2 children, 30 May – 6 Jun 2027"),
    ],
)
def test_who_and_when_is_insured_is_said_in_a_row(
    people: tuple[int, int, int], expected: str
) -> None:
    adults, children, infants = people
    trip = a_trip(adults=adults, children=children, infants=infants)

    assert plain(said(trip)) == expected


def test_a_family_is_insured_in_german_too() -> None:
    text = said(a_trip(infants=1), "de")

    assert plain(text) == "2 Erwachsene, 1 Kind, 1 Kleinkind und 30. Mai – 6. Juni 2027"


def test_the_dates_are_those_on_the_clocks_of_the_trip() -> None:
    late = NOON.replace(month=6, day=12, hour=23)
    trip = a_trip(starts_at=late, ends_at=late + timedelta(hours=1), children=0)

    assert plain(said(trip)) == "2 adults, 12–13 Jun 2027"


def test_a_benefit_says_what_is_paid_and_what_is_borne() -> None:
    views = cover().benefits

    assert [(view.name, view.limit, view.excess) for view in views] == [
        ("Cancelling before departure", "€1,284.60", "10% of the claim"),
        ("Coming home early", "€1,284.60", "10% of the claim"),
        ("Emergency medical costs, per person", "€1,000,000", "€100"),
        ("Medical transport home, per person", "€250,000", ""),
    ]


def test_a_plan_says_nothing_of_benefits_that_it_lacks() -> None:
    views = cover("cancellation").benefits

    assert [view.name for view in views] == ["Cancelling before departure", "Coming home early"]


def test_benefits_are_in_the_currency_of_the_tickets() -> None:
    trip = a_trip(cost=Money(99900, "GBP"))

    views = cover(trip=trip, spoken=speech("en", "GB")).benefits

    assert [view.limit for view in views] == ["£999", "£999", "£1,000,000", "£250,000"]
    assert [view.excess for view in views[2:]] == ["£90", ""]


def test_both_documents_are_in_reach() -> None:
    views = cover(spoken=speech("de")).documents

    assert [view.title for view in views] == [
        "Informationsblatt zu Versicherungsprodukten",
        "Versicherungsbedingungen",
    ]
    assert [view.url for view in views] == [
        f"https://cover.test/documents/travel_protection/1/{code}?locale=de"
        for code in ("product_information", "wording")
    ]


@pytest.mark.parametrize("country", sorted(MARKETS))
def test_the_customer_is_told_how_long_they_may_withdraw(country: str) -> None:
    text = withdrawal(MARKETS[country].withdrawal_days, cover(), speech())

    assert f"within {MARKETS[country].withdrawal_days} days" in text
    assert "care@northgate.example" in text
    assert "%" not in text


@pytest.mark.parametrize("locale", ["en", "de"])
def test_a_customer_is_told_what_withdrawing_from_a_year_that_has_begun_gives_back(
    locale: str,
) -> None:
    begun = {"en": "the part for the days that are left", "de": "Teil für die verbleibenden Tage"}

    trip = withdrawal(14, cover(), speech(locale))
    year = withdrawal(14, a_year_cover(), speech(locale))

    assert begun[locale] in year
    assert begun[locale] not in trip
    assert "14" in year
    assert "care@northgate.example" in year
    assert "%" not in year


def test_the_benefits_of_a_year_are_for_each_trip() -> None:
    views = a_year_cover().benefits

    assert [(view.name, view.limit, view.excess) for view in views] == [
        ("Emergency medical costs, per person and trip", "€1,000,000", "€100"),
        ("Medical transport home, per person and trip", "€250,000", ""),
        ("Cancelling before departure, per trip", "€2,000", "10% of the claim"),
        ("Coming home early, per trip", "€2,000", "10% of the claim"),
    ]


def test_a_certificate_states_the_policy() -> None:
    stated = certificate()

    assert (stated.policy_number, stated.policyholder) == ("TRV-AAAAA-BBBBB", "Ada Muster")
    assert (stated.product_name, stated.plan_name) == ("Trip protection", "Cancellation")
    assert (stated.premium, stated.tax) == ("€48.92", "€7.81")
    assert (stated.starts, stated.issued, stated.ends) == (
        "1 March 2027",
        "1 March 2027",
        "6 June 2027",
    )
    assert stated.underwriter == "Northgate Insurance SE"
    assert stated.underwriter_address == "Hafenweg 12, 20457 Hamburg, Germany"
    assert stated.contact == "care@northgate.example"
    assert len(stated.benefits) == len(stated.documents) == 2
    assert stated.certificate_url == LINKS.certificate(a_booking(), "TRV-AAAAA-BBBBB", "en")


def test_a_certificate_speaks_the_customers_language() -> None:
    stated = certificate("de")

    assert (stated.product_name, stated.plan_name) == ("Reiseschutz", "Reiserücktritt")
    assert plain(stated.premium) == "48,92 €"
    assert stated.starts == "1. März 2027"


def test_a_certificate_names_whoever_entered_the_contract() -> None:
    stated = certificate(policyholder=a_policyholder(first_name="Åse", last_name="O’Neil"))

    assert stated.policyholder == "Åse O’Neil"


@pytest.mark.parametrize("mode", Mode)
def test_a_certificate_of_a_test_says_that_it_is_none(mode: Mode) -> None:
    offer = an_offer(mode=mode).opt_in({"q-1"}, at=NOON, locale="en")

    assert certificate(offer=offer).is_test == (mode is Mode.TEST)


def test_a_certificate_keeps_the_version_that_was_sold() -> None:
    newer = replace(
        CATALOGUE,
        products={
            ("travel_protection", 1): a_product(),
            ("travel_protection", 2): a_product().model_copy(update={"underwriter": "Southgate"}),
        },
    )
    booking = a_booking()

    stated = certificate_of(
        booking, booking.policies[0], catalogue=newer, links=LINKS, speech=speech()
    )

    assert stated.underwriter == "Northgate Insurance SE"

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.builders import a_product, a_trip
from widget.money import Money


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
    english, german = a_product().text["en"], a_product().text["de"]

    product = a_product().model_copy(update={"text": {"en": english, "de-AT": german}})

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
        "cancellation_medical_baggage": [
            "cancellation",
            "curtailment",
            "medical",
            "repatriation",
            "baggage",
            "baggage_delay",
        ],
    }


def test_a_limit_is_an_amount_or_the_price_of_the_tickets() -> None:
    cancellation, _, medical, repatriation, *_ = a_product().benefit
    cost = a_trip().value

    assert cancellation.limit_for(cost) == cost
    assert medical.limit_for(cost) == Money.exactly(Decimal(1_000_000), "EUR")
    assert repatriation.limit_for(Money(1, "USD")) == Money.exactly(Decimal(250_000), "USD")


def test_an_excess_of_nothing_is_no_excess() -> None:
    cancellation, _, medical, repatriation, *_ = a_product().benefit

    assert medical.excess_in("GBP") == Money(9000, "GBP")
    assert cancellation.excess_in("GBP") is None
    assert repatriation.excess_in("GBP") is None

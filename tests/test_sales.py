from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.builders import NOON, a_product, a_purchase, a_quote, some_settings
from widget.app import load_catalogue
from widget.products import Catalogue, Product
from widget.restrictions import Restrictions
from widget.sales import promised, promised_market, refusals

CATALOGUE = load_catalogue(some_settings())


def selling(product: Product) -> Catalogue:
    return replace(CATALOGUE, products={(product.code, product.version): product})


def sold_in(*countries: str, sold_as: str | None = None) -> Catalogue:
    wanted = {"sold_to": frozenset(countries), "sold_as": sold_as}
    return selling(a_product().model_copy(update=wanted))


@pytest.mark.parametrize("country", ["AT", "DE", "ES", "FR", "GB", "NL", "US"])
def test_what_the_law_allows_is_not_refused(country: str) -> None:
    assert refusals(a_purchase(customer_country=country), CATALOGUE) == {}


def test_there_is_no_sale_without_the_rules_of_the_market() -> None:
    elsewhere = replace(a_purchase().items[0], product_code="of_a_platform")
    problems = refusals(a_purchase(customer_country="BR", items=(elsewhere,)), CATALOGUE)

    assert problems == {"customer_country": ["Nothing is sold to customers who live in BR."]}


def test_where_a_product_is_not_sold_the_product_says_so() -> None:
    assert refusals(a_purchase(customer_country="BR"), CATALOGUE) == {}


def test_where_taxes_differ_by_region_the_region_is_asked_for() -> None:
    catalogue = sold_in("CA")
    without = a_purchase(customer_country="CA")

    assert list(refusals(without, catalogue)) == ["customer_region"]
    assert refusals(replace(without, customer_region="CA-ON"), catalogue) == {}


def test_a_customer_who_asks_for_another_language_may_have_it() -> None:
    in_french = a_purchase(customer_country="FR", language="fr")

    (sentence,) = refusals(in_french, CATALOGUE)["customer_language"]
    assert sentence == (
        "Customers in FR must be offered fr, and travel_protection is written in de, en; it is sold"
        " only to a customer who asks for that."
    )
    assert refusals(replace(in_french, language="en-GB"), CATALOGUE) == {}
    assert list(refusals(replace(in_french, language=None), CATALOGUE)) == ["customer_language"]


@pytest.mark.parametrize("language", ["fr", "en", None])
def test_quebec_has_no_offer_without_a_french_one(language: str | None) -> None:
    purchase = a_purchase(customer_country="CA", customer_region="CA-QC", language=language)

    assert list(refusals(purchase, sold_in("CA"))) == ["customer_language"]


def test_a_partner_refuses_what_it_does_not_sell() -> None:
    problems = refusals(a_purchase(), CATALOGUE, Restrictions(not_sold=("DE:travel",)))

    assert problems == {"customer_country": ["Cover of the class travel is not sold in DE."]}


def test_a_quote_keeps_the_withdrawal_that_was_promised() -> None:
    purchase = a_purchase()

    (quote,) = promised(
        [a_quote()], purchase, CATALOGUE, Restrictions(withdrawal_days=30), informed_at=NOON
    )

    assert (quote.withdrawal_days, quote.sold_from) == (30, None)
    assert promised_market(quote, purchase, CATALOGUE).withdrawal_days == 30
    assert promised_market(a_quote(), purchase, CATALOGUE).withdrawal_days == 14


def test_a_promise_never_falls_below_the_law() -> None:
    quote = a_quote(withdrawal_days=3)

    assert promised_market(quote, a_purchase(), CATALOGUE).withdrawal_days == 14


def test_a_quote_knows_from_when_on_it_is_for_sale() -> None:
    purchase = a_purchase(customer_country="AU", customer_region="AU-VIC")
    law = Restrictions()

    (quote,) = promised(
        [a_quote()], purchase, sold_in("AU", sold_as="goods"), law, informed_at=NOON
    )

    assert quote.sold_from == NOON + timedelta(days=5)

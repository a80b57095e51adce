"""Every product, in every market and language, keeps the rules of choice; and the lint can fail."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import cache

import pytest

from tests.builders import some_settings
from tests.service import running_service
from widget.app import load_catalogue
from widget.lints import Expected, faults_in
from widget.offer_lint import Shown, offers_shown, pressure_words
from widget.offers import Provided
from widget.purchases import Purchase
from widget.storage.sqlite import SqliteStorage
from widget.upstream.base import Priced
from widget.upstream.house import House


@cache
def shown() -> tuple[Shown, ...]:
    return tuple(offers_shown(some_settings()))


def test_no_offer_breaks_a_rule() -> None:
    faults = [f"{offer.place}: {fault}" for offer in shown() for fault in offer.faults]

    assert faults == []


def test_the_lint_sees_every_product_in_every_market_and_language() -> None:
    catalogue = load_catalogue(some_settings())

    seen = {tuple(offer.place.split(", ")) for offer in shown()}

    products = {
        (product.terms_version, country, locale)
        for product in catalogue.products.values()
        if product == catalogue.on_sale(product.code)
        for country in product.sold_to
        for locale in product.text
    }
    assert {(terms, place[:2], locale) for terms, place, locale in seen} == products


def test_the_words_that_press_are_known_for_every_language_that_we_speak() -> None:
    languages = {locale.partition("-")[0] for locale in ("en", "de")}

    assert languages <= pressure_words().keys()
    assert all(len(words) > 10 for words in pressure_words().values())


# -- the lint can fail


def an_offer() -> Shown:
    return next(offer for offer in shown() if offer.place.endswith("DE, en"))


def without(text: str) -> Callable[[str], str]:
    def change(html: str) -> str:
        assert text in html
        return html.replace(text, "")

    return change


def changed(old: str, new: str, times: int = 1) -> Callable[[str], str]:
    def change(html: str) -> str:
        assert old in html
        return html.replace(old, new, times)

    return change


MUTANTS: dict[str, tuple[Callable[[str], str], str]] = {
    "an answer that is checked": (
        changed('type="radio"', 'type="radio" checked'),
        r"is checked: nothing may be chosen in advance",
    ),
    "a token before the answer": (changed('data-token=""', 'data-token="x.y"'), "carries a token"),
    "no way to decline": (changed('value="opted_out"', 'value="later"'), "one answer that declin"),
    "a decline that looks weaker": (
        changed('id="choice-none"', 'id="choice-none" style="opacity: 0.5"'),
        "differ in their control",
    ),
    "an answer with a badge": (
        changed('<div class="answer">', '<div class="answer answer--best">'),
        "differ in their frame",
    ),
    "a label that is larger": (
        changed('class="answer__label" for="choice-none"', 'class="fine" for="choice-none"'),
        "differ in their label",
    ),
    "a decline that is hidden": (
        changed('id="choice-none"', 'id="choice-none" hidden'),
        "is hidden",
    ),
    "checkboxes": (changed('type="radio"', 'type="checkbox"', 9), "leaving it alone is no answer"),
    "a price that is not there": (without("€"), "is not beside its answer"),
    "a price without its tax": (without("tax included"), "nothing says that tax is in it"),
    "no period": (
        changed('class="offer__insured"', 'class="offer__insured" hidden'),
        "This is not beside the question",
    ),
    "a disclosure that is folded away": (
        changed('<div class="terms">', '<details class="terms">'),
        "must be in view before the choice",
    ),
    "a disclosure that is left out": (
        without("This cover is optional: you can buy everything else without it."),
        "must be in view before the choice: This cover is optional",
    ),
    "a document without a link": (changed("<a href=", "<a data-href=", 9), "is not linked in view"),
    "a word that presses": (
        changed("No, I don't want cover", "No thanks, I’ll risk it"),
        "i'll risk\" presses",
    ),
    "a word that only a screen reader says": (
        changed("<fieldset", '<fieldset aria-label="Hurry!"'),
        "'hurry' presses",
    ),
    "a countdown": (changed("<fieldset", '<p role="timer">9</p><fieldset'), "counts down"),
}


@pytest.mark.parametrize(("mutate", "sentence"), MUTANTS.values(), ids=MUTANTS.keys())
def test_a_broken_rule_is_told_in_one_sentence(mutate: Callable[[str], str], sentence: str) -> None:
    offer = an_offer()

    faults = replace(offer, html=mutate(offer.html)).faults

    assert any(sentence in fault for fault in faults), faults


def test_whole_words_press_and_parts_of_them_do_not() -> None:
    words = Expected((), "", (), (), (), ("risk it",), is_deferred=True)

    assert faults_in("<p>You risk it all</p>", words)
    assert not faults_in("<p>brisk items</p>", words)


class Pushy(House):
    """A platform whose own words press."""

    async def price(self, purchase: Purchase, *, now: datetime) -> Priced:
        priced = await super().price(purchase, now=now)
        words = Provided("en", "Cover", "Basic", summary="Most popular: 9 of 10 people choose it.")
        return Priced(tuple(replace(quote, provided=words) for quote in priced.quotes))


def test_a_platforms_own_words_are_linted_too(storage: SqliteStorage) -> None:
    words = Expected((), "", (), (), (), pressure_words()["en"], is_deferred=True)
    upstream = Pushy(load_catalogue(some_settings()))

    with running_service(storage, upstream=upstream) as service:
        page = service.open()

    assert "The word 'most popular' presses the customer." in faults_in(page.text, words)

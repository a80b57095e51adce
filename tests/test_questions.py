from __future__ import annotations

from dataclasses import replace

import pytest

from tests.builders import NOON, a_purchase, a_quote, an_offer
from widget.errors import QuoteNotOffered
from widget.money import Money
from widget.offers import Offer
from widget.purchases import Answering
from widget.questions import NO, answers_of, chosen_by, questions_of


def an_offer_for(things: int, answering: Answering = Answering.EACH) -> Offer:
    """Return an offer of two plans for each of so many things: `a0` and `b0`, `a1` and `b1`."""
    purchase = a_purchase()
    purchase = replace(purchase, items=purchase.items * things, answering=answering)
    quotes = tuple(
        a_quote(f"{letter}{item}", item=item, plan_code=plan, premium=Money(100 + item, "EUR"))
        for item in range(things)
        for letter, plan in (("a", "cancellation"), ("b", "cancellation_medical"))
    )
    return an_offer(purchase=purchase, quotes=quotes)


def chosen(offer: Offer, told: dict[str, str]) -> frozenset[str] | None:
    return chosen_by(offer, questions_of(offer), told)


def test_one_thing_is_one_question_and_every_quote_an_answer() -> None:
    (question,) = questions_of(an_offer_for(1))

    assert question.name == "choice"
    assert [option.value for option in question.options] == ["a0", "b0"]


def test_each_thing_is_a_question_of_its_own() -> None:
    questions = questions_of(an_offer_for(3))

    assert [question.name for question in questions] == ["choice-0", "choice-1", "choice-2"]
    assert [option.value for option in questions[2].options] == ["a2", "b2"]


def test_one_answer_for_all_is_a_plan_at_the_premium_of_all() -> None:
    (question,) = questions_of(an_offer_for(3, Answering.TOGETHER))

    assert [option.value for option in question.options] == ["cancellation", "cancellation_medical"]
    assert [quote.id for quote in question.options[0].quotes] == ["a0", "a1", "a2"]
    assert question.options[0].premium == Money(303, "EUR")


def test_things_with_different_plans_are_asked_about_one_by_one() -> None:
    offer = an_offer_for(2, Answering.TOGETHER)
    offer = replace(offer, quotes=offer.quotes[:3])

    assert [question.name for question in questions_of(offer)] == ["choice-0", "choice-1"]


def test_an_answer_to_each_chooses_what_was_answered() -> None:
    offer = an_offer_for(3)

    assert chosen(offer, {"choice-0": "a0", "choice-1": NO, "choice-2": "b2"}) == frozenset(
        {"a0", "b2"}
    )


def test_one_answer_for_all_chooses_the_plan_of_each() -> None:
    offer = an_offer_for(3, Answering.TOGETHER)

    assert chosen(offer, {"choice": "cancellation_medical"}) == frozenset({"b0", "b1", "b2"})


@pytest.mark.parametrize("answering", Answering)
def test_no_to_all_chooses_nothing(answering: Answering) -> None:
    assert chosen(an_offer_for(3, answering), {"choice": NO}) == frozenset()


def test_no_to_each_chooses_nothing() -> None:
    assert chosen(an_offer_for(2), {"choice-0": NO, "choice-1": NO}) == frozenset()


@pytest.mark.parametrize("told", [{}, {"choice-0": "a0"}, {"choice-0": "a0", "choice-1": ""}])
def test_while_a_question_has_no_answer_nothing_is_chosen(told: dict[str, str]) -> None:
    assert chosen(an_offer_for(2), told) is None


@pytest.mark.parametrize("answer", ["a1", "cancellation", "nobody's"])
def test_an_answer_to_another_question_is_none(answer: str) -> None:
    with pytest.raises(QuoteNotOffered):
        chosen(an_offer_for(2), {"choice-0": answer, "choice-1": NO})


@pytest.mark.parametrize("answering", Answering)
def test_what_was_chosen_is_what_is_shown_as_answered(answering: Answering) -> None:
    offer = an_offer_for(2, answering)
    questions = questions_of(offer)
    told = {question.name: question.options[1].value for question in questions}
    picked = chosen_by(offer, questions, told)
    assert picked is not None

    stored = offer.opt_in(picked, at=NOON, locale="en")

    assert answers_of(stored, questions) == told


def test_an_open_offer_has_no_answers_and_a_declined_one_has_no_for_each() -> None:
    offer = an_offer_for(2)
    questions = questions_of(offer)

    assert answers_of(offer, questions) == {}
    assert answers_of(offer.opt_out(at=NOON, locale="en"), questions) == {
        "choice-0": NO,
        "choice-1": NO,
    }

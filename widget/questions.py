"""Questions: what a customer is asked about an offer, and what the answers to them choose.

Each thing of a purchase is a question of its own, with its plans and “no” as answers. Where the
partner wants one answer for all of them, and all have the same plans, there is one question.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from widget.errors import QuoteNotOffered
from widget.money import Money
from widget.offers import Choice, Offer, Quote
from widget.purchases import Answering

#: The answer “no”, to one question; as an answer to `choice` alone, to every one.
NO = str(Choice.OPTED_OUT)

#: The name of the only question, and of what is said to all of them at once.
ALL = "choice"


@dataclass(frozen=True, slots=True)
class Option:
    """An answer that costs something: a plan, for one thing or for all of them."""

    #: How a form spells it: the id of the quote, or the code of the plan.
    value: str
    quotes: tuple[Quote, ...]

    @property
    def premium(self) -> Money:
        """What it costs by itself."""
        return Money.total((q.premium for q in self.quotes), self.quotes[0].premium.currency)


@dataclass(frozen=True, slots=True)
class Question:
    """One question, which is answered with an option or with no."""

    #: The name of the form field: `choice`, or `choice-3` for the fourth thing.
    name: str
    options: tuple[Option, ...]

    @property
    def quote(self) -> Quote:
        """The first quote that it is about."""
        return self.options[0].quotes[0]


def questions_of(offer: Offer) -> tuple[Question, ...]:
    """Return what is asked about an offer, in the order of the purchase."""
    items: dict[int, list[Quote]] = {}
    for quote in offer.quotes:
        items.setdefault(quote.item, []).append(quote)
    groups = [items[item] for item in sorted(items)]
    if offer.purchase.answering is Answering.TOGETHER and len(groups) > 1 and _are_alike(groups):
        return (Question(ALL, tuple(_together(plans) for plans in zip(*groups, strict=True))),)
    return tuple(
        Question(
            ALL if len(groups) == 1 else f"{ALL}-{quotes[0].item}",
            tuple(Option(quote.id, (quote,)) for quote in quotes),
        )
        for quotes in groups
    )


def answers_of(offer: Offer, questions: Iterable[Question]) -> dict[str, str]:
    """Return the stored answers by question; none while the choice is open."""
    if offer.choice is Choice.OPEN:
        return {}
    chosen = frozenset(offer.chosen)
    return {question.name: _answer(question, chosen) for question in questions}


def chosen_by(
    offer: Offer, questions: tuple[Question, ...], told: Mapping[str, str]
) -> frozenset[str] | None:
    """Return the ids of the quotes that answers choose; None while one of them is missing.

    Args:
        told: Answers by question; `choice` alone answers no to all of them.

    Raises:
        QuoteNotOffered: An answer is none of those that were asked for.
    """
    if told.get(ALL) == NO:
        return frozenset()
    chosen: set[str] = set()
    for question in questions:
        answer = told.get(question.name, "")
        option = next((one for one in question.options if one.value == answer), None)
        if option is None and answer not in {"", NO}:
            raise QuoteNotOffered(offer.id, answer)
        chosen.update(quote.id for quote in option.quotes) if option else None
    is_complete = all(told.get(question.name) for question in questions)
    return frozenset(chosen) if is_complete else None


def _are_alike(groups: list[list[Quote]]) -> bool:
    """Tell whether all things have the same plans of the same product, in the same order."""
    first = [(quote.product_code, quote.plan_code) for quote in groups[0]]
    return all([(q.product_code, q.plan_code) for q in group] == first for group in groups)


def _together(plans: tuple[Quote, ...]) -> Option:
    return Option(plans[0].plan_code, plans)


def _answer(question: Question, chosen: frozenset[str]) -> str:
    for option in question.options:
        if all(quote.id in chosen for quote in option.quotes):
            return option.value
    return NO

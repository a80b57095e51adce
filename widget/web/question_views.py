"""Questions as a page asks them: each plan with its premium, and what a plan protects."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

from widget import formats
from widget.covers import BenefitView, Cover, Speech, named, period
from widget.offers import Offer, Quote
from widget.questions import NO, Option, Question, answers_of
from widget.web.house import House
from widget.web.views import KindView, PlanView, QuestionView

Each = TypeVar("Each")


@dataclass(frozen=True, slots=True)
class Asking:
    """An offer whose questions are asked of one customer."""

    offer: Offer
    #: What is asked about it.
    asked: tuple[Question, ...]
    house: House
    speech: Speech
    #: Answers that a form has and that cannot be stored yet; None: as they are stored.
    told: Mapping[str, str] | None = None
    #: The words of each plan, which are the same for all things that it is offered for.
    _words: dict[object, Cover] = field(default_factory=dict)

    def questions(self) -> tuple[QuestionView, ...]:
        """Return the questions with their answers."""
        answers = answers_of(self.offer, self.asked) if self.told is None else self.told
        return tuple(self._question(one, answers.get(one.name, "")) for one in self.asked)

    def kinds(self, questions: tuple[QuestionView, ...]) -> tuple[KindView, ...]:
        """Return the questions product by product, with what the plans of each protect."""
        kinds: dict[str, list[tuple[Question, QuestionView]]] = {}
        for one, view in zip(self.asked, questions, strict=True):
            kinds.setdefault(one.quote.product_code, []).append((one, view))
        return tuple(self._kind(pairs) for pairs in kinds.values())

    def covers(self) -> list[Cover]:
        """Return the cover of each product that is offered."""
        firsts: dict[str, Quote] = {}
        for quote in self.offer.quotes:
            firsts.setdefault(quote.product_code, quote)
        return [self.words(quote) for quote in firsts.values()]

    def words(self, quote: Quote) -> Cover:
        """Return what a quote's plan is called and said to be; its limits are those of a thing."""
        version = quote.product_version
        key = quote.provided or (quote.product_code, version, quote.plan_code, quote.documents)
        if key not in self._words:
            self._words[key] = self.cover(quote)
        return self._words[key]

    def cover(self, quote: Quote) -> Cover:
        """Return what a quote protects."""
        return self.house.cover(quote, self.offer.purchase, self.speech)

    def heading(self) -> str:
        """Return what is asked: of one thing in the words of its product, which speak of one."""
        covers = self.covers()
        if len(covers) == len(self.offer.purchase.items) == 1:
            return covers[0].heading or covers[0].product_name
        return self.speech.texts.gettext("Would you like cover for these?")

    def insured(self, questions: tuple[QuestionView, ...]) -> str:
        """Return what it is asked about; of several things, how many they are."""
        if len(questions) == 1:
            return questions[0].insured
        say = self.speech.texts.ngettext
        text = say("%(num)d question", "%(num)d questions, an answer for each", len(questions))
        return text % {"num": len(questions)}

    def bundle(self) -> str:
        """Return what costs less together; empty when nothing does."""
        together = next((quote.bundled for quote in self.offer.quotes if quote.bundled), None)
        if together is None:
            return ""
        names = once(self.words(quote).product_name for quote in self.offer.quotes if quote.bundled)
        text = self.speech.texts.gettext(
            "With cover of each kind (%(names)s), premiums are %(percent)s lower before tax."
        )
        percent = formats.percent(together.percent / 100, self.speech.formats)
        return text % {"names": formats.listed(names, self.speech.formats), "percent": percent}

    def what_is_chosen(self) -> str:
        """Return the plans that were chosen; of several things, for how many of them."""
        chosen = self.offer.chosen_quotes
        if len(self.asked) > 1:
            text = self.speech.texts.gettext("cover for %(num)d of %(all)d")
            return text % {"num": len(chosen), "all": len(self.asked)} if chosen else ""
        names = once(self.words(quote).plan_name for quote in chosen)
        return formats.listed(names, self.speech.formats)

    def progress(self, told: Mapping[str, str]) -> str:
        """Return how many of the questions a form answers."""
        answered = sum(1 for one in self.asked if told.get(one.name))
        text = self.speech.texts.gettext("%(num)d of %(all)d answered. Please answer for each.")
        return text % {"num": answered, "all": len(self.asked)}

    def _question(self, question: Question, answer: str) -> QuestionView:
        is_even = len({option.quotes[0].ends_at for option in question.options}) == 1
        return QuestionView(
            name=question.name,
            insured=self._insured(question, with_period=is_even),
            plans=tuple(
                self._plan(option, question, answer, with_period=not is_even)
                for option in question.options
            ),
            is_declined=answer == NO,
        )

    def _insured(self, question: Question, *, with_period: bool) -> str:
        quotes = question.options[0].quotes
        parts = [part for quote in quotes for part in self._named(quote)]
        parts += [self._period(quote) for quote in quotes if with_period]
        return formats.listed(once(parts), self.speech.formats)

    def _plan(
        self, option: Option, question: Question, answer: str, *, with_period: bool
    ) -> PlanView:
        cover = self.words(option.quotes[0])
        is_alone = len(self.asked) == 1
        return PlanView(
            value=option.value,
            id=f"{question.name}-{option.value}",
            name=cover.plan_name,
            summary=cover.summary,
            premium=formats.money(option.premium, self.speech.formats),
            period=self._period(option.quotes[0]) if with_period else "",
            benefits=cover.benefits if is_alone else (),
            is_chosen=answer == option.value,
        )

    def _kind(self, pairs: list[tuple[Question, QuestionView]]) -> KindView:
        quotes: dict[str, list[Quote]] = {}
        for question, _ in pairs:
            for option in question.options:
                quotes.setdefault(option.quotes[0].plan_code, []).extend(option.quotes)
        first = self.words(pairs[0][0].quote)
        plans = [self._described(code, same) for code, same in quotes.items()]
        shared = _in_all(plans)
        own = (replace(plan, benefits=_without(plan.benefits, shared)) for plan in plans)
        views = tuple(view for _, view in pairs)
        return KindView(first.product_name, shared, tuple(own), views)

    def _described(self, code: str, quotes: list[Quote]) -> PlanView:
        items = self.offer.purchase.items
        # Limits depend on nothing else, so the words for one thing of each worth are enough.
        worths = {items[quote.item].subject.value: quote for quote in reversed(quotes)}
        same = [self.cover(quote) for quote in list(worths.values())[:2]]
        return PlanView(
            value=code,
            id=f"plan-{code}",
            name=same[0].plan_name,
            summary=same[0].summary,
            premium="",
            period="",
            benefits=tuple(_shared_benefits(same, self.speech)),
            is_chosen=False,
        )

    def _named(self, quote: Quote) -> list[str]:
        item = self.offer.purchase.items[quote.item]
        return named(item.subject, self.house.catalogue.line_of_item(item), self.speech)

    def _period(self, quote: Quote) -> str:
        item = self.offer.purchase.items[quote.item]
        line = self.house.catalogue.line_of_item(item)
        return period(quote, item.subject, line, self.speech)


def once(parts: Iterable[Each]) -> tuple[Each, ...]:
    """Return parts in their order, each of them once."""
    return tuple(dict.fromkeys(parts))


def _in_all(plans: list[PlanView]) -> tuple[BenefitView, ...]:
    """Return the benefits that are the same in each of several plans; of one plan, none."""
    first, *others = plans
    shared = (one for one in first.benefits if all(one in other.benefits for other in others))
    return tuple(shared) if others else ()


def _without(
    benefits: tuple[BenefitView, ...], shared: tuple[BenefitView, ...]
) -> tuple[BenefitView, ...]:
    return tuple(benefit for benefit in benefits if benefit not in shared)


def _shared_benefits(covers: list[Cover], speech: Speech) -> Iterator[BenefitView]:
    """Yield the parts of a cover; a limit that is not the same for all things is its worth."""
    for benefit, *others in zip(*(cover.benefits for cover in covers), strict=True):
        limits = {one.limit for one in (benefit, *others)}
        worth = speech.texts.gettext("what the thing is worth")
        limit = benefit.limit if len(limits) == 1 else worth
        yield BenefitView(benefit.name, limit, benefit.excess)

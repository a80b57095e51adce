"""Lints: what a rendered offer does against the rules of choice, each told in one sentence.

It reads the page as a browser would and knows nothing of templates: nothing is chosen in advance,
all answers look alike, the premium stands with its tax beside its answer, the period beside the
question, disclosures and documents are in view, and no word presses.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

#: Elements without content, which have no end tag. Source: HTML Standard, 13.1.2.
_VOID = frozenset(
    "area base br col embed hr img input link meta source track wbr".split(),
)

#: What is in them is not shown, or only after a click.
_UNSEEN = frozenset("script style title details dialog".split())
_UNSEEN_CLASSES = frozenset({"visually-hidden"})

#: Attributes that are read aloud or shown by script.
_SPOKEN = ("aria-label", "alt", "title", "placeholder", "data-prompt")

#: Attributes in which answers may differ: which one it is, and what describes it.
_OWN = frozenset({"id", "value", "for", "aria-describedby", "aria-labelledby"})

_SPACE = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Expected:
    """What must be in view of one offer, in the words of its locale."""

    #: One formatted premium for each answer that costs something.
    premiums: tuple[str, ...]
    #: What says beside a premium that tax is in it.
    tax_wording: str
    #: What says beside the question who or what is insured, and when by each answer.
    insured: tuple[str, ...]
    disclosures: tuple[str, ...]
    #: The addresses of the documents.
    documents: tuple[str, ...]
    #: Words that press, in the language of the page.
    pressure_words: tuple[str, ...] = ()
    #: The sale is deferred: there must be nothing to answer.
    is_deferred: bool = False


@dataclass(eq=False)
class Element:
    """One element of a page."""

    tag: str
    attributes: dict[str, str]
    parent: Element | None = None
    parts: list[Element | str] = field(default_factory=list)

    def all(self) -> Iterator[Element]:
        """Yield this element and every one inside it, in the order of the page."""
        yield self
        for part in self.parts:
            if isinstance(part, Element):
                yield from part.all()

    def above(self) -> Iterator[Element]:
        """Yield this element and every one around it, from the inside."""
        at: Element | None = self
        while at is not None:
            yield at
            at = at.parent

    @property
    def is_seen(self) -> bool:
        """Whether it is in view without a click."""
        return not any(_is_hidden(element) for element in self.above())

    @property
    def text(self) -> str:
        """What is seen of its text, with single spaces."""
        words = "".join(_seen(self))
        return _SPACE.sub(" ", words).strip()

    def look(self) -> tuple[object, ...]:
        """Return what makes it look and work as it does."""
        kept = {name: value for name, value in self.attributes.items() if name not in _OWN}
        return self.tag, tuple(sorted(kept.items()))


def faults_in(html: str, expected: Expected) -> list[str]:
    """Return a sentence for each rule that an open offer breaks; nothing when it is whole."""
    page = parsed(html)
    rules: tuple[Callable[[Element, Expected], Iterator[str]], ...] = (
        _preselected,
        _unequal,
        _unpriced,
        _undisclosed,
        _undocumented,
        _pressing,
    )
    if expected.is_deferred:
        rules = (_answerable, _undisclosed, _undocumented, _pressing)
    return [sentence for rule in rules for sentence in rule(page, expected)]


def parsed(html: str) -> Element:
    """Return the element that holds a page or a fragment."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.top


# -- the rules


def _preselected(page: Element, _: Expected) -> Iterator[str]:
    for element in page.all():
        for name in {"checked", "selected"} & element.attributes.keys():
            yield f"{_named(element)} is {name}: nothing may be chosen in advance."
        if element.attributes.get("aria-checked") == "true":
            yield f"{_named(element)} has aria-checked: nothing may be chosen in advance."
        if element.attributes.get("data-token"):
            yield f"{_named(element)} carries a token before there is an answer."
    if any(control.attributes.get("type") == "checkbox" for control in _controls(page)):
        yield "An answer is a checkbox: leaving it alone is no answer."


def _unequal(page: Element, _: Expected) -> Iterator[str]:
    groups: dict[str, list[Element]] = {}
    for control in _controls(page):
        groups.setdefault(control.attributes["name"], []).append(control)
    if not groups:
        yield "There is nothing to choose from."
    for name, controls in groups.items():
        if [control.attributes.get("value") for control in controls].count("opted_out") != 1:
            yield f"The question {name!r} must have one answer that declines."
        for part, looks in (
            ("control", [control.look() for control in controls]),
            ("label", [_label_of(control, page) for control in controls]),
            ("frame", [control.parent.look() for control in controls if control.parent]),
        ):
            if len(set(looks)) > 1:
                yield f"The answers to {name!r} differ in their {part}: they must look alike."
        if not all(control.is_seen for control in controls):
            yield f"An answer to {name!r} is hidden."


def _unpriced(page: Element, expected: Expected) -> Iterator[str]:
    beside = [
        control.parent.text
        for control in _controls(page)
        if control.parent and control.attributes.get("value") != "opted_out"
    ]
    if len(beside) != len(expected.premiums):
        yield f"There are {len(expected.premiums)} premiums and {len(beside)} answers that cost."
    for text, premium in zip(beside, expected.premiums, strict=False):
        if _plain(premium) not in _plain(text):
            yield f"The premium {premium} is not beside its answer."
        if _plain(expected.tax_wording) not in _plain(text):
            yield f"Beside the premium {premium} nothing says that tax is in it."
    questions = [element for element in page.all() if element.tag == "fieldset"]
    for words in expected.insured:
        if not any(_plain(words) in _plain(question.text) for question in questions):
            yield f"This is not beside the question, and what is insured or its period: {words}."


def _undisclosed(page: Element, expected: Expected) -> Iterator[str]:
    seen = _plain(page.text)
    for disclosure in expected.disclosures:
        if _plain(disclosure) not in seen:
            yield f"This must be in view before the choice: {disclosure}"


def _undocumented(page: Element, expected: Expected) -> Iterator[str]:
    links = [element for element in page.all() if element.tag == "a" and element.is_seen]
    for address in expected.documents:
        if not any(link.attributes.get("href") == address and link.text for link in links):
            yield f"The document {address} is not linked in view."


def _pressing(page: Element, expected: Expected) -> Iterator[str]:
    spoken = (
        element.attributes[name]
        for element in page.all()
        for name in _SPOKEN
        if name in element.attributes
    )
    text = _spaced(" | ".join((page.text, *spoken)))
    for word in expected.pressure_words:
        if re.search(rf"(?<!\w){re.escape(_spaced(word))}(?!\w)", text):
            yield f"The word {word!r} presses the customer."
    for element in page.all():
        if element.tag in {"meter", "progress"} or element.attributes.get("role") == "timer":
            yield f"{_named(element)} counts down or measures: nothing may press the customer."


def _answerable(page: Element, _: Expected) -> Iterator[str]:
    for control in _controls(page):
        yield f"{_named(control)} sells, and the sale is deferred."


# -- reading the page


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.top = Element("#page", {})
        self._at = self.top

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs}, self._at)
        self._at.parts.append(element)
        if tag not in _VOID:
            self._at = element

    def handle_endtag(self, tag: str) -> None:
        opened = next((element for element in self._at.above() if element.tag == tag), None)
        if opened is not None and opened.parent is not None:
            self._at = opened.parent

    def handle_data(self, data: str) -> None:
        self._at.parts.append(data)


def _controls(page: Element) -> list[Element]:
    """Return what answers the question; taking an answer back answers nothing."""
    return [
        element
        for element in page.all()
        if element.tag in {"input", "button"}
        and element.attributes.get("name", "").startswith("choice")
        and element.attributes.get("type") != "hidden"
        and element.attributes.get("value") != "open"
    ]


def _label_of(control: Element, page: Element) -> tuple[object, ...] | None:
    own = control.attributes.get("id")
    labels = (element for element in page.all() if element.tag == "label")
    found = next((label for label in labels if own and label.attributes.get("for") == own), None)
    return found.look() if found else None


def _is_hidden(element: Element) -> bool:
    style = element.attributes.get("style", "").replace(" ", "")
    return (
        element.tag in _UNSEEN
        or "hidden" in element.attributes
        or element.attributes.get("aria-hidden") == "true"
        or bool(_UNSEEN_CLASSES & set(element.attributes.get("class", "").split()))
        or "display:none" in style
        or "visibility:hidden" in style
        or (element.tag == "template" and "shadowrootmode" not in element.attributes)
    )


def _seen(element: Element) -> Iterator[str]:
    if _is_hidden(element):
        return
    for part in element.parts:
        yield from (part,) if isinstance(part, str) else (" ", *_seen(part), " ")


def _spaced(text: str) -> str:
    """Return a text in lower case, with plain apostrophes and single spaces."""
    return _SPACE.sub(" ", text).replace("’", "'").casefold()


def _plain(text: str) -> str:
    """Return a text without what differs between spellings: case, apostrophes and any spaces."""
    # Spaces of money and dates are no-break and narrow ones; elements add spaces of their own.
    return _spaced(text).replace(" ", "")


def _named(element: Element) -> str:
    value = element.attributes.get("value") or element.attributes.get("id", "")
    return f"<{element.tag}{f' {value}' if value else ''}>"

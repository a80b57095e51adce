"""The demo's marketplace speaks German wherever it speaks English."""

from __future__ import annotations

import re
import tomllib

from demo.market.goods import GOODS
from widget.app import folder

MARKET = folder("demo") / "market"

GERMAN = tomllib.loads((MARKET / "german.toml").read_text(encoding="utf-8"))

#: What is said where it is written, and what is handed to `say` from elsewhere.
SAID = re.compile(r'\bsay\(\s*"([^"]+)"')
STEPS = {"Cart", "Details", "Payment", "Ordered"}


def said() -> set[str]:
    paths = [*MARKET.glob("*.py"), *(MARKET / "templates").glob("*.html")]
    texts = {text for path in paths for text in SAID.findall(path.read_text(encoding="utf-8"))}
    payments = (MARKET.parent / "payments.py").read_text(encoding="utf-8")
    faults = set(re.findall(r'faults\["\w+"\] = "([^"]+)"', payments))
    return texts | faults | STEPS | {article.department for article in GOODS.values()}


def test_every_text_is_translated_and_no_translation_is_left_over() -> None:
    assert set(GERMAN) == said()


def test_a_translation_fills_in_what_the_text_fills_in() -> None:
    gaps = re.compile(r"{\w+}")

    assert [text for text in GERMAN if gaps.findall(text) != gaps.findall(GERMAN[text])] == []

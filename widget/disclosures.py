"""Disclosures: what the law of a market wants in view before the choice, in the customer's words.

A market names them by key, in its order; `market_rules/*.toml` says which law each list is from.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from widget import formats
from widget.covers import Cover, Speech, withdrawal
from widget.markets import Market
from widget.offers import Quote


@dataclass(frozen=True, slots=True)
class _Case:
    """One quote in one market, and how to speak of it."""

    quote: Quote
    market: Market
    cover: Cover
    speech: Speech
    partner_name: str
    has_one_period: bool


def disclosures_of(
    quote: Quote,
    market: Market,
    cover: Cover,
    speech: Speech,
    *,
    partner_name: str,
    has_one_period: bool,
) -> tuple[str, ...]:
    """Return the sentences that a market wants in view with a quote, in its order.

    Args:
        market: With the withdrawal that was promised, and with what the partner adds.
        partner_name: Who arranges the cover.
        has_one_period: Whether all answers are for the same days; see `have_one_period`.
    """
    case = _Case(quote, market, cover, speech, partner_name, has_one_period)
    return tuple(text for key in market.disclosures for text in _WORDS[key](case))


def have_one_period(quotes: Iterable[Quote]) -> bool:
    """Whether quotes are for the same days, so that these can be said once for all of them."""
    return len({(quote.starts_at, quote.ends_at) for quote in quotes}) == 1


def _optional(case: _Case) -> Iterator[str]:
    yield case.speech.texts.gettext(
        "This cover is optional: you can buy everything else without it."
    )


def _underwriter(case: _Case) -> Iterator[str]:
    cover, say = case.cover, case.speech.texts.gettext
    if cover.disclaimer:
        yield cover.disclaimer
    if cover.underwriter_address and cover.underwriter not in cover.disclaimer:
        yield say("The insurer is %(name)s, %(address)s.") % {
            "name": cover.underwriter,
            "address": cover.underwriter_address,
        }


def _price(case: _Case) -> Iterator[str]:
    say, market = case.speech.texts.gettext, case.market
    rate = formats.percent(market.tax_rate, case.speech.formats)
    if not market.taxes:
        yield say("The premium is all that you pay: no tax comes on top.")
    elif len(market.taxes) == 1 and market.tax_rate:
        yield say("Premiums include %(rate)s insurance premium tax.") % {"rate": rate}
    else:
        yield say("Premiums include all taxes and levies, together %(rate)s.") % {"rate": rate}


def _period(case: _Case) -> Iterator[str]:
    say, quote = case.speech.texts.gettext, case.quote
    dates = formats.period(quote.starts_at.date(), quote.ends_at.date(), case.speech.formats)
    if case.has_one_period:
        yield say("The period of cover is %(dates)s.") % {"dates": dates}
    else:
        yield say("The period of cover stands beside what you are asked.")
    once = say("You pay once, nothing renews.")
    yield say("Nothing renews by itself.") if case.cover.has_instalments else once


def _cooling_off(case: _Case) -> Iterator[str]:
    yield withdrawal(case.market.withdrawal_days, case.cover, case.speech)


def _intermediary(case: _Case) -> Iterator[str]:
    yield case.speech.texts.gettext(
        "%(partner)s arranges the insurance and does not give advice. For this it may get a"
        " commission, which is part of the premium."
    ) % {"partner": case.partner_name}


def _travel_retailer(case: _Case) -> Iterator[str]:
    yield case.speech.texts.gettext(
        "The staff of %(partner)s may give general information, but are not qualified to answer"
        " technical questions or to judge cover that you have already. This cover may duplicate it."
    ) % {"partner": case.partner_name}


def _complaints(case: _Case) -> Iterator[str]:
    say = case.speech.texts.gettext
    who = case.market.ombudsman or say("the complaints body of your country")
    if case.cover.contact:
        yield say("Complaints go to %(contact)s; out of court, %(ombudsman)s decides.") % {
            "contact": case.cover.contact,
            "ombudsman": who,
        }
    else:
        yield say("Complaints go to the insurer; out of court, %(ombudsman)s decides.") % {
            "ombudsman": who
        }


_WORDS: Mapping[str, Callable[[_Case], Iterator[str]]] = {
    "optional": _optional,
    "underwriter": _underwriter,
    "price": _price,
    "period": _period,
    "cooling_off": _cooling_off,
    "intermediary": _intermediary,
    "travel_retailer": _travel_retailer,
    "complaints": _complaints,
}

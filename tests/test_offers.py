from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import NOON, a_quote, an_offer, an_opted_in_offer
from widget.errors import (
    AlreadyConfirmed,
    ChoiceMissing,
    OfferDeclined,
    OfferExpired,
    QuoteNotOffered,
    RuleBroken,
)
from widget.money import Money
from widget.offers import Choice, Offer, Status

SOON = NOON + timedelta(minutes=5)
EXPIRY = an_offer().expires_at
LAST_MOMENT = EXPIRY + timedelta(minutes=15)

Outcome = str | type[RuleBroken]


def opt_in(offer: Offer, at: datetime = SOON) -> Offer:
    return offer.opt_in({"q-1"}, at=at, locale="en")


def opt_out(offer: Offer, at: datetime = SOON) -> Offer:
    return offer.opt_out(at=at, locale="en")


def reopen(offer: Offer, at: datetime = SOON) -> Offer:
    return offer.reopen(at=at, locale="en")


def decline(offer: Offer, _: datetime) -> Offer:
    return offer.decline()


def check_confirmable(offer: Offer, at: datetime) -> Offer:
    offer.check_confirmable(last_moment=LAST_MOMENT, at=at)
    return offer


MOVES = (opt_in, opt_out, reopen, decline, check_confirmable)

#: Every state, and a moment at which an offer is in it.
STATES: dict[str, tuple[Offer, datetime]] = {
    "open": (an_offer(), SOON),
    "opted in": (an_opted_in_offer(), SOON),
    "opted out": (opt_out(an_offer()), SOON),
    "declined": (an_offer().decline(), SOON),
    "declined after opt-in": (an_opted_in_offer().decline(), SOON),
    "confirmed": (an_opted_in_offer().booked(Status.CONFIRMED), SOON),
    "confirmed, past the expiry": (an_opted_in_offer().booked(Status.CONFIRMED), EXPIRY),
    "expired": (an_offer(), EXPIRY),
    "expired after opt-in": (an_opted_in_offer(), EXPIRY),
    "expired after opt-in, past the grace": (an_opted_in_offer(), LAST_MOMENT),
    "expired after opt-out": (opt_out(an_offer()), EXPIRY),
    "expired after being declined": (an_offer().decline(), EXPIRY),
}

#: What comes of each move, in the order of MOVES: the offer as it is then, or an error.
OUTCOMES: dict[str, tuple[Outcome, Outcome, Outcome, Outcome, Outcome]] = {
    "open": ("opted_in", "opted_out", "open", "declined", ChoiceMissing),
    "opted in": ("opted_in", "opted_out", "open", "declined", "opted_in"),
    "opted out": ("opted_in", "opted_out", "open", "declined", ChoiceMissing),
    "declined": (OfferDeclined, OfferDeclined, OfferDeclined, "declined", OfferDeclined),
    "declined after opt-in": (
        *(OfferDeclined, OfferDeclined, OfferDeclined),
        *("declined", OfferDeclined),
    ),
    # That there is a booking already is for the storage to say: nothing is sold twice.
    "confirmed": (*(AlreadyConfirmed,) * 4, "confirmed"),
    "confirmed, past the expiry": (*(AlreadyConfirmed,) * 4, "confirmed"),
    "expired": (OfferExpired, OfferExpired, OfferExpired, "declined", ChoiceMissing),
    "expired after opt-in": (OfferExpired, OfferExpired, OfferExpired, "declined", "opted_in"),
    "expired after opt-in, past the grace": (
        *(OfferExpired, OfferExpired, OfferExpired),
        *("declined", OfferExpired),
    ),
    "expired after opt-out": (
        *(OfferExpired, OfferExpired, OfferExpired),
        *("declined", ChoiceMissing),
    ),
    "expired after being declined": (
        *(OfferDeclined, OfferDeclined, OfferDeclined),
        *("declined", OfferDeclined),
    ),
}


def state_of(offer: Offer) -> str:
    named = {Status.OPTED_OUT: "declined", Status.CONFIRMED: "confirmed"}
    return named.get(offer.status, offer.choice)


@pytest.mark.parametrize(
    ("state", "move", "outcome"),
    [
        (state, move, outcome)
        for state, outcomes in OUTCOMES.items()
        for move, outcome in zip(MOVES, outcomes, strict=True)
    ],
)
def test_a_move_leads_where_the_state_allows(
    state: str, move: Callable[[Offer, datetime], Offer], outcome: Outcome
) -> None:
    offer, at = STATES[state]

    if isinstance(outcome, str):
        assert state_of(move(offer, at)) == outcome
    else:
        with pytest.raises(outcome, match=r"AAAAA-BBBBB-INS|OPTED_OUT"):
            move(offer, at)


def test_the_table_has_every_state() -> None:
    assert OUTCOMES.keys() == STATES.keys()


def test_nothing_is_preselected() -> None:
    offer = an_offer()

    assert offer.choice is Choice.OPEN
    assert offer.chosen == ()
    assert offer.chosen_quotes == ()
    assert offer.premium == offer.tax == Money.zero("EUR")
    assert (offer.chosen_at, offer.chosen_locale, offer.revision) == (None, None, 0)


def test_opting_in_keeps_what_when_and_in_which_language() -> None:
    offer = an_offer().opt_in(["q-2"], at=SOON, locale="de")

    assert [quote.id for quote in offer.chosen_quotes] == ["q-2"]
    assert offer.premium == Money(8224, "EUR")
    assert offer.tax == Money(781, "EUR")
    assert (offer.chosen_at, offer.chosen_locale, offer.revision) == (SOON, "de", 1)


def test_opting_in_twice_is_the_same_choice() -> None:
    once = opt_in(an_offer())

    twice = once.opt_in(["q-1"], at=SOON + timedelta(minutes=1), locale="de")

    assert twice is once


def test_opting_out_twice_is_the_same_choice() -> None:
    once = opt_out(an_offer())

    assert opt_out(once, SOON + timedelta(minutes=1)) is once


def test_reopening_an_open_offer_changes_nothing() -> None:
    offer = an_offer()

    assert reopen(offer) is offer


def test_declining_twice_is_the_same_report() -> None:
    once = an_offer().decline()

    assert once.decline() == once


def test_another_plan_replaces_the_first_one() -> None:
    offer = opt_in(an_offer()).opt_in({"q-2"}, at=SOON, locale="en")

    assert offer.chosen == ("q-2",)
    assert offer.revision == 2


def test_opting_out_forgets_the_chosen_plan() -> None:
    offer = opt_out(opt_in(an_offer()))

    assert offer.chosen == ()
    assert offer.premium == Money.zero("EUR")


def test_a_move_leaves_the_offer_that_it_came_from_alone() -> None:
    offer = an_offer()

    opt_in(offer)

    assert offer == an_offer()


@pytest.mark.parametrize(
    ("quote_ids", "named"),
    [
        (["q-9"], "q-9"),
        (["q-1", "q-9"], "q-9"),
        ([""], ""),
        ([], ""),
        (["q-1", "q-2"], "q-1, q-2"),
        (["q-1", "q-1"], "q-1, q-1"),
    ],
)
def test_only_one_quote_of_the_offer_for_each_item_can_be_chosen(
    quote_ids: list[str], named: str
) -> None:
    with pytest.raises(QuoteNotOffered) as error:
        an_offer().opt_in(quote_ids, at=SOON, locale="en")

    assert error.value.quote_id == named
    assert error.value.offer_id == an_offer().id


def test_quotes_for_different_items_are_chosen_together_in_the_order_of_the_offer() -> None:
    offer = an_offer(quotes=(a_quote("q-1"), a_quote("q-2"), a_quote("q-3", item=1)))

    chosen = offer.opt_in(["q-3", "q-2"], at=SOON, locale="en")

    assert chosen.chosen == ("q-2", "q-3")
    assert chosen.premium == Money(2 * 4892, "EUR")
    assert chosen.tax == Money(2 * 781, "EUR")


def test_an_offer_can_be_chosen_until_the_moment_at_which_it_expires() -> None:
    offer = an_offer()

    last = opt_in(offer, EXPIRY - timedelta(microseconds=1))
    with pytest.raises(OfferExpired) as error:
        opt_in(offer, EXPIRY)

    assert last.choice is Choice.OPTED_IN
    assert error.value.expired_at == EXPIRY


def test_a_payment_under_way_has_until_the_last_moment() -> None:
    offer = an_opted_in_offer()

    check_confirmable(offer, LAST_MOMENT - timedelta(microseconds=1))
    with pytest.raises(OfferExpired) as error:
        check_confirmable(offer, LAST_MOMENT)

    assert error.value.expired_at == EXPIRY


def test_a_confirmed_offer_does_not_expire() -> None:
    offer = an_opted_in_offer()

    assert offer.is_expired(EXPIRY)
    assert not offer.booked(Status.CONFIRMED).is_expired(EXPIRY)


def test_confirming_keeps_the_choice() -> None:
    offer = an_opted_in_offer().booked(Status.CONFIRMED)

    assert replace(offer, status=Status.RECEIVED) == an_opted_in_offer()


def test_the_terms_name_each_product_version_once() -> None:
    offer = an_offer(
        quotes=(a_quote("q-1"), a_quote("q-2"), a_quote("q-3", product_version=2, item=1))
    )

    assert offer.terms_version == "travel_protection@1+travel_protection@2"


@given(st.lists(st.sampled_from(MOVES[:3])))
def test_the_revision_counts_the_answers_that_changed_something(
    moves: list[Callable[[Offer, datetime], Offer]],
) -> None:
    steps = [an_offer()]
    for move in moves:
        steps.append(move(steps[-1], SOON))

    changes = sum(before != after for before, after in pairwise(steps))

    assert steps[-1].revision == changes


@given(st.lists(st.sampled_from(MOVES[:3])))
def test_only_an_offer_that_was_opted_in_to_costs_something(
    moves: list[Callable[[Offer, datetime], Offer]],
) -> None:
    offer = an_offer()
    for move in moves:
        offer = move(offer, SOON)

    assert (offer.premium.minor > 0) == (offer.choice is Choice.OPTED_IN) == bool(offer.chosen)

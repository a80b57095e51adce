from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import NOON, a_booking, a_message, an_opted_in_offer, mails_of
from widget.messages import JITTER, WAITS, Kind, next_try

spreads = st.floats(0, 1)


def test_a_new_booking_owes_the_policy_confirmation_at_once() -> None:
    (message,) = mails_of(a_booking())

    assert message.kind is Kind.POLICY_CONFIRMATION
    assert (message.partner_code, message.offer_id) == ("acme", "AAAAA-BBBBB-INS")
    assert message.due_at == a_booking().confirmed_at
    assert message.failures == 0


def test_a_booking_that_is_written_twice_owes_the_same_message() -> None:
    assert mails_of(a_booking()) == mails_of(a_booking())


def test_bookings_of_different_partners_owe_different_messages() -> None:
    one, other = (
        mails_of(a_booking(offer=an_opted_in_offer(partner_code=code))) for code in ("acme", "brio")
    )

    assert one[0].id != other[0].id


@pytest.mark.parametrize(("failures", "wait"), list(enumerate(WAITS)))
def test_each_failure_waits_for_its_turn(failures: int, wait: timedelta) -> None:
    again = next_try(a_message(failures=failures), now=NOON, spread=0)

    assert again == NOON + wait


def test_after_ten_tries_it_is_time_to_give_up() -> None:
    assert next_try(a_message(failures=8), now=NOON, spread=0) is not None
    assert next_try(a_message(failures=9), now=NOON, spread=0) is None
    assert next_try(a_message(failures=99), now=NOON, spread=0) is None


def test_delivery_is_tried_for_75_hours() -> None:
    assert sum(WAITS, timedelta()) == timedelta(hours=75, minutes=35, seconds=5)


def test_every_wait_is_longer_than_the_one_before() -> None:
    assert all(earlier < later for earlier, later in pairwise(WAITS))


@given(st.integers(0, len(WAITS) - 1), spreads)
def test_waits_are_lengthened_by_a_fifth_at_most(failures: int, spread: float) -> None:
    again = next_try(a_message(failures=failures), now=NOON, spread=spread)

    assert again is not None
    assert 0 <= (again - NOON) / WAITS[failures] - 1 <= JITTER + 1e-6


@given(st.lists(spreads, min_size=len(WAITS), max_size=len(WAITS)))
def test_however_the_waits_are_spread_the_last_try_is_not_before_75_hours(
    drawn: list[float],
) -> None:
    now = NOON
    for failures, spread in enumerate(drawn):
        now = next_try(a_message(failures=failures), now=now, spread=spread) or NOON

    assert now - NOON >= timedelta(hours=75)

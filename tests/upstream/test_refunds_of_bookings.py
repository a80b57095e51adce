"""What cancelling pays back of whole bookings: in any order, at any time, however it was paid."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.builders import NOON, a_booking, a_product, a_quote, some_settings
from widget.app import load_catalogue
from widget.bookings import Booking, InstalmentPayment, Policy
from widget.errors import NotAllowedByProduct
from widget.money import Money
from widget.offers import Status
from widget.products import AfterSale, Catalogue, Product
from widget.schedules import paid_of, schedules_of
from widget.upstream.after_sale import cancelled


def a_catalogue(**allows: Any) -> Catalogue:
    """Return a catalogue whose one product allows this after the sale, and has instalments."""
    plans = a_product("annual_travel").after_sale.instalment_plan
    after_sale = AfterSale(**allows, instalment_plan=plans)
    product: Product = a_product().model_copy(update={"after_sale": after_sale})
    known = load_catalogue(some_settings())
    return replace(known, products={(product.code, product.version): product})


catalogues = st.builds(
    a_catalogue,
    cancel_until=st.sampled_from(["start", "end", "never"]),
    refund_percent_after_withdrawal=st.integers(0, 100),
)


@st.composite
def bookings(draw: st.DrawFn) -> Booking:
    """Return a booking of some policies, each paid at once or in parts so far."""
    premiums = draw(st.lists(st.integers(12, 10**6), min_size=1, max_size=4), label="premiums")
    policies = tuple(
        Policy(f"TRV-{place}", a_quote(f"q-{place}", premium=Money(minor, "EUR")), NOON)
        for place, minor in enumerate(premiums)
    )
    in_parts = draw(st.sets(st.sampled_from([p.quote_id for p in policies])), label="in parts")
    paid = draw(st.integers(0, 12), label="instalments paid")
    booking = a_booking(
        policies=policies, instalment_plans=dict.fromkeys(sorted(in_parts), "monthly")
    )
    payments = tuple(
        InstalmentPayment(quote_id, one.number, True, NOON, one.amount)  # noqa: FBT003 - it is paid
        for quote_id, schedule in schedules_of(booking, a_catalogue()).items()
        for one in schedule[:paid]
    )
    return replace(booking, instalment_payments=payments)


moments = st.timedeltas(timedelta(0), timedelta(days=110)).map(lambda span: NOON + span)


def one_by_one(
    booking: Booking, catalogue: Catalogue, order: list[str], times: list[datetime]
) -> Booking:
    """Cancel policies one after the other, as far as they can be."""
    for quote_id, at in zip(order, sorted(times), strict=False):
        try:
            terms = cancelled(booking, {quote_id}, catalogue, now=at)
        except NotAllowedByProduct:
            continue
        booking = replace(booking, policies=terms.policies)
    return booking


@given(bookings(), catalogues, st.randoms(), st.lists(moments, min_size=4, max_size=4))
def test_all_refunds_together_are_never_more_than_what_was_paid(
    booking: Booking, catalogue: Catalogue, random: Any, times: list[datetime]
) -> None:
    order = [policy.quote_id for policy in booking.policies]
    random.shuffle(order)
    paid = {p.quote_id: paid_of(p, booking) for p in booking.policies}

    after = one_by_one(booking, catalogue, order, times)

    refunds = {p.quote_id: p.refund for p in after.policies if p.refund is not None}
    for quote_id, refund in refunds.items():
        assert 0 <= refund.minor <= paid[quote_id].minor
    total = Money.total(refunds.values(), "EUR")
    assert total.minor <= Money.total(paid.values(), "EUR").minor
    assert total.minor <= booking.premium.minor


@given(bookings(), catalogues, moments)
def test_policies_that_end_together_pay_back_what_they_do_one_by_one(
    booking: Booking, catalogue: Catalogue, at: datetime
) -> None:
    ids = [policy.quote_id for policy in booking.policies]
    try:
        together = cancelled(booking, set(ids), catalogue, now=at).policies
    except NotAllowedByProduct:
        return

    apart = one_by_one(booking, catalogue, ids, [at] * len(ids)).policies

    assert together == apart


@given(bookings(), catalogues, moments)
def test_what_was_cancelled_is_not_paid_back_again(
    booking: Booking, catalogue: Catalogue, at: datetime
) -> None:
    first = booking.policies[0].quote_id
    once = one_by_one(booking, catalogue, [first], [at])

    again = one_by_one(once, catalogue, [first], [at])

    assert again == once
    if once.policies[0].status is Status.CANCELLED:
        assert once.policies[0].cancelled_at == at

from __future__ import annotations

from tests.builders import a_booking, a_policyholder, an_opted_in_offer
from widget.offers import Status


def test_a_booking_is_its_offer_sold() -> None:
    offer = an_opted_in_offer()

    booking = a_booking(offer=offer)

    assert (booking.id, booking.partner_code, booking.mode) == (
        offer.id,
        offer.partner_code,
        offer.mode,
    )
    assert booking.premium == offer.premium
    assert booking.status is booking.offer.status is Status.CONFIRMED


def test_a_policyholder_is_named_as_on_the_policy() -> None:
    assert a_policyholder(first_name="Ada Maria", last_name="von Muster").name == (
        "Ada Maria von Muster"
    )

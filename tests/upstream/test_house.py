"""The house alone: what only it can promise."""

from __future__ import annotations

import pytest

from tests.builders import NOON, a_pending_booking, an_opted_in_offer, some_settings
from widget.app import load_catalogue
from widget.upstream.house import House

pytestmark = pytest.mark.anyio


async def test_no_two_policies_have_the_same_number() -> None:
    house = House(load_catalogue(some_settings()))
    booking = a_pending_booking(offer=an_opted_in_offer())

    numbers = {(await house.issue(booking, now=NOON))[0].number for _ in range(500)}

    assert len(numbers) == 500

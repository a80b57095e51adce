"""What every storage promises of bookings that change: what became of them, and what was priced."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from tests.builders import NOON, a_message, a_partner, a_policyholder, an_amendment
from tests.storage.contract import (
    Opener,
    a_sold_offer,
    booking_of,
    kinds_of_evidence,
    offer_number,
    shown,
)
from widget.amendments import Amendment, AmendmentKind
from widget.bookings import Booking, Insured
from widget.errors import AmendmentApplied, AmendmentStale, StorageUnavailable
from widget.evidence import Leaf, booking_amended, booking_noted
from widget.money import Money
from widget.offers import Status
from widget.storage.base import Storage
from widget.witnesses import Witness

pytestmark = pytest.mark.anyio

LATER = NOON + timedelta(minutes=4)


def priced(booking: Booking, **changes: object) -> Amendment:
    """Return the priced cancellation of a booking."""
    cancelled = tuple(
        replace(policy, status=Status.CANCELLED, cancelled_at=LATER, refund=policy.quote.premium)
        for policy in booking.policies
    )
    amendment = an_amendment(
        id="aaaaa-bbbbb-ccccc-CCL",
        kind=AmendmentKind.CANCELLATION,
        partner_code=booking.partner_code,
        booking_id=booking.id,
        purchase=booking.purchase,
        policies=cancelled,
        policyholder=a_policyholder(phone="+49 30 5550100"),
        insured={"q-1": (Insured("Bo", "Muster"),)},
        asked_by=Witness.SHOPPER,
        reason="The trip is off.",
        upstream_id="THEIR-1",
    )
    return replace(amendment, **changes)  # type: ignore[arg-type]  # the test's own facts


def noted(booking: Booking) -> tuple[Booking, Leaf]:
    """Return a booking whose customer refuses to renew, and the evidence."""
    changed = booking.noted(renewal_declined_at=LATER)
    return changed, booking_noted(changed, "renewal_declined", at=LATER)


def made(booking: Booking, amendment: Amendment) -> tuple[Booking, Leaf]:
    """Return a booking as an amendment makes it, and the evidence."""
    changed = amendment.applied_to(booking)
    return changed, booking_amended(changed, amendment, at=LATER)


# -- what became of a booking


async def test_a_changed_booking_comes_back_as_it_is(storage: Storage) -> None:
    booking = await a_sold_offer(storage)
    changed, leaf = made(booking, priced(booking))
    message = replace(a_message(), offer_id=booking.id, id="m-9", due_at=NOON)

    is_stored = await storage.change_booking(booking, changed, leaf, messages=[message])

    assert is_stored is True
    found = await storage.find_booking("acme", booking.id)
    assert found == changed
    assert found is not None
    assert found.status is Status.CANCELLED
    assert found.premium == Money.zero("EUR")
    assert found.policyholder.phone == "+49 30 5550100"
    assert (await storage.list_evidence("acme", booking.id))[-1] == leaf
    assert await storage.claim_messages(limit=9, lease_s=60, per_lane=9) == [message]


async def test_a_renewed_booking_has_both_terms_in_order(storage: Storage) -> None:
    booking = await a_sold_offer(storage)
    (policy,) = booking.policies
    later = replace(policy, number="AAA-LATER", quote=replace(policy.quote, id="q-9"))
    terms = (replace(policy, status=Status.RENEWED), later)
    changed, leaf = made(booking, priced(booking, policies=terms, kind=AmendmentKind.RENEWAL))

    await storage.change_booking(booking, changed, leaf)

    found = await storage.find_booking("acme", booking.id)
    assert found is not None
    assert found.policies == terms


async def test_a_change_of_a_booking_that_has_changed_stores_nothing(storage: Storage) -> None:
    seen = await a_sold_offer(storage)
    first, leaf = noted(seen)
    await storage.change_booking(seen, first, leaf)
    late, late_leaf = made(seen, priced(seen))
    message = replace(a_message(), offer_id=seen.id, id="m-9", due_at=NOON)

    is_stored = await storage.change_booking(
        seen, late, late_leaf, messages=[message], amendment=priced(seen).applied(LATER)
    )

    assert is_stored is False
    assert await storage.find_booking("acme", seen.id) == first
    assert await storage.find_amendment("acme", seen.id, priced(seen).id) is None
    assert (await kinds_of_evidence(storage, seen.offer))[-1] == "booking_noted"
    assert await storage.claim_messages(limit=9, lease_s=60, per_lane=9) == []


async def test_of_many_changes_of_one_booking_at_once_one_is_stored(opener: Opener) -> None:
    storages = [await opener(), await opener()]
    await storages[0].save_partner(a_partner())
    seen = await a_sold_offer(storages[0])
    moments = [LATER + timedelta(seconds=n) for n in range(32)]
    changes = [seen.noted(renewal_declined_at=moment) for moment in moments]
    leaves = [booking_noted(change, "renewal_declined", at=LATER) for change in changes]

    stored = await asyncio.gather(
        *(
            storages[n % 2].change_booking(seen, change, leaf)
            for n, (change, leaf) in enumerate(zip(changes, leaves, strict=True))
        )
    )

    assert stored.count(True) == 1
    assert await storages[0].find_booking("acme", seen.id) == changes[stored.index(True)]


# -- amendments


async def test_an_amendment_comes_back_as_it_was_stored(storage: Storage) -> None:
    amendment = priced(await a_sold_offer(storage))

    await storage.save_amendment(amendment)

    assert await storage.find_amendment("acme", amendment.booking_id, amendment.id) == amendment


async def test_an_amendment_is_found_by_its_id_alone(storage: Storage) -> None:
    amendment = priced(await a_sold_offer(storage))

    await storage.save_amendment(amendment)

    assert await storage.find_amendment("acme", None, amendment.id) == amendment
    assert await storage.find_amendment("globex", None, amendment.id) is None


async def test_another_partners_or_bookings_amendment_is_not_found(storage: Storage) -> None:
    amendment = priced(await a_sold_offer(storage, 1))
    other = await a_sold_offer(storage, 2)

    await storage.save_amendment(amendment)

    assert await storage.find_amendment("globex", amendment.booking_id, amendment.id) is None
    assert await storage.find_amendment("acme", other.id, amendment.id) is None
    assert await storage.find_amendment("acme", amendment.booking_id, "aaaaa-UPD") is None


async def test_pricing_changes_nothing_of_the_booking(storage: Storage) -> None:
    booking = await a_sold_offer(storage)

    await storage.save_amendment(priced(booking))

    assert await storage.find_booking("acme", booking.id) == booking


@pytest.mark.parametrize("is_stored_before", [True, False], ids=["priced before", "made at once"])
async def test_an_amendment_that_was_made_says_so_and_names_nobody(
    storage: Storage,
    is_stored_before: bool,  # noqa: FBT001 - pytest passes it by name
) -> None:
    booking = await a_sold_offer(storage)
    amendment = priced(booking)
    if is_stored_before:
        await storage.save_amendment(amendment)
    changed, leaf = made(booking, amendment)

    await storage.change_booking(booking, changed, leaf, amendment=amendment.applied(LATER))

    found = await storage.find_amendment("acme", booking.id, amendment.id)
    assert found == amendment.applied(LATER)
    assert found is not None
    assert (found.applied_at, found.policyholder, found.insured) == (LATER, None, None)


async def test_an_amendment_is_made_once_however_the_booking_goes_on(storage: Storage) -> None:
    booking = await a_sold_offer(storage)
    amendment = priced(booking, kind=AmendmentKind.UPDATE, policies=booking.policies)
    changed, leaf = made(booking, amendment)
    await storage.change_booking(booking, changed, leaf, amendment=amendment.applied(LATER))
    again, late_leaf = made(changed, replace(amendment, revision=changed.revision))

    for seen in (changed, booking):
        with pytest.raises(AmendmentApplied):
            await storage.change_booking(
                seen, again, late_leaf, amendment=amendment.applied(LATER + timedelta(minutes=1))
            )

    assert await storage.find_booking("acme", booking.id) == changed
    assert (await kinds_of_evidence(storage, booking.offer))[-1] == leaf.kind
    found = await storage.find_amendment("acme", booking.id, amendment.id)
    assert found == amendment.applied(LATER)


async def test_people_of_amendments_that_have_expired_are_forgotten(storage: Storage) -> None:
    booking = await a_sold_offer(storage)
    old = priced(booking, id="aaaaa-CCL", expires_at=NOON + timedelta(days=1))
    await storage.save_amendment(old)

    await storage.save_amendment(priced(booking, id="bbbbb-CCL", created_at=old.expires_at))

    found = await storage.find_amendment("acme", booking.id, old.id)
    assert found == replace(old, policyholder=None, insured=None)


async def test_other_names_of_the_insured_are_kept(storage: Storage) -> None:
    booking = await a_sold_offer(storage)
    renamed = priced(booking, policies=booking.policies, policyholder=None)
    changed, leaf = made(booking, renamed)

    await storage.change_booking(booking, changed, leaf, amendment=renamed.applied(LATER))

    found = await storage.find_booking("acme", booking.id)
    assert found == changed
    assert found is not None
    assert found.insured == {"q-1": (Insured("Bo", "Muster"),)}


async def test_an_amendment_of_no_booking_is_refused(storage: Storage) -> None:
    offer = offer_number(1)
    await storage.save_offer(offer, shown(offer))
    amendment = priced(booking_of(offer))

    with pytest.raises(StorageUnavailable):
        await storage.save_amendment(amendment)


# -- amendments that are under way


def begun(booking: Booking, **changes: object) -> Amendment:
    return priced(booking, **{"begun_at": LATER, **changes})


async def test_an_amendment_that_is_begun_is_found_until_it_is_made(storage: Storage) -> None:
    booking = await a_sold_offer(storage)
    amendment = begun(booking)
    await storage.begin_amendment(amendment)
    during = await storage.find_begun("acme", booking.id)
    changed, leaf = made(booking, amendment)

    await storage.change_booking(booking, changed, leaf, amendment=amendment.applied(LATER))

    assert during == amendment
    assert await storage.find_begun("acme", booking.id) is None


async def test_an_amendment_that_was_priced_before_may_be_begun(storage: Storage) -> None:
    booking = await a_sold_offer(storage)
    await storage.save_amendment(priced(booking))

    await storage.begin_amendment(begun(booking))

    assert await storage.find_begun("acme", booking.id) == begun(booking)


async def test_an_amendment_that_was_refused_is_under_way_no_more(storage: Storage) -> None:
    booking = await a_sold_offer(storage)
    await storage.begin_amendment(begun(booking))

    await storage.begin_amendment(begun(booking, begun_at=None))

    assert await storage.find_begun("acme", booking.id) is None
    again = begun(booking, id="xxxxx-xxxxx-xxxxx-CCL")
    await storage.begin_amendment(again)
    assert await storage.find_begun("acme", booking.id) == again


async def test_one_amendment_of_a_booking_is_under_way_at_a_time(storage: Storage) -> None:
    booking = await a_sold_offer(storage)
    await storage.begin_amendment(begun(booking))

    with pytest.raises(AmendmentStale):
        await storage.begin_amendment(begun(booking, id="xxxxx-xxxxx-xxxxx-CCL"))

    assert await storage.find_begun("acme", booking.id) == begun(booking)


@pytest.mark.parametrize("begun_at", [LATER, None], ids=["asked again", "refused"])
async def test_an_amendment_that_was_made_is_not_begun_again(
    storage: Storage, begun_at: datetime | None
) -> None:
    booking = await a_sold_offer(storage)
    amendment = begun(booking)
    changed, leaf = made(booking, amendment)
    await storage.change_booking(booking, changed, leaf, amendment=amendment.applied(LATER))

    with pytest.raises(AmendmentApplied):
        await storage.begin_amendment(replace(amendment, begun_at=begun_at))


async def test_the_same_amendment_may_be_begun_again(storage: Storage) -> None:
    booking = await a_sold_offer(storage)
    await storage.begin_amendment(begun(booking))

    await storage.begin_amendment(begun(booking, begun_at=LATER + timedelta(hours=1)))

    found = await storage.find_begun("acme", booking.id)
    assert found is not None
    assert found.begun_at == LATER + timedelta(hours=1)


async def test_amendments_under_way_are_listed_oldest_first(storage: Storage) -> None:
    amendments = []
    for number in range(4):
        booking = await a_sold_offer(storage, number)
        moment = LATER + timedelta(minutes=number)
        amendments.append(begun(booking, id=f"aaaaa-bbbbb-0000{number}-CCL", begun_at=moment))
    for amendment in reversed(amendments):
        await storage.begin_amendment(amendment)

    end = LATER + timedelta(hours=1)
    listed = await storage.list_begun(begun_before=end, limit=9, skip=0)
    some = await storage.list_begun(begun_before=end, limit=2, skip=1)
    early = await storage.list_begun(begun_before=amendments[2].begun_at or end, limit=9, skip=0)

    assert listed == amendments
    assert some == amendments[1:3]
    assert early == amendments[:2]


async def test_people_of_an_amendment_under_way_are_not_forgotten(storage: Storage) -> None:
    booking = await a_sold_offer(storage)
    await storage.begin_amendment(begun(booking))
    later = begun(booking).expires_at + timedelta(days=1)

    other = await a_sold_offer(storage, 7)
    await storage.save_amendment(
        priced(other, id="xxxxx-xxxxx-xxxxx-CCL", created_at=later, expires_at=later)
    )

    found = await storage.find_begun("acme", booking.id)
    assert found is not None
    assert found.policyholder is not None

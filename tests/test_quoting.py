"""A purchase leads to one offer, however often it is opened."""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta

import pytest

from tests.builders import (
    a_partner,
    a_policyholder,
    a_product,
    a_purchase,
    a_trip,
    some_settings,
)
from tests.fakes import Clock, SilentUpstream
from widget.app import load_catalogue
from widget.choosing import Answer, record_choice
from widget.confirming import Confirmation, Selling, confirm_offer
from widget.errors import InputInvalid, StorageUnavailable, UpstreamUnavailable
from widget.offers import Choice, Offer, Status
from widget.partners import Mode
from widget.purchases import Purchase
from widget.quoting import Quoting, make_offer
from widget.storage.sqlite import SqliteStorage
from widget.tokens import quote_token_for
from widget.upstream.base import Upstream
from widget.upstream.house import House

pytestmark = pytest.mark.anyio

CATALOGUE = load_catalogue(some_settings())
HOUSE = House(CATALOGUE)


async def quote(
    storage: SqliteStorage,
    purchase: Purchase | None = None,
    *,
    mode: Mode = Mode.TEST,
    upstream: Upstream = HOUSE,
) -> Offer:
    quoting = Quoting("acme", mode, timedelta(minutes=30), "texts-1", CATALOGUE)
    return await make_offer(quoting, purchase or a_purchase(), storage=storage, upstream=upstream)


async def test_an_offer_holds_a_quote_for_each_plan_and_nothing_is_chosen(
    opened: SqliteStorage, clock: Clock
) -> None:
    offer = await quote(opened)

    assert [q.plan_code for q in offer.quotes] == [plan.code for plan in a_product().plan]
    assert (offer.status, offer.choice, offer.chosen) == (Status.RECEIVED, Choice.OPEN, ())
    assert (offer.created_at, offer.expires_at - clock.time) == (clock.time, timedelta(minutes=30))


async def test_an_offer_is_kept_with_the_evidence_that_it_was_shown(opened: SqliteStorage) -> None:
    offer = await quote(opened)

    leaves = await opened.list_evidence("acme", offer.id)

    assert await opened.find_offer("acme", offer.id) == offer
    assert [leaf.kind for leaf in leaves] == ["offer_made"]
    assert '"texts":"texts-1"' in leaves[0].body


async def test_an_offers_id_has_the_shape_of_xcovers(opened: SqliteStorage) -> None:
    offer = await quote(opened)

    assert re.fullmatch(r"[A-Z0-9]{5}-[A-Z0-9]{5}-INS", offer.id)


async def test_the_same_purchase_is_the_same_offer(opened: SqliteStorage) -> None:
    assert await quote(opened) == await quote(opened)


async def test_the_same_purchase_is_not_priced_again(opened: SqliteStorage) -> None:
    offer = await quote(opened)

    assert await quote(opened, upstream=SilentUpstream()) == offer


async def test_the_same_purchase_keeps_its_answer(opened: SqliteStorage) -> None:
    offer = await quote(opened)
    answer = Answer(Choice.OPTED_OUT)
    await record_choice("acme", offer.id, answer, storage=opened, texts_version="texts-1")

    assert (await quote(opened)).choice is Choice.OPTED_OUT


async def test_a_purchase_that_has_changed_is_a_new_offer(opened: SqliteStorage) -> None:
    offer = await quote(opened)

    changed = await quote(opened, a_purchase(trip=a_trip(children=2)))

    assert changed.id != offer.id


async def test_a_purchase_without_a_reference_is_always_a_new_offer(opened: SqliteStorage) -> None:
    purchase = a_purchase(reference=None)

    assert (await quote(opened, purchase)).id != (await quote(opened, purchase)).id


async def test_live_and_test_purchases_have_offers_of_their_own(opened: SqliteStorage) -> None:
    assert (await quote(opened)).id != (await quote(opened, mode=Mode.LIVE)).id


async def test_an_offer_stands_until_it_expires_and_then_there_is_a_new_one(
    opened: SqliteStorage, clock: Clock
) -> None:
    offer = await quote(opened)

    clock.time = offer.expires_at - timedelta(microseconds=1)
    just_before = await quote(opened)
    clock.time = offer.expires_at
    after = await quote(opened)

    assert just_before == offer
    assert after.id != offer.id
    assert after.expires_at == clock.time + timedelta(minutes=30)


async def test_a_stored_purchase_that_is_priced_again_leads_to_the_same_offer(
    opened: SqliteStorage, clock: Clock
) -> None:
    offer = await quote(opened)
    clock.move(minutes=31)
    stored = await opened.find_offer("acme", offer.id)
    assert stored is not None

    renewed = await quote(opened, stored.purchase)

    assert await quote(opened) == renewed


async def test_a_booked_purchase_stays_booked(opened: SqliteStorage, clock: Clock) -> None:
    offer = await quote(opened)
    answer = Answer(Choice.OPTED_IN, [offer.quotes[0].id])
    chosen = await record_choice("acme", offer.id, answer, storage=opened, texts_version="t")
    token = quote_token_for(chosen, now=clock.time)
    selling = Selling(
        partner=a_partner(),
        storage=opened,
        upstream=HOUSE,
        catalogue=load_catalogue(some_settings()),
        grace=timedelta(0),
        payment_lifetime=timedelta(0),
        texts_version="t",
    )
    await confirm_offer(Confirmation(offer.mode, offer.id, a_policyholder(), token=token), selling)

    clock.move(days=400)

    again = await quote(opened)
    assert (again.id, again.status) == (offer.id, Status.CONFIRMED)


async def test_many_openings_at_once_are_one_offer(opened: SqliteStorage) -> None:
    offers = await asyncio.gather(*(quote(opened) for _ in range(64)))

    assert len({offer.id for offer in offers}) == 1
    assert len(await opened.list_evidence("acme", offers[0].id)) == 1


async def test_nothing_is_kept_of_a_purchase_that_cannot_be_insured(opened: SqliteStorage) -> None:
    with pytest.raises(InputInvalid) as error:
        await quote(opened, a_purchase(customer_country="JP"))

    assert list(error.value.problems) == ["customer_country"]
    assert await only_offer(opened) is None


async def test_nothing_is_kept_when_no_premium_can_be_had(opened: SqliteStorage) -> None:
    with pytest.raises(UpstreamUnavailable):
        await quote(opened, upstream=SilentUpstream())

    assert await only_offer(opened) is None


async def test_an_offer_that_cannot_be_kept_is_not_made(opened: SqliteStorage) -> None:
    await opened.close()

    with pytest.raises(StorageUnavailable):
        await quote(opened)


async def only_offer(storage: SqliteStorage) -> Offer | None:
    return await storage.find_open_offer("acme", Mode.TEST, "CHK-1", a_purchase().content_hash())

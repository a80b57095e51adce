"""What the customer answers, and what the partner reports of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from tests.builders import (
    a_booking,
    a_partner,
    an_offer,
    an_opted_in_offer,
    mails_of,
    offer_of,
    some_settings,
)
from tests.fakes import Clock
from widget.app import load_catalogue
from widget.choosing import MAX_ROUNDS, Answer, record_choice, record_decline
from widget.errors import (
    AlreadyConfirmed,
    NotFound,
    OfferDeclined,
    OfferExpired,
    QuoteNotOffered,
    RuleBroken,
    StorageUnavailable,
)
from widget.evidence import offer_confirmed, offer_made
from widget.offers import Choice, Offer, Status
from widget.storage.sqlite import SqliteStorage
from widget.upstream.house import House

pytestmark = pytest.mark.anyio

FIRST = Answer(Choice.OPTED_IN, ["q-1"])
SECOND = Answer(Choice.OPTED_IN, ["q-2"])
NO = Answer(Choice.OPTED_OUT)
BACK = Answer(Choice.OPEN)


async def keep(storage: SqliteStorage, offer: Offer) -> Offer:
    return await storage.save_offer(offer, offer_made(offer, texts_version="texts-1"))


HOUSE = House(load_catalogue(some_settings()))


async def choose(storage: SqliteStorage, answer: Answer, partner_code: str = "acme") -> Offer:
    return await record_choice(
        partner_code, an_offer().id, answer, storage=storage, texts_version="texts-1"
    )


async def decline(storage: SqliteStorage) -> Offer:
    return await record_decline("acme", an_offer().id, storage=storage, upstream=HOUSE)


async def stored(storage: SqliteStorage) -> Offer:
    offer = await storage.find_offer("acme", an_offer().id)
    assert offer is not None
    return offer


async def kinds(storage: SqliteStorage) -> list[str]:
    return [leaf.kind for leaf in await storage.list_evidence("acme", an_offer().id)]


async def book(storage: SqliteStorage, offer: Offer) -> None:
    booking = a_booking(offer=offer)
    await storage.save_booking(
        offer_of(booking),
        booking,
        [offer_confirmed(booking, at=booking.booked_at)],
        mails_of(booking),
    )


class Interrupted(SqliteStorage):
    """Lets somebody else act between a deed's reading and its writing."""

    def __init__(self, path: str, *, clock: Clock) -> None:
        super().__init__(path, clock=clock)
        self.before_change: list[Callable[[], Awaitable[object]]] = []

    async def change_offer(self, *facts: Any, **more: Any) -> bool:
        if self.before_change:
            await self.before_change.pop(0)()
        return await super().change_offer(*facts, **more)


@pytest.fixture
def storage(tmp_path: Path, clock: Clock) -> Interrupted:
    return Interrupted(str(tmp_path / "test.db"), clock=clock)


async def test_an_answer_is_stored_with_its_time_language_and_evidence(
    opened: SqliteStorage, clock: Clock
) -> None:
    await keep(opened, an_offer())
    clock.move(minutes=3)

    offer = await choose(opened, Answer(Choice.OPTED_IN, ["q-2"], locale="de"))

    assert (offer.choice, offer.chosen) == (Choice.OPTED_IN, ("q-2",))
    assert (offer.chosen_at, offer.chosen_locale) == (clock.time, "de")
    assert await stored(opened) == offer
    assert await kinds(opened) == ["offer_made", "choice_made"]


async def test_the_customer_may_change_their_mind(opened: SqliteStorage) -> None:
    await keep(opened, an_offer())

    choices = [(await choose(opened, answer)).choice for answer in (FIRST, NO, SECOND, BACK)]

    assert choices == [Choice.OPTED_IN, Choice.OPTED_OUT, Choice.OPTED_IN, Choice.OPEN]
    assert await kinds(opened) == ["offer_made", *["choice_made"] * 4]


@pytest.mark.parametrize("answer", [FIRST, NO, BACK], ids=["in", "out", "open"])
async def test_the_same_answer_again_changes_nothing(
    opened: SqliteStorage, clock: Clock, answer: Answer
) -> None:
    await keep(opened, an_offer())
    first = await choose(opened, answer)
    leaves = await kinds(opened)
    clock.move(minutes=3)

    assert await choose(opened, answer) == first

    assert await kinds(opened) == leaves


@pytest.mark.parametrize("quote_ids", [[], ["q-9"], ["q-1", "q-9"], ["q-1", "q-2"], [""]])
async def test_what_was_not_offered_cannot_be_chosen(
    opened: SqliteStorage, quote_ids: list[str]
) -> None:
    await keep(opened, an_offer())

    with pytest.raises(QuoteNotOffered):
        await choose(opened, Answer(Choice.OPTED_IN, quote_ids))

    assert await stored(opened) == an_offer()


@pytest.mark.parametrize("answer", [FIRST, NO, BACK], ids=["in", "out", "open"])
async def test_it_is_too_late_for_an_answer_when_the_offer_has_expired(
    opened: SqliteStorage, clock: Clock, answer: Answer
) -> None:
    await keep(opened, an_offer())
    clock.time = an_offer().expires_at

    with pytest.raises(OfferExpired):
        await choose(opened, answer)

    assert await stored(opened) == an_offer()


async def test_it_is_too_late_for_an_answer_when_the_partner_has_declined(
    opened: SqliteStorage,
) -> None:
    await keep(opened, an_offer())
    await decline(opened)

    with pytest.raises(OfferDeclined):
        await choose(opened, FIRST)


async def test_it_is_too_late_for_an_answer_when_the_offer_is_a_booking(
    opened: SqliteStorage,
) -> None:
    await book(opened, await keep(opened, an_opted_in_offer()))

    with pytest.raises(AlreadyConfirmed):
        await choose(opened, NO)

    assert (await stored(opened)).choice is Choice.OPTED_IN


@pytest.mark.parametrize("partner_code", ["globex", "acme"])
async def test_an_offer_that_this_partner_does_not_have_is_not_found(
    opened: SqliteStorage, partner_code: str
) -> None:
    await opened.save_partner(a_partner("globex"))
    await keep(opened, an_offer(partner_code="globex" if partner_code == "acme" else "acme"))

    with pytest.raises(NotFound):
        await choose(opened, FIRST, partner_code)


async def test_of_different_answers_at_once_each_is_stored_and_one_stands(
    opened: SqliteStorage,
) -> None:
    await keep(opened, an_offer())
    answers = [FIRST, NO, SECOND] * 3

    results = await asyncio.gather(*(choose(opened, answer) for answer in answers))

    final = await stored(opened)
    assert final in results
    leaves = await opened.list_evidence("acme", an_offer().id)
    assert len(leaves) - 1 == final.revision
    assert f'"revision":{final.revision}' in leaves[-1].body


async def test_an_answer_that_meets_another_is_made_on_top_of_it(
    opened: Interrupted,
) -> None:
    await keep(opened, an_offer())
    opened.before_change.append(lambda: choose(opened, NO))

    offer = await choose(opened, FIRST)

    assert (offer.choice, offer.revision) == (Choice.OPTED_IN, 2)
    assert await stored(opened) == offer


async def test_an_answer_that_meets_a_booking_leaves_it_alone(opened: Interrupted) -> None:
    chosen = await keep(opened, an_opted_in_offer())
    opened.before_change.append(lambda: book(opened, chosen))

    with pytest.raises(AlreadyConfirmed):
        await choose(opened, NO)

    assert (await stored(opened)).choice is Choice.OPTED_IN


async def test_an_answer_that_meets_a_decline_comes_too_late(opened: Interrupted) -> None:
    await keep(opened, an_offer())
    opened.before_change.append(lambda: decline(opened))

    with pytest.raises(OfferDeclined):
        await choose(opened, FIRST)


async def test_an_offer_that_never_stands_still_is_given_up(opened: Interrupted) -> None:
    await keep(opened, an_offer())
    answers = [NO, SECOND] * MAX_ROUNDS
    # Each answer of the other's is interrupted by nobody, so the list is for ours alone.
    others = [lambda a=answer: _undisturbed(opened, a) for answer in answers]
    opened.before_change.extend(others)

    with pytest.raises(StorageUnavailable):
        await choose(opened, FIRST)

    assert (await stored(opened)).revision == MAX_ROUNDS


async def _undisturbed(storage: Interrupted, answer: Answer) -> None:
    waiting, storage.before_change = storage.before_change, []
    await choose(storage, answer)
    storage.before_change = waiting


async def test_an_answer_that_cannot_be_kept_is_said_to_be_so(opened: SqliteStorage) -> None:
    await opened.close()

    with pytest.raises(StorageUnavailable):
        await choose(opened, FIRST)


# -- declines


@pytest.mark.parametrize("answer", [None, FIRST, NO], ids=["open", "in", "out"])
async def test_the_partner_may_report_a_purchase_without_cover(
    opened: SqliteStorage, answer: Answer | None
) -> None:
    await keep(opened, an_offer())
    if answer:
        await choose(opened, answer)

    offer = await decline(opened)

    assert offer.status is Status.OPTED_OUT
    assert await stored(opened) == offer
    assert (await kinds(opened))[-1] == "offer_declined"


async def test_reporting_it_again_changes_nothing(opened: SqliteStorage, clock: Clock) -> None:
    await keep(opened, an_offer())
    first = await decline(opened)
    clock.move(minutes=3)

    assert await decline(opened) == first

    assert await kinds(opened) == ["offer_made", "offer_declined"]


async def test_an_expired_offer_may_still_be_declined(opened: SqliteStorage, clock: Clock) -> None:
    await keep(opened, an_offer())
    clock.move(days=1)

    assert (await decline(opened)).status is Status.OPTED_OUT


async def test_a_booking_cannot_be_declined(opened: SqliteStorage) -> None:
    await book(opened, await keep(opened, an_opted_in_offer()))

    with pytest.raises(AlreadyConfirmed):
        await decline(opened)

    assert (await stored(opened)).status is Status.CONFIRMED


async def test_there_is_nothing_to_decline_that_was_not_offered(opened: SqliteStorage) -> None:
    with pytest.raises(NotFound):
        await decline(opened)


async def test_a_decline_that_meets_a_booking_leaves_it_alone(opened: Interrupted) -> None:
    chosen = await keep(opened, an_opted_in_offer())
    opened.before_change.append(lambda: book(opened, chosen))

    with pytest.raises(AlreadyConfirmed):
        await decline(opened)


async def test_a_decline_and_an_answer_at_once_end_in_a_declined_offer(
    opened: SqliteStorage,
) -> None:
    await keep(opened, an_offer())

    results = await asyncio.gather(choose(opened, FIRST), decline(opened), return_exceptions=True)

    assert all(isinstance(result, Offer | RuleBroken) for result in results)
    assert (await stored(opened)).status is Status.OPTED_OUT

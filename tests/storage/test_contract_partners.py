"""What every storage promises of its life, of partners and of their keys."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.builders import (
    NOON,
    a_booking,
    a_key,
    a_message,
    a_partner,
    a_showing,
    an_amendment,
    an_offer,
)
from tests.storage.contract import (
    Opener,
    a_file,
    an_edition,
    sell,
    shown,
)
from widget.errors import StorageUnavailable
from widget.evidence import people_erased
from widget.partners import Mode
from widget.restrictions import Restrictions
from widget.roots import sign_root
from widget.storage.base import Storage
from widget.trees import Frontier

pytestmark = pytest.mark.anyio


# -- life


async def test_what_was_stored_is_there_when_the_storage_is_opened_again(opener: Opener) -> None:
    first = await opener()
    await first.save_partner(a_partner())
    await first.close()

    again = await opener()

    assert await again.find_partner("acme") == a_partner()


async def test_what_one_storage_has_stored_another_finds_at_once(opener: Opener) -> None:
    one, other = await opener(), await opener()

    await one.save_partner(a_partner())

    assert await other.find_partner("acme") == a_partner()


async def test_an_open_storage_passes_its_check(storage: Storage) -> None:
    await storage.check()


async def test_the_time_is_aware_and_in_utc(storage: Storage) -> None:
    assert storage.now().utcoffset() == timedelta(0)


CALLS: dict[str, Callable[[Storage], Awaitable[object]]] = {
    "check": lambda s: s.check(),
    "save_partner": lambda s: s.save_partner(a_partner()),
    "find_partner": lambda s: s.find_partner("acme"),
    "list_partners": lambda s: s.list_partners(),
    "add_key": lambda s: s.add_key(a_key()),
    "find_key": lambda s: s.find_key(a_key().key_id),
    "list_keys": lambda s: s.list_keys("acme"),
    "revoke_key": lambda s: s.revoke_key(a_key().key_id, at=NOON),
    "find_open_offer": lambda s: s.find_open_offer("acme", Mode.TEST, "CHK-1", "0" * 64),
    "find_latest_offer": lambda s: s.find_latest_offer("acme", Mode.TEST, "CHK-1", "0" * 64),
    "save_offer": lambda s: s.save_offer(an_offer(), shown(an_offer())),
    "find_offer": lambda s: s.find_offer("acme", "AAAAA-BBBBB-INS"),
    "change_offer": lambda s: s.change_offer(an_offer(), an_offer(), shown(an_offer())),
    "save_booking": lambda s: sell(s, a_booking()),
    "find_paid": lambda s: s.find_paid("acme", Mode.TEST, "ORDER-1"),
    "find_booking": lambda s: s.find_booking("acme", "AAAAA-BBBBB-INS"),
    "list_evidence": lambda s: s.list_evidence("acme", "AAAAA-BBBBB-INS"),
    "claim_messages": lambda s: s.claim_messages(limit=1, lease_s=1, per_lane=1),
    "change_booking": lambda s: s.change_booking(a_booking(), a_booking(), shown(an_offer())),
    "list_bookings": lambda s: s.list_bookings("acme", Mode.TEST, limit=1, offset=0),
    "list_pending": lambda s: s.list_pending(booked_before=NOON, limit=1),
    "save_amendment": lambda s: s.save_amendment(an_amendment()),
    "find_amendment": lambda s: s.find_amendment("acme", "AAAAA-BBBBB-INS", "a-UPD"),
    "begin_amendment": lambda s: s.begin_amendment(an_amendment()),
    "find_begun": lambda s: s.find_begun("acme", "AAAAA-BBBBB-INS"),
    "list_begun": lambda s: s.list_begun(begun_before=NOON, limit=1, skip=0),
    "save_edition": lambda s: s.save_edition(an_edition(), [a_file()]),
    "list_editions": lambda s: s.list_editions(),
    "find_file": lambda s: s.find_file("0" * 64),
    "list_entries": lambda s: s.list_entries(after=0, limit=1),
    "list_entries_of": lambda s: s.list_entries_of("acme", "AAAAA-BBBBB-INS"),
    "count_leaves_ever": lambda s: s.count_leaves_ever(),
    "has_shown": lambda s: s.has_shown("acme", "AAAAA-BBBBB-INS", "0" * 64),
    "save_showing": lambda s: s.save_showing(a_showing()),
    "list_pages": lambda s: s.list_pages(after=0, limit=1),
    "find_bookings_of": lambda s: s.find_bookings_of("ada.muster@customer.example"),
    "erase_people": lambda s: s.erase_people(
        "acme", "AAAAA-BBBBB-INS", people_erased(an_offer(), at=NOON, is_forced=False)
    ),
    "find_root": lambda s: s.find_root(),
    "list_roots": lambda s: s.list_roots(),
    "save_root": lambda s: s.save_root(sign_root(Frontier(), at=NOON, key=b"key")),
    "find_reply": lambda s: s.find_reply("acme", Mode.TEST, "key-1"),
    "add_messages": lambda s: s.add_messages([a_message()]),
    "list_messages": lambda s: s.list_messages("acme", Mode.TEST, kind="webhook", limit=1),
    "send_again": lambda s: s.send_again("acme", Mode.TEST, "m-1", kind="webhook"),
    "mark_sent": lambda s: s.mark_sent(a_message()),
    "mark_failed": lambda s: s.mark_failed(
        a_message(), next_try_at=None, problem="It was refused."
    ),
}


def test_every_method_of_the_contract_is_tried_on_a_closed_storage() -> None:
    methods = {name for name in vars(Storage) if not name.startswith("_")}

    assert methods - {"open", "close", "now"} == CALLS.keys()


@pytest.mark.parametrize("call", CALLS)
async def test_a_closed_storage_is_unavailable(storage: Storage, call: str) -> None:
    await storage.close()

    with pytest.raises(StorageUnavailable):
        await CALLS[call](storage)


# -- partners


async def test_a_partner_comes_back_as_it_was_stored(storage: Storage) -> None:
    partner = a_partner("initech", name="Initech Ünlimited", origins=("https://a.test", "http://b"))

    await storage.save_partner(partner)

    assert await storage.find_partner("initech") == partner


async def test_a_partner_that_exists_gets_the_new_name_and_origins(storage: Storage) -> None:
    changed = a_partner(name="Acme Holidays", origins=("https://new.test",))

    await storage.save_partner(replace(changed, created_at=NOON + timedelta(days=1)))

    assert await storage.find_partner("acme") == changed


async def test_a_partner_that_nobody_stored_is_not_found(storage: Storage) -> None:
    assert await storage.find_partner("initech") is None


async def test_partners_are_listed_by_code(storage: Storage) -> None:
    await storage.save_partner(a_partner("aaa"))

    codes = [partner.code for partner in await storage.list_partners()]

    assert codes == ["aaa", "acme", "globex"]


# -- keys


async def test_a_key_comes_back_as_it_was_stored(storage: Storage) -> None:
    await storage.add_key(a_key())

    assert await storage.find_key(a_key().key_id) == a_key()


async def test_a_key_of_a_partner_that_does_not_exist_is_refused(storage: Storage) -> None:
    with pytest.raises(StorageUnavailable):
        await storage.add_key(a_key("initech"))

    assert await storage.find_key(a_key("initech").key_id) is None


async def test_a_key_is_stored_once(storage: Storage) -> None:
    await storage.add_key(a_key("acme"))

    with pytest.raises(StorageUnavailable):
        await storage.add_key(a_key("globex"))

    assert await storage.find_key(a_key().key_id) == a_key("acme")


async def test_a_revoked_key_is_not_found_any_more(storage: Storage) -> None:
    await storage.add_key(a_key())

    assert await storage.revoke_key(a_key().key_id, at=NOON) is True

    assert await storage.find_key(a_key().key_id) is None


async def test_a_key_can_be_revoked_once(storage: Storage) -> None:
    await storage.add_key(a_key())
    await storage.revoke_key(a_key().key_id, at=NOON)

    assert await storage.revoke_key(a_key().key_id, at=NOON + timedelta(days=1)) is False

    assert [key.revoked_at for key in await storage.list_keys("acme")] == [NOON]


async def test_there_is_no_key_to_revoke_that_nobody_made(storage: Storage) -> None:
    assert await storage.revoke_key("pk_test_abcdefgh12345678", at=NOON) is False


async def test_a_partners_keys_are_listed_oldest_first_with_the_revoked_ones(
    storage: Storage,
) -> None:
    newer = replace(a_key(random="a" * 16), created_at=NOON + timedelta(days=1))
    older = a_key(random="z" * 16)
    for key in (newer, older, a_key("globex", random="g" * 16)):
        await storage.add_key(key)
    await storage.revoke_key(older.key_id, at=NOON)

    listed = await storage.list_keys("acme")

    assert listed == [replace(older, revoked_at=NOON), newer]


async def test_what_a_partner_asks_beyond_the_law_is_kept(opened: Storage) -> None:
    wanted = Restrictions(("FR", "AU:goods"), 30, ("travel_retailer",))

    await opened.save_partner(a_partner(restrictions=wanted))

    kept = await opened.find_partner("acme")
    assert kept is not None
    assert kept.restrictions == wanted

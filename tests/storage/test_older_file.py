"""A file that the first version of the schema filled: whatever was in it reads as it did."""

from __future__ import annotations

import re
import shutil
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from tests.builders import (
    NOON,
    a_booking,
    a_key,
    a_leg,
    a_partner,
    a_policyholder,
    a_purchase,
    a_quote,
    a_trip,
    an_offer,
    offer_of,
)
from tests.fakes import Clock
from widget.bookings import Booking, Policy
from widget.evidence import booking_noted, offer_confirmed
from widget.messages import Kind
from widget.offers import Offer, Status
from widget.partners import Mode
from widget.storage import migrations
from widget.storage.connections import connect, migrate, select
from widget.storage.sqlite import SqliteStorage

pytestmark = pytest.mark.anyio

MINUTE = timedelta(minutes=1)
YESTERDAY = NOON - timedelta(days=1)

#: Written by the code of its time.
STORED = Path(__file__).parent / "journey_0001.sql"


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file that step 0001 made and filled, and no later step has seen."""
    first = tmp_path / "schema"
    first.mkdir()
    shutil.copy(migrations.SCHEMA_DIR / "0001_journey.sqlite.sql", first)
    connection = connect(tmp_path / "test.db")
    with monkeypatch.context() as then:
        then.setattr(migrations, "SCHEMA_DIR", first)
        assert migrate(connection, NOON) == ["0001_journey"]
    connection.execute(STORED.read_text(encoding="utf-8"))
    connection.close()
    return tmp_path / "test.db"


@pytest.fixture
async def older(path: Path, clock: Clock) -> AsyncIterator[SqliteStorage]:
    """That file, opened by this version."""
    storage = SqliteStorage(str(path), clock=clock)
    await storage.open()
    yield storage
    await storage.close()


def an_older(word: str, **changes: object) -> Offer:
    """Return an offer as the first version stored it, not answered yet."""
    purchase = a_purchase(reference=f"CHK-{word}", trip=a_trip(legs=(a_leg(),)))
    offer = an_offer(id=f"AAAAA-{word}-INS", **{"purchase": purchase, **changes})
    return replace(offer, purchase_hash=hash_of(offer.id))


def hash_of(offer_id: str) -> str:
    """Return the hash of an offer's purchase as the first version spelled it."""
    found = re.search(rf"'{offer_id}'[^\n]*'([0-9a-f]{{64}})'", STORED.read_text(encoding="utf-8"))
    assert found is not None
    return found[1]


def opted_in(offer: Offer, *quote_ids: str) -> Offer:
    return offer.opt_in(set(quote_ids or ("q-1",)), at=NOON + MINUTE, locale="de")


def older_twice() -> Offer:
    """Return an offer for two trips, both of them chosen."""
    purchase = a_purchase(reference="CHK-TWICE")
    purchase = replace(purchase, items=purchase.items * 2)
    quotes = (a_quote("q-z", item=0), a_quote("q-a", item=1))
    return opted_in(an_older("TWICE", purchase=purchase, quotes=quotes), "q-z", "q-a")


def older_booking(offer: Offer, transaction_id: str | None, *numbers: str) -> Booking:
    """Return the booking of an offer as the first version sold it."""
    at = NOON + 2 * MINUTE
    person = a_policyholder(first_name="Zoë", phone="+49 30 5550100", age=44)
    policies = tuple(
        Policy(number, quote, issued_at=at)
        for number, quote in zip(numbers, offer.chosen_quotes, strict=True)
    )
    return a_booking(
        offer=offer, policyholder=person, policies=policies, transaction_id=transaction_id
    )


OFFERS = {
    "open": an_older("OPENS"),
    "of another partner": an_older("OPENS", partner_code="globex", mode=Mode.LIVE),
    "opted in": opted_in(an_older("OPTIN"), "q-2"),
    "opted out": an_older("OPOUT").opt_out(at=NOON + MINUTE, locale="en"),
    "declined by the partner": opted_in(an_older("DECLN")).decline(),
    "expired": an_older("EXPRD", created_at=YESTERDAY, expires_at=YESTERDAY + 30 * MINUTE),
    "without a reference": an_older("NOREF", purchase=a_purchase(reference=None)),
    "booked": opted_in(an_older("WAITS")).booked(Status.CONFIRMED),
}

BOOKINGS = {
    "one policy": older_booking(opted_in(an_older("WAITS")), "ORDER-1", "TRV-WAITS-1"),
    "two policies": older_booking(older_twice(), None, "TRV-TWICE-9", "TRV-TWICE-1"),
    "live": older_booking(opted_in(an_older("LIVES", mode=Mode.LIVE)), "ORDER-1", "TRV-LIVES-1"),
}


@pytest.mark.parametrize("offer", OFFERS.values(), ids=OFFERS)
async def test_an_offer_of_the_first_version_is_as_it_was(
    older: SqliteStorage, offer: Offer
) -> None:
    assert await older.find_offer(offer.partner_code, offer.id) == offer


@pytest.mark.parametrize("booking", BOOKINGS.values(), ids=BOOKINGS)
async def test_a_booking_of_the_first_version_is_as_it_was(
    older: SqliteStorage, booking: Booking
) -> None:
    assert await older.find_booking("acme", booking.id) == booking


async def test_bookings_of_the_first_version_are_listed_by_mode(older: SqliteStorage) -> None:
    live = await older.list_bookings("acme", Mode.LIVE, limit=10, offset=0)
    test = await older.list_bookings("acme", Mode.TEST, limit=10, offset=0)

    assert [booking.id for booking in live.bookings] == ["AAAAA-LIVES-INS"]
    assert test.count == 5


async def test_purchases_of_the_first_version_lead_where_they_led(
    older: SqliteStorage, clock: Clock
) -> None:
    async def led(offer: Offer) -> str | None:
        reference = offer.purchase.reference or ""
        key = ("acme", Mode.TEST, reference, offer.purchase_hash)
        found = await older.find_open_offer(*key)
        return found.id if found else None

    words = ("OPENS", "EXPRD", "WAITS")
    at_noon = [await led(an_older(word)) for word in words]
    clock.move(days=1)
    later = [await led(an_older(word)) for word in words]

    assert at_noon == ["AAAAA-OPENS-INS", "AAAAA-RENEW-INS", "AAAAA-WAITS-INS"]
    assert later == [None, None, "AAAAA-WAITS-INS"]


async def test_mail_of_the_first_version_leaves_when_it_is_due(
    older: SqliteStorage, clock: Clock
) -> None:
    async def claimed() -> set[str]:
        taken = await older.claim_messages(limit=10, lease_s=3600, per_lane=10)
        assert {(message.lane, message.body) for message in taken} <= {("mail", "")}
        return {message.offer_id[6:11] for message in taken}

    due = {}
    for minute in (3, 4, 5, 8, 999):
        clock.time = NOON + minute * MINUTE
        due[minute] = await claimed()
        clock.time += MINUTE / 2

    assert due == {3: set(), 4: {"WAITS", "TWICE"}, 5: {"LEASE"}, 8: {"LIVES"}, 999: due[999]}
    assert due[999].isdisjoint({"SENTS", "GAVUP"})


async def test_what_became_of_mail_of_the_first_version_is_still_told(
    older: SqliteStorage,
) -> None:
    listed = await older.list_messages("acme", Mode.TEST, kind=Kind.POLICY_CONFIRMATION, limit=10)

    assert {told.message.offer_id[6:11]: told.outcome for told in listed} == {
        "WAITS": "waiting",
        "TWICE": "waiting",
        "LEASE": "waiting",
        "SENTS": "sent",
        "GAVUP": "gave_up",
    }


async def test_evidence_of_the_first_version_still_proves_what_it_proved(
    older: SqliteStorage, path: Path
) -> None:
    leaves = await older.list_evidence("acme", "AAAAA-WAITS-INS")

    connection = connect(path)
    rows = select(connection, "SELECT * FROM evidence WHERE offer_id = 'AAAAA-WAITS-INS'")
    connection.close()
    assert [leaf.kind for leaf in leaves] == ["offer_made", "choice_made", "offer_confirmed"]
    assert [leaf.digest() for leaf in leaves] == [row["digest"] for row in rows]


async def test_partners_and_keys_of_the_first_version_are_as_they_were(
    older: SqliteStorage,
) -> None:
    revoked = a_key(random="z" * 16)

    assert await older.list_partners() == [a_partner(name="Acme Ünlimited"), a_partner("globex")]
    assert await older.find_key(a_key().key_id) == a_key()
    assert await older.find_key(revoked.key_id) is None
    assert replace(revoked, revoked_at=NOON + MINUTE) in await older.list_keys("acme")


async def test_what_the_first_version_began_goes_on(older: SqliteStorage) -> None:
    booking = older_booking(opted_in(an_older("OPTIN"), "q-2"), "ORDER-9", "TRV-OPTIN-1")
    leaf = offer_confirmed(booking, at=NOON)
    sold = BOOKINGS["one policy"]
    noted = sold.noted(renewal_declined_at=NOON)
    note = booking_noted(noted, "renewal_declined", at=NOON)

    stored = await older.save_booking(offer_of(booking), booking, [leaf], ())
    changed = await older.change_booking(sold, noted, note)

    assert stored is booking
    assert changed is True
    assert await older.find_booking("acme", sold.id) == noted

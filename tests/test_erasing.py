"""Erasing a person: nothing of them stays in the database's files, and every proof stays good."""

from __future__ import annotations

import json
from contextlib import closing
from datetime import timedelta
from html import escape
from itertools import count
from pathlib import Path
from typing import Any

import apsw
import httpx2
import pytest

from tests.builders import NOON, TOKEN_KEY, a_key, a_partner, policyholder_json, some_settings
from tests.fakes import Clock, Postbox
from tests.service import Service, running_service
from tests.stages import MoodyHouse
from widget.app import load_catalogue
from widget.auditing import verify
from widget.erasing import Erasing, Refusal, erase_booking, erase_person
from widget.erasures import Erasure
from widget.errors import DeliveryFailed, NotFound, RecordsKept, StatusForbids
from widget.links import Links
from widget.partners import Mode
from widget.proving import Proof, prove, show_again
from widget.sealing import seal_due
from widget.storage.sqlite import SqliteStorage
from widget.trees import leaf_hash, root_by
from widget.webhooks import with_webhook

KEY = b"evidence-key-" + b"e" * 32
KEPT_FOR = timedelta(days=3653)

#: Nothing else in the database spells like these; some letters are escaped in JSON.
PERSON = {
    "first_name": "Zebulón",
    "last_name": "Quixote-Łódź",
    "email": "zebulon.quixote@private.example",
    "phone": "+49 170 5550123",
    "address1": "Privatgäßchen 9",
    "address2": "Hinterhaus-Süd",
    "city": "Heimatstädtchen",
    "postcode": "Z-99 999",
    "region": "Nirgendwo-Nord",
    "company": "Quixotische Mühlen GmbH",
}
INSURED = {"first_name": "Dulcinéa", "last_name": "Toboso", "email": "dulcinea@private.example"}
REASON = "Zebulón ist krank geworden"
NOTE = {"seller_note": "asked for by Zebulóns Schwägerin"}
NUMBERS = count()
SECOND_NAME = "Zébulon-Próspero"
SHOP = "https://shop.test/pay?for=zebulon.quixote%40private.example"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "test.db"


@pytest.fixture
def postbox() -> Postbox:
    """A postbox that takes nothing: every message still waits."""
    return Postbox(failures=[DeliveryFailed("The mail server failed.")] * 99)


def is_in(path: Path, text: str) -> list[str]:
    """Return the spellings of a text that stand in the database's files."""
    spellings = {text, json.dumps(text)[1:-1], text.encode().decode("latin-1")}
    files = [path.with_name(path.name + end) for end in ("", "-wal", "-shm")]
    content = b"".join(file.read_bytes() for file in files if file.exists())
    forms = {form for text in spellings for form in (text.encode(), text.encode("utf-16-le"))}
    return [repr(form) for form in forms if form in content]


def names() -> list[str]:
    return [*PERSON.values(), *INSURED.values(), REASON, *NOTE.values(), SECOND_NAME, SHOP]


def remnants(path: Path) -> list[str]:
    return [form for name in names() for form in is_in(path, name)]


def sold(service: Service, reference: str = "CHK-1", **person: Any) -> str:
    """Sell to somebody, and return the booking's id."""
    package = service.quote(partner_reference=reference)
    query = {"return_to": SHOP} if person.get("email") == PERSON["email"] else {}
    service.client.get(f"/offer/{package['offer_token']}/fragment", params=query)
    service.choose_first(package)
    answer = service.call(
        "POST",
        f"bookings/{package['id']}/",
        json={
            "quote_token": service.package(package["id"])["quote_token"],
            "policyholder": policyholder_json(**person),
            **({"quotes": [insured_in(package)], "partner_metadata": NOTE} if query else {}),
        },
        headers={"Idempotency-Key": f"key-{reference}"},
    )
    assert answer.is_success, answer.text
    return str(package["id"])


def insured_in(package: dict[str, Any]) -> dict[str, Any]:
    return {"id": package["quotes"]["0"]["id"], "insured": [INSURED]}


def other_insured(service: Service, booking_id: str) -> dict[str, Any]:
    quote = service.package(booking_id)["quotes"]["0"]
    return {"id": quote["id"], "update_fields": {"insured": [INSURED | {"last_name": SECOND_NAME}]}}


def amended(service: Service, booking_id: str) -> None:
    """Change the person, price another change, and a cancellation that says why."""
    for method, path, body in (
        ("PATCH", "bookings/{}", {"policyholder": {"company": "Before the last"}}),
        ("PATCH", "bookings/{}", {"policyholder": {"company": PERSON["company"]}}),
        ("PATCH", "bookings/{}/quote_for_update", {"policyholder": {"first_name": SECOND_NAME}}),
        ("PATCH", "bookings/{}/quote_for_update", {"quotes": [other_insured(service, booking_id)]}),
        ("POST", "bookings/{}/cancel", {"preview": True, "reason_for_cancellation": REASON}),
    ):
        headers = {"Idempotency-Key": f"{booking_id}-{next(NUMBERS)}"}
        answer = service.call(method, path.format(booking_id), json=body, headers=headers)
        assert answer.is_success, answer.text


def erasing(service: Service, **changes: Any) -> Erasing:
    return Erasing(service.storage, KEPT_FOR, **changes)


def erase(service: Service, booking_id: str, **changes: Any) -> Erasure:
    erasure: Erasure = service.run(erase_booking, "acme", booking_id, erasing(service, **changes))
    return erasure


def proofs(service: Service, booking_id: str) -> list[Proof]:
    kinds = ("offer_made", "offer_shown", "choice_made", "offer_confirmed")
    return [service.run(prove, service.storage, "acme", booking_id, kind) for kind in kinds]


def seal(service: Service) -> None:
    async def work() -> None:
        await seal_due(storage=service.storage, key=KEY)

    service.run(work)


def audit(service: Service) -> tuple[str, ...]:
    problems: tuple[str, ...] = service.run(verify, service.storage, [KEY]).problems
    return problems


def holds(proof: Proof) -> bool:
    facts = json.loads(proof.as_json())
    path = [bytes.fromhex(part) for part in facts["path"]]
    leaf = leaf_hash(facts["leaf"].encode())
    root = root_by(path, leaf, index=facts["index"], size=facts["size"])
    return root is not None and root.hex() == facts["root"]


# -- what is erased


def test_no_byte_of_the_person_stays_in_the_database_and_every_proof_holds(
    service: Service, path: Path
) -> None:
    service.add(with_webhook(a_partner(), Mode.TEST, "https://shop.test/hooks", root=b"root"))
    for number in range(40):
        sold(service, f"BEFORE-{number}", first_name="Other" * (1 + number % 9))
    booking_id = sold(service, **PERSON)
    amended(service, booking_id)
    for number in range(40):
        sold(service, f"AFTER-{number}", first_name="Other" * (1 + number % 9))
    seal(service)
    before = proofs(service, booking_id)
    assert [name for name in names() if not is_in(path, name)] == []

    erasure = erase(service, booking_id)
    service.run(service.storage.compact)

    assert remnants(path) == []
    assert (erasure.people, erasure.amendments, erasure.ways_back) == (2, 3, 1)
    assert (erasure.messages, erasure.replies) == (6, 6)
    assert audit(service) == ()
    seal(service)
    assert audit(service) == ()
    after = proofs(service, booking_id)
    assert all(holds(proof) for proof in (*before, *after))
    assert [proof.entry for proof in before] == [proof.entry for proof in after]


def test_an_erasure_is_evidence_itself(service: Service) -> None:
    booking_id = sold(service, **PERSON)

    erase(service, booking_id)

    leaves = service.run(service.storage.list_evidence, "acme", booking_id)
    fact = json.loads(leaves[-1].body)
    assert (fact["kind"], fact["forced"]) == ("people_erased", False)
    assert [name for name in names() if name in leaves[-1].body] == []


def test_what_was_shown_still_comes_back_but_for_where_it_led(service: Service) -> None:
    booking_id = sold(service, **PERSON)
    (before,) = service.run(show_again, service.storage, "acme", booking_id)

    erase(service, booking_id)

    (after,) = service.run(show_again, service.storage, "acme", booking_id)
    assert after.html == before.html.replace(escape(SHOP), "")
    assert after.note == "the address that it led back to was erased"


def test_a_way_back_that_is_gone_without_an_erasure_is_a_fault(
    service: Service, path: Path
) -> None:
    booking_id = sold(service, **PERSON)
    with closing(apsw.Connection(str(path))) as db:
        db.set_busy_timeout(20_000)
        db.execute("DELETE FROM ways_back")

    assert audit(service) == (f"Leaf 2 (offer_shown of {booking_id}): its way back is gone.",)


def test_erasing_again_finds_nobody(service: Service) -> None:
    booking_id = sold(service, **PERSON)
    erase(service, booking_id)

    assert erase(service, booking_id) == Erasure("acme", booking_id, 0, 0, 0, 0, 0, 0)


def test_an_offer_that_nobody_booked_forgets_its_shopper(service: Service, path: Path) -> None:
    package = service.quote()
    address = f"/offer/{package['offer_token']}/fragment"
    service.client.get(address, params={"return_to": SHOP})

    erasure = erase(service, package["id"])
    service.run(service.storage.compact)

    assert erasure == Erasure("acme", package["id"], 0, 0, 0, 0, 0, 1)
    assert is_in(path, SHOP) == []
    assert audit(service) == ()


def test_others_keep_what_is_theirs(service: Service) -> None:
    other = sold(service, "CHK-2", **PERSON)

    erase(service, sold(service, **PERSON))

    booking = service.run(service.storage.find_booking, "acme", other)
    assert booking.policyholder.first_name == PERSON["first_name"]
    assert not booking.is_erased


# -- by a person's address


@pytest.mark.parametrize("email", [PERSON["email"], "  ZEBULON.Quixote@private.example"])
def test_a_person_is_found_by_the_address_in_every_booking(service: Service, email: str) -> None:
    ids = {sold(service, f"CHK-{number}", **PERSON) for number in range(3)}
    sold(service, "CHK-9")

    found = service.run(erase_person, email, erasing(service))

    assert {erasure.offer_id for erasure in found} == ids
    assert [erasure.people for erasure in found] == [2, 2, 2]


def test_one_of_the_insured_is_found_by_the_address(service: Service) -> None:
    booking_id = sold(service, **PERSON)

    (erasure,) = service.run(erase_person, INSURED["email"].upper(), erasing(service))

    assert erasure.offer_id == booking_id


def test_an_address_in_a_priced_change_is_found(service: Service) -> None:
    booking_id = sold(service)
    body = {"policyholder": {"email": PERSON["email"]}}
    service.call("PATCH", f"bookings/{booking_id}/quote_for_update", json=body)

    (erasure,) = service.run(erase_person, PERSON["email"], erasing(service))

    assert (erasure.offer_id, erasure.amendments) == (booking_id, 1)


def test_nobody_is_found_by_the_address_of_nobody(service: Service) -> None:
    sold(service, **PERSON)

    assert service.run(erase_person, "nobody@private.example", erasing(service)) == []


# -- what the law keeps


def live(service: Service) -> Service:
    key = a_key(mode=Mode.LIVE, random="livelivelive1234")
    service.add(a_partner(), key)
    return service.as_key(key)


def test_a_policy_in_force_is_kept(service: Service) -> None:
    booking_id = sold(live(service), **PERSON)

    with pytest.raises(RecordsKept, match=booking_id) as error:
        erase(service, booking_id)

    ends_at = NOON + timedelta(days=97)
    assert error.value.until == ends_at + KEPT_FOR
    assert not service.run(service.storage.find_booking, "acme", booking_id).is_erased


def test_records_are_kept_to_the_last_moment_and_not_longer(service: Service, clock: Clock) -> None:
    booking_id = sold(live(service), **PERSON)
    clock.time = NOON + timedelta(days=97) + KEPT_FOR - timedelta(microseconds=1)
    with pytest.raises(RecordsKept):
        erase(service, booking_id)

    clock.move(microseconds=1)

    assert erase(service, booking_id).people == 2


def test_the_records_of_a_cancelled_policy_are_kept_from_its_end(
    service: Service, clock: Clock
) -> None:
    seller = live(service)
    booking_id = sold(seller, **PERSON)
    assert seller.call("POST", f"bookings/{booking_id}/cancel", json={}).is_success

    clock.move(days=3653)

    assert erase(service, booking_id).people == 2


def test_force_erases_what_the_law_keeps_and_the_evidence_says_so(service: Service) -> None:
    booking_id = sold(live(service), **PERSON)

    assert erase(service, booking_id, is_forced=True).people == 2

    leaves = service.run(service.storage.list_evidence, "acme", booking_id)
    assert json.loads(leaves[-1].body)["forced"] is True


def test_what_may_be_erased_is_while_the_law_keeps_the_rest(service: Service) -> None:
    kept = sold(live(service), **PERSON)
    erased = sold(service, "CHK-2", **PERSON)

    found = service.run(erase_person, PERSON["email"], erasing(service))

    assert {one.booking_id for one in found if isinstance(one, Refusal)} == {kept}
    assert {one.offer_id for one in found if isinstance(one, Erasure)} == {erased}


def test_a_booking_whose_outcome_is_unknown_keeps_its_people_whatever_is_wished(
    storage: SqliteStorage, postbox: Postbox
) -> None:
    upstream = MoodyHouse(load_catalogue(some_settings()))
    with running_service(storage, delivery=postbox, upstream=upstream) as service:
        package = service.quote()
        service.choose_first(package)
        upstream.is_silent = True
        assert service.confirm(package["id"]).status_code == 202

        with pytest.raises(StatusForbids):
            erase(service, package["id"], is_forced=True)


@pytest.mark.parametrize(("code", "offer_id"), [("acme", "ZZZZZ-ZZZZZ-INS"), ("globex", None)])
def test_what_is_not_there_cannot_be_erased(
    service: Service, code: str, offer_id: str | None
) -> None:
    booking_id = sold(service, **PERSON)

    with pytest.raises(NotFound):
        service.run(erase_booking, code, offer_id or booking_id, erasing(service))


# -- afterwards


def told(answer: httpx2.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def test_the_partner_still_reads_the_booking_without_its_people(service: Service) -> None:
    booking_id = sold(service, **PERSON)
    erase(service, booking_id)

    answer = service.call("GET", f"bookings/{booking_id}/")

    assert answer.status_code == 200
    assert (answer.json()["status"], answer.json()["policyholder"]["email"]) == ("CONFIRMED", "")
    assert [name for name in names() if name in answer.text] == []


def test_the_certificate_is_gone(service: Service) -> None:
    booking_id = sold(service, **PERSON)
    coi = service.call("GET", f"bookings/{booking_id}/").json()["quotes"][0]["coi"]
    urls = [coi["url"], coi["pdf"]]
    assert [service.client.get(url).status_code for url in urls] == [200, 200]

    erase(service, booking_id)

    gone = (410, "people_erased")
    assert [told(service.client.get(url)) for url in urls] == [gone, gone]


def test_the_customers_page_is_gone(service: Service) -> None:
    booking_id = sold(service, **PERSON)
    booking = service.run(service.storage.find_booking, "acme", booking_id)
    url = Links("https://cover.test", [TOKEN_KEY.encode()]).account(booking, "en")
    assert PERSON["first_name"] in service.client.get(url).text

    erase(service, booking_id)

    assert service.client.get(url).status_code == 410


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PATCH", "bookings/{}", {"policyholder": {"phone": "+49 30 5550100"}}),
        ("PATCH", "bookings/{}/quote_for_update", {"policyholder": {"phone": "+49 30 5550100"}}),
        ("POST", "bookings/{}/cancel", {}),
        ("POST", "bookings/{}/send_email", {}),
    ],
)
def test_nothing_can_be_done_for_nobody(
    service: Service, method: str, path: str, body: dict[str, Any]
) -> None:
    booking_id = sold(service, **PERSON)
    erase(service, booking_id)

    answer = service.call(method, path.format(booking_id), json=body)

    assert told(answer) == (410, "people_erased")


def test_a_change_that_was_priced_before_cannot_be_made_after(service: Service) -> None:
    booking_id = sold(service, **PERSON)
    body = {"policyholder": {"phone": "+49 30 5550100"}}
    update = service.call("PATCH", f"bookings/{booking_id}/quote_for_update", json=body).json()
    erase(service, booking_id)

    path = f"bookings/{booking_id}/confirm_update/{update['update_id']}"
    answer = service.call("POST", path, json={})

    assert not answer.is_success
    assert service.run(service.storage.find_booking, "acme", booking_id).is_erased


def test_a_payment_that_comes_after_an_erasure_sells_nothing(service: Service) -> None:
    package = service.quote()
    service.choose_first(package)
    body = {"require_payment_confirmation": True}
    answer = service.confirm(package["id"], **body)
    assert answer.json()["status"] == "PENDING_PAYMENT"
    erase(service, package["id"])

    assert told(service.call("PUT", f"bookings/{package['id']}/confirm", json={})) == (
        410,
        "people_erased",
    )


def test_mail_that_waits_is_never_sent(service: Service, postbox: Postbox, clock: Clock) -> None:
    booking_id = sold(service, **PERSON)
    erase(service, booking_id)
    postbox.failures.clear()
    clock.move(days=1)

    assert service.run(lambda: service.storage.claim_messages(limit=9, lease_s=1, per_lane=9)) == []


def test_an_erased_webhook_is_not_sent_again(service: Service) -> None:
    service.add(with_webhook(a_partner(), Mode.TEST, "https://shop.test/hooks", root=b"root"))
    booking_id = sold(service, **PERSON)
    (event,) = service.call("GET", "webhooks/").json()["results"]
    erase(service, booking_id)

    answer = service.call("POST", f"webhooks/{event['event_id']}/redeliver/")

    assert told(answer) == (404, "not_found")


def test_a_repeated_confirmation_does_not_bring_the_person_back(
    service: Service, path: Path
) -> None:
    booking_id = sold(service, **PERSON)
    erase(service, booking_id)
    body = {
        "quote_token": service.package(booking_id)["quote_token"],
        "policyholder": policyholder_json(**PERSON),
    }

    answer = service.call(
        "POST", f"bookings/{booking_id}/", json=body, headers={"Idempotency-Key": "key-CHK-1"}
    )

    assert told(answer) == (410, "people_erased")
    service.run(service.storage.compact)
    assert remnants(path) == []

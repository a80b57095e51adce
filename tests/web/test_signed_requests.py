"""Signed requests, as XCover's Python and PHP clients send them, and as nobody should."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import quote

import httpx2
import pytest

from tests.builders import NOON, PARTNER_KEY, a_key, a_partner, purchase_json, some_settings
from tests.fakes import Clock
from tests.live import environment, serving
from tests.service import Service, running_service
from widget.digests import content_digest
from widget.partners import Mode, PartnerKey, secret_of
from widget.signatures import RequestHead, http_date, sign_request
from widget.storage.sqlite import SqliteStorage
from widget.web.credentials import _NOBODYS_SECRET

QUOTES = "/x/partners/acme/quotes/"
NOBODYS = f"{QUOTES}ZZZZZ-ZZZZZ-INS/"
BODY = json.dumps(purchase_json()).encode()
GLOBEX = a_key("globex", random="globexglobex1234")

DATE_ONLY = ("date",)
TARGET = ("(request-target)", "date")
WHOLE = (*TARGET, "content-digest")


def secret(key: PartnerKey) -> str:
    return secret_of(key, [PARTNER_KEY.encode()]) or ""


def signed(
    method: str,
    path: str,
    headers: Mapping[str, str] | None = None,
    *,
    names: Sequence[str] = TARGET,
    key: PartnerKey | None = None,
    at: datetime = NOON,
    by: str | None = None,
) -> dict[str, str]:
    """Return the headers of a signed request; `by` is the secret when it is not the key's."""
    key = key or a_key()
    sent = {"Date": http_date(at), **(headers or {})}
    head = RequestHead(method, path.partition("?")[0], list(sent.items()))
    credential = sign_request(head, key.key_id, by or secret(key), names=names)
    return {**sent, "Authorization": credential}


def told(response: httpx2.Response) -> tuple[int, str]:
    return response.status_code, response.json().get("code", "")


def same_answer(one: httpx2.Response, other: httpx2.Response) -> bool:
    """Tell whether nobody can tell one answer from the other but by the request's own id."""
    one_body, other_body = one.json(), other.json()
    del one_body["error_id"], other_body["error_id"]
    lengths = {answer.headers["content-length"] for answer in (one, other)}
    return one.status_code == other.status_code and one_body == other_body and len(lengths) == 1


# -- XCover's clients


def as_python_client(method: str, path: str) -> dict[str, str]:
    """Return what xcover-python 0.1.2 sends with its settings as they come."""
    date = http_date(NOON)
    text = f"(request-target): {method.lower()} {path}\ndate: {date}"
    mac = hmac.new(secret(a_key()).encode(), text.encode(), hashlib.sha512).digest()
    return {
        "Content-Type": "application/json",
        "date": date,
        "authorization": (
            f'Signature keyId="{a_key().key_id}",algorithm="hmac-sha512",'
            f'headers="(request-target) date",signature="{quote(base64.b64encode(mac), safe="")}"'
        ),
    }


def as_php_client() -> dict[str, str]:
    """Return what an object of xcover-php 2.1.0 signs once, and sends with all of its calls."""
    date = http_date(NOON)
    mac = hmac.new(secret(a_key()).encode(), f"date: {date}".encode(), hashlib.sha512).digest()
    return {
        "Content-Type": "application/json",
        "X-Api-Key": a_key().key_id,
        "Date": date,
        "Authorization": (
            f'Signature keyId="{a_key().key_id}",algorithm="hmac-sha512",'
            f'signature="{quote(base64.b64encode(mac), safe="")}"'
        ),
    }


def test_the_python_client_quotes_and_reads(service: Service) -> None:
    client = service.client

    made = client.post(QUOTES, content=BODY, headers=as_python_client("POST", QUOTES))
    path = f"{QUOTES}{made.json()['id']}/"
    read = client.request("GET", path, content=b"null", headers=as_python_client("GET", path))

    assert (made.status_code, read.status_code) == (201, 200)
    assert read.json()["id"] == made.json()["id"]


def test_the_php_client_signs_once_for_all_of_its_calls(service: Service, clock: Clock) -> None:
    headers = as_php_client()

    made = service.client.post(QUOTES, content=BODY, headers=headers)
    clock.move(minutes=14)
    path = f"{QUOTES}{made.json()['id']}/"
    read = service.client.request("GET", path, content=b"{}", headers=headers)
    out = service.client.post(
        f"/x/partners/acme/bookings/{made.json()['id']}/opt_out", content=b"{}", headers=headers
    )

    assert (made.status_code, read.status_code, out.status_code) == (201, 200, 204)


def test_a_header_with_the_key_alone_is_not_looked_at(service: Service) -> None:
    headers = signed("GET", NOBODYS) | {"X-Api-Key": GLOBEX.key_id}

    assert told(service.client.get(NOBODYS, headers=headers)) == (404, "not_found")
    only = service.client.get(NOBODYS, headers={"X-Api-Key": a_key().key_id})
    assert told(only) == (401, "credential_invalid")


@pytest.mark.parametrize("prefix", ["/x", "/xcover"])
def test_the_path_is_signed_with_its_prefix(service: Service, prefix: str) -> None:
    path = f"{prefix}/partners/acme/quotes/"

    response = service.client.post(path, content=BODY, headers=signed("POST", path))

    assert response.status_code == 201


def test_a_live_key_that_signs_works_in_live_mode(service: Service) -> None:
    live = a_key(mode=Mode.LIVE, random="livelivelive1234")
    service.add(a_partner(), live)

    made = service.client.post(QUOTES, content=BODY, headers=signed("POST", QUOTES, key=live))

    assert made.json()["test"] is False


# -- the path, as it was sent


ENCODED = [
    "/x/partners/acme/quotes/%41BC/",
    "/x/partners/%61cme/quotes/ABC/",
    "/x/partners/acme/quotes/ABC%2FDEF/",
    "/x/partners/acme/quotes/%C3%A9/",
    "/x/partners/acme/quotes/a:b;c=d/",
]


@pytest.mark.parametrize("path", ENCODED)
def test_the_path_is_signed_as_it_is_sent(service: Service, path: str) -> None:
    as_sent = service.client.get(path, headers=signed("GET", path))

    # Known, and not refused: there is no such package, or no such address.
    assert told(as_sent) == (404, "not_found")


def test_a_path_that_only_means_the_same_is_not_the_signed_one(service: Service) -> None:
    headers = signed("GET", f"{QUOTES}ABC/")

    response = service.client.get(f"{QUOTES}%41BC/", headers=headers)

    assert told(response) == (403, "signature_invalid")


def test_the_query_is_not_signed(service: Service) -> None:
    path = f"{QUOTES}?fast_quote=1"

    response = service.client.post(path, content=BODY, headers=signed("POST", path))
    changed = service.client.post(f"{QUOTES}?x=2", content=BODY, headers=signed("POST", path))

    assert (response.status_code, changed.status_code) == (201, 201)


def test_an_encoded_path_is_verified_as_the_server_received_it(tmp_path: Path) -> None:
    database = tmp_path / "live.db"
    with serving(environment(database)) as live:
        storage = SqliteStorage(str(database))
        key = stored(storage)
        path = "/x/partners/acme/quotes/%41BC/"
        with httpx2.Client(base_url=live.url, trust_env=False) as client:
            good, moved = (
                client.get(path, headers=signed("GET", as_signed, key=key, at=storage.now()))
                for as_signed in (path, "/x/partners/acme/quotes/ABC/")
            )
            queried = client.get(
                f"{path}?a=%42", headers=signed("GET", path, key=key, at=storage.now())
            )

    assert good.json()["message"] == "Quote package does not exist"
    assert told(moved) == (403, "signature_invalid")
    assert told(queried) == (404, "not_found")


def stored(storage: SqliteStorage) -> PartnerKey:
    """Store the partner `acme` and its key beside a service that runs, and return the key."""

    async def store() -> None:
        await storage.open()
        await storage.save_partner(a_partner())
        await storage.add_key(a_key())
        await storage.close()

    asyncio.run(store())
    return a_key()


# -- what is refused


def test_a_signature_by_another_secret_is_refused_in_xcovers_words(service: Service) -> None:
    response = service.client.get(NOBODYS, headers=signed("GET", NOBODYS, by="another"))

    body = response.json()
    assert told(response) == (403, "signature_invalid")
    assert body["type"] == "auth_error"
    assert body["message"].startswith("You do not have permission to access this url")
    for fact in ("GET", NOBODYS, "(request-target) date", "hmac-sha512"):
        assert fact in body["message"]


def test_a_refusal_tells_no_value_of_what_was_signed(service: Service) -> None:
    names = ("date", "cookie", "x-api-key")
    sent = {"Cookie": "canary-1", "X-Api-Key": "canary-2"}

    response = service.client.get(
        NOBODYS, headers=signed("GET", NOBODYS, sent, names=names, by="another")
    )

    assert told(response) == (403, "signature_invalid")
    assert "canary" not in response.text
    assert secret(a_key()) not in response.text


@pytest.mark.parametrize(
    "key_id", ["pk_test_qqqqqqqqqqqqqqqq", "pk_live_abcdefgh12345678", "", "x y"]
)
def test_a_key_that_is_not_known_looks_like_a_wrong_signature(
    service: Service, key_id: str
) -> None:
    stranger = replace(a_key(), key_id=key_id)

    unknown = service.client.get(NOBODYS, headers=signed("GET", NOBODYS, key=stranger))
    wrong = service.client.get(NOBODYS, headers=signed("GET", NOBODYS, by="another"))

    assert told(unknown) == (403, "signature_invalid")
    assert same_answer(unknown, wrong)


@pytest.mark.parametrize("at", [NOON, NOON - timedelta(days=9)], ids=["in time", "out of time"])
def test_a_revoked_key_looks_like_a_wrong_signature(service: Service, at: datetime) -> None:
    async def revoke() -> bool:
        return await service.storage.revoke_key(service.key.key_id, at=NOON)

    wrong = service.client.get(NOBODYS, headers=signed("GET", NOBODYS, by="another", at=at))
    assert service.run(revoke)

    revoked = service.client.get(NOBODYS, headers=signed("GET", NOBODYS, at=at))

    assert told(revoked) == (403, "signature_invalid")
    assert same_answer(revoked, wrong)


def test_a_key_of_a_retired_root_looks_like_a_wrong_signature(storage: SqliteStorage) -> None:
    settings = some_settings(partner_keys=("another-root-key-" + "x" * 32,))
    with running_service(storage, settings=settings) as service:
        response = service.client.get(NOBODYS, headers=signed("GET", NOBODYS))

    assert told(response) == (403, "signature_invalid")


def test_what_stands_in_for_an_unknown_secret_opens_nothing(service: Service) -> None:
    stranger = replace(a_key(), key_id="pk_test_qqqqqqqqqqqqqqqq")
    headers = signed("GET", NOBODYS, key=stranger, by=_NOBODYS_SECRET)

    assert told(service.client.get(NOBODYS, headers=headers)) == (403, "signature_invalid")


@pytest.mark.parametrize("names", [DATE_ONLY, TARGET])
def test_another_partners_path_looks_like_that_of_nobody(
    service: Service, names: Sequence[str]
) -> None:
    service.add(a_partner("globex"), GLOBEX)
    paths = [f"/x/partners/{code}/quotes/ZZZZZ-ZZZZZ-INS/" for code in ("acme", "initech")]

    theirs, nobodys = (
        service.client.get(path, headers=signed("GET", path, names=names, key=GLOBEX))
        for path in paths
    )

    assert theirs.json()["message"] == "Partner does not exist"
    assert same_answer(theirs, nobodys)


def test_a_signature_does_not_move_to_another_method_or_path(service: Service) -> None:
    headers = signed("GET", NOBODYS)

    answers = [
        service.client.get(f"{QUOTES}YYYYY-YYYYY-INS/", headers=headers),
        service.client.head(NOBODYS, headers=headers),
        service.client.post(QUOTES, content=BODY, headers=headers),
    ]

    assert {answer.status_code for answer in answers} == {403}


def test_head_is_signed_as_head(service: Service) -> None:
    assert service.client.head(NOBODYS, headers=signed("HEAD", NOBODYS)).status_code == 404


UNREADABLE = {
    "nothing": "",
    "only the scheme": "Signature",
    "no pairs": "Signature abc",
    "another scheme": "Digest username=x",
    "an old algorithm": 'Signature keyId="k",algorithm="hmac-sha1",signature="AAAA"',
    "no signature": 'Signature keyId="k",algorithm="hmac-sha256",headers="date"',
    "letters of no alphabet": 'Signature keyId="é",algorithm="hmac-sha256",signature="ü"',
}


@pytest.mark.parametrize("case", UNREADABLE)
def test_what_cannot_be_read_is_no_credential(service: Service, case: str) -> None:
    headers = {b"Authorization": UNREADABLE[case].encode("latin-1"), b"Date": b"x"}

    response = service.client.request("GET", NOBODYS, headers=headers)

    assert told(response) == (401, "credential_invalid")
    assert response.headers["WWW-Authenticate"] == "Bearer, Signature"


def test_two_credentials_are_none(service: Service) -> None:
    headers = signed("GET", NOBODYS)
    lines = [*headers.items(), ("Authorization", f"Bearer {service.secret}")]

    assert told(service.client.get(NOBODYS, headers=lines)) == (401, "credential_invalid")


@pytest.mark.parametrize("name", ["Date", "X-Idempotency-Key"])
def test_a_signed_header_that_is_missing_is_named(service: Service, name: str) -> None:
    names = (*TARGET, "x-idempotency-key")
    headers = signed("GET", NOBODYS, {"X-Idempotency-Key": "1"}, names=names)
    del headers[name]

    response = service.client.get(NOBODYS, headers=headers)

    assert told(response) == (401, "credential_invalid")
    assert name.lower() in response.json()["message"]


def test_an_empty_text_that_is_signed_opens_nothing(service: Service) -> None:
    # What xcover-python signs when its setting names only headers that do not exist.
    mac = base64.b64encode(hmac.digest(service.secret.encode(), b"", "sha512")).decode()
    credential = (
        f'Signature keyId="{service.key.key_id}",algorithm="hmac-sha512",'
        f'headers="x-made-up",signature="{quote(mac, safe="")}"'
    )

    response = service.client.get(
        NOBODYS, headers={"Date": http_date(NOON), "Authorization": credential}
    )

    assert told(response) == (401, "credential_invalid")


# -- clocks


@pytest.mark.parametrize("seconds", [-900, -1, 1, 900])
def test_a_clock_that_differs_by_15_minutes_is_good(service: Service, seconds: int) -> None:
    headers = signed("GET", NOBODYS, at=NOON + timedelta(seconds=seconds))

    assert told(service.client.get(NOBODYS, headers=headers)) == (404, "not_found")


@pytest.mark.parametrize("seconds", [-36_000, -901, 901, 86_400])
def test_a_clock_that_differs_by_more_is_told_both_times_and_the_window(
    service: Service, seconds: int
) -> None:
    at = NOON + timedelta(seconds=seconds)

    response = service.client.get(NOBODYS, headers=signed("GET", NOBODYS, at=at))

    message = response.json()["message"]
    assert told(response) == (401, "clock_skewed")
    assert "2027-03-01 12:00:00 UTC" in message
    assert f"{at:%Y-%m-%d %H:%M:%S} UTC" in message
    assert "900 seconds" in message


def test_a_wrong_signature_is_not_told_of_its_clock(service: Service) -> None:
    headers = signed("GET", NOBODYS, by="another", at=NOON - timedelta(days=1))

    assert told(service.client.get(NOBODYS, headers=headers)) == (403, "signature_invalid")


@pytest.mark.parametrize("date", ["now", "Mon, 1 Mar 2027 12:00:00 GMT", "2027-03-01T12:00:00Z"])
def test_a_date_that_cannot_be_read_is_refused_with_an_example(service: Service, date: str) -> None:
    response = service.client.get(NOBODYS, headers=signed("GET", NOBODYS, {"Date": date}))

    assert told(response) == (401, "credential_invalid")
    assert "Sun, 29 Aug 2021 12:07:26 GMT" in response.json()["message"]


# -- bodies


def with_digest(body: bytes = BODY, *, names: Sequence[str] = WHOLE) -> dict[str, str]:
    return signed("POST", QUOTES, {"Content-Digest": content_digest(body)}, names=names)


def test_a_body_that_is_signed_by_its_digest_is_taken(service: Service) -> None:
    response = service.client.post(QUOTES, content=BODY, headers=with_digest())

    assert response.status_code == 201


@pytest.mark.parametrize("names", [TARGET, WHOLE], ids=["not signed", "signed"])
def test_a_body_that_was_changed_is_refused(service: Service, names: Sequence[str]) -> None:
    headers = with_digest(names=names)

    response = service.client.post(QUOTES, content=BODY.replace(b"1284", b"9284"), headers=headers)

    assert told(response) == (400, "digest_mismatch")


def test_a_digest_that_was_changed_with_the_body_is_refused(service: Service) -> None:
    other = BODY.replace(b"1284", b"9284")
    headers = with_digest() | {"Content-Digest": content_digest(other)}

    response = service.client.post(QUOTES, content=other, headers=headers)

    assert told(response) == (403, "signature_invalid")


def test_a_secret_key_may_come_with_a_digest_too(service: Service) -> None:
    good, wrong = (
        service.call("POST", "quotes/", content=BODY, headers={"Content-Digest": digest})
        for digest in (content_digest(BODY, "sha-512"), content_digest(b""))
    )

    assert good.status_code == 201
    assert told(wrong) == (400, "digest_mismatch")


@pytest.mark.parametrize("digest", ["sha-256", "md5=:AAAA:"])
def test_a_digest_that_cannot_be_checked_is_refused(service: Service, digest: str) -> None:
    response = service.call("POST", "quotes/", content=BODY, headers={"Content-Digest": digest})

    assert told(response) == (400, "malformed_request")


def test_a_digest_in_several_lines_is_one_list(service: Service) -> None:
    lines = [
        ("Authorization", f"Bearer {service.secret}"),
        ("Content-Digest", content_digest(BODY)),
        ("Content-Digest", content_digest(b"", "sha-512")),
    ]

    good = service.client.post(QUOTES, content=BODY, headers=lines[:2])
    wrong = service.client.post(QUOTES, content=BODY, headers=lines)

    assert good.status_code == 201
    assert told(wrong) == (400, "digest_mismatch")


def test_the_digest_of_a_body_that_nobody_reads_is_checked_too(service: Service) -> None:
    headers = {"Content-Digest": content_digest(b"{}")}

    good, wrong = (
        service.call("GET", "quotes/ZZZZZ-ZZZZZ-INS/", content=body, headers=headers)
        for body in (b"{}", b"null")
    )

    assert told(good) == (404, "not_found")
    assert told(wrong) == (400, "digest_mismatch")


def test_another_partners_path_tells_nothing_of_the_digest(service: Service) -> None:
    service.add(a_partner("globex"), GLOBEX)
    sent = {"Content-Digest": "nonsense"}

    response = service.client.post(
        QUOTES, content=BODY, headers=signed("POST", QUOTES, sent, key=GLOBEX)
    )

    assert told(response) == (404, "not_found")


# -- a partner that is set up in another way


@pytest.fixture
def particular(service: Service) -> Service:
    """A service whose partner signs bodies, and has an hour for it."""
    service.add(a_partner(clock_window_s=3_600, requires_digest=True))
    return service


def test_a_partner_may_have_a_wider_window(particular: Service) -> None:
    good, late = (
        particular.client.get(NOBODYS, headers=signed("GET", NOBODYS, at=NOON - before))
        for before in (timedelta(hours=1), timedelta(hours=1, seconds=1))
    )

    assert told(good) == (404, "not_found")
    assert told(late) == (401, "clock_skewed")
    assert "3600 seconds" in late.json()["message"]


@pytest.mark.parametrize("has_header", [True, False], ids=["sent, not signed", "not sent"])
def test_a_partner_that_signs_bodies_is_refused_without(
    particular: Service,
    has_header: bool,  # noqa: FBT001 - pytest passes it by name
) -> None:
    headers = with_digest(names=TARGET)
    if not has_header:
        del headers["Content-Digest"]

    response = particular.client.post(QUOTES, content=BODY, headers=headers)

    assert told(response) == (403, "digest_required")


def test_a_partner_that_signs_bodies_signs_the_empty_one_too(particular: Service) -> None:
    # Else a signature over a date, taken from a call that only reads, would report a decline.
    made = particular.client.post(QUOTES, content=BODY, headers=with_digest()).json()
    path = f"/x/partners/acme/bookings/{made['id']}/opt_out"
    digest = {"Content-Digest": content_digest(b"")}

    refused = particular.client.post(path, headers=signed("POST", path, names=DATE_ONLY))
    taken = particular.client.post(path, headers=signed("POST", path, digest, names=WHOLE))

    assert told(refused) == (403, "digest_required")
    assert taken.status_code == 204


def test_a_partner_that_signs_bodies_is_still_taken_at_its_secret_key(particular: Service) -> None:
    assert particular.call("POST", "quotes/", content=BODY).status_code == 201


def test_a_body_that_nobody_reads_need_not_be_signed(particular: Service) -> None:
    headers = signed("GET", NOBODYS)

    response = particular.client.request("GET", NOBODYS, content=b"null", headers=headers)

    assert told(response) == (404, "not_found")

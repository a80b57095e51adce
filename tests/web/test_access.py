"""Who may do what: keys, modes and tokens; and nobody learns of another partner."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import httpx2
import pytest

from tests.builders import (
    NOON,
    PARTNER_KEY,
    TOKEN_KEY,
    a_key,
    a_partner,
    an_opted_in_offer,
    policyholder_json,
    purchase_json,
    some_settings,
)
from tests.fakes import Clock
from tests.service import Service, running_service
from widget.evidence import offer_made
from widget.partners import Mode, secret_of, token_key_of
from widget.storage.sqlite import SqliteStorage
from widget.tokens import issue_quote_token, quote_token_for

GLOBEX = a_key("globex", random="globexglobex1234")
LIVE = a_key(mode=Mode.LIVE, random="livelivelive1234")
NOBODYS_ID = "ZZZZZ-ZZZZZ-INS"


def secret(key: Any) -> str:
    return secret_of(key, [PARTNER_KEY.encode()]) or ""


def bearer(key: Any) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret(key)}"}


def same_answer(one: httpx2.Response, other: httpx2.Response) -> bool:
    """Tell whether nobody can tell one answer from the other but by the request's own id."""
    ids = [one.json()["error_id"].encode(), other.json()["error_id"].encode()]
    bodies = [one.content.replace(ids[0], b"?"), other.content.replace(ids[1], b"?")]
    headers = [
        {name: value for name, value in answer.headers.items() if name != "x-request-id"}
        for answer in (one, other)
    ]
    return (
        one.status_code == other.status_code and bodies[0] == bodies[1] and headers[0] == headers[1]
    )


# -- secret keys


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_a_secret_key_opens_the_partner_api(service: Service, scheme: str) -> None:
    headers = {"Authorization": f"{scheme} {service.secret}"}

    response = service.call("POST", "quotes/", json=purchase_json(), headers=headers)

    assert response.status_code == 201


WRONG = {
    "nothing": "",
    "only the scheme": "Bearer",
    "an empty secret": "Bearer ",
    "another scheme": f"Basic {secret(a_key())}",
    "no scheme": secret(a_key()),
    "the id of the key": f"Bearer {a_key().key_id}",
    "a letter more": f"Bearer {secret(a_key())}A",
    "a letter less": f"Bearer {secret(a_key())[:-1]}",
    "another letter": f"Bearer {secret(a_key())[:-1]}~",
    "another secret": f"Bearer {secret(a_key())[:-43]}{'A' * 43}",
    "the secret of a key that does not exist": f"Bearer {secret(a_key(random='q' * 16))}",
    "the other mode of the same key": f"Bearer {secret(a_key()).replace('test', 'live')}",
    "two secrets": f"Bearer {secret(a_key())} {secret(a_key())}",
    "a letter of no alphabet of ours": "Bearer sk_test_é",
}


@pytest.mark.parametrize("case", WRONG)
def test_it_does_not_open_for(service: Service, case: str) -> None:
    headers = {b"Authorization": WRONG[case].encode("latin-1")}

    response = service.client.request(
        "POST", "/x/partners/acme/quotes/", json=purchase_json(), headers=headers
    )

    assert response.status_code == 401
    assert response.json()["code"] == "credential_invalid"
    assert "sk_test_" not in response.text


def test_a_request_without_a_credential_is_refused(service: Service) -> None:
    assert service.client.get(f"/x/partners/acme/quotes/{NOBODYS_ID}/").status_code == 401


def test_a_revoked_key_is_refused_at_once(service: Service) -> None:
    service.quote()

    async def revoke() -> bool:
        return await service.storage.revoke_key(service.key.key_id, at=NOON)

    assert service.run(revoke)

    assert service.call("POST", "quotes/", json=purchase_json()).status_code == 401


def test_a_key_of_a_retired_root_is_refused(storage: SqliteStorage) -> None:
    settings = some_settings(partner_keys=("another-root-key-" + "x" * 32,))
    with running_service(storage, settings=settings) as service:
        assert service.call("POST", "quotes/", json=purchase_json()).status_code == 401


def test_a_key_of_an_older_root_is_good_while_that_is_kept(storage: SqliteStorage) -> None:
    settings = some_settings(partner_keys=(PARTNER_KEY, "newer-root-key-" + "x" * 32))
    with running_service(storage, settings=settings) as service:
        assert service.call("POST", "quotes/", json=purchase_json()).status_code == 201


# -- other partners


@pytest.fixture
def globex(service: Service) -> Service:
    """The same service, as another partner calls it."""
    service.add(a_partner("globex", origins=("https://globex.test",)), GLOBEX)
    return replace(service, key=GLOBEX, secret=secret(GLOBEX))


CALLS: dict[str, tuple[str, str, dict[str, Any] | None]] = {
    "read a package": ("GET", "quotes/{id}/", None),
    "read a booking": ("GET", "bookings/{id}/", None),
    "read a booking without the slash": ("GET", "bookings/{id}", None),
    "confirm": (
        "POST",
        "bookings/{id}/",
        {"quote_token": "{token}", "policyholder": policyholder_json()},
    ),
    "confirm with a body that is wrong": ("POST", "bookings/{id}/", {"nothing": "right"}),
    "report without cover": ("POST", "bookings/{id}/opt_out", {}),
    "report with its token": ("POST", "bookings/{id}/opt_out", {"quote_token": "{token}"}),
}


def call(service: Service, name: str, code: str, offer_id: str, token: str) -> httpx2.Response:
    method, path, body = CALLS[name]
    if body and "quote_token" in body:
        body = {**body, "quote_token": token}
    return service.client.request(
        method,
        f"/x/partners/{code}/{path.replace('{id}', offer_id)}",
        json=body,
        headers={"Authorization": f"Bearer {service.secret}"},
    )


@pytest.mark.parametrize("is_booked", [False, True], ids=["an offer", "a booking"])
@pytest.mark.parametrize("name", CALLS)
def test_what_is_another_partners_looks_as_if_it_did_not_exist(
    service: Service,
    globex: Service,
    name: str,
    is_booked: bool,  # noqa: FBT001 - pytest passes it by name
) -> None:
    package = service.quote()
    service.choose_first(package)
    token = service.package(package["id"])["quote_token"]
    if is_booked:
        assert service.confirm(package["id"]).status_code == 200

    theirs = call(globex, name, "globex", package["id"], token)
    nobodys = call(globex, name, "globex", NOBODYS_ID, token)

    assert theirs.status_code == 404
    assert same_answer(theirs, nobodys)


@pytest.mark.parametrize("name", CALLS)
def test_another_partners_path_looks_like_that_of_nobody(
    service: Service, globex: Service, name: str
) -> None:
    package = service.quote()

    theirs = call(globex, name, "acme", package["id"], "token")
    nobodys = call(globex, name, "initech", package["id"], "token")

    assert theirs.status_code == 404
    assert same_answer(theirs, nobodys)


def test_another_partners_purchases_are_not_opened_with_ones_own_key(
    service: Service, globex: Service
) -> None:
    service.quote()

    response = globex.client.post(
        "/x/partners/acme/quotes/", json=purchase_json(), headers=bearer(GLOBEX)
    )

    assert response.status_code == 404


def test_two_partners_with_the_same_reference_have_offers_of_their_own(
    service: Service, globex: Service
) -> None:
    ours = service.quote()

    theirs = globex.client.post(
        "/x/partners/globex/quotes/", json=purchase_json(), headers=bearer(GLOBEX)
    ).json()

    assert ours["id"] != theirs["id"]


def test_a_token_signed_with_ones_own_key_in_another_partners_name_sells_nothing(
    service: Service, globex: Service
) -> None:
    ours = an_opted_in_offer()
    theirs = replace(ours, partner_code="globex")
    for offer in (ours, theirs):
        service.run(service.storage.save_offer, offer, offer_made(offer, texts_version="t"))
    key = token_key_of("acme", Mode.TEST, TOKEN_KEY.encode()).encode()
    forged = issue_quote_token(quote_token_for(theirs, now=NOON), [key])

    response = service.confirm(ours.id, quote_token=forged)

    assert response.status_code == 422
    assert response.json()["code"] == "token_invalid"
    assert service.run(service.storage.find_booking, "globex", theirs.id) is None
    assert globex.key == GLOBEX


# -- modes


def test_a_test_key_does_not_see_what_is_live(service: Service) -> None:
    service.add(a_partner(), LIVE)
    live = service.call("POST", "quotes/", json=purchase_json(), headers=bearer(LIVE)).json()
    service.choose_first(live)
    token = service.call("GET", f"quotes/{live['id']}/", headers=bearer(LIVE)).json()
    body = {"quote_token": token["quote_token"], "policyholder": policyholder_json()}
    path = f"bookings/{live['id']}/"
    assert service.call("POST", path, json=body, headers=bearer(LIVE)).status_code == 200

    answers = [call(service, name, "acme", live["id"], "token") for name in CALLS]
    nobodys = [call(service, name, "acme", NOBODYS_ID, "token") for name in CALLS]

    assert {answer.status_code for answer in answers} == {404}
    assert all(map(same_answer, answers, nobodys))


def test_a_live_key_does_not_see_what_is_a_test(service: Service) -> None:
    service.add(a_partner(), LIVE)
    package = service.quote()
    service.choose_first(package)
    service.confirm(package["id"])
    live = replace(service, key=LIVE, secret=secret(LIVE))

    answers = [call(live, name, "acme", package["id"], "token") for name in CALLS]
    nobodys = [call(live, name, "acme", NOBODYS_ID, "token") for name in CALLS]

    assert {answer.status_code for answer in answers} == {404}
    assert all(map(same_answer, answers, nobodys))


# -- tokens


def test_a_token_of_another_offer_is_refused(service: Service) -> None:
    first, second = service.quote(), service.quote(partner_reference="CHK-2")
    service.choose_first(first)
    service.choose_first(second)
    token = service.package(second["id"])["quote_token"]

    response = service.confirm(first["id"], quote_token=token)

    assert response.status_code == 400
    assert response.json()["code"] == "malformed_request"


def test_an_offer_token_is_not_a_quote_token(service: Service) -> None:
    package = service.quote()
    service.choose_first(package)

    response = service.confirm(package["id"], quote_token=package["offer_token"])

    assert response.json()["code"] == "token_invalid"


def test_a_quote_token_does_not_open_the_offer_for_a_browser(service: Service) -> None:
    package = service.quote()
    service.choose_first(package)
    token = service.package(package["id"])["quote_token"]

    assert service.client.get(f"/offer/{token}").status_code == 422


def test_a_token_of_an_older_key_is_good_while_that_is_kept(
    storage: SqliteStorage, clock: Clock
) -> None:
    with running_service(storage) as service:
        package = service.quote()
        service.choose_first(package)
        token = service.package(package["id"])["quote_token"]
    rotated = some_settings(token_keys=(TOKEN_KEY, "newer-token-key-" + "x" * 32))
    retired = some_settings(token_keys=("newer-token-key-" + "x" * 32,))

    again = SqliteStorage(str(storage._path), clock=clock)
    with running_service(again, settings=retired) as service:
        refused = service.confirm(package["id"], quote_token=token)
    again = SqliteStorage(str(storage._path), clock=clock)
    with running_service(again, settings=rotated) as service:
        taken = service.confirm(package["id"], quote_token=token)

    assert refused.json()["code"] == "token_invalid"
    assert taken.status_code == 200

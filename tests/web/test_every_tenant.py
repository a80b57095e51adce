"""Every call with another partner's ids, and with those of the other mode: nothing is there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.builders import PARTNER_KEY, a_key, a_partner, some_settings
from tests.fakes import Clock, Postbox
from tests.service import Service, running_service
from tests.stages import MoodyHouse, Sale, a_sale
from tests.web.test_openapi import BEFORE, address
from widget.app import load_catalogue
from widget.partners import Mode, PartnerKey
from widget.storage.sqlite import SqliteStorage
from widget.web.api_examples import QUOTE_ID, examples_for
from widget.web.operations import OPERATIONS, Operation
from widget.webhooks import with_webhook

WITH_IDS = [one for one in OPERATIONS if "{" in one.path]

OTHER = a_key("brio", random="b" * 16)
LIVE = a_key(mode=Mode.LIVE, random="c" * 16)


@pytest.fixture
def upstream() -> MoodyHouse:
    return MoodyHouse(load_catalogue(some_settings()))


@pytest.fixture
def service(storage: SqliteStorage, upstream: MoodyHouse) -> Iterator[Service]:
    with running_service(storage, upstream=upstream, delivery=Postbox()) as service:
        service.add(
            with_webhook(a_partner(), Mode.TEST, "https://shop.test/", root=PARTNER_KEY.encode()),
            LIVE,
        )
        service.add(a_partner("brio"), OTHER)
        yield service


@pytest.fixture
def sale(service: Service, clock: Clock, upstream: MoodyHouse) -> Sale:
    return a_sale(service, clock, upstream)


def body_of(one: Operation, sale: Sale) -> Any:
    purchase = sale.service.call("GET", "schemas/").json()["results"][0]["example"]
    example = examples_for(purchase).get(one.id)
    return json.loads(json.dumps(example).replace(QUOTE_ID, sale.quote_id))


def told(service: Service, key: PartnerKey, one: Operation, path: str, body: Any) -> Any:
    own = service.as_key(key)
    answer = own.client.request(
        one.method,
        f"/x/partners/{key.partner_code}/{path}",
        headers={"Authorization": f"Bearer {own.secret}"},
        json=body,
    )
    facts = answer.json()
    facts.pop("error_id", None)
    return answer.status_code, facts


@pytest.mark.parametrize("key", [OTHER, LIVE], ids=["another partner", "the other mode"])
@pytest.mark.parametrize("one", WITH_IDS, ids=lambda one: one.id)
def test_what_is_anothers_is_not_there(
    service: Service, sale: Sale, one: Operation, key: PartnerKey
) -> None:
    if one.id in BEFORE:
        BEFORE[one.id](sale)
    path, body = address(sale, one), body_of(one, sale)
    before = sale.call("GET", "quotes/{id}/")

    theirs = told(service, key, one, path, body)
    nobodys = told(service, key, one, path.replace(sale.id, "ZZZZZ-ZZZZZ-INS"), body)

    assert theirs[0] == 404
    assert nobodys == theirs
    assert sale.call("GET", "quotes/{id}/") == before


@pytest.mark.parametrize("one", OPERATIONS, ids=lambda one: one.id)
def test_anothers_key_does_not_open_a_partners_address(
    service: Service, sale: Sale, one: Operation
) -> None:
    secret = service.as_key(OTHER).secret

    answer = service.client.request(
        one.method,
        f"/x/partners/acme/{address(sale, one) if one.tag != 'webhooks' else 'webhooks/'}",
        headers={"Authorization": f"Bearer {secret}"},
        json=body_of(one, sale),
    )

    assert answer.status_code in {404, 405}


def test_an_idempotency_key_is_its_partners_and_its_modes(service: Service, sale: Sale) -> None:
    headers = {"x-idempotency-key": "the-same"}
    body = sale.service.call("GET", "schemas/").json()["results"][0]["example"]
    first = service.call("POST", "quotes/", json=body, headers=headers).json()

    others = [
        service.client.post(
            f"/x/partners/{key.partner_code}/quotes/",
            headers=headers | {"Authorization": f"Bearer {service.as_key(key).secret}"},
            json=body,
        )
        for key in (OTHER, LIVE)
    ]

    assert [answer.status_code for answer in others] == [201, 201]
    assert len({first["id"], *(answer.json()["id"] for answer in others)}) == 3

"""The service as its users meet it: a partner's backend, and a shopper in a page."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import httpx2
from starlette.testclient import TestClient

from tests.builders import (
    PARTNER_KEY,
    a_key,
    a_partner,
    policyholder_json,
    purchase_json,
    some_settings,
)
from tests.fakes import Postbox
from tests.remembering import PRESS
from widget.app import build_app
from widget.partners import Mode, Partner, PartnerKey, secret_of
from widget.seals import sign_purchase
from widget.storage.sqlite import SqliteStorage


@dataclass
class Service:
    """One running service, and the credentials of the partner `acme`."""

    client: TestClient
    storage: SqliteStorage
    key: PartnerKey
    secret: str

    def add(self, partner: Partner, *keys: PartnerKey) -> None:
        """Store a partner and those of its keys that are new."""
        self.run(self.storage.save_partner, partner)
        known = self.run(self.storage.list_keys, partner.code)
        for key in keys:
            if key not in known:
                self.run(self.storage.add_key, key)

    def run(self, call: Any, *args: Any) -> Any:
        """Run a coroutine function of the storage on the service's own loop."""
        assert self.client.portal is not None
        return self.client.portal.call(call, *args)

    def as_key(self, key: PartnerKey) -> Service:
        """Return the same service, called with another key of its partner."""
        secret = secret_of(key, [PARTNER_KEY.encode()])
        assert secret is not None
        return replace(self, key=key, secret=secret)

    # -- as the partner's backend

    def call(self, method: str, path: str, **options: Any) -> httpx2.Response:
        """Call the partner API with the partner's secret key."""
        headers = {"Authorization": f"Bearer {self.secret}"} | options.pop("headers", {})
        return self.client.request(method, f"/x/partners/acme/{path}", headers=headers, **options)

    def quote(self, **changes: Any) -> dict[str, Any]:
        """Return a new quote package."""
        response = self.call("POST", "quotes/", json=purchase_json(**changes))
        assert response.status_code == 201, response.text
        package: dict[str, Any] = response.json()
        return package

    def package(self, offer_id: str) -> dict[str, Any]:
        """Return a quote package as it is now."""
        package: dict[str, Any] = self.call("GET", f"quotes/{offer_id}/").json()
        return package

    def confirm(self, offer_id: str, **body: Any) -> httpx2.Response:
        """Confirm an offer; the token is the newest unless the test gives one."""
        body.setdefault("quote_token", self.package(offer_id)["quote_token"])
        body.setdefault("policyholder", policyholder_json())
        return self.call("POST", f"bookings/{offer_id}/", json=body)

    # -- as the shopper

    def open(self, purchase: dict[str, Any] | None = None, **query: str) -> httpx2.Response:
        """Open the offer page for a purchase that the partner signed."""
        body = json.dumps(purchase or purchase_json()).encode()
        signed = sign_purchase(self.key.key_id, self.secret, body)
        return self.client.get("/open/acme", params={"purchase": signed, **query})

    def choose(self, package: dict[str, Any], choice: str, **options: Any) -> httpx2.Response:
        """Answer an offer as a plain form does."""
        address = f"/offer/{package['offer_token']}/choice"
        return self.client.post(address, data={"choice": choice}, follow_redirects=False, **options)

    def choose_first(self, package: dict[str, Any]) -> None:
        """Opt in to the first plan."""
        response = self.choose(package, package["quotes"]["0"]["id"])
        assert response.status_code == 303, response.text


@contextmanager
def running_service(storage: SqliteStorage, **parts: Any) -> Iterator[Service]:
    """Run the whole service, with one partner, `acme`, that has a test key.

    Args:
        parts: `settings`, an `upstream` for both modes, and what `build_app` takes in place of
            what they name.
    """
    settings = parts.pop("settings", some_settings())
    if "upstream" in parts:
        parts["upstreams"] = dict.fromkeys(Mode, parts.pop("upstream"))
    app = build_app(settings, storage=storage, **{"delivery": Postbox(), "press": PRESS, **parts})
    secret = secret_of(a_key(), [PARTNER_KEY.encode()])
    assert secret is not None
    with TestClient(app, base_url=settings.public_url) as client:
        service = Service(client, storage, a_key(), secret)
        service.add(a_partner(), a_key())
        yield service


def state_in(page: httpx2.Response) -> str:
    """Return the state that an offer's page or fragment shows."""
    found = re.search(r'data-state="(\w+)"', page.text)
    assert found is not None, page.text
    return found[1]


def said_of(answer: httpx2.Response, path: str) -> Any:
    """Return what an answer says about a field, such as `request.0.cover_amount`; None: nothing."""
    place: Any = answer.json()["errors"]
    for name in path.split("."):
        place = place.get(name) if isinstance(place, dict) else None
    return place

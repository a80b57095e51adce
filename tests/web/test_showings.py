"""What a shopper is shown is kept before it is sent, and comes back byte for byte."""

from __future__ import annotations

import json
from typing import Any

import httpx2
import pytest

from tests.fakes import Clock
from tests.service import Service, running_service, state_in
from widget.errors import StorageUnavailable
from widget.proving import show_again
from widget.showings import Showing
from widget.storage.sqlite import SqliteStorage

HTMX = {"HX-Request": "true"}
SHOP = "https://shop.test/checkout?mail=ada.muster@customer.example&step=3"


def shown_again(service: Service, offer_id: str) -> list[bytes]:
    pages = service.run(show_again, service.storage, "acme", offer_id)
    return [page.html.encode() for page in pages]


def facts(service: Service, offer_id: str, kind: str = "offer_shown") -> list[dict[str, Any]]:
    leaves = service.run(service.storage.list_evidence, "acme", offer_id)
    return [json.loads(leaf.body) for leaf in leaves if leaf.kind == kind]


def get(
    service: Service, package: dict[str, Any], path: str = "", **options: Any
) -> httpx2.Response:
    return service.client.get(f"/offer/{package['offer_token']}{path}", **options)


def test_an_offer_that_a_page_opens_comes_back_byte_for_byte(service: Service) -> None:
    page = service.open()

    offer_id = page.text.split('data-offer-id="')[1][:15]
    assert shown_again(service, offer_id) == [page.content]
    kinds = [leaf.kind for leaf in service.run(service.storage.list_evidence, "acme", offer_id)]
    assert kinds == ["offer_made", "offer_shown"]


@pytest.mark.parametrize("locale", ["en", "de"])
@pytest.mark.parametrize(
    ("surface", "asked"),
    [("page", ("", {})), ("swap", ("", HTMX)), ("include", ("/fragment", {}))],
)
@pytest.mark.parametrize("return_to", ["", SHOP])
def test_every_surface_comes_back_byte_for_byte(
    service: Service, surface: str, asked: tuple[str, dict[str, str]], locale: str, return_to: str
) -> None:
    (path, headers), package = asked, service.quote()
    query = {"locale": locale} | ({"return_to": return_to} if return_to else {})

    page = get(service, package, path, headers=headers, params=query)

    assert page.status_code == 200
    assert (SHOP.replace("&", "&amp;") in page.text) == bool(return_to)
    assert shown_again(service, package["id"]) == [page.content]
    (fact,) = facts(service, package["id"])
    assert (fact["surface"], fact["locale"], fact["state"]) == (surface, locale, "open")


def test_every_state_of_a_sale_comes_back_in_its_order(service: Service, clock: Clock) -> None:
    package = service.quote()
    first = package["quotes"]["0"]["id"]
    pages = [get(service, package)]
    pages += [service.choose(package, "opted_out", headers=HTMX)]
    pages += [service.choose(package, first, headers=HTMX)]
    pages += [service.choose(package, "q-nobody-has", headers=HTMX)]
    clock.move(minutes=31)
    pages += [get(service, package, headers=HTMX)]
    assert service.confirm(package["id"]).is_success
    pages += [get(service, package)]

    states = ["open", "opted_out", "opted_in", "opted_in", "expired", "confirmed"]
    assert [state_in(page) for page in pages] == states
    assert shown_again(service, package["id"]) == [page.content for page in pages]
    assert [fact["state"] for fact in facts(service, package["id"])] == states


def test_a_choice_stands_between_what_was_seen_before_it_and_after(service: Service) -> None:
    package = service.quote()
    get(service, package)

    service.choose(package, "opted_out", headers=HTMX)

    leaves = service.run(service.storage.list_evidence, "acme", package["id"])
    kinds = [leaf.kind for leaf in leaves]
    assert kinds == ["offer_made", "offer_shown", "choice_made", "offer_shown"]


def test_a_plain_form_post_shows_nothing_and_the_page_after_it_does(service: Service) -> None:
    package = service.quote()

    service.choose(package, "opted_out")
    assert facts(service, package["id"]) == []

    page = get(service, package)
    assert shown_again(service, package["id"]) == [page.content]


def test_a_page_that_is_loaded_a_thousand_times_is_kept_once(
    service: Service, clock: Clock
) -> None:
    package = service.quote()
    first = get(service, package)

    bodies = set()
    for number in range(1000):
        clock.move(seconds=1)
        query = {"locale": ("en", "de")[number % 2], "return_to": f"https://shop.test/{number}"}
        bodies.add(get(service, package, params=query if number % 4 else {}).content)

    assert len(bodies) == 1000
    kept = shown_again(service, package["id"])
    assert kept[0] == first.content
    assert [fact["locale"] for fact in facts(service, package["id"])] == ["en", "de", "en"]


def test_renewed_premiums_are_shown_as_another_offer(service: Service, clock: Clock) -> None:
    package = service.quote()
    get(service, package)
    clock.move(minutes=31)

    page = service.client.post(f"/offer/{package['offer_token']}/renew", headers=HTMX)

    offer_id = page.text.split('data-offer-id="')[1][:15]
    assert offer_id != package["id"]
    assert shown_again(service, offer_id) == [page.content]


def test_what_is_no_offer_is_no_evidence(service: Service) -> None:
    package = service.quote()
    assert service.call("POST", f"bookings/{package['id']}/opt_out").is_success

    page = get(service, package)

    assert state_in(page) == "unavailable"
    assert facts(service, package["id"]) == []


class ForgetfulStorage(SqliteStorage):
    """Keeps everything but what is shown."""

    async def save_showing(self, showing: Showing) -> bool:
        """Fail, as on a full disk."""
        raise StorageUnavailable(f"The disk has no room for {showing.content}.")


def test_an_offer_whose_showing_cannot_be_kept_is_not_shown_and_the_checkout_goes_on(
    storage: SqliteStorage, clock: Clock
) -> None:
    forgetful = ForgetfulStorage(str(storage._path), clock=clock)
    with running_service(forgetful) as service:
        package = service.quote()

        page = get(service, package)

    assert page.status_code == 200
    assert state_in(page) == "unavailable"
    assert 'data-reason="temporarily_unavailable"' in page.text


def test_the_content_security_policy_has_the_nonce_of_the_page(service: Service) -> None:
    page = get(service, service.quote())

    nonce = page.text.split('nonce="')[1].split('"')[0]
    assert f"script-src 'nonce-{nonce}'" in page.headers["Content-Security-Policy"]
    assert "\ufdd0" not in page.text

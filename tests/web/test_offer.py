"""The offer as a shopper's browser asks for it: pages, fragments, answers."""

from __future__ import annotations

import json
import re
from html import unescape
from typing import Any

import httpx2
import pytest

from tests.builders import (
    PARTNER_KEY,
    a_key,
    a_leg,
    a_partner,
    a_purchase,
    a_trip,
    purchase_json,
)
from tests.fakes import Clock, SilentUpstream
from tests.service import Service, running_service, state_in
from widget.partners import Mode, secret_of
from widget.seals import sign_purchase
from widget.storage.sqlite import SqliteStorage

LIVE = a_key(mode=Mode.LIVE, random="livelivelive1234")

HTMX = {"HX-Request": "true"}


def attribute(page: httpx2.Response, name: str) -> str:
    """Return a `data-` attribute of the offer."""
    found = re.search(rf'\bdata-{name}="([^"]*)"', page.text)
    assert found is not None, page.text
    return unescape(found[1])


def token_in(page: httpx2.Response) -> str:
    """Return the offer's token, which is in its addresses."""
    found = re.search(r"/offer/([\w.-]+)", page.text)
    assert found is not None, page.text
    return found[1]


def signed(key: Any = None, purchase: dict[str, Any] | None = None) -> str:
    key = key or a_key()
    secret = secret_of(key, [PARTNER_KEY.encode()]) or ""
    return sign_purchase(key.key_id, secret, json.dumps(purchase or purchase_json()).encode())


def opened(service: Service, purchase: str, path: str = "/open/acme") -> httpx2.Response:
    return service.client.get(path, params={"purchase": purchase})


def choose(service: Service, page: httpx2.Response, choice: str, **options: Any) -> httpx2.Response:
    address = f"/offer/{token_in(page)}/choice"
    options.setdefault("follow_redirects", False)
    return service.client.post(address, data={"choice": choice}, **options)


def first_plan(page: httpx2.Response) -> str:
    found = re.search(r'value="([0-9a-f-]{36})"', page.text)
    assert found is not None, page.text
    return found[1]


# -- opening


def test_a_signed_purchase_opens_the_offer(service: Service) -> None:
    page = service.open()

    assert page.status_code == 200
    assert state_in(page) == "open"
    assert "Would you like cover for this trip?" in page.text


def test_an_unsigned_purchase_opens_the_offer_with_a_test_key(service: Service) -> None:
    page = opened(service, f"{a_key().key_id}.{json.dumps(purchase_json())}")

    assert page.status_code == 200
    assert state_in(page) == "open"


def test_the_address_from_the_quote_api_opens_the_offer(service: Service) -> None:
    package = service.quote()

    page = service.client.get(package["offer_url"])

    assert page.status_code == 200
    assert state_in(page) == "open"
    assert attribute(page, "offer-id") == package["id"]


def test_all_three_ways_lead_to_the_same_offer(service: Service) -> None:
    package = service.quote()
    pages = [
        service.open(),
        opened(service, f"{a_key().key_id}.{json.dumps(purchase_json())}"),
        service.client.get(package["offer_url"]),
    ]

    assert {attribute(page, "offer-id") for page in pages} == {package["id"]}


def test_opening_again_shows_the_answer_that_was_given(service: Service) -> None:
    choose(service, service.open(), "opted_out")

    assert state_in(service.open()) == "opted_out"


def test_a_live_purchase_that_is_signed_opens_the_offer(service: Service) -> None:
    service.add(a_partner(), LIVE)

    page = opened(service, signed(LIVE))

    assert page.status_code == 200
    assert "Test mode" not in page.text


def test_a_test_offer_says_that_it_is_one(service: Service) -> None:
    assert "Test mode" in service.open().text


def test_an_unsigned_purchase_with_a_live_key_is_refused(service: Service) -> None:
    service.add(a_partner(), LIVE)

    page = opened(service, f"{LIVE.key_id}.{json.dumps(purchase_json())}")

    assert page.status_code == 403
    assert attribute(page, "reason") == "access_denied"


@pytest.mark.parametrize("mode", [Mode.TEST, Mode.LIVE])
def test_a_purchase_with_a_wrong_signature_is_refused(service: Service, mode: Mode) -> None:
    key = a_key() if mode is Mode.TEST else LIVE
    service.add(a_partner(), LIVE)
    body, _, mac = signed(key).rpartition(".")

    page = opened(service, f"{body}.{mac[::-1]}")

    assert page.status_code == 403
    assert attribute(page, "reason") == "access_denied"


def test_a_purchase_that_was_changed_after_signing_is_refused(service: Service) -> None:
    other = signed(purchase=purchase_json(trip={"total_tickets_price": 20.0})).split(".")
    mac = signed().rpartition(".")[2]

    page = opened(service, ".".join([*other[:2], mac]))

    assert page.status_code == 403


def test_a_purchase_signed_by_another_partner_is_refused(service: Service) -> None:
    globex = a_key("globex", random="globexglobex1234")
    service.add(a_partner("globex"), globex)

    page = opened(service, signed(globex))

    assert page.status_code == 404


@pytest.mark.parametrize("path", ["/open/initech", "/open/initech/fragment", "/open/%00"])
def test_a_partner_that_does_not_exist_has_no_offers(service: Service, path: str) -> None:
    page = opened(service, signed(), path)

    assert page.status_code == 404
    assert state_in(page) == "unavailable"


@pytest.mark.parametrize(
    "purchase", ["", "rubbish", "pk_test_abcdefgh12345678.", "a.b.c", "x" * 17_000]
)
def test_a_purchase_that_is_none_is_refused(service: Service, purchase: str) -> None:
    page = opened(service, purchase)

    assert page.status_code == 400
    assert state_in(page) == "unavailable"


def test_a_purchase_in_a_page_needs_a_reference(service: Service) -> None:
    purchase = purchase_json()
    del purchase["partner_reference"]

    page = opened(service, signed(purchase=purchase))

    assert page.status_code == 422
    assert "partner_reference" in page.text


def test_a_developer_reads_which_fields_are_at_fault_in_test_mode(service: Service) -> None:
    page = opened(service, signed(purchase=purchase_json(trip={"number_of_adults": 200})))

    assert page.status_code == 422
    assert "request.0.number_of_adults" in page.text


def test_a_shopper_reads_one_sentence_in_live_mode(service: Service) -> None:
    service.add(a_partner(), LIVE)

    page = opened(service, signed(LIVE, purchase_json(trip={"number_of_adults": 200})))

    assert page.status_code == 422
    assert "You can go on without it." in page.text
    assert "number_of_adults" not in page.text


def test_the_checkout_goes_on_when_no_premium_can_be_had(storage: SqliteStorage) -> None:
    with running_service(storage, upstream=SilentUpstream()) as service:
        page = service.open()

    assert page.status_code == 200
    assert state_in(page) == "unavailable"
    assert attribute(page, "reason") == "temporarily_unavailable"
    assert "offer__status" not in page.text  # nothing is said, and nothing is in the way


def test_the_checkout_goes_on_when_the_database_is_away(service: Service) -> None:
    shown = service.quote()["offer_url"]
    service.run(service.storage.close)

    for page in (service.open(), service.client.get(shown)):
        assert page.status_code in {200, 503}
        assert state_in(page) == "unavailable"
        assert attribute(page, "reason") == "temporarily_unavailable"


@pytest.mark.parametrize(
    ("path", "is_page"),
    [("/open/acme", True), ("/open/acme/fragment", False)],
)
def test_an_offer_opens_as_a_page_or_as_a_fragment(
    service: Service,
    path: str,
    is_page: bool,  # noqa: FBT001 - pytest passes it by name
) -> None:
    answer = opened(service, signed(), path)

    assert ("<!doctype html>" in answer.text) is is_page
    assert ("shadowrootmode" in answer.text) is not is_page
    assert state_in(answer) == "open"


def test_a_fragment_needs_no_script(service: Service) -> None:
    fragment = opened(service, signed(), "/open/acme/fragment").text

    assert "hx-" not in fragment
    assert "<script" not in fragment
    assert 'method="post"' in fragment


def test_an_offer_with_flights_and_offsets_opens_again_as_the_same(service: Service) -> None:
    trip = a_purchase(trip=a_trip(legs=(a_leg(),))).items[0].subject
    leg = trip.facts.legs[0]
    flight = {
        "legs": [
            {
                "flight_number": leg.flight_number,
                "departure_airport": leg.departure_airport,
                "arrival_airport": leg.arrival_airport,
                "departure_datetime": leg.departs_at.isoformat(),
                "arrival_datetime": leg.arrives_at.isoformat(),
            }
        ]
    }
    purchase = purchase_json(
        trip={"flights": [flight], "trip_end_date": "2027-06-06T12:00:00+05:30"}
    )

    pages = [opened(service, signed(purchase=purchase)) for _ in range(2)]

    assert len({attribute(page, "offer-id") for page in pages}) == 1


# -- the language


@pytest.mark.parametrize(
    ("locale", "lang"), [("de", "de"), ("de-AT", "de"), ("en", "en"), ("tlh", "en"), ("../x", "en")]
)
def test_the_page_may_ask_for_a_language(service: Service, locale: str, lang: str) -> None:
    assert f'<html lang="{lang}"' in service.open(locale=locale).text


def test_otherwise_the_purchase_decides_on_the_language(service: Service) -> None:
    assert '<html lang="de"' in service.open(purchase_json(customer_language="de-DE")).text


def test_an_answer_remembers_the_language_that_it_was_given_in(service: Service) -> None:
    package = service.quote()

    service.choose(package, "opted_out", params={"locale": "de"})

    offer = service.run(service.storage.find_offer, "acme", package["id"])
    assert offer.chosen_locale == "de"


# -- answering


def test_a_plain_post_leads_on_to_a_page_that_can_be_reloaded(service: Service) -> None:
    page = service.open()

    answer = choose(service, page, first_plan(page))

    assert answer.status_code == 303
    shown = service.client.get(answer.headers["Location"])
    assert state_in(shown) == "opted_in"


def test_htmx_gets_the_part_that_it_swaps(service: Service) -> None:
    page = service.open()

    answer = choose(service, page, first_plan(page), headers=HTMX)

    assert answer.status_code == 200
    assert answer.text.lstrip().startswith("<section")
    assert state_in(answer) == "opted_in"
    assert attribute(answer, "token")


@pytest.mark.parametrize(
    ("choice", "state"), [("opted_out", "opted_out"), ("open", "open"), ("first", "opted_in")]
)
def test_each_answer_has_its_state(service: Service, choice: str, state: str) -> None:
    page = service.open()

    answer = choose(service, page, first_plan(page) if choice == "first" else choice, headers=HTMX)

    assert state_in(answer) == state
    assert bool(attribute(answer, "token")) == (state != "open")
    assert bool(attribute(answer, "amount")) == (state == "opted_in")


def test_the_page_around_is_told_what_to_add_to_its_total(service: Service) -> None:
    page = service.open()
    package = service.quote()

    answer = choose(service, page, package["quotes"]["0"]["id"], headers=HTMX)

    assert attribute(answer, "amount") == str(package["quotes"]["0"]["price"])
    assert attribute(answer, "currency") == "EUR"
    assert attribute(answer, "premium") == package["quotes"]["0"]["price_formatted"]
    assert attribute(answer, "plan") == "Cancellation"
    assert attribute(answer, "token") == service.package(package["id"])["quote_token"]


def test_an_offer_that_htmx_asks_for_again_is_the_part_that_it_swaps(service: Service) -> None:
    package = service.quote()

    answer = service.client.get(package["offer_url"], headers=HTMX)

    assert answer.text.lstrip().startswith("<section")


@pytest.mark.parametrize("choice", ["rubbish", "", "q-1", "opted_in", "💣", "\x00", "x" * 5000])
def test_an_answer_that_was_not_offered_is_asked_again(service: Service, choice: str) -> None:
    answer = choose(service, service.open(), choice, headers=HTMX)

    assert answer.status_code == 422
    assert state_in(answer) == "open"
    assert "Please choose one of the answers." in answer.text


def test_an_answer_without_a_choice_is_asked_again(service: Service) -> None:
    address = f"/offer/{token_in(service.open())}/choice"

    answer = service.client.post(address)

    assert answer.status_code == 422
    assert "Please choose one of the answers." in answer.text


def test_an_answer_that_cannot_be_stored_does_not_look_stored(service: Service) -> None:
    page = service.open()
    assert service.storage._writing is not None
    service.storage._writing.execute("PRAGMA query_only = ON")

    answer = choose(service, page, "opted_out", headers=HTMX)

    assert answer.status_code == 503
    assert "data-token" not in answer.text


@pytest.mark.parametrize("field", ["card_number", "choice2", "hx-request"])
def test_a_field_of_another_form_is_refused_and_not_repeated(service: Service, field: str) -> None:
    address = f"/offer/{token_in(service.open())}/choice"
    form = {"choice": "opted_out", field: "4111111111111111"}

    answer = service.client.post(address, data=form, follow_redirects=False)

    assert answer.status_code == 400
    assert "4111111111111111" not in answer.text
    assert state_in(service.open()) == "open"


@pytest.mark.parametrize(
    "options",
    [
        {"data": {f"field-{number}": "x" for number in range(30)}},
        {"json": {"choice": "opted_out"}},
        {"files": {"choice": ("a.txt", b"opted_out")}},
        {"content": b"choice=opted_out", "headers": {"Content-Type": "text/plain"}},
    ],
    ids=["too many fields", "json", "a file", "text"],
)
def test_an_answer_in_another_form_is_refused_as_a_page(
    service: Service, options: dict[str, Any]
) -> None:
    address = f"/offer/{token_in(service.open())}/choice"

    answer = service.client.post(address, **options)

    assert answer.status_code == 400
    assert answer.headers["Content-Type"].startswith("text/html")
    assert state_in(answer) == "unavailable"
    assert state_in(service.open()) == "open"


@pytest.mark.parametrize("token", ["rubbish", "a.b", "%00", "x" * 600])
@pytest.mark.parametrize("path", ["", "/fragment", "/choice", "/renew"])
def test_a_token_that_is_none_shows_no_offer(service: Service, token: str, path: str) -> None:
    method = "POST" if path in {"/choice", "/renew"} else "GET"

    page = service.client.request(method, f"/offer/{token}{path}")

    assert page.status_code == 422
    assert state_in(page) == "unavailable"


# -- who may answer


@pytest.mark.parametrize("origin", ["https://cover.test", "https://shop.test", None])
@pytest.mark.parametrize("deed", ["choice", "renew"])
def test_our_own_page_and_the_partners_may_answer(
    service: Service, deed: str, origin: str | None
) -> None:
    headers = HTMX | ({"Origin": origin} if origin else {})
    address = f"/offer/{token_in(service.open())}/{deed}"
    form = {"choice": "opted_out"} if deed == "choice" else {}

    assert service.client.post(address, data=form, headers=headers).status_code == 200


@pytest.mark.parametrize(
    "origin",
    ["https://evil.test", "null", "http://shop.test", "https://shop.test:8443", "https://shop.tes"],
)
@pytest.mark.parametrize("deed", ["choice", "renew"])
def test_a_page_of_another_origin_may_not(service: Service, deed: str, origin: str) -> None:
    address = f"/offer/{token_in(service.open())}/{deed}"
    form = {"choice": "opted_out"} if deed == "choice" else {}

    answer = service.client.post(address, data=form, headers={"Origin": origin} | HTMX)

    assert answer.status_code == 403
    assert attribute(answer, "reason") == "access_denied"
    assert state_in(service.open()) == "open"


# -- coming back to the partner's page


def test_a_plain_post_leads_back_to_the_partners_page(service: Service) -> None:
    there = "https://shop.test/checkout?step=2"
    page = service.open(return_to=there)
    assert there in unescape(page.text)

    answer = service.client.post(
        f"/offer/{token_in(page)}/choice",
        data={"choice": "opted_out", "return_to": there},
        follow_redirects=False,
    )

    assert answer.status_code == 303
    assert answer.headers["Location"] == there


ELSEWHERE = [
    "https://evil.test/",
    "https://shop.test.evil.test/",
    "https://shop.test@evil.test/",
    "https://shop.test",
    "https://shop.test:8443/",
    "http://shop.test/",
    "//shop.test/",
    "/checkout",
    "javascript:alert(1)//https://shop.test/",
    "https://shop.test\\@evil.test/",
    "HTTPS://SHOP.TEST/",
]


@pytest.mark.parametrize("there", ELSEWHERE)
@pytest.mark.parametrize("deed", ["choice", "renew"])
def test_a_plain_post_leads_nowhere_else(service: Service, deed: str, there: str) -> None:
    page = service.open(return_to=there)
    assert 'name="return_to"' not in page.text
    form = {"return_to": there} | ({"choice": "opted_out"} if deed == "choice" else {})

    answer = service.client.post(
        f"/offer/{token_in(page)}/{deed}", data=form, follow_redirects=False
    )

    assert answer.status_code == 303
    assert answer.headers["Location"].startswith("https://cover.test/offer/")


@pytest.mark.parametrize("there", ["https://shop.test/\r\nX-Evil: 1", "https://shop.test/\n"])
def test_an_address_with_a_line_break_adds_no_header(service: Service, there: str) -> None:
    answer = service.client.post(
        f"/offer/{token_in(service.open())}/choice",
        data={"choice": "opted_out", "return_to": there},
        follow_redirects=False,
    )

    assert "X-Evil" not in answer.headers
    assert answer.headers["Location"].startswith(("https://shop.test/", "https://cover.test/"))


# -- later


def test_an_expired_offer_asks_again(service: Service, clock: Clock) -> None:
    package = service.quote()
    clock.move(minutes=30)

    page = service.client.get(package["offer_url"])

    assert page.status_code == 200
    assert state_in(page) == "expired"
    assert attribute(page, "token") == ""
    assert attribute(page, "expires-in-s") == "0"
    assert "/renew" in page.text


def test_an_answer_to_an_expired_offer_shows_that_it_has_expired(
    service: Service, clock: Clock
) -> None:
    page = service.open()
    clock.move(minutes=30)

    answer = choose(service, page, first_plan(page), headers=HTMX)

    assert answer.status_code == 200
    assert state_in(answer) == "expired"


def test_asking_again_prices_the_same_purchase_anew(service: Service, clock: Clock) -> None:
    page = service.open()
    clock.move(minutes=30)

    renewed = service.client.post(f"/offer/{token_in(page)}/renew", headers=HTMX)

    assert state_in(renewed) == "open"
    assert attribute(renewed, "offer-id") != attribute(page, "offer-id")
    assert attribute(renewed, "expires-in-s") == "1800"
    assert attribute(service.open(), "offer-id") == attribute(renewed, "offer-id")


def test_asking_again_in_a_plain_page_leads_to_the_new_offer(
    service: Service, clock: Clock
) -> None:
    page = service.open()
    clock.move(minutes=30)

    answer = service.client.post(f"/offer/{token_in(page)}/renew", follow_redirects=False)

    assert answer.status_code == 303
    assert state_in(service.client.get(answer.headers["Location"])) == "open"


def test_asking_again_twice_leads_to_one_offer(service: Service, clock: Clock) -> None:
    page = service.open()
    clock.move(minutes=30)
    address = f"/offer/{token_in(page)}/renew"

    renewed = [service.client.post(address, headers=HTMX) for _ in range(2)]

    assert len({attribute(answer, "offer-id") for answer in renewed}) == 1


def test_asking_again_too_early_keeps_the_offer(service: Service) -> None:
    page = service.open()

    renewed = service.client.post(f"/offer/{token_in(page)}/renew", headers=HTMX)

    assert attribute(renewed, "offer-id") == attribute(page, "offer-id")


def test_asking_again_after_the_trip_began_says_that_there_is_no_cover(
    service: Service, clock: Clock
) -> None:
    page = service.open()
    clock.move(days=100)

    renewed = service.client.post(f"/offer/{token_in(page)}/renew", headers=HTMX)

    assert renewed.status_code == 422
    assert state_in(renewed) == "unavailable"


def test_a_confirmed_offer_shows_its_policies(service: Service, clock: Clock) -> None:
    package = service.quote()
    service.choose_first(package)
    booking = service.confirm(package["id"]).json()
    clock.move(days=30)

    page = service.client.get(package["offer_url"])

    assert state_in(page) == "confirmed"
    assert booking["quotes"][0]["policy_number"] in page.text
    assert "<form" not in page.text


def test_an_answer_to_a_confirmed_offer_shows_that_it_is_confirmed(service: Service) -> None:
    package = service.quote()
    service.choose_first(package)
    service.confirm(package["id"])

    answer = service.client.post(
        f"/offer/{package['offer_token']}/choice", data={"choice": "opted_out"}, headers=HTMX
    )

    assert answer.status_code == 200
    assert state_in(answer) == "confirmed"


def test_an_offer_that_the_partner_declined_says_so(service: Service) -> None:
    package = service.quote()
    service.call("POST", f"bookings/{package['id']}/opt_out")

    page = service.client.get(package["offer_url"])

    assert state_in(page) == "unavailable"
    assert attribute(page, "reason") == "offer_declined"
    assert "You have booked without cover." in page.text


def test_an_offer_that_was_declined_is_not_renewed(service: Service, clock: Clock) -> None:
    package = service.quote()
    service.call("POST", f"bookings/{package['id']}/opt_out")
    clock.move(minutes=31)

    page = service.client.post(f"/offer/{package['offer_token']}/renew", follow_redirects=True)

    assert state_in(page) == "unavailable"
    assert "You have booked without cover." in page.text


def test_an_include_in_a_page_that_hides_its_origin_is_answered(service: Service) -> None:
    package = service.quote()
    address = f"/offer/{package['offer_token']}/choice"
    answer = {"choice": "opted_out", "return_to": "https://shop.test/checkout"}

    response = service.client.post(
        address, data=answer, headers={"Origin": "null"}, follow_redirects=False
    )

    assert response.headers["location"] == "https://shop.test/checkout"
    assert service.package(package["id"])["choice"] == "opted_out"


def test_a_page_that_leads_back_may_be_led_back_to(service: Service) -> None:
    package = service.quote()
    address = f"/offer/{package['offer_token']}/choice"

    response = service.client.post(address, data={"return_to": "https://shop.test/checkout"})

    assert response.status_code == 422
    policy = response.headers["content-security-policy"]
    assert "form-action 'self' https://shop.test;" in policy

"""The customer's own page: what it shows, who it opens for, and how policies are ended on it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from html import unescape
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest

from tests.builders import (
    TOKEN_KEY,
    a_partner,
    policyholder_json,
    purchase_json,
    some_settings,
)
from tests.fakes import Clock, Postbox
from tests.service import Service, running_service
from tests.stages import MoodyHouse, Sale, a_sale, failed, pending, renewed, unpaid
from widget.app import load_catalogue
from widget.errors import StorageUnavailable
from widget.messages import Kind
from widget.news import News, read_news
from widget.partners import Mode, Webhook
from widget.storage.sqlite import SqliteStorage
from widget.tokens import AccountToken, issue_account_token
from widget.witnesses import Witness

KEYS = [TOKEN_KEY.encode()]

OURS = {"Origin": "https://cover.test"}


def sold(service: Service, count: int = 1, **body: Any) -> dict[str, Any]:
    """Return a booking of so many trips, each with a policy of its own."""
    trip = {**purchase_json()["request"][0], "policy_code": "cancellation"}
    reference = body.get("partner_transaction_id", "CHK-1")
    package = service.quote(request=[trip] * count, partner_reference=reference)
    quotes = [{"id": quote["id"]} for quote in package["quotes"].values()]
    body = {"quotes": quotes, "policyholder": policyholder_json(), **body}
    answer = service.call("POST", f"bookings/{package['id']}/", json=body)
    assert answer.status_code == 200, answer.text
    booking: dict[str, Any] = answer.json()
    return booking


def read(service: Service, booking: dict[str, Any]) -> dict[str, Any]:
    answer: dict[str, Any] = service.call("GET", f"bookings/{booking['id']}/").json()
    return answer


def visible(page: httpx2.Response) -> str:
    """Return what somebody reads of a page."""
    body = page.text.partition("<body>")[2]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", body)).split())


def links(page: httpx2.Response, label: str) -> list[str]:
    """Return where the links of a name lead to."""
    found = re.findall(r'<a[^>]*href="([^"]+)"[^>]*>([^<]+)</a>', page.text)
    return [unescape(address) for address, name in found if unescape(name) == label]


def asked(service: Service, booking: dict[str, Any], place: int = 0) -> httpx2.Response:
    """Return the page that asks whether to withdraw from one of the policies."""
    account = service.client.get(booking["account_url"])
    return service.client.get(links(account, "Withdraw from contract here")[place])


def confirm(service: Service, page: httpx2.Response, **given: Any) -> httpx2.Response:
    """Press the one button of the page that asks."""
    (action,) = re.findall(r'<form[^>]*action="([^"]+)"', page.text)
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page.text))
    options: dict[str, Any] = {"headers": OURS, "data": fields, "follow_redirects": False, **given}
    return service.client.post(unescape(action), **options)


def statuses(service: Service, booking: dict[str, Any]) -> list[str]:
    return [quote["status"] for quote in read(service, booking)["quotes"]]


# -- what it shows


def test_the_page_shows_the_policy_and_what_can_be_done(service: Service) -> None:
    insured = [{"first_name": "Ada", "last_name": "Muster"}]
    package = service.quote()
    quotes = [{"id": package["quotes"]["0"]["id"], "insured": insured}]
    booking = service.confirm(package["id"], quotes=quotes).json()

    page = service.client.get(booking["account_url"])

    seen = visible(page)
    assert page.status_code == 200
    assert booking["quotes"][0]["policy_number"] in seen
    assert booking["total_price_formatted"] in seen
    assert booking["total_tax_formatted"] in seen
    assert "Taken out at Acme Travel" in seen
    assert "Insured by name Ada Muster" in seen
    assert "2 adults" in seen
    assert "You can withdraw from this contract until 15 March 2027" in seen
    assert "care@northgate.example" in seen
    assert "Test: this is not a policy" in seen


def test_every_link_of_the_page_leads_somewhere(service: Service) -> None:
    page = service.client.get(sold(service)["account_url"])

    found = {unescape(link) for link in re.findall(r'href="(https[^"]+)"', page.text)}

    assert len(found) >= 5
    for link in found:
        assert service.client.get(link).status_code == 200, link


def test_the_page_speaks_the_customers_language(service: Service) -> None:
    package = service.quote(customer_language="de")
    quotes = [{"id": package["quotes"]["0"]["id"]}]
    body = {"quotes": quotes, "policyholder": policyholder_json()}
    booking = service.call("POST", f"bookings/{package['id']}/", json=body).json()

    page = service.client.get(booking["account_url"])
    question = service.client.get(links(page, "Vertrag hier widerrufen")[0])

    assert '<html lang="de"' in page.text
    assert "Widerruf bestätigen" in visible(question)


def test_no_cache_frame_script_or_search_engine_gets_hold_of_it(service: Service) -> None:
    page = service.client.get(sold(service)["account_url"])

    policy = page.headers["Content-Security-Policy"]
    assert page.headers["Cache-Control"] == "no-store"
    assert "noindex" in page.headers["X-Robots-Tag"]
    assert page.headers["Referrer-Policy"] == "same-origin"
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert "frame-ancestors 'none'" in policy
    assert "set-cookie" not in page.headers
    assert "<script" not in page.text


def test_a_name_on_the_page_is_text_and_nothing_else(service: Service) -> None:
    name = "<img src=x onerror=alert(1)>"
    booking = sold(service, policyholder=policyholder_json(first_name=name))

    page = service.client.get(booking["account_url"])

    assert "<img" not in page.text
    assert name in visible(page)


@pytest.mark.parametrize(
    ("stage", "sentence"),
    [
        (pending, "Your policy is being issued."),
        (unpaid, "Nothing is insured yet."),
        (failed, "The policy could not be issued, and nothing is insured."),
        (renewed, "A policy for the next term follows on this one."),
    ],
)
def test_every_status_of_a_booking_has_its_words(
    storage: SqliteStorage, clock: Clock, stage: Callable[[Sale], None], sentence: str
) -> None:
    upstream = MoodyHouse(load_catalogue(some_settings()))
    with running_service(storage, upstream=upstream) as service:
        sale = a_sale(service, clock, upstream)
        stage(sale)
        booking = read(service, {"id": sale.id})

        page = service.client.get(booking["account_url"])

    assert page.status_code == 200
    assert sentence in visible(page)


# -- for whom it opens


def test_whoever_has_another_token_learns_nothing(service: Service) -> None:
    booking = sold(service)
    token = urlsplit(booking["account_url"]).path.split("/")[2]
    certificate = urlsplit(booking["coi"]["url"]).path.split("/")[2]
    own = AccountToken(Mode.TEST, "acme", booking["id"])
    forged = [
        token[:-1] + ("A" if token[-1] != "A" else "B"),
        token.rpartition(".")[0],
        token + "=",
        certificate,
        service.package(booking["id"])["offer_token"],
        issue_account_token(own, [b"another-key-" + b"x" * 32]),
        issue_account_token(replace(own, mode=Mode.LIVE), KEYS),
        issue_account_token(replace(own, partner_code="globex"), KEYS),
        issue_account_token(replace(own, booking_id="ZZZZZ-ZZZZZ-INS"), KEYS),
        "rubbish",
    ]

    answers = [
        service.client.request(method, f"/policy/{text}{rest}", headers=OURS)
        for text in forged
        for method, rest in (("GET", ""), ("GET", "/withdraw"), ("POST", "/withdraw"))
    ]

    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.content for answer in answers}) == 1
    assert statuses(service, booking) == ["CONFIRMED"]
    assert service.client.get(f"/policy/{token}").status_code == 200


def test_an_account_token_opens_no_certificate(service: Service) -> None:
    booking = sold(service)
    token = urlsplit(booking["account_url"]).path.split("/")[2]

    page = service.client.get(f"/policies/{token}/{booking['quotes'][0]['policy_number']}")

    assert page.status_code == 404


def test_another_bookings_policy_cannot_be_named(service: Service) -> None:
    first, other = sold(service), sold(service, partner_transaction_id="ORDER-2")
    address = first["account_url"].partition("?")[0]

    number = other["quotes"][0]["policy_number"]
    page = service.client.get(f"{address}/withdraw/{number}")

    assert page.status_code == 404


# -- withdrawing


def test_a_customer_withdraws_in_two_clicks(
    service: Service, postbox: Postbox, clock: Clock
) -> None:
    booking = sold(service)
    clock.move(days=3)

    question = asked(service, booking)
    answer = confirm(service, question)
    done = service.client.get(answer.headers["Location"])

    assert "Nothing has ended yet." in visible(question)
    assert f"You get back {booking['total_price_formatted']}" in visible(question)
    assert "Acme Travel pays it back to you" in visible(question)
    assert "a…@customer.example" in visible(question)
    assert answer.status_code == 303
    assert "You have withdrawn" in visible(done)
    assert "4 Mar 2027, 12:00:00" in visible(done)
    assert booking["total_price_formatted"] in visible(done)
    assert read(service, booking)["status"] == "CANCELLED"
    message, told, _ = postbox.wait_for_kind(Kind.POLICY_CANCELLATION)
    assert read_news(message.body).by is Witness.SHOPPER
    assert told.policies[0].refund == told.policies[0].quote.premium


def test_looking_ends_nothing_and_stores_nothing(service: Service) -> None:
    booking = sold(service)
    before = kinds(service, booking)

    for _ in range(3):
        asked(service, booking)
    service.client.head(links(asked_account(service, booking), "Withdraw from contract here")[0])

    assert statuses(service, booking) == ["CONFIRMED"]
    assert kinds(service, booking) == before


def asked_account(service: Service, booking: dict[str, Any]) -> httpx2.Response:
    return service.client.get(booking["account_url"])


def kinds(service: Service, booking: dict[str, Any]) -> list[str]:
    leaves = service.run(service.storage.list_evidence, "acme", booking["id"])
    return [leaf.kind for leaf in leaves]


def test_the_evidence_says_that_the_customer_did_it(service: Service) -> None:
    booking, other = sold(service), sold(service, partner_transaction_id="ORDER-2")

    confirm(service, asked(service, booking))
    service.call("POST", f"bookings/{other['id']}/cancel", json={})

    leaves = {
        one["id"]: service.run(service.storage.list_evidence, "acme", one["id"])[-1]
        for one in (booking, other)
    }
    assert '"by":"shopper"' in leaves[booking["id"]].body
    assert '"by":"partner"' in leaves[other["id"]].body
    assert leaves[booking["id"]].kind == "booking_amended"


def test_the_partner_is_told_of_it(service: Service, postbox: Postbox) -> None:
    hook = Webhook(Mode.TEST, "https://shop.test/hooks", ())
    service.add(a_partner(webhooks=(hook,)))
    booking = sold(service)

    confirm(service, asked(service, booking))

    postbox.wait_for(4)
    bodies = [message.body for message, _, _ in postbox.taken if message.kind is Kind.WEBHOOK]
    assert any('"event":"BOOKING_CANCELLED"' in body for body in bodies)


def test_who_confirms_twice_withdraws_once(service: Service, postbox: Postbox) -> None:
    booking = sold(service)
    question, other_tab = asked(service, booking), asked(service, booking)

    answers = [confirm(service, question), confirm(service, question), confirm(service, other_tab)]

    places = {answer.headers["Location"] for answer in answers}
    assert {answer.status_code for answer in answers} == {303}
    assert len(places) == 1
    assert "You have withdrawn" in visible(service.client.get(places.pop()))
    assert kinds(service, booking).count("booking_amended") == 1
    postbox.wait_for(2)
    assert len(postbox.taken) == 2


def test_one_of_two_policies_ends_and_the_other_goes_on(service: Service, postbox: Postbox) -> None:
    booking = sold(service, 2)
    numbers = [quote["policy_number"] for quote in booking["quotes"]]

    answer = confirm(service, asked(service, booking, 1))

    done = visible(service.client.get(answer.headers["Location"]))
    assert numbers[1] in done
    assert numbers[0] not in done
    assert statuses(service, booking) == ["CONFIRMED", "CANCELLED"]
    message, _, _ = postbox.wait_for_kind(Kind.POLICY_CANCELLATION)
    assert read_news(message.body).ended == (numbers[1],)


def test_all_policies_end_together(service: Service) -> None:
    booking = sold(service, 3)
    account = service.client.get(booking["account_url"])
    (address,) = links(account, "Withdraw from all contracts here")

    question = service.client.get(address)
    answer = confirm(service, question)

    assert f"You get back {booking['total_price_formatted']}" in visible(question)
    assert answer.status_code == 303
    assert statuses(service, booking) == ["CANCELLED"] * 3
    account = service.client.get(booking["account_url"])
    assert links(account, "Withdraw from all contracts here") == []
    assert links(account, "Withdraw from contract here") == []


def test_a_single_policy_has_no_button_for_all(service: Service) -> None:
    page = service.client.get(sold(service)["account_url"])

    assert "all contracts" not in visible(page)


def test_after_the_withdrawal_the_product_decides_and_says_so_before(
    service: Service, clock: Clock
) -> None:
    booking = sold(service)
    clock.move(days=15)

    account = service.client.get(booking["account_url"])
    question = service.client.get(links(account, "Cancel this policy")[0])
    done = service.client.get(confirm(service, question).headers["Location"])

    assert links(account, "Withdraw from contract here") == []
    assert "nothing of the premium is paid back" in visible(account)
    assert "You get back €0.00 Nothing is paid back." in visible(question)
    assert "Your policy is cancelled" in visible(done)


def test_a_refund_that_has_changed_is_shown_again_before_anything_ends(
    service: Service, clock: Clock
) -> None:
    booking = sold(service)
    question = asked(service, booking)
    clock.move(days=15)

    again = confirm(service, question)

    assert again.status_code == 409
    assert "What is paid back has changed since you looked." in visible(again)
    assert "You get back €0.00" in visible(again)
    assert statuses(service, booking) == ["CONFIRMED"]
    assert confirm(service, again).status_code == 303
    assert statuses(service, booking) == ["CANCELLED"]


@pytest.mark.parametrize("shown", ["", "-1", "1e3", "9" * 40, "€48.92", "4893"])
def test_what_nobody_was_shown_is_not_agreed_to(service: Service, shown: str) -> None:
    booking = sold(service)

    answer = confirm(service, asked(service, booking), data={"refund": shown})

    assert answer.status_code == 409
    assert statuses(service, booking) == ["CONFIRMED"]


def test_a_trip_that_has_begun_cannot_be_cancelled(service: Service, clock: Clock) -> None:
    booking = sold(service)
    question = asked(service, booking)
    clock.move(days=91)

    account = service.client.get(booking["account_url"])
    late = confirm(service, question)

    assert "This policy cannot be cancelled any more." in visible(account)
    assert "Withdraw" not in visible(account)
    refusal = service.client.get(late.headers["Location"])
    assert "This cannot be cancelled any more" in visible(refusal)
    assert statuses(service, booking) == ["CONFIRMED"]


@pytest.mark.parametrize("origin", ["https://evil.test", "null", "https://shop.test"])
def test_a_page_of_another_origin_withdraws_nothing(service: Service, origin: str) -> None:
    booking = sold(service)

    answer = confirm(service, asked(service, booking), headers={"Origin": origin})

    assert answer.status_code == 403
    assert "Nothing was changed" in visible(answer)
    assert statuses(service, booking) == ["CONFIRMED"]


@pytest.mark.parametrize("options", [{"json": {"refund": 4892}}, {"data": {"cardnumber": "1"}}])
def test_what_is_no_form_of_ours_withdraws_nothing(
    service: Service, options: dict[str, Any]
) -> None:
    booking = sold(service)

    answer = confirm(service, asked(service, booking), **{"data": None, **options})

    assert answer.status_code == 403
    assert statuses(service, booking) == ["CONFIRMED"]


def test_what_cannot_be_stored_is_to_be_tried_again(
    service: Service, storage: SqliteStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    booking = sold(service)
    question = asked(service, booking)

    async def fail(*_: Any, **__: Any) -> bool:
        raise StorageUnavailable("The disk is full.")

    monkeypatch.setattr(storage, "change_booking", fail)
    answer = confirm(service, question)

    assert answer.status_code == 503
    assert answer.headers["Retry-After"]
    assert "We cannot answer just now" in visible(answer)
    assert statuses(service, booking) == ["CONFIRMED"]


def test_a_booking_that_changes_in_between_is_withdrawn_from_all_the_same(
    service: Service,
) -> None:
    booking = sold(service)
    question = asked(service, booking)
    change = {"policyholder": {"phone": "+49 30 5550100"}}
    service.call("PATCH", f"bookings/{booking['id']}/", json=change)

    answer = confirm(service, question)

    assert answer.status_code == 303
    assert statuses(service, booking) == ["CANCELLED"]


def test_news_is_read_as_it_was_spelled() -> None:
    for news in (News(), News(difference_minor=-3), News(0, ("TRV-1",), Witness.SHOPPER)):
        assert read_news(news.spelled()) == news
    assert News().spelled() == ""

"""Documents, certificates, and the page that explains the errors."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest

from tests.builders import TOKEN_KEY, a_product, policyholder_json, purchase_json
from tests.service import Service
from widget import errors
from widget.errors import WidgetError
from widget.partners import Mode
from widget.tokens import PolicyToken, issue_policy_token

KEYS = [TOKEN_KEY.encode()]


def sold(service: Service, **body: Any) -> dict[str, Any]:
    package = service.quote()
    service.choose_first(package)
    booking: dict[str, Any] = service.confirm(package["id"], **body).json()
    return booking


def visible(page: httpx2.Response) -> str:
    """Return what somebody reads of a page."""
    body = page.text.partition("<body>")[2]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", body)).split())


# -- documents


@pytest.mark.parametrize("product", ["travel_protection", "annual_travel"])
@pytest.mark.parametrize("code", ["product_information", "wording"])
@pytest.mark.parametrize("locale", ["en", "de"])
def test_a_document_shows_all_of_its_text(
    service: Service, product: str, code: str, locale: str
) -> None:
    page = service.client.get(f"/documents/{product}/1/{code}?locale={locale}")

    assert page.status_code == 200
    assert f'<html lang="{locale}"' in page.text
    text = a_product(product).document_in(code, locale)
    seen = visible(page)
    assert text.title in seen
    for section in text.section:
        for sentence in (section.heading, *section.paragraphs, *section.items):
            assert " ".join(sentence.split()) in seen


@pytest.mark.parametrize(
    "path",
    [
        "travel_protection/1/nothing",
        "travel_protection/2/wording",
        "travel_protection/0/wording",
        "travel_protection/x/wording",
        "parcel_protection/1/wording",
        "travel_protection/1/../wording",
        "travel_protection/99999999999999999999999/wording",
    ],
)
def test_a_document_that_does_not_exist_is_not_found(service: Service, path: str) -> None:
    assert service.client.get(f"/documents/{path}").status_code == 404


def test_an_unknown_language_is_shown_in_english(service: Service) -> None:
    page = service.client.get("/documents/travel_protection/1/wording?locale=../../etc")

    assert '<html lang="en"' in page.text


def test_every_link_of_an_offer_leads_somewhere(service: Service) -> None:
    page = service.open()

    links = set(re.findall(r'(?:href|src)="([^"#]+)"', page.text))

    assert len(links) >= 5
    for link in links:
        assert service.client.get(unescape(link)).status_code == 200, link


def test_every_link_of_an_answer_leads_somewhere(service: Service) -> None:
    booking = sold(service)

    links = set(re.findall(r'"(https://[^"]+)"', str(booking).replace("'", '"')))

    assert len(links) >= 3
    for link in links:
        assert service.client.get(link).status_code == 200, link


# -- certificates


def test_the_link_from_the_booking_opens_the_certificate(service: Service) -> None:
    booking = sold(service)

    page = service.client.get(booking["quotes"][0]["coi"]["url"])

    seen = visible(page)
    assert page.status_code == 200
    assert booking["quotes"][0]["policy_number"] in seen
    assert "Ada Muster" in seen
    assert booking["total_price_formatted"] in seen
    assert booking["total_tax_formatted"] in seen
    assert "Test: this is not a policy" in seen
    assert page.headers["Cache-Control"] == "no-store"


def test_a_certificate_is_shown_in_the_language_that_is_asked_for(service: Service) -> None:
    url = sold(service)["coi"]["url"].partition("?")[0]

    assert '<html lang="de"' in service.client.get(f"{url}?locale=de").text


def test_a_year_of_trips_is_sold_like_a_trip(service: Service) -> None:
    year = {
        "policy_type": "annual_travel",
        "trip_start_date": "2027-06-01T00:00:00+02:00",
        "trip_end_date": "2028-06-01T00:00:00+02:00",
        "total_tickets_price": 2000,
    }
    package = service.quote(trip=year)
    service.choose_first(package)

    booking = service.confirm(package["id"]).json()

    (policy,) = booking["quotes"]
    seen = visible(service.client.get(policy["coi"]["url"]))
    assert policy["policy_number"].startswith("ANT-")
    assert "Annual travel cover" in seen
    assert "Emergency medical costs, per person and trip" in seen
    assert "1 June 2028" in seen


def test_a_name_on_a_certificate_is_text_and_nothing_else(service: Service) -> None:
    name = "<img src=x onerror=alert(1)>"

    booking = sold(service, policyholder=policyholder_json(first_name=name))

    page = service.client.get(booking["coi"]["url"])
    assert "<img" not in page.text
    assert name in visible(page)


def certificate(service: Service, token: str, number: str) -> httpx2.Response:
    return service.client.get(f"/policies/{token}/{number}")


def test_a_forged_link_opens_nothing(service: Service) -> None:
    booking = sold(service)
    number = booking["quotes"][0]["policy_number"]
    token = urlsplit(booking["coi"]["url"]).path.split("/")[2]
    other = PolicyToken(Mode.TEST, "acme", booking["id"])
    forged = [
        token[:-1] + ("A" if token[-1] != "A" else "B"),
        token.rpartition(".")[0],
        token + "=",
        issue_policy_token(other, [b"another-key-" + b"x" * 32]),
        issue_policy_token(replace(other, partner_code="globex"), KEYS),
        issue_policy_token(replace(other, booking_id="ZZZZZ-ZZZZZ-INS"), KEYS),
        service.package(booking["id"])["offer_token"],
        service.package(booking["id"])["quote_token"],
        "rubbish",
    ]

    answers = [certificate(service, text, number) for text in forged]

    assert {answer.status_code for answer in answers} == {404}
    assert {answer.json()["message"] for answer in answers} == {"This certificate does not exist"}
    assert certificate(service, token, number).status_code == 200


def test_a_link_opens_the_policies_of_its_own_booking_only(service: Service) -> None:
    first = sold(service)
    package = service.quote(partner_reference="CHK-2")
    service.choose_first(package)
    second = service.confirm(package["id"]).json()
    token = urlsplit(first["coi"]["url"]).path.split("/")[2]

    page = certificate(service, token, second["quotes"][0]["policy_number"])

    assert page.status_code == 404


def test_an_offer_that_was_not_confirmed_has_no_certificate(service: Service) -> None:
    token = PolicyToken(Mode.TEST, "acme", service.quote()["id"])

    page = certificate(service, issue_policy_token(token, KEYS), "TRV-AAAAA-BBBBB")

    assert page.status_code == 404


# -- errors


def explained(service: Service) -> dict[str, tuple[int, str]]:
    """Return the rows of `/errors`: what a code stands for."""
    page = service.client.get("/errors")
    assert page.status_code == 200
    rows = re.findall(r'<tr id="(\w+)">(.*?)</tr>', page.text, re.DOTALL)
    cells = {code: re.findall(r"<td>(.*?)</td>", row, re.DOTALL) for code, row in rows}
    return {code: (int(status), unescape(meaning)) for code, (status, meaning) in cells.items()}


def test_every_error_that_the_api_can_answer_with_is_explained(service: Service) -> None:
    operators = {errors.CatalogueFaulty.code, errors.SettingInvalid.code}
    abstract = {WidgetError.code}

    def codes(kind: type[WidgetError]) -> set[str]:
        below = {code for child in kind.__subclasses__() for code in codes(child)}
        return {kind.code} | below

    rows = explained(service)

    ours = codes(WidgetError) - operators - abstract
    theirs = {"method_not_allowed", "payload_too_large", "internal_error"}
    assert rows.keys() == ours | theirs
    assert all(meaning.strip() for _, meaning in rows.values())


def test_the_address_in_an_error_leads_to_its_row(service: Service) -> None:
    rows = explained(service)
    package = service.quote()
    answers = [
        service.client.get("/nowhere"),
        service.client.post("/healthz"),
        service.client.get("/x/partners/acme/quotes/1/"),
        service.call("POST", "quotes/", content=b"{"),
        service.call("POST", "quotes/", content=b"x" * 100_000),
        service.call("POST", "quotes/", json={}),
        service.call("POST", "quotes/", json=purchase_json(currency="JPY")),
        service.confirm(package["id"], quote_token="rubbish"),
    ]

    for answer in answers:
        address, _, code = answer.json()["href"].partition("#")
        assert address == "https://cover.test/errors"
        assert code == answer.json()["code"]
        assert rows[code][0] == answer.status_code

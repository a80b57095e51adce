"""Documents, certificates, and the page that explains the errors."""

from __future__ import annotations

import hashlib
import io
import json
import re
from dataclasses import replace
from html import unescape
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest
from pypdf import PdfReader

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


def test_the_address_by_name_leads_to_the_one_that_is_shown_today(service: Service) -> None:
    address = "/documents/travel_protection/1/wording?locale=de"

    answer = service.client.get(address, follow_redirects=False)

    assert answer.status_code == 302
    assert answer.headers["Cache-Control"] == "no-cache"
    assert re.fullmatch(r"https://cover\.test/documents/[0-9a-f]{64}", answer.headers["Location"])


@pytest.mark.parametrize(("query", "width"), [("form=pdf", 595), ("form=pdf&paper=us-letter", 612)])
def test_the_address_by_name_leads_to_the_pdf_too(service: Service, query: str, width: int) -> None:
    answer = service.client.get(f"/documents/travel_protection/1/wording?{query}")

    assert answer.headers["Content-Type"] == "application/pdf"
    assert round(PdfReader(io.BytesIO(answer.content)).pages[0].mediabox.width) == width


def documents_of(service: Service) -> list[str]:
    """Return the addresses of the documents that an offer's page leads to."""
    return re.findall(r'href="(https://cover\.test/documents/[^"]+)"', service.open().text)


def test_an_offer_leads_to_documents_by_their_own_hash(service: Service) -> None:
    addresses = documents_of(service)

    assert len(addresses) == 2
    for address in addresses:
        page = service.client.get(address)
        assert hashlib.sha256(page.content).hexdigest() == address.rpartition("/")[2]


def test_a_document_and_all_that_it_needs_may_be_kept_for_ever(service: Service) -> None:
    page = service.client.get(documents_of(service)[0])
    beside = re.findall(r'href="([0-9a-f]{64})"', page.text)

    assert len(beside) == 2  # its stylesheet and its PDF
    for name in (page.url.path.rpartition("/")[2], *beside):
        answer = service.client.get(f"/documents/{name}")
        assert answer.status_code == 200
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        again = {"If-None-Match": answer.headers["ETag"]}
        assert service.client.get(f"/documents/{name}", headers=again).status_code == 304


def test_a_page_of_a_document_loads_nothing_but_its_stylesheet(service: Service) -> None:
    page = service.client.get(documents_of(service)[0])

    assert "style-src 'self'" in page.headers["Content-Security-Policy"]
    (stylesheet,) = re.findall(r'rel="stylesheet" href="([^"]+)"', page.text)
    assert service.client.get(f"/documents/{stylesheet}").headers["Content-Type"] == (
        "text/css; charset=utf-8"
    )
    assert "cover.test" not in page.text  # it outlives the host's name


def test_every_answer_names_the_documents_as_page_and_as_pdf(service: Service) -> None:
    for quote in service.quote()["quotes"].values():
        assert [file["title"] for file in quote["files"]] == [
            "Insurance product information document",
            "Policy wording",
        ]
        assert quote["pds_url"] == quote["files"][-1]["url"]
        for file in quote["files"]:
            page, pdf = service.client.get(file["url"]), service.client.get(file["pdf"])
            assert file["pdf"].rpartition("/")[2] in page.text
            assert pdf.content.startswith(b"%PDF-")


def test_the_evidence_of_an_offer_names_the_documents_that_it_was_shown_with(
    service: Service,
) -> None:
    package = service.quote()

    (made, *_) = service.run(service.storage.list_evidence, "acme", package["id"])

    shown = {file["url"].rpartition("/")[2] for file in package["quotes"]["0"]["files"]}
    for quote in json.loads(made.body)["quotes"]:
        listed = service.client.get(f"/documents/{quote['documents']}")
        assert hashlib.sha256(listed.content).hexdigest() == quote["documents"]
        assert shown <= {copy["html"] for copy in listed.json()["copies"]}


@pytest.mark.parametrize(
    "path",
    [
        "travel_protection/1/nothing",
        "travel_protection/2/wording",
        "travel_protection/0/wording",
        "travel_protection/x/wording",
        "parcel_cover/1/wording",
        "travel_protection/1/../wording",
        "travel_protection/99999999999999999999999/wording",
        "0" * 64,
        "x" * 64,
        "A" * 64,
        "nothing",
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


@pytest.mark.parametrize("locale", ["en", "de"])
def test_page_and_pdf_of_a_certificate_state_the_same(service: Service, locale: str) -> None:
    coi = sold(service)["coi"]
    page = service.client.get(coi["url"].replace("locale=en", f"locale={locale}"))
    pdf = service.client.get(coi["pdf"].replace("locale=en", f"locale={locale}"))

    assert pdf.headers["Content-Type"] == "application/pdf"
    assert pdf.headers["Cache-Control"] == "no-store"
    printed = "".join(part.extract_text() for part in PdfReader(io.BytesIO(pdf.content)).pages)
    printed = re.sub(r"[\s\u00ad\u2010-]", "", printed)
    facts = re.findall(r"<(?:dt|dd|th|td|li|h1|h2|p)\b[^>]*>(.*?)</", page.text, re.DOTALL)
    told = [re.sub(r"<[^>]+>", "", unescape(fact)) for fact in facts]
    told = [fact for fact in told if fact.strip() and "PDF" not in fact]
    assert len(told) > 20
    for fact in told:
        assert re.sub(r"[\s\u00ad\u2010-]", "", fact) in printed, fact


def test_the_same_booking_gives_the_same_pdf(service: Service) -> None:
    pdf = sold(service)["coi"]["pdf"]

    assert service.client.get(pdf).content == service.client.get(pdf).content


def test_each_policy_of_an_answer_has_its_certificate_in_both_forms(service: Service) -> None:
    booking = sold(service)

    number = booking["quotes"][0]["policy_number"]
    assert booking["coi"] == booking["quotes"][0]["coi"]
    assert f"/{number}?" in booking["coi"]["url"]
    assert f"/{number}.pdf?" in booking["coi"]["pdf"]
    page = service.client.get(booking["coi"]["url"])
    assert unescape(booking["coi"]["pdf"]) in unescape(page.text)


def test_a_certificate_that_no_font_draws_is_shown_as_a_page(service: Service) -> None:
    booking = sold(service, policyholder=policyholder_json(first_name="山田"))

    answer = service.client.get(booking["coi"]["pdf"], follow_redirects=False)

    assert answer.status_code == 303
    assert answer.headers["Location"] == booking["coi"]["url"]
    assert "山田" in service.client.get(answer.headers["Location"]).text


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

    answers = [
        certificate(service, text, name) for text in forged for name in (number, f"{number}.pdf")
    ]

    assert {answer.status_code for answer in answers} == {404}
    assert {answer.json()["message"] for answer in answers} == {"This certificate does not exist"}
    assert certificate(service, token, number).status_code == 200
    assert certificate(service, token, f"{number}.pdf").status_code == 200


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

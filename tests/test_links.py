from __future__ import annotations

from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from tests.builders import TOKEN_KEY, a_booking, a_product, an_offer
from widget.links import Links
from widget.partners import Mode
from widget.tokens import (
    AccountToken,
    OfferToken,
    PolicyToken,
    read_account_token,
    read_offer_token,
    read_policy_token,
)

KEY = TOKEN_KEY.encode()
LINKS = Links("https://cover.test", [b"older-key", KEY])


def test_the_link_to_an_offer_opens_that_offer() -> None:
    address = LINKS.offer(an_offer(mode=Mode.LIVE))

    start, _, token = address.rpartition("/")
    assert start == "https://cover.test/offer"
    assert token == LINKS.offer_token(an_offer(mode=Mode.LIVE))
    assert read_offer_token(token, [KEY]) == OfferToken(Mode.LIVE, "acme", "AAAAA-BBBBB-INS")


def test_the_link_to_a_certificate_opens_that_booking() -> None:
    address = urlsplit(LINKS.certificate(a_booking(), "TRV-AAAAA-BBBBB", "de-AT"))

    _, place, token, number = address.path.split("/")
    assert (address.netloc, place, number) == ("cover.test", "policies", "TRV-AAAAA-BBBBB")
    assert parse_qs(address.query) == {"locale": ["de-AT"]}
    assert read_policy_token(token, [KEY]) == PolicyToken(Mode.TEST, "acme", "AAAAA-BBBBB-INS")


def test_the_links_of_the_customers_page_open_that_booking() -> None:
    account = urlsplit(LINKS.account(a_booking(), "de"))
    one = urlsplit(LINKS.withdrawal(a_booking(), "POL/1 x", "de"))

    _, place, token = account.path.split("/")
    assert (account.netloc, place) == ("cover.test", "policy")
    assert read_account_token(token, [KEY]) == AccountToken(Mode.TEST, "acme", "AAAAA-BBBBB-INS")
    assert unquote(one.path) == f"{account.path}/withdraw/POL/1 x"
    assert parse_qs(one.query) == parse_qs(account.query) == {"locale": ["de"]}


def test_the_link_to_a_document_names_its_version() -> None:
    address = LINKS.document(a_product(), "wording", "en")

    assert address == "https://cover.test/documents/travel_protection/1/wording?locale=en"


@pytest.mark.parametrize("odd", ["a b", "a&b=c", "a#b", "é", 'a"b', "<a>"])
def test_nothing_odd_breaks_out_of_a_link(odd: str) -> None:
    address = LINKS.certificate(a_booking(), odd, odd)

    parts = urlsplit(address)
    assert unquote(parts.path).endswith(f"/{odd}")
    assert parse_qs(parts.query) == {"locale": [odd]}
    assert parts.fragment == ""
    assert not set(address) & set(' "<>')


def test_the_same_offer_has_the_same_link() -> None:
    assert LINKS.offer(an_offer()) == LINKS.offer(an_offer())

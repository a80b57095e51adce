from __future__ import annotations

import hashlib
import json
from dataclasses import replace

import pytest

from tests.builders import a_rendered_page, a_showing
from widget.showings import Blank, Filling, StoredPage, WayBack, faults_of_page, pack, unpack

ADDRESS = 'https://shop.test/pay?name="Ada"&mail=ada.muster@customer.example'


def test_a_page_is_sent_with_the_values_of_its_answer() -> None:
    rendered = a_rendered_page(filling=Filling("abc", 17, "https://shop.test/?a=1&b=2"))

    assert rendered.html == '<p nonce="abc">17 seconds</p><i>https://shop.test/?a=1&amp;b=2</i>'


def test_answers_that_differ_in_their_values_only_have_one_content() -> None:
    rendered = a_rendered_page()

    again = replace(rendered, filling=Filling("another", 3, "https://shop.test/"))

    assert again.html != rendered.html
    assert again.content == rendered.content
    assert replace(rendered, page=rendered.page + " ").content != rendered.content


def test_an_address_cannot_spell_a_blank() -> None:
    rendered = a_rendered_page(filling=Filling("secret", 17, f"https://shop.test/{Blank.NONCE}"))

    assert rendered.html.count("secret") == 1


def test_the_fact_names_the_page_and_what_filled_it() -> None:
    showing = a_showing()

    facts = json.loads(showing.leaf.body)

    assert facts["kind"] == "offer_shown"
    assert facts["content"] == hashlib.sha256(unpack(showing.packed).encode()).hexdigest()
    assert facts["packed"] == hashlib.sha256(showing.packed).hexdigest()
    assert (facts["nonce"], facts["expires_in_s"], facts["way_back"]) == ("n" * 22, 1800, None)
    assert (facts["surface"], facts["locale"], facts["state"]) == ("page", "en", "open")
    assert (facts["texts"], facts["revision"]) == ("texts-1", 0)


def test_the_fact_holds_a_salted_digest_of_the_way_back_and_nothing_else_of_it() -> None:
    showing = a_showing(filling=Filling("n", 1, ADDRESS))

    assert showing.way_back == WayBack(ADDRESS, bytes(16))
    digest = hashlib.sha256(bytes(16) + ADDRESS.encode()).hexdigest()
    assert json.loads(showing.leaf.body)["way_back"] == digest
    assert "shop.test" not in showing.leaf.body + unpack(showing.packed)


def test_a_page_comes_back_as_it_was_packed() -> None:
    page = "<p>Größe</p>\n" * 1000

    assert unpack(pack(page)) == page
    assert len(pack(page)) < len(page) / 50


def test_a_damaged_page_is_a_value_error() -> None:
    with pytest.raises(ValueError, match="incomplete"):
        unpack(pack("page")[:-1])


def test_what_contradicts_the_fact_is_named() -> None:
    showing = a_showing(filling=Filling("n", 1, ADDRESS))
    facts = json.loads(showing.leaf.body)
    sound = StoredPage(1, showing.packed, showing.way_back)

    assert faults_of_page(facts, sound) == []
    assert faults_of_page(facts, replace(sound, packed=None)) == ["its page is gone"]
    assert faults_of_page(facts, replace(sound, packed=showing.packed + b"x")) == [
        "its page is not the one that was shown"
    ]
    assert faults_of_page(facts, replace(sound, way_back=WayBack(ADDRESS, b"salt"))) == [
        "its way back is not the one that was shown"
    ]

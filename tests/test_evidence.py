from __future__ import annotations

import hashlib
import json
from dataclasses import astuple
from datetime import timedelta
from typing import Any

import pytest

from tests.builders import NOON, a_booking, a_policyholder, a_quote, an_offer, an_opted_in_offer
from widget.evidence import Leaf, choice_made, offer_confirmed, offer_declined, offer_made
from widget.money import Money

LATER = NOON + timedelta(minutes=2)


def leaves() -> list[Leaf]:
    return [
        offer_made(an_offer(), texts_version="t1"),
        choice_made(an_opted_in_offer(), at=LATER, texts_version="t1"),
        offer_declined(an_opted_in_offer().decline(), at=LATER),
        offer_confirmed(a_booking(), at=NOON),
    ]


def test_a_leaf_is_hashed_as_rfc_6962_asks() -> None:
    # The hash of an empty leaf, from the test vectors of Certificate Transparency.
    empty = Leaf("acme", "AAAAA-BBBBB-INS", "offer_made", NOON, "")

    assert empty.digest().hex() == (
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    )


@pytest.mark.parametrize("leaf", leaves(), ids=lambda leaf: leaf.kind)
def test_a_leaf_is_canonical_json_of_its_facts(leaf: Leaf) -> None:
    facts = json.loads(leaf.body)

    spelled = json.dumps(facts, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert leaf.body == spelled
    assert leaf.digest() == hashlib.sha256(b"\x00" + spelled.encode()).digest()
    assert (facts["v"], facts["kind"], facts["at"]) == (1, leaf.kind, leaf.at.isoformat())
    assert (facts["partner"], facts["offer"], facts["mode"]) == (
        "acme",
        "AAAAA-BBBBB-INS",
        "test",
    )


def test_there_is_a_kind_of_leaf_for_every_step() -> None:
    kinds = [leaf.kind for leaf in leaves()]

    assert kinds == ["offer_made", "choice_made", "offer_declined", "offer_confirmed"]


def test_what_was_shown_can_be_proved() -> None:
    facts = json.loads(offer_made(an_offer(), texts_version="t1").body)

    assert [quote["premium"] for quote in facts["quotes"]] == [4892, 8224]
    assert [quote["plan"] for quote in facts["quotes"]] == ["cancellation", "cancellation_medical"]
    assert facts["quotes"][0] | {"tax": 781, "terms": "travel_protection@1"} == facts["quotes"][0]
    assert (facts["currency"], facts["country"], facts["texts"]) == ("EUR", "DE", "t1")
    assert facts["purchase"] == an_offer().purchase_hash
    assert facts["expires_at"] == "2027-03-01T12:30:00+00:00"


def test_that_nothing_was_preselected_can_be_proved() -> None:
    facts = json.loads(offer_made(an_offer(), texts_version="t1").body)

    assert facts["preselected"] is None


def test_what_was_chosen_can_be_proved() -> None:
    facts = json.loads(choice_made(an_opted_in_offer(), at=LATER, texts_version="t1").body)

    assert (
        facts
        | {
            "choice": "opted_in",
            "quotes": ["q-1"],
            "premium": 4892,
            "currency": "EUR",
            "locale": "en",
            "revision": 1,
            "texts": "t1",
        }
        == facts
    )


def test_an_opt_out_can_be_proved_too() -> None:
    offer = an_opted_in_offer().opt_out(at=LATER, locale="de")

    facts = json.loads(choice_made(offer, at=LATER, texts_version="t1").body)

    assert facts | {"choice": "opted_out", "quotes": [], "premium": 0, "locale": "de"} == facts


def test_what_was_sold_can_be_proved() -> None:
    facts = json.loads(offer_confirmed(a_booking(), at=NOON).body)

    assert (
        facts
        | {
            "quotes": ["q-1"],
            "premium": 4892,
            "currency": "EUR",
            "policies": ["TRV-AAAAA-BBBBB"],
            "terms": "travel_protection@1",
        }
        == facts
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"id": "CCCCC-DDDDD-INS"},
        {"partner_code": "brio"},
        {"purchase_hash": "0" * 64},
        {"created_at": LATER},
        {"expires_at": LATER},
        {"quotes": an_offer().quotes[:1]},
        {"quotes": an_offer().quotes[::-1]},
        {"quotes": (a_quote(premium=Money(4893, "EUR")),)},
        {"quotes": (a_quote(tax=Money(782, "EUR")),)},
        {"quotes": (a_quote(product_version=2),)},
    ],
)
def test_an_offer_that_differs_has_another_digest(changes: dict[str, Any]) -> None:
    leaf = offer_made(an_offer(), texts_version="t1")

    other = offer_made(an_offer(**changes), texts_version="t1")

    assert other.digest() != leaf.digest()


def test_other_texts_have_another_digest() -> None:
    digests = {offer_made(an_offer(), texts_version=text).digest() for text in ("t1", "t2")}

    assert len(digests) == 2


def test_evidence_holds_no_personal_data() -> None:
    person = a_policyholder(
        first_name="Zebulon",
        last_name="Quixote",
        email="zq@private.example",
        phone="+49 170 5550123",
        address1="Privatweg 9",
        city="Heimatstadt",
        postcode="Z9999",
        age=47,
    )

    body = offer_confirmed(a_booking(policyholder=person), at=NOON).body

    told: list[Any] = [value for value in astuple(person) if value not in {None, "DE", 47}]
    assert [value for value in told if value in body] == []
    assert "age" not in json.loads(body)

from __future__ import annotations

import inspect
import re
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest

from widget import denials, errors
from widget.errors import DoorError, WidgetError

KINDS: dict[str, type[Exception]] = {
    name: kind
    for name, kind in (vars(errors) | vars(denials)).items()
    if inspect.isclass(kind) and issubclass(kind, Exception)
}

#: These say nothing that the partner should tell apart: to it, all of them mean "try again".
SHARED_ON_PURPOSE = {"StorageUnavailable", "ReplyTaken", "UpstreamUnavailable"}

#: What each error is made of, where it takes more than a sentence.
FACTS: dict[str, tuple[Any, ...]] = {
    "DigestMismatch": ("sha-256=:AAAA=:", 7),
    "ClockSkewed": (
        datetime(2027, 3, 1, 11, 0, tzinfo=UTC),
        datetime(2027, 3, 1, 12, 0, tzinfo=UTC),
        900,
    ),
    "SignatureInvalid": ("POST", "/x/partners/acme/quotes/", ("date",), "hmac-sha512"),
    "DigestRequired": (),
    "InputInvalid": ({"currency": ["No."]},),
    "NotFound": ("Quote package",),
    "TokenInvalid": (),
    "OfferExpired": ("AAAAA-BBBBB-INS", datetime(2027, 3, 1, 12, 30, tzinfo=UTC)),
    "QuoteNotOffered": ("AAAAA-BBBBB-INS", "q-9"),
    "ChoiceMissing": ("AAAAA-BBBBB-INS",),
    "ChoiceChanged": ("AAAAA-BBBBB-INS",),
    "SaleDeferred": ("AAAAA-BBBBB-INS", datetime(2027, 3, 6, 12, 0, tzinfo=UTC)),
    "OfferDeclined": ("AAAAA-BBBBB-INS",),
    "AlreadyConfirmed": ("AAAAA-BBBBB-INS",),
    "PaymentAlreadyUsed": ("ORDER-1",),
    "RateLimited": (20, 1),
    "StatusForbids": ("AAAAA-BBBBB-INS", "CANCELLED"),
    "PeopleErased": ("AAAAA-BBBBB-INS",),
    "RecordsKept": ("AAAAA-BBBBB-INS", datetime(2037, 6, 5, tzinfo=UTC)),
    "AmendmentExpired": ("aaaaa-UPD", datetime(2027, 3, 1, 12, 30, tzinfo=UTC)),
    "AmendmentApplied": ("aaaaa-UPD",),
    "AmendmentStale": ("aaaaa-UPD",),
    "IdempotencyKeyReused": ("key-1",),
    "PurchaseMismatch": ("AAAAA-BBBBB-INS",),
    "PremiumMismatch": ("AAAAA-BBBBB-INS", "48.92 EUR", "1.00 EUR"),
    "CatalogueFaulty": ("a.toml", "no code"),
    "SettingInvalid": ("PORT", "no number"),
}


def drawn() -> dict[str, str]:
    """Return the tree in the module's docstring: each class, and the one that it hangs on."""
    tree: dict[str, str] = {}
    path: list[str] = []
    for line in inspect.getdoc(errors).splitlines():  # type: ignore[union-attr]
        found = re.match(r"((?:[│ ]   )*)(?:[├└]── )?([A-Z]\w+)(?:  +\S.*)?$", line)
        if found is None or (not path and found[2] != "WidgetError"):
            continue
        depth = (len(line) - len(line.lstrip("│├└─ "))) // 4
        path[depth:] = [found[2]]
        tree[found[2]] = path[depth - 1] if depth else ""
    return tree


def test_the_drawing_names_every_error_and_no_other() -> None:
    assert drawn().keys() == KINDS.keys()


@pytest.mark.parametrize("name", KINDS)
def test_every_error_hangs_where_it_is_drawn(name: str) -> None:
    parent = KINDS[name].__bases__[0]

    assert drawn()[name] == ("" if parent is Exception else parent.__name__)


@pytest.mark.parametrize("name", KINDS)
def test_every_error_says_what_it_means(name: str) -> None:
    text = KINDS[name].__doc__

    assert text is not None
    assert text.splitlines()[0].endswith(".")


def test_every_error_has_a_code_of_its_own_or_shares_one_on_purpose() -> None:
    codes = {name: kind.__dict__.get("code") for name, kind in KINDS.items()}

    without = {name for name, code in codes.items() if code is None}
    repeated = [code for code, count in Counter(codes.values()).items() if code and count > 1]

    assert without == SHARED_ON_PURPOSE
    assert repeated == []


def test_what_is_shared_is_shared_with_the_door() -> None:
    shared = {KINDS[name].code for name in SHARED_ON_PURPOSE}  # type: ignore[attr-defined]

    assert shared == {DoorError.code}


@pytest.mark.parametrize("name", KINDS)
def test_a_code_is_a_slug(name: str) -> None:
    code = KINDS[name].code  # type: ignore[attr-defined]

    assert re.fullmatch(r"[a-z]+(_[a-z]+)*", code)


@pytest.mark.parametrize("name", KINDS)
def test_every_error_is_one_line_that_tells_its_facts(name: str) -> None:
    facts = FACTS.get(name, ("A sentence.",))

    text = str(KINDS[name](*facts))

    assert text
    assert "\n" not in text
    assert isinstance(KINDS[name](*facts), WidgetError)


@pytest.mark.parametrize("name", FACTS)
def test_every_fact_can_be_read_from_its_error(name: str) -> None:
    error = KINDS[name](*FACTS[name])

    assert [value for value in FACTS[name] if value not in vars(error).values()] == []


def test_invalid_input_names_each_field() -> None:
    error = errors.InputInvalid({"currency": ["No."], "request.0.policy_type": ["No."]})

    assert str(error) == "Some fields are not valid: currency, request.0.policy_type."


def test_an_expiry_is_told_to_the_second() -> None:
    error = errors.OfferExpired(*FACTS["OfferExpired"])

    assert str(error) == "Offer AAAAA-BBBBB-INS expired at 2027-03-01 12:30:00 UTC."


def test_a_failed_delivery_may_be_tried_again_unless_it_says_otherwise() -> None:
    assert not errors.DeliveryFailed("mailbox full").is_final
    assert errors.DeliveryFailed("no such mailbox", is_final=True).is_final


def test_the_errors_know_nothing_of_http() -> None:
    source = inspect.getsource(errors)

    assert not re.search(r"\b[1-5]\d\d\b|import (http|starlette)|status_code", source)

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import string
from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from datetime import timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import NOON, TOKEN_KEY, a_policyholder, a_purchase, an_offer, an_opted_in_offer
from widget.errors import TokenInvalid
from widget.offers import Choice
from widget.partners import Mode, token_key_of
from widget.tokens import (
    MAX_TOKEN_BYTES,
    AccountToken,
    OfferToken,
    PolicyToken,
    QuoteToken,
    issue_account_token,
    issue_offer_token,
    issue_policy_token,
    issue_quote_token,
    quote_token_for,
    read_account_token,
    read_offer_token,
    read_policy_token,
    read_quote_token,
)

ALPHABET = string.ascii_letters + string.digits + "-_"

ROOT = TOKEN_KEY.encode()
KEY = token_key_of("acme", Mode.TEST, ROOT).encode()
OTHER_KEY = token_key_of("brio", Mode.TEST, ROOT).encode()
LIVE_KEY = token_key_of("acme", Mode.LIVE, ROOT).encode()
RETIRED_KEY = token_key_of("acme", Mode.TEST, b"root-of-last-year-" + b"o" * 32).encode()

FACTS = quote_token_for(an_opted_in_offer(), now=NOON)
TOKEN = issue_quote_token(FACTS, [KEY])

#: The facts of a quote token in their documented order, each of them as short as it may be.
SHORT: dict[str, object] = {
    "version": 1,
    "mode": "test",
    "partner_code": "acme",
    "offer_id": "o",
    "reference": "",
    "choice": "opted_in",
    "quote_ids": ["q"],
    "currency": "EUR",
    "premium_minor": 2,
    "tax_minor": 1,
    "purchase_hash": "h",
    "terms_version": "t",
    "locale": "en",
    "issued_at": 1,
    "expires_at": 2,
}


def is_accepted(text: str, keys: tuple[bytes, ...] = (KEY,)) -> bool:
    """Tell whether a token is read; what is not must be `TokenInvalid` and nothing else."""
    try:
        read_quote_token(text, keys)
    except TokenInvalid:
        return False
    return True


def substitutions(token: str) -> Iterator[str]:
    for place, character in enumerate(token):
        for other in ALPHABET:
            if other != character:
                yield f"{token[:place]}{other}{token[place + 1 :]}"


def deletions(token: str) -> Iterator[str]:
    for place in range(len(token)):
        yield token[:place] + token[place + 1 :]


def insertions(token: str) -> Iterator[str]:
    for place in range(len(token) + 1):
        for odd in (
            "=",
            ".",
            "A",
            "-",
            " ",
            "\n",
            "\x00",
            "é",
            "/",
            "+",
            "%",
            "\N{ZERO WIDTH SPACE}",
        ):
            yield f"{token[:place]}{odd}{token[place:]}"


def truncations(token: str) -> Iterator[str]:
    for place in range(len(token)):
        yield token[:place]
        yield token[place + 1 :]


def appendices(token: str) -> Iterator[str]:
    for end in (
        "=",
        "==",
        "===",
        "\n",
        "\r\n",
        " ",
        "\x00",
        ".",
        "A",
        "AA",
        "AAAA",
        f".{token}",
        token,
    ):
        yield token + end
        yield end + token


def changed_cases(token: str) -> Iterator[str]:
    yield from (token.upper(), token.lower(), token.swapcase(), token.title())
    for place, character in enumerate(token):
        if character.isalpha():
            yield f"{token[:place]}{character.swapcase()}{token[place + 1 :]}"


def other_alphabets(token: str) -> Iterator[str]:
    for old, new in (
        ("-", "+"),
        ("_", "/"),
        ("A", "\N{CYRILLIC CAPITAL LETTER A}"),
        ("1", "\N{ARABIC-INDIC DIGIT ONE}"),
    ):
        for place, character in enumerate(token):
            if character == old:
                yield f"{token[:place]}{new}{token[place + 1 :]}"


def swaps(token: str) -> Iterator[str]:
    payload, mac = token.split(".")
    yield f"{mac}.{payload}"
    yield from (payload, mac, f"{payload}.", f".{mac}", ".", "", f"{payload}.{mac[::-1]}")
    yield f"{payload}.{mac}.{mac}"
    yield f"{payload}.{payload}.{mac}"
    yield f"{payload}:{mac}"
    for place, (left, right) in enumerate(pairwise(token)):
        if left != right:
            yield f"{token[:place]}{right}{left}{token[place + 2 :]}"


def splices(token: str) -> Iterator[str]:
    """Join the facts of one genuine token to the signature of another."""
    payload, mac = token.split(".")
    changes: dict[str, Any]
    for changes in (
        {"premium_minor": 1},
        {"offer_id": "CCCCC-DDDDD-INS"},
        {"partner_code": "brio"},
        {"mode": Mode.LIVE},
        {"choice": Choice.OPTED_OUT},
        {"expires_at": NOON + timedelta(days=365)},
    ):
        other = issue_quote_token(replace(FACTS, **changes), [KEY])
        other_payload, other_mac = other.split(".")
        yield f"{payload}.{other_mac}"
        yield f"{other_payload}.{mac}"


def strangers(_: str) -> Iterator[str]:
    """Issue genuine tokens of other keys and other purposes."""
    for key in (OTHER_KEY, LIVE_KEY, RETIRED_KEY, ROOT, b"", KEY[:-1], KEY + b"x"):
        yield issue_quote_token(FACTS, [key])
    yield issue_offer_token(OfferToken(Mode.TEST, "acme", "AAAAA-BBBBB-INS"), [KEY])
    yield issue_policy_token(PolicyToken(Mode.TEST, "acme", "AAAAA-BBBBB-INS"), [KEY])
    payload = TOKEN.split(".")[0].encode()
    for salt in (b"", b"itsdangerous.Signer", b"offer-widget.offer.v1", b"offer-widget.quote.v2"):
        for digest in ("sha1", "sha256", "sha384", "sha512"):
            key = hmac.digest(KEY, salt, digest)
            mac = base64.urlsafe_b64encode(hmac.digest(key, payload, digest)).rstrip(b"=")
            yield b".".join([payload, mac]).decode()
    # The right salt, and the key as it is: not derived.
    plain = hmac.digest(KEY, b"offer-widget.quote.v1" + payload, "sha384")
    yield f"{payload.decode()}.{base64.urlsafe_b64encode(plain).decode()}"


MUTATIONS: list[Callable[[str], Iterator[str]]] = [
    substitutions,
    deletions,
    insertions,
    truncations,
    appendices,
    changed_cases,
    other_alphabets,
    swaps,
    splices,
    strangers,
]


@pytest.mark.parametrize("mutation", MUTATIONS)
def test_no_altered_quote_token_is_accepted(
    mutation: Callable[[str], Iterator[str]],
) -> None:
    mutants = [mutant for mutant in mutation(TOKEN) if mutant != TOKEN]

    accepted = [mutant for mutant in mutants if is_accepted(mutant)]

    assert mutants
    assert accepted == []


def test_there_are_twenty_thousand_mutants_at_least() -> None:
    mutants = {mutant for mutation in MUTATIONS for mutant in mutation(TOKEN)} - {TOKEN}

    assert is_accepted(TOKEN)
    assert len(mutants) >= 20_000


@given(st.text() | st.text(ALPHABET + ".", max_size=600))
def test_no_text_is_a_token_by_chance(text: str) -> None:
    for read in (read_quote_token, read_offer_token, read_policy_token, read_account_token):
        with pytest.raises(TokenInvalid):
            read(text, [KEY])


def signed(facts: object, *, purpose: str = "quote", key: bytes = KEY) -> str:
    """Sign facts as a partner can that holds its own key: in plain Python, without our code."""
    payload = base64.urlsafe_b64encode(json.dumps(facts).encode()).rstrip(b"=")
    derived = hmac.digest(key, f"offer-widget.{purpose}.v1".encode(), "sha384")
    mac = base64.urlsafe_b64encode(hmac.digest(derived, payload, "sha384"))
    return b".".join([payload, mac]).decode()


def test_a_partner_verifies_a_token_offline_with_nothing_but_hmac() -> None:
    value, _, mac = TOKEN.rpartition(".")

    key = hmac.new(KEY, b"offer-widget.quote.v1", hashlib.sha384).digest()
    expected = hmac.new(key, value.encode(), hashlib.sha384).digest()

    assert base64.urlsafe_b64encode(expected).decode() == mac
    facts = json.loads(base64.urlsafe_b64decode(value + "=" * (-len(value) % 4)))
    assert dict(zip(SHORT, facts, strict=True)) == {
        "version": 1,
        "mode": "test",
        "partner_code": "acme",
        "offer_id": "AAAAA-BBBBB-INS",
        "reference": "CHK-1",
        "choice": "opted_in",
        "quote_ids": ["q-1"],
        "currency": "EUR",
        "premium_minor": 4892,
        "tax_minor": 781,
        "purchase_hash": FACTS.purchase_hash,
        "terms_version": "travel_protection@1",
        "locale": "en",
        "issued_at": int(NOON.timestamp()),
        "expires_at": int(NOON.timestamp()) + 1800,
    }


def test_what_a_partner_signs_itself_is_read_like_ours() -> None:
    token = read_quote_token(signed(list(SHORT.values())), [KEY])

    assert (token.offer_id, token.choice, token.quote_ids, token.premium_minor) == (
        "o",
        Choice.OPTED_IN,
        ("q",),
        2,
    )


@pytest.mark.parametrize(
    ("fact", "value"),
    [
        *[(fact, None) for fact in SHORT],
        *[(fact, {}) for fact in SHORT],
        *[(fact, []) for fact in SHORT if fact != "quote_ids"],
        *[(fact, 1.5) for fact in SHORT],
        *[(fact, True) for fact in SHORT],
        *[(fact, "1") for fact, value in SHORT.items() if not isinstance(value, str)],
        *[(fact, 3) for fact, value in SHORT.items() if not isinstance(value, int)],
        ("version", 2),
        ("mode", "prod"),
        ("choice", "bought"),
        ("offer_id", "\ud800"),
        ("currency", "\ud800"),
        ("quote_ids", ["\ud800"]),
        ("quote_ids", [1]),
        ("quote_ids", [["q"]]),
        ("expires_at", 10**18),
        ("expires_at", -(10**18)),
        ("issued_at", 10**30),
    ],
)
def test_a_partner_cannot_make_us_stumble_over_what_it_signs_itself(
    fact: str, value: object
) -> None:
    text = signed(list((SHORT | {fact: value}).values()))

    assert len(text) <= MAX_TOKEN_BYTES
    with pytest.raises(TokenInvalid):
        read_quote_token(text, [KEY])


@pytest.mark.parametrize(
    "facts",
    [
        *(5, "text", None, {}, {"v": 1}, [], [1]),
        list(SHORT.values())[:-1],
        [*SHORT.values(), 3],
    ],
)
def test_a_token_has_all_its_facts_and_no_more(facts: object) -> None:
    with pytest.raises(TokenInvalid):
        read_quote_token(signed(facts), [KEY])


@pytest.mark.parametrize(
    "facts",
    [
        *(5, None, [], [1], [1, "test", "acme"]),
        [2, "test", "acme", "o"],
        [1, "x", "acme", "o"],
        [1, "test", 2, "o"],
        [1, "test", "acme", "o", "p"],
    ],
)
def test_the_tokens_in_addresses_are_as_strict_about_their_facts(facts: object) -> None:
    with pytest.raises(TokenInvalid):
        read_offer_token(signed(facts, purpose="offer"), [KEY])
    with pytest.raises(TokenInvalid):
        read_policy_token(signed(facts, purpose="policy"), [KEY])
    with pytest.raises(TokenInvalid):
        read_account_token(signed(facts, purpose="account"), [KEY])


@pytest.mark.parametrize("payload", [b"\xff\xfe", b"[1", b"", b'"\xed\xa0\x80"', b"[" * 300])
def test_a_signed_payload_that_is_no_json_is_invalid(payload: bytes) -> None:
    value = base64.urlsafe_b64encode(payload).rstrip(b"=")
    key = hmac.digest(KEY, b"offer-widget.quote.v1", "sha384")
    mac = base64.urlsafe_b64encode(hmac.digest(key, value, "sha384"))

    with pytest.raises(TokenInvalid):
        read_quote_token(b".".join([value, mac]).decode(), [KEY])


def test_the_last_key_signs_and_the_older_ones_still_read() -> None:
    old = issue_quote_token(FACTS, [RETIRED_KEY])
    new = issue_quote_token(FACTS, [RETIRED_KEY, KEY])

    assert new == TOKEN
    assert read_quote_token(old, [RETIRED_KEY, KEY]) == FACTS
    assert read_quote_token(new, [RETIRED_KEY, KEY]) == FACTS
    assert not is_accepted(old, (KEY,))
    assert not is_accepted(new, (RETIRED_KEY,))


def test_a_token_says_what_the_customer_chose_and_what_it_costs() -> None:
    facts = read_quote_token(TOKEN, [KEY])

    assert facts == QuoteToken(
        mode=Mode.TEST,
        partner_code="acme",
        offer_id="AAAAA-BBBBB-INS",
        reference="CHK-1",
        choice=Choice.OPTED_IN,
        quote_ids=("q-1",),
        currency="EUR",
        premium_minor=4892,
        tax_minor=781,
        purchase_hash=an_offer().purchase_hash,
        terms_version="travel_protection@1",
        locale="en",
        issued_at=NOON,
        expires_at=NOON + timedelta(minutes=30),
    )


def test_an_opt_out_is_told_too() -> None:
    offer = an_offer().opt_out(at=NOON, locale="de")

    facts = quote_token_for(offer, now=NOON)

    assert (facts.choice, facts.quote_ids, facts.premium_minor, facts.tax_minor) == (
        Choice.OPTED_OUT,
        (),
        0,
        0,
    )
    assert read_quote_token(issue_quote_token(facts, [KEY]), [KEY]) == facts


def test_the_same_facts_give_the_same_token() -> None:
    within_the_second = NOON + timedelta(microseconds=999_999)

    again = issue_quote_token(quote_token_for(an_opted_in_offer(), now=within_the_second), [KEY])

    assert again == TOKEN


@pytest.mark.parametrize(
    "changes",
    [
        {"mode": Mode.LIVE},
        {"partner_code": "brio"},
        {"offer_id": "CCCCC-DDDDD-INS"},
        {"reference": "CHK-2"},
        {"choice": Choice.OPTED_OUT},
        {"quote_ids": ("q-2",)},
        {"quote_ids": ()},
        {"currency": "GBP"},
        {"premium_minor": 4893},
        {"tax_minor": 782},
        {"purchase_hash": "0" * 64},
        {"terms_version": "travel_protection@2"},
        {"locale": "de"},
        {"issued_at": NOON + timedelta(seconds=1)},
        {"expires_at": NOON},
    ],
)
def test_every_fact_is_in_the_token(changes: dict[str, Any]) -> None:
    other = replace(FACTS, **changes)

    token = issue_quote_token(other, [KEY])

    assert token != TOKEN
    assert read_quote_token(token, [KEY]) == other


def test_an_expired_token_is_still_read() -> None:
    facts = replace(FACTS, expires_at=NOON - timedelta(days=3650))

    assert read_quote_token(issue_quote_token(facts, [KEY]), [KEY]) == facts


def test_a_token_holds_no_personal_data() -> None:
    payload = base64.urlsafe_b64decode(TOKEN.split(".")[0] + "==").decode()
    person = a_policyholder()

    told = [part for part in (person.first_name, person.last_name, person.email) if part in payload]

    assert told == []
    assert [field.name for field in fields(QuoteToken)] == list(SHORT)[1:]


def test_an_offer_without_a_reference_says_so() -> None:
    facts = quote_token_for(an_offer(purchase=a_purchase(reference=None)), now=NOON)

    assert facts.reference == ""


def test_the_longest_facts_that_the_wire_allows_fit() -> None:
    facts = replace(
        FACTS,
        mode=Mode.LIVE,
        partner_code="p" * 32,
        reference="r" * 64,
        choice=Choice.OPTED_OUT,
        quote_ids=(str(UUID(int=2**127)),),
        premium_minor=10**9,
        tax_minor=10**9,
        locale="de-Latn-AT",
    )

    assert len(issue_quote_token(facts, [KEY])) <= MAX_TOKEN_BYTES


def test_a_token_of_more_than_512_bytes_is_not_issued() -> None:
    facts = replace(FACTS, quote_ids=tuple(f"quote-number-{number}" for number in range(20)))

    with pytest.raises(ValueError, match="longer than 512"):
        issue_quote_token(facts, [KEY])


def test_a_token_of_more_than_512_bytes_is_not_read() -> None:
    text = signed(list((SHORT | {"quote_ids": ["q"] * 60}).values()))

    assert len(text) > MAX_TOKEN_BYTES
    assert not is_accepted(text)


def test_the_longest_token_that_is_issued_is_read() -> None:
    tokens = []
    for length in range(1, 300):
        facts = replace(FACTS, locale="x" * length)
        try:
            tokens.append((issue_quote_token(facts, [KEY]), facts))
        except ValueError:
            break
    token, facts = tokens[-1]

    assert len(token) in {MAX_TOKEN_BYTES - 1, MAX_TOKEN_BYTES}
    assert read_quote_token(token, [KEY]) == facts


def test_a_token_needs_no_escaping_in_an_address() -> None:
    assert set(TOKEN) <= set(ALPHABET + ".")


@pytest.mark.parametrize("mode", Mode)
def test_an_offer_token_opens_its_offer_and_nothing_else(mode: Mode) -> None:
    token = OfferToken(mode, "acme", "AAAAA-BBBBB-INS")

    text = issue_offer_token(token, [ROOT])

    assert read_offer_token(text, [b"older-key", ROOT]) == token
    with pytest.raises(TokenInvalid):
        read_policy_token(text, [ROOT])
    with pytest.raises(TokenInvalid):
        read_quote_token(text, [ROOT])
    with pytest.raises(TokenInvalid):
        read_offer_token(text, [KEY])


@pytest.mark.parametrize("mode", Mode)
def test_a_policy_token_opens_its_booking_and_nothing_else(mode: Mode) -> None:
    token = PolicyToken(mode, "acme", "AAAAA-BBBBB-INS")

    text = issue_policy_token(token, [ROOT])

    assert read_policy_token(text, [b"older-key", ROOT]) == token
    with pytest.raises(TokenInvalid):
        read_offer_token(text, [ROOT])
    with pytest.raises(TokenInvalid):
        read_quote_token(text, [ROOT])
    with pytest.raises(TokenInvalid):
        read_policy_token(text, [KEY])


@pytest.mark.parametrize("mode", Mode)
def test_an_account_token_opens_the_customers_page_and_nothing_else(mode: Mode) -> None:
    text = issue_account_token(AccountToken(mode, "acme", "AAAAA-BBBBB-INS"), [ROOT])
    certificate = issue_policy_token(PolicyToken(mode, "acme", "AAAAA-BBBBB-INS"), [ROOT])

    assert read_account_token(text, [ROOT]) == AccountToken(mode, "acme", "AAAAA-BBBBB-INS")
    with pytest.raises(TokenInvalid):
        read_account_token(certificate, [ROOT])
    for read in (read_policy_token, read_offer_token, read_quote_token):
        with pytest.raises(TokenInvalid):
            read(text, [ROOT])


def test_an_invalid_token_never_says_why() -> None:
    sentences = set()
    for text in ("", TOKEN[:-1], signed(5), issue_quote_token(FACTS, [OTHER_KEY])):
        with pytest.raises(TokenInvalid) as error:
            read_quote_token(text, [KEY])
        sentences.add(str(error.value))

    assert len(sentences) == 1

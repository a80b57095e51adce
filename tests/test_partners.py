from __future__ import annotations

import base64
import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import NOON, PARTNER_KEY, a_key
from widget.errors import InputInvalid
from widget.partners import (
    CLOCK_WINDOW_S,
    Mode,
    checked_partner,
    is_origin,
    key_id_of,
    key_named,
    root_id,
    secret_of,
    token_key_of,
)

ROOT = PARTNER_KEY.encode()
OLD_ROOT = b"root-of-last-year-" + b"o" * 32

randoms = st.text("abcdefghijklmnopqrstuvwxyz0123456789", min_size=16, max_size=16)
modes = st.sampled_from(Mode)


@pytest.mark.parametrize(
    "origin",
    [
        "https://shop.example",
        "https://shop.example:8443",
        "http://localhost:8001",
        "http://127.0.0.1:8001",
        "https://[2001:db8::1]:8443",
        "https://xn--mnchen-3ya.example",
    ],
)
def test_an_origin_is_spelled_as_browsers_send_it(origin: str) -> None:
    assert is_origin(origin)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "*",
        "null",
        "shop.example",
        "//shop.example",
        "https://",
        "https://shop.example/",
        "https://shop.example/checkout",
        "https://shop.example?x=1",
        "https://user@shop.example",
        "https://*.shop.example",
        "https://Shop.example",
        "HTTPS://shop.example",
        "https://münchen.example",
        "https://shop.example\n",
        "https://shop.example ",
        "https://shop.example; script-src *",
        "https://shop.example:",
        "https://shop.example:0",
        "https://shop.example:08443",
        "https://shop.example:443",
        "http://shop.example:80",
        "https://shop.example:99999",
        "https://shop.example:port",
        "https://:8443",
        "https://[::1",
        "https://[zz]",
        "javascript:alert(1)",
        "ftp://shop.example",
    ],
)
def test_what_a_browser_would_not_send_is_no_origin(text: str) -> None:
    assert not is_origin(text)


@given(st.text())
def test_no_text_is_too_strange_to_be_refused_as_an_origin(text: str) -> None:
    assert is_origin(f"https://{text}/") is False


def test_a_partner_is_made_of_an_operators_input() -> None:
    origins = ["https://b.example", "https://a.example", "https://b.example"]

    partner = checked_partner("acme-2", "  Acme Travel ", origins, now=NOON)

    assert partner.name == "Acme Travel"
    assert partner.origins == ("https://b.example", "https://a.example")
    assert partner.created_at == NOON


def test_every_fault_of_a_partner_is_named_at_once() -> None:
    with pytest.raises(InputInvalid) as error:
        checked_partner("Acme!", " ", ["https://good.example", "shop", "x"], now=NOON)

    assert error.value.problems.keys() == {"code", "name", "origins"}
    assert len(error.value.problems["origins"]) == 2


def test_a_partner_signs_within_15_minutes_and_bodies_only_when_told() -> None:
    partner = checked_partner("acme", "Acme", [], now=NOON)

    assert (partner.clock_window_s, partner.requires_digest) == (CLOCK_WINDOW_S, False) == (900, 0)


@pytest.mark.parametrize("window_s", [60, 900, 172_800])
def test_a_partner_may_have_a_clock_window_of_its_own(window_s: int) -> None:
    partner = checked_partner(
        "acme", "Acme", [], now=NOON, clock_window_s=window_s, requires_digest=True
    )

    assert (partner.clock_window_s, partner.requires_digest) == (window_s, True)


@pytest.mark.parametrize("window_s", [-900, 0, 59, 172_801])
def test_a_clock_window_is_a_minute_to_two_days(window_s: int) -> None:
    with pytest.raises(InputInvalid, match="clock_window_s") as error:
        checked_partner("acme", "Acme", [], now=NOON, clock_window_s=window_s)

    assert error.value.problems["clock_window_s"] == [f"Give 60 to 172800 seconds, not {window_s}."]


@pytest.mark.parametrize("code", ["", "a", "-a", "a" * 33, "Acme", "a b", "a_b", "acme\n", "ácme"])
def test_a_partner_code_is_short_and_plain(code: str) -> None:
    with pytest.raises(InputInvalid) as error:
        checked_partner(code, "Acme", [], now=NOON)

    assert list(error.value.problems) == ["code"]


@given(randoms, modes)
def test_a_secret_tells_the_id_of_its_key_and_nothing_of_another(random: str, mode: Mode) -> None:
    key = key_named(random, "acme", mode, root=ROOT, now=NOON)

    secret = secret_of(key, [ROOT])

    assert secret is not None
    assert key_id_of(secret) == key.key_id


def test_a_secret_is_derived_from_the_root_and_the_key_id() -> None:
    digest = hmac.new(
        ROOT, b"offer-widget.partner-secret:pk_test_abcdefgh12345678", hashlib.sha256
    ).digest()

    secret = secret_of(a_key(), [ROOT])

    assert secret == f"sk_test_abcdefgh12345678_{base64.urlsafe_b64encode(digest).decode()[:43]}"


def test_every_key_has_a_secret_of_its_own() -> None:
    keys = [
        key_named(random, "acme", mode, root=root, now=NOON)
        for random in ("a" * 16, "b" * 16)
        for mode in Mode
        for root in (ROOT, OLD_ROOT)
    ]

    secrets = {(secret_of(key, [OLD_ROOT, ROOT]) or "")[-43:] for key in keys}

    assert len(secrets) == len(keys)


def test_a_key_outlives_the_rotation_of_the_root_until_its_root_is_retired() -> None:
    key = key_named("a" * 16, "acme", Mode.LIVE, root=OLD_ROOT, now=NOON)

    before, during, after = (
        secret_of(key, roots) for roots in ([OLD_ROOT], [OLD_ROOT, ROOT], [ROOT])
    )

    assert before is not None
    assert during == before
    assert after is None


def test_the_name_of_a_root_key_says_nothing_about_it() -> None:
    name = root_id(ROOT)

    assert len(name) == 8
    assert name not in ROOT.decode()
    assert name != root_id(OLD_ROOT)
    assert not hashlib.sha256(ROOT).hexdigest().startswith(name)


@pytest.mark.parametrize(
    "secret",
    [
        "",
        "sk_test_abcdefgh12345678",
        "sk_prod_abcdefgh12345678_" + "x" * 43,
        "pk_test_abcdefgh12345678_" + "x" * 43,
        "sk_test_ABCDEFGH12345678_" + "x" * 43,
        "sk_test_abcdefgh12345678_" + "x" * 42,
        "sk_test_abcdefgh12345678_" + "x" * 44,
        "sk_test_abcdefgh12345678_" + "x" * 42 + "=",
        "sk_test_abcdefgh12345678_" + "x" * 43 + "\n",
        " sk_test_abcdefgh12345678_" + "x" * 43,
    ],
)
def test_what_is_not_shaped_like_a_secret_names_no_key(secret: str) -> None:
    assert key_id_of(secret) is None


def test_each_partner_and_mode_has_a_token_key_of_its_own() -> None:
    keys = {
        token_key_of(code, mode, root)[-43:]
        for code in ("acme", "brio")
        for mode in Mode
        for root in (ROOT, OLD_ROOT)
    }

    assert len(keys) == 8


def test_a_token_key_says_its_mode_and_stays_the_same() -> None:
    key = token_key_of("acme", Mode.LIVE, ROOT)

    assert key == token_key_of("acme", Mode.LIVE, ROOT)
    assert key.startswith("tk_live_")
    assert len(key) == len("tk_live_") + 43

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import shutil
import subprocess
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import CATALOGUE, PARTNER_KEY, a_key, a_purchase, purchase_json
from widget.errors import RequestMalformed
from widget.partners import secret_of
from widget.seals import MAX_PURCHASE_CHARS, open_purchase, sign_purchase
from widget.wire import PurchaseBody, purchase_of, read_body, read_json

EMBEDDING = Path(__file__).parent.parent / "docs" / "embedding.md"

KEY_ID = a_key().key_id
SECRET = secret_of(a_key(), [PARTNER_KEY.encode()]) or ""
BODY = json.dumps(purchase_json()).encode()

#: Not a purchase that we sell, but every kind of character that JSON and base64 may trip over.
STRANGE = purchase_json(partner_reference="ü/€?>~\N{FAMILY}\\\"' \N{LINE SEPARATOR}+-_=")


def recipe(language: str) -> str:
    """Return the block of a language under the heading "Sign a purchase"."""
    section = EMBEDDING.read_text(encoding="utf-8").partition("\n## Sign a purchase\n")[2]
    blocks = re.findall(
        r"^```(\w+)\n(.*?)^```$", section.partition("\n## ")[0], re.MULTILINE | re.DOTALL
    )
    return dict(blocks)[language]  # type: ignore[no-any-return]  # findall of two groups: pairs of texts


def run(interpreter: str, *arguments: str) -> str:
    """Run a program with `node` or `php`, which not every machine has."""
    program = shutil.which(interpreter)
    if program is None:
        pytest.skip(f"{interpreter} is not installed, so its recipe was not run")
    done = subprocess.run([program, *arguments], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def signed_in_python(purchase: dict[str, Any]) -> str:
    names: dict[str, Any] = {"KEY_ID": KEY_ID, "SECRET": SECRET, "purchase": purchase}
    exec(recipe("python"), names)  # noqa: S102 - our own documentation
    signed: str = names["signed_purchase"]
    return signed


def signed_in_javascript(purchase: dict[str, Any]) -> str:
    program = "\n".join(
        [
            f"const KEY_ID = {json.dumps(KEY_ID)}, SECRET = {json.dumps(SECRET)}",
            f"const purchase = {json.dumps(purchase)}",
            recipe("js"),
            "process.stdout.write(signed_purchase)",
        ]
    )
    return run("node", "--input-type=module", "--eval", program)


def signed_in_php(purchase: dict[str, Any]) -> str:
    encoded = base64.b64encode(json.dumps(purchase).encode()).decode()
    program = "\n".join(
        [
            f"const KEY_ID = {KEY_ID!r}; const SECRET = {SECRET!r};",
            f"$purchase = json_decode(base64_decode({encoded!r}), true);",
            recipe("php"),
            "echo $signed_purchase;",
        ]
    )
    return run("php", "-r", program)


@pytest.mark.parametrize("sign", [signed_in_python, signed_in_javascript, signed_in_php])
@pytest.mark.parametrize("purchase", [purchase_json(), STRANGE], ids=["usual", "strange"])
def test_a_documented_recipe_signs_as_we_do(sign: Any, purchase: dict[str, Any]) -> None:
    sealed = open_purchase(sign(purchase))

    assert sealed.key_id == KEY_ID
    assert sealed.is_signed_with(SECRET)
    assert json.loads(sealed.body) == purchase


@pytest.mark.parametrize("sign", [signed_in_python, signed_in_javascript, signed_in_php])
def test_a_purchase_signed_in_any_language_is_the_same_purchase(sign: Any) -> None:
    body = open_purchase(sign(purchase_json())).body

    purchase = purchase_of(read_body(PurchaseBody, read_json(body), CATALOGUE))

    assert purchase.content_hash() == a_purchase().content_hash()


@pytest.mark.parametrize("language", ["python", "js", "php"])
def test_a_recipe_is_three_lines(language: str) -> None:
    lines = [line for line in recipe(language).splitlines() if line]

    assert len([line for line in lines if not line.startswith("import ")]) == 3
    assert max(map(len, lines)) <= 120


@given(st.binary(min_size=1))
def test_what_was_signed_is_what_is_opened(body: bytes) -> None:
    sealed = open_purchase(sign_purchase(KEY_ID, SECRET, body))

    assert (sealed.key_id, sealed.body) == (KEY_ID, body)
    assert sealed.is_signed_with(SECRET)


def test_a_signature_is_hmac_sha256_of_key_id_and_body() -> None:
    signed, _, mac = sign_purchase(KEY_ID, SECRET, BODY).rpartition(".")

    assert mac == hmac.new(SECRET.encode(), signed.encode(), hashlib.sha256).hexdigest()
    assert signed == f"{KEY_ID}.{base64.urlsafe_b64encode(BODY).decode().rstrip('=')}"


def test_no_altered_purchase_is_believed() -> None:
    text = sign_purchase(KEY_ID, SECRET, b'{"a":1}')
    mutants = [
        f"{text[:place]}{other}{text[place + 1 :]}"
        for place, character in enumerate(text)
        for other in "abcdefABCDEFklz0189-_.=+ é\n\x00{}"
        if other != character
    ]
    mutants += [text[:place] + text[place + 1 :] for place in range(len(text))]
    mutants += [f"{text[:place]}{odd}{text[place:]}" for place in range(len(text)) for odd in "A=."]
    mutants += [text + end for end in ("=", "\n", " ", "0", ".")]
    mutants += [
        text[:place] + right + left + text[place + 2 :]
        for place, (left, right) in enumerate(pairwise(text))
        if left != right
    ]

    believed = []
    for mutant in mutants:
        try:
            if open_purchase(mutant).is_signed_with(SECRET):
                believed.append(mutant)
        except RequestMalformed:
            continue

    assert len(mutants) > 3_000
    assert believed == []


def test_a_purchase_is_not_believed_under_another_key() -> None:
    sealed = open_purchase(sign_purchase(KEY_ID, SECRET, BODY))

    assert not sealed.is_signed_with(SECRET + "x")
    assert not sealed.is_signed_with("")


def test_a_signature_does_not_move_to_another_key_id() -> None:
    text = sign_purchase(KEY_ID, SECRET, BODY).replace(KEY_ID, "pk_test_" + "z" * 16)

    assert not open_purchase(text).is_signed_with(SECRET)


def test_an_unsigned_purchase_is_opened_and_not_believed() -> None:
    sealed = open_purchase(f"{KEY_ID}.{BODY.decode()}")

    assert (sealed.key_id, sealed.body, sealed.mac) == (KEY_ID, BODY, None)
    assert not sealed.is_signed_with(SECRET)


def test_an_unsigned_purchase_keeps_its_lines_and_its_letters() -> None:
    text = f'{KEY_ID}.{{\n  "name": "Zürich €"\n}}'

    assert json.loads(open_purchase(text).body) == {"name": "Zürich €"}


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        "..",
        "{}",
        KEY_ID,
        f"{KEY_ID}.",
        f"{KEY_ID}.e30",
        f"{KEY_ID}..{'0' * 64}",
        f"{KEY_ID}.e30.{'0' * 63}",
        f"{KEY_ID}.e30.{'0' * 65}",
        f"{KEY_ID}.e30.{'A' * 64}",
        f"{KEY_ID}.e30.{'0' * 64}\n",
        f"{KEY_ID}.e30=.{'0' * 64}",
        f"{KEY_ID}.e3+/.{'0' * 64}",
        f"{KEY_ID}.e30é.{'0' * 64}",
        f"{KEY_ID.upper()}.e30.{'0' * 64}",
        f"sk_test_abcdefgh12345678.e30.{'0' * 64}",
        f"pk_prod_abcdefgh12345678.e30.{'0' * 64}",
        f"pk_test_abc.e30.{'0' * 64}",
        f"{KEY_ID}.[1]",
        f"{KEY_ID}. {{}}",
        f" {KEY_ID}.{{}}",
        # No bytes have a base64 of five characters.
        f"{KEY_ID}.e30AA.{'0' * 64}",
    ],
)
def test_what_is_not_spelled_like_a_purchase_is_malformed(text: str) -> None:
    with pytest.raises(RequestMalformed, match="purchase"):
        open_purchase(text)


@given(st.text() | st.text().map(lambda text: f"{KEY_ID}.{{{text}}}"))
def test_any_text_is_opened_or_malformed(text: str) -> None:
    try:
        sealed = open_purchase(text)
    except RequestMalformed:
        return

    assert sealed.mac is None
    assert not sealed.is_signed_with(SECRET)


@pytest.mark.parametrize("room", [0, -1])
def test_a_purchase_that_no_address_can_carry_is_malformed(room: int) -> None:
    shell = f"{KEY_ID}.{{}}"
    text = f"{KEY_ID}.{{{' ' * (MAX_PURCHASE_CHARS - len(shell) - room)}}}"

    if room == 0:
        assert open_purchase(text).key_id == KEY_ID
    else:
        with pytest.raises(RequestMalformed, match="16385 characters; 16384 is the most"):
            open_purchase(text)

from __future__ import annotations

import base64
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from widget.digests import ALGORITHMS, MAX_DIGEST_CHARS, check_digest, content_digest
from widget.errors import DigestMismatch, RequestMalformed

#: RFC 9530, appendix D: the body of its examples, with its line feed.
HELLO = b'{"hello": "world"}\n'
SHA256 = "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:"
SHA512 = (
    "sha-512=:YMAam51Jz/jOATT6/zvHrLVgOYTGFy1d6GJiOHTohq4yP+pgk4vf2aCs"
    "yRZOtw8MjkM7iw7yZ/WkppmM44T3qg==:"
)
OTHER = content_digest(b"{}")


@pytest.mark.parametrize(("algorithm", "digest"), [("sha-256", SHA256), ("sha-512", SHA512)])
def test_a_digest_is_written_as_in_the_standard(algorithm: str, digest: str) -> None:
    assert content_digest(HELLO, algorithm) == digest


@pytest.mark.parametrize(
    "header",
    [
        SHA256,
        SHA512,
        f"{SHA256}, {SHA512}",
        f"{SHA512},{SHA256}",
        f" {SHA512}\t, \t{SHA256} ",
        f"md5=:AAAA:, {SHA256}",
        f"{SHA256}, sha=:thqDyw+8RNBoXVNPu2qcH1mQXJA=:",
        f"{SHA256}, {SHA256}",
    ],
)
def test_a_body_is_the_one_of_its_digest(header: str) -> None:
    check_digest(header, HELLO)


@pytest.mark.parametrize(
    "header", [OTHER, f"{SHA256}, {content_digest(b'', 'sha-512')}", f"{OTHER}, {SHA256}"]
)
def test_one_digest_that_does_not_fit_is_enough(header: str) -> None:
    with pytest.raises(DigestMismatch):
        check_digest(header, HELLO)


def test_a_digest_that_does_not_fit_is_told_with_the_one_that_would() -> None:
    with pytest.raises(DigestMismatch) as error:
        check_digest(OTHER, HELLO)

    assert (error.value.actual, error.value.size) == (SHA256, len(HELLO))
    assert SHA256 in str(error.value)


def test_another_spelling_of_the_same_bytes_does_not_fit() -> None:
    other = SHA256.replace("bDg=", "bDh=")
    assert base64.b64decode(other[9:-1]) == hashlib.sha256(HELLO).digest()

    with pytest.raises(DigestMismatch):
        check_digest(other, HELLO)


@pytest.mark.parametrize("header", ["md5=:AAAA:", "sha=:AAAA:, unixsum=:AAAA:"])
def test_a_digest_by_algorithms_that_protect_nothing_is_refused(header: str) -> None:
    with pytest.raises(RequestMalformed, match="none of sha-256 and sha-512"):
        check_digest(header, HELLO)


@pytest.mark.parametrize(
    "header",
    [
        "",
        " ",
        ",",
        "sha-256",
        "sha-256=",
        SHA256[:-1],
        SHA256.replace(":", ""),
        SHA256.replace(":", '"'),
        SHA256.replace("sha", "SHA"),
        SHA256.replace("=:", " = :", 1),
        SHA256.replace("/", "_"),
        SHA256.replace("=:", "===:"),
        SHA256 + ",",
        SHA256 + ";a=1",
        SHA256 + " " + SHA512,
        SHA256 + "\n",
        f"{SHA256}, nonsense",
        "sha-256=:é:",
        ", ".join([SHA512] * (MAX_DIGEST_CHARS // len(SHA512) + 1)),
    ],
)
def test_what_is_not_written_like_a_digest_is_malformed(header: str) -> None:
    with pytest.raises(RequestMalformed, match="not written like"):
        check_digest(header, HELLO)


def test_an_empty_body_has_a_digest_too() -> None:
    check_digest(content_digest(b""), b"")

    with pytest.raises(DigestMismatch):
        check_digest(content_digest(b""), b"{}")


@given(st.binary(), st.binary(), st.sampled_from(sorted(ALGORITHMS)))
def test_a_digest_fits_its_own_body_and_no_other(body: bytes, other: bytes, name: str) -> None:
    digest = content_digest(body, name)

    check_digest(digest, body)

    if other != body:
        with pytest.raises(DigestMismatch):
            check_digest(digest, other)


@given(st.text())
def test_any_text_fits_or_is_refused(text: str) -> None:
    with pytest.raises(RequestMalformed):
        check_digest(text, HELLO)

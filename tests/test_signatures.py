"""The signature of a request, against what XCover's clients send and against who would forge it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import string
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta, timezone
from urllib.parse import quote, unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import NOON
from widget.digests import content_digest
from widget.errors import CredentialInvalid
from widget.signatures import (
    ALGORITHMS,
    MAX_CREDENTIAL_CHARS,
    RequestHead,
    http_date,
    read_http_date,
    read_signature,
    sign_request,
    text_to_sign,
)

KEY_ID = "test_api_key"
SECRET = "test_api_secret"
DATE = "Sun, 29 Aug 2021 12:07:26 GMT"
QUOTES = "/x/partners/LLODT/quotes/"


def a_head(
    method: str = "POST", path: str = QUOTES, *more: tuple[str, str], date: str = DATE
) -> RequestHead:
    return RequestHead(method, path, [("date", date), *more])


def a_credential(
    algorithm: str = "hmac-sha256",
    headers: str | None = "date",
    signature: str = "bfxytCfvFqito27v0%2FKcN1jBJsgnCReimKXdAWwoi0k%3D",
) -> str:
    listed = "" if headers is None else f',headers="{headers}"'
    return f'keyId="{KEY_ID}",algorithm="{algorithm}"{listed},signature="{signature}"'


# -- what XCover's clients sign


@dataclass(frozen=True)
class Vector:
    """A signature as a client of XCover's sends it."""

    algorithm: str
    names: tuple[str, ...]
    signature: str
    head: RequestHead = field(default_factory=a_head)
    secret: str = SECRET


VECTORS = {
    "the Python client's own test": Vector(
        "hmac-sha256", ("date",), "bfxytCfvFqito27v0%2FKcN1jBJsgnCReimKXdAWwoi0k%3D"
    ),
    "the date, as the Python and the PHP client sign it": Vector(
        "hmac-sha512",
        ("date",),
        "qLxGTecb22ktTsA0GgrwHlPTSoZEbmtNM8ihXKM%2FTY%2BaMa%2FbvW7IymC6jdUgR8KS7zgbHVxM5LpumLxCgt%2BQ"
        "rQ%3D%3D",
    ),
    "the target, without its query": Vector(
        "hmac-sha512",
        ("(request-target)", "date"),
        "5SDLYOWXFRqkyMTlbc%2B3nf46D%2FEZbmb6cZz%2B0gkTCdJajS5xr2PWa2KsEFKy3H5KH6U4oUPWwyEzdcUPuQ74Gg"
        "%3D%3D",
    ),
    "the target by sha256": Vector(
        "hmac-sha256",
        ("(request-target)", "date"),
        "mBcdzBOrgFO5tMrx2cPbH1sxB1eFf3aipvpJ6%2BD6O4Q%3D",
    ),
    "the target by sha384": Vector(
        "hmac-sha384",
        ("(request-target)", "date"),
        "WEfAPxmSDbUXA29MAu3eo7oSN8h9Swm1RQHsH9aOVx3iVyiFo0l6N%2F2n266sA3ip",
    ),
    "an idempotency key": Vector(
        "hmac-sha512",
        ("date", "(request-target)", "x-idempotency-key"),
        "nvkNjeoPYJAOUVs5mZCCda1Oo%2FwAj6Pbk4Wu3zbeisGN1LZxMxaSflUsEpwteIhMgtZPZvn4XZX341B%2FEd%2BmQA"
        "%3D%3D",
        a_head(
            "POST",
            "/x/partners/LLODT/bookings/AAAAA-BBBBB-INS/",
            ("X-Idempotency-Key", "db55f986-c30c-4883-ac4f-0d2cfada6d3f"),
        ),
    ),
    "the oldest client": Vector(
        "hmac-sha512",
        ("date",),
        "f6RnwuCiDBJiAgi7fbc4cXEeKF%2BPKiIA%2BQbKVHqQmu3KHemhLg2wV5FDceUEbzPurmnqQi5H7W9Ot1om0o7W3A%3D"
        "%3D",
        a_head(date="Tue, 01 Jan 2019 00:00:00 GMT"),
        "efgh",
    ),
    "a webhook": Vector(
        "hmac-sha256",
        ("date",),
        "05oif3G3bD9AjHiPsiUrG1mzZpbgya3vDSicQZV7ojM%3D",
        a_head(date="Thu, 27 Feb 2025 05:01:47 GMT"),
        "hook_secret",
    ),
}


@pytest.mark.parametrize("name", VECTORS)
def test_we_sign_as_xcovers_clients_do(name: str) -> None:
    vector = VECTORS[name]

    signed = sign_request(
        vector.head, KEY_ID, vector.secret, algorithm=vector.algorithm, names=vector.names
    )

    assert signed.endswith(f'signature="{vector.signature}"')
    assert signed.startswith(f'Signature keyId="{KEY_ID}",algorithm="{vector.algorithm}",')


@pytest.mark.parametrize("name", VECTORS)
def test_we_believe_what_xcovers_clients_sign(name: str) -> None:
    vector = VECTORS[name]
    credential = a_credential(vector.algorithm, " ".join(vector.names), vector.signature)

    signature = read_signature(credential)

    assert (signature.key_id, signature.names) == (KEY_ID, vector.names)
    assert signature.is_made_with(vector.secret, vector.head)
    assert not signature.is_made_with(vector.secret + "x", vector.head)


def test_the_text_has_a_line_for_each_name_and_no_last_line_feed() -> None:
    text = text_to_sign(["(request-target)", "date"], a_head())

    assert text == f"(request-target): post {QUOTES}\ndate: {DATE}"


def test_for_an_upstream_the_date_is_signed_by_sha512_and_not_listed() -> None:
    signed = sign_request(a_head(), KEY_ID, SECRET)

    assert signed.startswith(f'Signature keyId="{KEY_ID}",algorithm="hmac-sha512",signature="')


def test_a_signature_can_cover_the_body_by_its_digest() -> None:
    digest = content_digest(b"{}")
    head = a_head("POST", QUOTES, ("Content-Digest", digest))
    names = ("(request-target)", "date", "content-digest")

    signed = sign_request(head, KEY_ID, SECRET, names=names).removeprefix("Signature ")

    assert text_to_sign(names, head).endswith(f"\ncontent-digest: {digest}")
    assert read_signature(signed).is_made_with(SECRET, head)


# -- how they spell it


def test_what_lists_no_headers_speaks_of_the_date() -> None:
    signature = read_signature(a_credential(headers=None))

    assert signature.names == ("date",)
    assert signature.is_made_with(SECRET, a_head())


@pytest.mark.parametrize(
    "credential",
    [
        ",".join(reversed(a_credential().split(","))),
        a_credential().replace(",", " ,\t"),
        a_credential().replace("keyId", "keyid").replace("algorithm=", "Algorithm="),
        a_credential(headers="Date"),
        a_credential(signature=unquote(VECTORS["the Python client's own test"].signature)),
        a_credential(signature="bfxytCfvFqito27v0%2fKcN1jBJsgnCReimKXdAWwoi0k%3d"),
    ],
    ids=["any order", "spaces", "any case", "a name in any case", "no percents", "small percents"],
)
def test_it_may_be_spelled(credential: str) -> None:
    assert read_signature(credential).is_made_with(SECRET, a_head())


def test_the_names_of_the_requests_headers_may_be_in_any_case_and_padded() -> None:
    head = RequestHead("POST", QUOTES, [("DATE", f" {DATE}\t")])

    assert read_signature(a_credential()).is_made_with(SECRET, head)


@pytest.mark.parametrize(
    "credential",
    [
        "",
        "keyId",
        'keyId="k"',
        "keyId=k,algorithm=hmac-sha256,signature=s",
        a_credential() + ",",
        "," + a_credential(),
        a_credential().replace(",", ";"),
        a_credential().replace(",", " "),
        a_credential() + ',keyId="other"',
        a_credential() + ',KEYID="other"',
        a_credential() + ',expires="1"',
        a_credential().replace(KEY_ID, "a\\b"),
        a_credential().replace(KEY_ID, "é"),
        a_credential().replace(KEY_ID, "a\nb"),
        a_credential() + "\n",
        a_credential().replace(KEY_ID, "k" * MAX_CREDENTIAL_CHARS),
    ],
)
def test_what_is_not_spelled_like_a_signature_is_no_credential(credential: str) -> None:
    with pytest.raises(CredentialInvalid):
        read_signature(credential)


@pytest.mark.parametrize("algorithm", ["", "hmac-sha1", "hs2019", "rsa-sha256", "HMAC-SHA256"])
def test_another_algorithm_is_refused_with_those_that_are_not(algorithm: str) -> None:
    with pytest.raises(CredentialInvalid, match="hmac-sha256, hmac-sha384, hmac-sha512"):
        read_signature(a_credential(algorithm))


def test_nothing_is_signed_by_an_algorithm_that_we_would_refuse() -> None:
    with pytest.raises(CredentialInvalid, match="'hmac-sha1' is not accepted"):
        sign_request(a_head(), KEY_ID, SECRET, algorithm="hmac-sha1")


GOOD = unquote(VECTORS["the Python client's own test"].signature)


@pytest.mark.parametrize(
    "signature",
    [
        "",
        "%",
        GOOD[:-1],
        GOOD + "=",
        GOOD.replace("/", "_"),
        quote(quote(GOOD, safe=""), safe=""),
        GOOD.replace("/", "%ff"),
        GOOD.replace("/", "%0A"),
        "=" * 44,
        base64.b64encode(b"x" * 64).decode(),
    ],
)
def test_what_is_not_base64_of_the_right_size_is_no_signature(signature: str) -> None:
    with pytest.raises(CredentialInvalid, match="percent-encoded once"):
        read_signature(a_credential(signature=signature))


def test_another_spelling_of_the_same_bytes_is_not_believed() -> None:
    # The last letter before the padding has two bits that no byte needs.
    other = GOOD.replace("0k=", "0l=")
    assert base64.b64decode(other) == base64.b64decode(GOOD)

    assert not read_signature(a_credential(signature=other)).is_made_with(SECRET, a_head())


# -- what never authenticates


def test_an_empty_text_is_never_believed() -> None:
    # The Python client signs this when all of its headers are made up.
    empty = hmac.digest(SECRET.encode(), b"", hashlib.sha256)
    signature = quote(base64.b64encode(empty).decode(), safe="")

    for headers in ("", " ", "x-made-up", "x-made-up date", "date x-made-up"):
        with pytest.raises(CredentialInvalid):
            read_signature(a_credential("hmac-sha256", headers, signature)).is_made_with(
                SECRET, a_head()
            )
    for listed in ("date", None):
        credential = a_credential("hmac-sha256", listed, signature)
        assert not read_signature(credential).is_made_with(SECRET, a_head())


@pytest.mark.parametrize("headers", ["", "(request-target)", "x-date", "(request-target) x-date"])
def test_a_signature_that_does_not_cover_the_date_is_refused(headers: str) -> None:
    with pytest.raises(CredentialInvalid, match="`date` among them"):
        read_signature(a_credential(headers=headers))


@pytest.mark.parametrize("headers", ["date date", "date Date", "date x-a x-a"])
def test_a_name_is_listed_once(headers: str) -> None:
    with pytest.raises(CredentialInvalid, match="each header once"):
        read_signature(a_credential(headers=headers))


@pytest.mark.parametrize("headers", ["date (created)", "date x:y", "date x,y", "date a/b"])
def test_what_is_no_name_of_a_header_is_refused(headers: str) -> None:
    with pytest.raises(CredentialInvalid, match="not the name of a header"):
        read_signature(a_credential(headers=headers))


@pytest.mark.parametrize(
    ("headers", "count"),
    [
        ([], "none"),
        ([("date", DATE), ("date", DATE)], "more than one"),
        ([("date", DATE), ("Date", "another")], "more than one"),
    ],
)
def test_a_listed_header_stands_in_the_request_once(
    headers: list[tuple[str, str]], count: str
) -> None:
    signature = read_signature(a_credential())

    with pytest.raises(CredentialInvalid, match=f"lists 'date'; the request has {count}"):
        signature.is_made_with(SECRET, RequestHead("POST", QUOTES, headers))


def test_we_sign_only_headers_that_the_request_has_and_always_the_date() -> None:
    for names in (("(request-target)",), ("date", "x-idempotency-key"), ()):
        with pytest.raises(CredentialInvalid):
            sign_request(a_head(), KEY_ID, SECRET, names=names)


# -- any request

words = st.text("abcdefghijklmnopqrstuvwxyz0123456789-", min_size=1, max_size=8)
values = st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=20)
methods = st.sampled_from(["GET", "POST", "PATCH", "DELETE", "post"])
paths = st.text(string.ascii_letters + string.digits + "/%-._~!$&'()*+,;=:@", max_size=40).map(
    lambda text: f"/{text}"
)


def moments(first_year: int, last_year: int) -> st.SearchStrategy[datetime]:
    bounds = (datetime(year, 1, 1) for year in (first_year, last_year))  # noqa: DTZ001 - as asked for
    return st.datetimes(*bounds, timezones=st.just(UTC))


others = st.dictionaries(words.map(lambda word: f"x-{word}"), values, max_size=4)
heads = st.builds(
    lambda method, path, moment, more: a_head(method, path, *more.items(), date=http_date(moment)),
    methods,
    paths,
    moments(1970, 2200),
    others,
)
algorithms = st.sampled_from(sorted(ALGORITHMS))


@given(heads, algorithms, st.data())
def test_what_is_signed_is_believed(head: RequestHead, algorithm: str, data: st.DataObject) -> None:
    names = data.draw(st.permutations(["(request-target)", *(name for name, _ in head.headers)]))

    signed = sign_request(head, KEY_ID, SECRET, algorithm=algorithm, names=names)

    signature = read_signature(signed.removeprefix("Signature "))
    assert signature.names == tuple(names)
    assert signature.is_made_with(SECRET, head)


def changed(text: str, place: int, other: str) -> str:
    """Return a text with another character at a place, counted around."""
    place %= len(text)
    return text[:place] + other + text[place + 1 :]


letters = st.sampled_from(string.ascii_letters + string.digits + "/%+=-_ .,:")


@given(heads, algorithms, st.integers(0, 99), letters)
def test_what_was_changed_in_one_place_is_not_believed(
    head: RequestHead, algorithm: str, place: int, letter: str
) -> None:
    names = ["(request-target)", *(name for name, _ in head.headers)]
    signed = sign_request(head, KEY_ID, SECRET, algorithm=algorithm, names=names)
    signature = read_signature(signed.removeprefix("Signature "))
    (_, date), *more = head.headers
    # Blanks around it are no part of a header's value, so none is put there.
    other_date = changed(date, place % (len(date) - 1), letter)
    mutants = [
        replace(head, path=changed(head.path, place, letter)),
        replace(head, method=changed(head.method, place, letter)),
        replace(head, headers=[("date", other_date), *more]),
    ]
    mutants = [
        mutant for mutant in mutants if text_to_sign(names, mutant) != text_to_sign(names, head)
    ]
    forged = replace(signature, value=changed(signature.value, place, letter))

    assert signature.is_made_with(SECRET, head)
    assert not any(signature.is_made_with(SECRET, mutant) for mutant in mutants)
    assert forged.is_made_with(SECRET, head) == (forged == signature)


@given(st.text() | st.text(string.printable).map(lambda text: a_credential() + text))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        signature = read_signature(text)
    except CredentialInvalid:
        return

    assert signature.algorithm in ALGORITHMS


# -- dates


@given(moments(100, 9999))
def test_a_date_that_was_written_is_read(moment: datetime) -> None:
    assert read_http_date(http_date(moment)) == moment.replace(microsecond=0)


def test_a_date_has_a_day_of_two_digits_and_is_in_gmt() -> None:
    berlin = timezone(timedelta(hours=1))

    assert http_date(NOON) == "Mon, 01 Mar 2027 12:00:00 GMT"
    assert http_date(NOON.astimezone(berlin)) == http_date(NOON)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "now",
        "1630238846",
        "2021-08-29T12:07:26Z",
        "Sun, 29 Aug 2021 12:07:26 +0000",
        "Sun, 29 Aug 2021 12:07:26 UTC",
        "Sun, 29 Aug 2021 12:07:26",
        "Sun, 29 Aug 2021 12:07:26 GMT ",
        "Sun, 29 Aug 2021 24:07:26 GMT",
        "Sun, 29 Aug 2021 12:07:60 GMT",
        "Sun, 31 Feb 2021 12:07:26 GMT",
        "Sun, 00 Aug 2021 12:07:26 GMT",
        "Sun, 29 Aug 0000 12:07:26 GMT",
        "Sun, 29 Xyz 2021 12:07:26 GMT",
        "Mon, 29 Aug 2021 12:07:26 GMT",
        "sun, 29 aug 2021 12:07:26 gmt",
        "Sun, 1 Aug 2021 12:07:26 GMT",
        "Sunday, 29-Aug-21 12:07:26 GMT",
        "Sun Aug 29 12:07:26 2021",
        "Sun, ٢٩ Aug 2021 12:07:26 GMT",
    ],
)
def test_a_date_in_another_form_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(CredentialInvalid, match="Sun, 29 Aug 2021 12:07:26 GMT"):
        read_http_date(text)


@given(
    st.text() | st.from_regex(r"\A[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT\Z")
)
def test_any_text_is_a_date_or_refused(text: str) -> None:
    try:
        moment = read_http_date(text)
    except CredentialInvalid:
        return

    assert http_date(moment) == text

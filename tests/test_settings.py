from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import pytest

from tests.builders import PARTNER_KEY, TOKEN_KEY, some_settings
from widget.errors import SettingInvalid
from widget.settings import PREFIX, Settings, read_settings, rows

SECRETS = {
    "token_keys",
    "partner_keys",
    "evidence_keys",
    "smtp_url",
    "upstream_key",
    "upstream_test_key",
}
LOUD = "loud-secret-" + "x" * 32


def read(
    environ: Mapping[str, str] | None = None,
    file: Mapping[str, object] | None = None,
    files: Mapping[str, str] | None = None,
) -> Settings:
    """Return settings; `files` are those that a `…_FILE` variable may name."""
    return read_settings(environ or {}, file, read_secret=(files or {}).__getitem__)


def test_without_anything_every_setting_has_its_default() -> None:
    assert read() == Settings()


def test_every_setting_is_one_row_of_one_table() -> None:
    table = rows(Settings())

    assert [row.name for row in table] == [PREFIX + item.name.upper() for item in fields(Settings)]
    assert all(row.help.endswith(".") and "\n" not in row.help for row in table)


@pytest.mark.parametrize("name", [item.name for item in fields(Settings)])
def test_a_number_carries_its_unit_in_its_name(name: str) -> None:
    default = next(item.default for item in fields(Settings) if item.name == name)

    has_unit = name.endswith(("_s", "_ms", "_days", "_bytes")) or name == "port"

    assert has_unit == isinstance(default, int)


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("public_url", "https://cover.example", "https://cover.example"),
        ("public_url", "http://[::1]:8000", "http://[::1]:8000"),
        ("host", "0.0.0.0", "0.0.0.0"),  # noqa: S104 - only read, never bound
        ("port", "9000", 9000),
        ("database", "sqlite:////var/lib/offers.db", "sqlite:////var/lib/offers.db"),
        ("catalogue_dir", "/etc/products", "/etc/products"),
        ("token_keys", f"{TOKEN_KEY}, {LOUD},", (TOKEN_KEY, LOUD)),
        ("partner_keys", LOUD, (LOUD,)),
        ("offer_lifetime_s", "60", 60),
        ("confirm_grace_s", "0", 0),
        ("max_body_bytes", "1024", 1024),
        ("smtp_url", "smtps://u:p@mail.example:465", "smtps://u:p@mail.example:465"),
        ("mail_from", "a@b.example", "a@b.example"),
        ("test_mail_to", "a@b.example", "a@b.example"),
        ("test_mail_to", "", ""),
        ("log_format", "console", "console"),
        ("log_level", "debug", "debug"),
    ],
)
def test_the_environment_sets_each_setting(name: str, text: str, value: object) -> None:
    settings = read({PREFIX + name.upper(): text})

    assert getattr(settings, name) == value


def test_the_file_sets_what_the_environment_does_not() -> None:
    file = {"port": 9000, "host": "file.example", "token_keys": [TOKEN_KEY, LOUD]}

    settings = read({f"{PREFIX}HOST": "environment.example"}, file)

    assert (settings.port, settings.host) == (9000, "environment.example")
    assert settings.token_keys == (TOKEN_KEY, LOUD)


@pytest.mark.parametrize("name", ["prot", "PORT", "offer_widget_port", "repr", ""])
def test_the_file_has_no_other_names(name: str) -> None:
    with pytest.raises(SettingInvalid) as error:
        read(file={name: 1})

    assert error.value.name == name
    assert "no such setting" in error.value.problem


@pytest.mark.parametrize("name", sorted(SECRETS))
def test_a_secret_may_come_from_a_file(name: str) -> None:
    settings = read(
        {f"{PREFIX}{name.upper()}_FILE": "/run/secret"}, files={"/run/secret": f"{LOUD}\n"}
    )

    assert getattr(settings, name) in {LOUD, (LOUD,)}


def test_a_secret_in_the_environment_goes_before_its_file() -> None:
    environ = {f"{PREFIX}TOKEN_KEYS": LOUD, f"{PREFIX}TOKEN_KEYS_FILE": "/nowhere"}

    assert read(environ).token_keys == (LOUD,)


def test_only_secrets_come_from_files() -> None:
    assert read({f"{PREFIX}HOST_FILE": "/nowhere"}).host == Settings().host


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"PORT": "http"}, "'http' is not a whole number"),
        ({"PORT": ""}, "'' is not a whole number"),
        ({"PORT": "80.5"}, "'80.5' is not a whole number"),
        ({"PORT": "-1"}, "-1 is negative"),
        ({"OFFER_LIFETIME_S": "30m"}, "'30m' is not a whole number"),
        ({"PUBLIC_URL": "cover.example"}, "scheme and host"),
        ({"PUBLIC_URL": "https://cover.example/"}, "without a path"),
        ({"PUBLIC_URL": "https://cover.example?x"}, "without a path"),
        ({"PUBLIC_URL": "https://cover.example\n"}, "without a path"),
        ({"PUBLIC_URL": "ftp://cover.example"}, "scheme and host"),
        ({"PUBLIC_URL": ""}, "scheme and host"),
        ({"PUBLIC_URL": "https://Cover.example"}, "lower case"),
        ({"PUBLIC_URL": "HTTPS://cover.example"}, "lower case"),
        ({"PUBLIC_URL": "https://cover.example:443"}, "default port"),
        ({"PUBLIC_URL": "http://cover.example:80"}, "default port"),
        ({"PUBLIC_URL": "https://cover.example:99999"}, "scheme and host"),
        ({"PUBLIC_URL": "https://me@cover.example"}, "scheme and host"),
        ({"TEST_MAIL_TO": "developer"}, "name@mail.example"),
        ({"TEST_MAIL_TO": "@mail.example"}, "name@mail.example"),
        ({"TEST_MAIL_TO": "developer@"}, "name@mail.example"),
        ({"TEST_MAIL_TO": "a developer@mail.example"}, "name@mail.example"),
        ({"TEST_MAIL_TO": "a@mail.example,b@mail.example"}, "name@mail.example"),
        ({"TEST_MAIL_TO": "developer@mail.example\n"}, "name@mail.example"),
        ({"LOG_FORMAT": "xml"}, "json or console"),
        ({"LOG_LEVEL": "INFO"}, "debug, info, warning or error"),
        ({"TOKEN_KEYS": "short"}, "at least 32 characters"),
        ({"PARTNER_KEYS": f"{LOUD},short"}, "at least 32 characters"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(changes: dict[str, str], words: str) -> None:
    (name,) = changes

    with pytest.raises(SettingInvalid) as error:
        read({PREFIX + name: text for name, text in changes.items()})

    assert error.value.name == PREFIX + name
    assert words in error.value.problem


@pytest.mark.parametrize("value", [True, 80.5, "http", [80], -1])
def test_a_number_in_the_file_is_a_number(value: object) -> None:
    with pytest.raises(SettingInvalid, match="port"):
        read(file={"port": value})


@pytest.mark.parametrize("missing", ["token_keys", "partner_keys"])
def test_serving_needs_keys_and_tells_how_to_make_them(missing: str) -> None:
    with pytest.raises(SettingInvalid) as error:
        some_settings(**{missing: ()}).check_can_serve()

    assert error.value.name == PREFIX + missing.upper()
    assert "token_urlsafe" in error.value.problem


def test_with_keys_it_can_serve() -> None:
    settings = some_settings()

    settings.check_can_serve()

    assert (settings.token_keys, settings.partner_keys) == ((TOKEN_KEY,), (PARTNER_KEY,))


def test_the_recipe_for_a_key_makes_one_that_is_long_enough() -> None:
    with pytest.raises(SettingInvalid) as error:
        Settings().check_can_serve()
    found = re.search(r'python -c "(.*)"', error.value.problem)
    assert found is not None
    made: list[str] = []

    exec(found[1], {"print": made.append})  # noqa: S102 - our own recipe

    assert read({f"{PREFIX}TOKEN_KEYS": made[0]}).token_keys == (made[0],)


@pytest.mark.parametrize("spell", [repr, str, "{}".format])
@pytest.mark.parametrize("name", sorted(SECRETS))
def test_a_secret_has_no_readable_form(name: str, spell: Any) -> None:
    settings = read({PREFIX + name.upper(): LOUD})

    assert LOUD not in spell(settings)
    assert LOUD not in repr(rows(settings))


@pytest.mark.parametrize("name", ["TOKEN_KEYS", "PARTNER_KEYS"])
def test_an_error_never_tells_a_secret(name: str) -> None:
    with pytest.raises(SettingInvalid) as error:
        read({PREFIX + name: "loud-secret"})

    assert "loud-secret" not in str(error.value)


def test_a_row_only_says_whether_a_secret_is_set() -> None:
    shown = {row.name: row.value for row in rows(Settings(token_keys=(LOUD,), smtp_url=""))}

    assert shown[f"{PREFIX}TOKEN_KEYS"] == "(set)"
    assert shown[f"{PREFIX}PARTNER_KEYS"] == "(not set)"
    assert shown[f"{PREFIX}SMTP_URL"] == "(not set)"


def test_a_row_shows_value_and_default() -> None:
    row = next(row for row in rows(Settings(port=9000)) if row.name == f"{PREFIX}PORT")

    assert (row.value, row.default, row.help) == ("9000", "8000", "The port to listen on.")


def test_the_secrets_are_those_that_must_not_be_read() -> None:
    assert {item.name for item in fields(Settings) if item.metadata["secret"]} == SECRETS


UPSTREAM = {"UPSTREAM_URL": "https://api.xcover.example/x/partners/ACME", "UPSTREAM_KEY": LOUD}


@pytest.mark.parametrize(
    "url",
    [
        "https://api.xcover.example/x/partners/ACME",
        "https://api.xcover.example:8443/xcover/partners/ACME/",
        "http://127.0.0.1:8000/x/partners/acme",
    ],
)
def test_an_upstream_is_a_partners_address_at_a_platform(url: str) -> None:
    given = UPSTREAM | {"UPSTREAM_URL": url}

    assert read({PREFIX + name: value for name, value in given.items()}).upstream_url == url


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("UPSTREAM_URL", "http://api.xcover.example/x/partners/ACME"),
        ("UPSTREAM_URL", "http://127.0.0.1.evil.example/x/partners/ACME"),
        ("UPSTREAM_URL", "https://api.xcover.example/x/"),
        ("UPSTREAM_URL", "https://user@api.xcover.example/x/partners/ACME"),
        ("UPSTREAM_URL", "https://api.xcover.example/x/partners/ACME?key=1"),
        ("UPSTREAM_KEY", ""),
        ("UPSTREAM_KEY", "short"),
        ("UPSTREAM_FAMILY", "xone"),
    ],
)
def test_an_upstream_that_could_not_be_called_is_refused(name: str, value: str) -> None:
    given = UPSTREAM | {name: value}

    with pytest.raises(SettingInvalid) as error:
        read({PREFIX + key: text for key, text in given.items()})

    assert error.value.name == PREFIX + name

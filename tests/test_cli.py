"""The command `offer-widget`, as an operator types it."""

from __future__ import annotations

import re
import shutil
import signal
import socket
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from subprocess import CompletedProcess

import httpx2
import pytest
from typer.testing import CliRunner

import widget
from tests.builders import PARTNER_KEY, TOKEN_KEY
from tests.live import environment, run, serving
from widget import __version__
from widget.cli import cli
from widget.server import GRACEFUL_S
from widget.storage.migrations import migrations_for

#: Runs the command with the settings of a test.
Command = Callable[..., CompletedProcess[str]]


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "cli.db"


@pytest.fixture
def command(database: Path) -> Command:
    environ = environment(database)
    return lambda *arguments: typed(environ, *arguments)


def typed(environ: Mapping[str, str], *arguments: str) -> CompletedProcess[str]:
    """Run a command in this process, which saves its start; `serve` gets one of its own."""
    result = CliRunner().invoke(cli, arguments, env=environ)
    return CompletedProcess(arguments, result.exit_code, result.stdout, result.stderr)


@pytest.fixture
def acme(command: Command) -> Command:
    """The command, once there is the partner `acme`."""
    added = command(
        *("partners", "add", "acme", "--name", "Acme Travel", "--origin", "https://shop.test")
    )
    assert added.returncode == 0, added.stderr
    return command


def refused(result: CompletedProcess[str]) -> str:
    """Return the sentence with which a command was refused."""
    assert result.returncode == 1, result
    assert "Traceback" not in result.stderr
    lines = result.stderr.strip().splitlines()
    assert len(lines) == 1, result.stderr
    return lines[0]


def test_the_version_is_the_packages(command: Command) -> None:
    assert command("version").stdout.strip() == __version__


def test_the_command_alone_lists_what_it_can(command: Command) -> None:
    told = command()

    assert all(name in told.stdout + told.stderr for name in ("serve", "partners", "migrate"))


# -- settings


def test_settings_are_shown_with_values_and_help_but_without_secrets(database: Path) -> None:
    environ = environment(database, SMTP_URL="smtp://operator:canary-word@mail.test:25", PORT=8123)

    shown = typed(environ, "settings")

    assert shown.returncode == 0
    assert "OFFER_WIDGET_PORT = 8123" in shown.stdout
    assert "Default: 8000" in shown.stdout
    assert "OFFER_WIDGET_TOKEN_KEYS = (set)" in shown.stdout
    for secret in (TOKEN_KEY, PARTNER_KEY, "canary-word"):
        assert secret not in shown.stdout + shown.stderr


@pytest.mark.parametrize("name", ["TOKEN_KEYS", "PARTNER_KEYS"])
def test_a_missing_key_is_said_with_how_to_make_one(database: Path, name: str) -> None:
    sentence = refused(run(environment(database, **{name: None}), "serve"))

    assert sentence.startswith(f"OFFER_WIDGET_{name}: ")
    assert "secrets.token_urlsafe(32)" in sentence


def test_the_recipe_for_a_key_makes_one_that_is_taken(database: Path) -> None:
    sentence = refused(typed(environment(database, TOKEN_KEYS=None), "partners", "keys", "acme"))
    recipe = re.search(r'python -c "(.*)"', sentence)
    assert recipe is not None
    printed: list[str] = []

    exec(recipe[1], {"print": printed.append})  # noqa: S102 - our own words

    shown = typed(environment(database, TOKEN_KEYS=printed[0]), "settings")
    assert "OFFER_WIDGET_TOKEN_KEYS = (set)" in shown.stdout


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TOKEN_KEYS", "short"),
        ("PORT", "eighty"),
        ("PORT", "-1"),
        ("LOG_FORMAT", "xml"),
        ("LOG_LEVEL", "loud"),
        ("PUBLIC_URL", "cover.test"),
        ("DATABASE", "postgresql://localhost/x"),
    ],
)
def test_a_setting_that_cannot_be_read_is_named(database: Path, name: str, value: str) -> None:
    environ = environment(database, **{name: value})

    assert f"OFFER_WIDGET_{name}" in refused(typed(environ, "migrate"))


def test_settings_may_come_from_a_file_and_the_environment_wins(
    database: Path, tmp_path: Path
) -> None:
    (tmp_path / "settings.toml").write_text('port = 8123\nhost = "127.0.0.9"\n')
    environ = environment(database, CONFIG=tmp_path / "settings.toml", PORT=8124)

    shown = typed(environ, "settings").stdout

    assert "OFFER_WIDGET_PORT = 8124" in shown
    assert "OFFER_WIDGET_HOST = 127.0.0.9" in shown


@pytest.mark.parametrize("text", [None, "port = ", "colour = 1", "port = true"])
def test_a_settings_file_that_cannot_be_read_is_said(
    database: Path, tmp_path: Path, text: str | None
) -> None:
    path = tmp_path / "settings.toml"
    if text is not None:
        path.write_text(text)

    assert refused(typed(environment(database, CONFIG=path), "settings"))


def test_a_secret_may_come_from_a_file(database: Path, tmp_path: Path) -> None:
    (tmp_path / "token-keys").write_text(f"{TOKEN_KEY}\n")
    environ = environment(database, TOKEN_KEYS=None, TOKEN_KEYS_FILE=tmp_path / "token-keys")

    assert "OFFER_WIDGET_TOKEN_KEYS = (set)" in typed(environ, "settings").stdout


def test_a_secret_file_that_is_missing_is_said(database: Path, tmp_path: Path) -> None:
    environ = environment(database, TOKEN_KEYS=None, TOKEN_KEYS_FILE=tmp_path / "nowhere")

    assert "cannot be read" in refused(typed(environ, "settings"))


@pytest.mark.parametrize("name", ["TOKEN_KEYS_FILE", "CONFIG"])
def test_a_file_that_is_not_utf_8_is_said_without_its_text(
    database: Path, tmp_path: Path, name: str
) -> None:
    (tmp_path / "latin").write_bytes('host = "canary-Müller"'.encode("latin-1"))
    environ = environment(database, **{"TOKEN_KEYS": None, name: tmp_path / "latin"})

    sentence = refused(typed(environ, "settings"))

    assert str(tmp_path / "latin") in sentence
    assert "not UTF-8" in sentence
    assert "canary" not in sentence


# -- partners


def test_a_partner_can_be_added_and_listed(acme: Command) -> None:
    listed = acme("partners", "list")

    assert listed.stdout.split("\n")[0].split("\t") == ["acme", "Acme Travel", "https://shop.test"]


def test_a_partner_may_have_several_origins(command: Command) -> None:
    added = command(
        *("partners", "add", "acme", "--name", "Acme"),
        *("--origin", "https://a.test", "--origin", "https://b.test"),
    )

    assert added.returncode == 0
    assert "https://a.test https://b.test" in command("partners", "list").stdout


def test_a_partner_that_exists_is_changed_only_when_asked(acme: Command) -> None:
    again = ("partners", "add", "acme", "--name", "Acme Holidays", "--origin", "https://new.test")

    sentence = refused(acme(*again))
    changed = acme(*again, "--update")

    assert "--update" in sentence
    assert changed.returncode == 0
    assert "Acme Holidays\thttps://new.test" in acme("partners", "list").stdout


def test_every_fault_of_a_partner_is_told(command: Command) -> None:
    result = command("partners", "add", "A!", "--name", " ", "--origin", "shop.test")

    assert result.returncode == 1
    assert [line.partition(":")[0] for line in result.stderr.splitlines()] == [
        "code",
        "name",
        "origins",
    ]
    assert command("partners", "list").stdout == ""


def test_a_partner_signs_within_15_minutes_unless_told_otherwise(command: Command) -> None:
    usual, own = (
        command("partners", "add", code, "--name", "A", "--origin", "https://a.test", *options)
        for code, options in (
            ("usual", ()),
            ("own", ("--clock-window-s", "3600", "--require-digest")),
        )
    )

    assert usual.stdout.endswith("signatures within 900 s, Content-Digest not required\n")
    assert own.stdout.endswith("signatures within 3600 s, Content-Digest required\n")


def test_how_a_partner_signs_stays_when_something_else_is_changed(acme: Command) -> None:
    again = ("partners", "add", "acme", "--name", "A", "--origin", "https://a.test", "--update")

    acme(*again, "--clock-window-s", "3600", "--require-digest")
    kept = acme(*again)
    loosened = acme(*again, "--no-require-digest")

    assert kept.stdout.endswith("signatures within 3600 s, Content-Digest required\n")
    assert loosened.stdout.endswith("signatures within 3600 s, Content-Digest not required\n")


def test_a_clock_window_that_is_too_wide_is_refused(acme: Command) -> None:
    again = ("partners", "add", "acme", "--name", "A", "--origin", "https://a.test", "--update")

    assert refused(acme(*again, "--clock-window-s", "172801")).startswith("clock_window_s: ")


# -- keys


def made(command: Command, mode: str = "test", code: str = "acme") -> dict[str, str]:
    """Make a key, and return its id, its secret and its token key."""
    result = command("partners", "keys", code, "--new", mode)
    assert result.returncode == 0, result.stderr
    found = re.search(
        r"(?P<id>pk_\w+)\t\w+\tgood\n\s+secret key\s+(?P<secret>sk_\S+)\n\s+token key\s+"
        r"(?P<token>tk_\S+)\n\Z",
        result.stdout,
    )
    assert found is not None, result.stdout
    return found.groupdict()


def test_a_new_key_is_shown_with_its_secrets(acme: Command) -> None:
    key = made(acme, "live")

    assert key["id"].startswith("pk_live_")
    assert key["secret"].startswith(f"sk_live_{key['id'].removeprefix('pk_live_')}_")
    assert key["token"].startswith("tk_live_")


def test_listing_keys_shows_no_secret(acme: Command) -> None:
    key = made(acme)

    listed = acme("partners", "keys", "acme").stdout

    assert f"{key['id']}\ttest\tgood" in listed
    assert "sk_" not in listed
    assert "tk_" not in listed


def test_making_a_key_shows_the_secret_of_no_other(acme: Command) -> None:
    older = made(acme, "live")

    shown = acme("partners", "keys", "acme", "--new", "test").stdout

    assert f"{older['id']}\tlive\tgood" in shown
    assert re.findall(r"[st]k_(live|test)_", shown) == ["test", "test"]


def test_a_key_can_be_revoked_once(acme: Command) -> None:
    key = made(acme)

    revoked = acme("partners", "keys", "acme", "--revoke", key["id"])
    again = acme("partners", "keys", "acme", "--revoke", key["id"])

    assert re.search(rf"{key['id']}\ttest\trevoked \d{{4}}-\d\d-\d\d", revoked.stdout)
    assert key["id"] in refused(again)


def test_a_key_of_another_partner_is_not_revoked(acme: Command) -> None:
    key = made(acme)
    acme("partners", "add", "globex", "--name", "Globex", "--origin", "https://globex.test")

    sentence = refused(acme("partners", "keys", "globex", "--revoke", key["id"]))

    assert "does not exist" in sentence
    assert f"{key['id']}\ttest\tgood" in acme("partners", "keys", "acme").stdout


def test_a_partner_that_does_not_exist_has_no_keys(command: Command) -> None:
    assert refused(command("partners", "keys", "initech")) == "Partner initech does not exist"


# -- the database


def test_migrating_tells_the_step_that_the_database_is_at(command: Command, database: Path) -> None:
    first, again = command("migrate"), command("migrate")

    newest = migrations_for("sqlite")[-1].name
    assert first.stdout == again.stdout == f"sqlite:///{database} is at step {newest}.\n"


def test_documents_are_published_before_the_start_and_only_once(command: Command) -> None:
    first, again = command("publish"), command("publish")

    assert re.fullmatch(r"[1-9]\d* editions are new\.", first.stdout.splitlines()[-1])
    assert again.stdout == "Nothing is new.\n"


def test_a_document_that_cannot_be_printed_is_said_in_one_sentence(
    database: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "catalogue"
    shutil.copytree(Path(widget.__file__).parent / "catalogue", folder)
    file = folder / "travel_protection.v1.toml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("for the same reasons", "山"), encoding="utf-8")

    sentence = refused(typed(environment(database, CATALOGUE_DIR=folder), "publish"))

    assert sentence.startswith("travel_protection.v1.toml: ")
    assert "U+5C71" in sentence


def test_a_database_that_cannot_be_used_is_said_in_one_sentence(tmp_path: Path) -> None:
    assert refused(typed(environment(tmp_path), "migrate"))


# -- serving


def test_a_database_that_is_damaged_is_said_in_one_sentence(database: Path) -> None:
    database.write_bytes(b"not a database" * 1000)

    sentence = refused(run(environment(database), "serve", "--port", "0"))

    assert sentence == "The database did not take part: NotADBError."


def test_a_port_that_is_taken_is_said_in_one_sentence(database: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        sentence = refused(run(environment(database), "serve", "--port", str(port)))

    assert sentence == f"Port {port}: it is taken on 127.0.0.1; choose another"


def test_a_second_server_on_the_same_database_is_refused(database: Path) -> None:
    environ = environment(database)
    with serving(environ):
        sentence = refused(run(environ, "serve", "--port", "0"))

    assert "Another process is serving" in sentence


def test_partners_can_be_added_while_the_server_runs(database: Path) -> None:
    environ = environment(database)
    with serving(environ) as live:
        typed(environ, "partners", "add", "acme", "--name", "A", "--origin", "https://shop.test")
        key = made(lambda *arguments: typed(environ, *arguments))

        answer = httpx2.get(
            f"{live.url}/x/partners/acme/quotes/ZZZZZ-ZZZZZ-INS/",
            headers={"Authorization": f"Bearer {key['secret']}"},
            trust_env=False,
        )

    assert answer.status_code == 404  # known, and not 401
    assert answer.json()["message"] == "Quote package does not exist"


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_server_in_good_order(database: Path, signum: signal.Signals) -> None:
    # A connection that is kept alive, and one that never says what it wants, hold up nobody.
    with (
        serving(environment(database)) as live,
        httpx2.Client(trust_env=False) as client,
        socket.create_connection(("127.0.0.1", live.port)) as silent,
    ):
        assert client.get(f"{live.url}/readyz").status_code == 200
        silent.sendall(b"GET /readyz HT")
        begun = time.monotonic()
        live.process.send_signal(signum)
        code = live.wait()
        took_s = time.monotonic() - begun

    assert code in {0, -signum}
    assert took_s < GRACEFUL_S + 4
    assert not database.with_name("cli.db-wal").exists()  # closed, and nothing left to recover
    assert not any(line.get("level") in {"error", "critical"} for line in live.lines)


def test_a_server_that_was_killed_leaves_the_way_free_for_the_next(database: Path) -> None:
    environ = environment(database)
    with serving(environ) as live:
        live.process.kill()
        live.wait()

    with serving(environ) as live:
        assert httpx2.get(f"{live.url}/readyz", trust_env=False).status_code == 200


def test_the_log_is_one_line_of_json_for_each_request(database: Path) -> None:
    with serving(environment(database)) as live:
        httpx2.get(f"{live.url}/healthz?canary=1", trust_env=False)
        live.process.terminate()
        live.wait()

    (line,) = [line for line in live.lines if line["event"] == "request"]
    assert (line["route"], line["status"], line["method"]) == ("/healthz", 200, "GET")
    assert "canary" not in str(live.lines)

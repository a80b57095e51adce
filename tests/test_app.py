"""The roof: what it refuses to build, and what it starts and ends."""

from __future__ import annotations

import re
import time
from collections.abc import Collection
from pathlib import Path
from threading import Event

import pytest
from starlette.testclient import TestClient

import widget
from tests.builders import NOON, PARTNER_KEY, TOKEN_KEY, purchase_json, some_settings
from tests.fakes import PATIENCE_S, Clock, Postbox
from tests.service import Service, running_service, state_in
from widget.app import (
    build_app,
    load_catalogue,
    load_rendering,
    load_texts,
    new_key,
    open_storage,
    spoken_locales,
)
from widget.auditing import verify
from widget.errors import CatalogueFaulty, SettingInvalid, StorageUnavailable
from widget.messages import Message
from widget.partners import Mode, key_id_of, secret_of
from widget.roots import Root
from widget.storage.sqlite import SqliteStorage


@pytest.mark.parametrize("name", ["token_keys", "partner_keys"])
def test_a_service_without_its_keys_is_not_built(name: str) -> None:
    with pytest.raises(SettingInvalid, match="make one with") as error:
        build_app(some_settings(**{name: ()}))

    assert error.value.name == f"OFFER_WIDGET_{name.upper()}"


@pytest.mark.parametrize("database", ["", "test.db", "sqlite:///", "postgresql://localhost/x"])
def test_a_database_of_another_kind_is_refused(database: str) -> None:
    with pytest.raises(SettingInvalid, match="OFFER_WIDGET_DATABASE"):
        open_storage(some_settings(database=database))


def test_a_relative_database_stands_in_the_working_folder() -> None:
    assert open_storage(some_settings(database="sqlite:///a/b.db"))._path == Path("a/b.db")


def test_an_absolute_database_stands_where_it_says() -> None:
    assert open_storage(some_settings(database="sqlite:////a/b.db"))._path == Path("/a/b.db")


def test_a_mail_server_that_cannot_be_read_is_refused() -> None:
    with pytest.raises(SettingInvalid, match="OFFER_WIDGET_SMTP_URL"):
        build_app(some_settings(smtp_url="mail.test:25"))


def test_a_sender_that_cannot_be_read_is_refused() -> None:
    with pytest.raises(SettingInvalid, match="OFFER_WIDGET_MAIL_FROM"):
        build_app(some_settings(mail_from="Offer Widget"))


def test_a_catalogue_without_a_product_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingInvalid, match="OFFER_WIDGET_CATALOGUE_DIR"):
        build_app(some_settings(catalogue_dir=str(tmp_path)))


def test_a_product_with_a_gap_is_refused_by_the_name_of_its_file(tmp_path: Path) -> None:
    (tmp_path / "broken.v1.toml").write_text('code = "broken"')

    with pytest.raises(CatalogueFaulty, match=r"^broken\.v1\.toml:1: "):
        build_app(some_settings(catalogue_dir=str(tmp_path)))


def test_a_product_that_is_not_utf_8_is_refused_by_the_name_of_its_file(tmp_path: Path) -> None:
    (tmp_path / "latin.v1.toml").write_bytes("name = 'Müller'".encode("latin-1"))

    with pytest.raises(CatalogueFaulty, match=r"latin\.v1\.toml:1: it is not UTF-8"):
        build_app(some_settings(catalogue_dir=str(tmp_path)))


def test_a_catalogue_of_ones_own_adds_to_ours(tmp_path: Path) -> None:
    ours = Path(widget.__file__).parent / "catalogue" / "travel_protection.v1.toml"
    text = ours.read_text(encoding="utf-8").replace('"travel_protection"', '"trip_cover"', 1)
    (tmp_path / "trip_cover.v1.toml").write_text(text, encoding="utf-8")

    catalogue = load_catalogue(some_settings(catalogue_dir=str(tmp_path)))

    codes = {product.code for product in catalogue.products.values()}
    assert codes > {"trip_cover", "travel_protection"}


def test_a_file_of_ones_own_stands_in_the_place_of_ours(tmp_path: Path) -> None:
    ours = Path(widget.__file__).parent / "catalogue" / "travel_protection.v1.toml"
    text = ours.read_text(encoding="utf-8").replace("Northgate Insurance SE", "Southgate SE")
    (tmp_path / ours.name).write_text(text, encoding="utf-8")

    product = load_catalogue(some_settings(catalogue_dir=str(tmp_path))).on_sale(
        "travel_protection"
    )

    assert product is not None
    assert product.underwriter == "Southgate SE"


def test_the_interface_speaks_every_language_that_it_has_a_file_for() -> None:
    assert load_texts().locales == ("en", "de")
    assert spoken_locales() == {"en", "de"}


def test_evidence_can_name_the_exact_templates_and_texts() -> None:
    version = load_rendering(some_settings()).version

    assert re.fullmatch(r"[0-9a-f]{16}", version)
    assert load_rendering(some_settings()).version == version


def test_a_new_key_is_like_no_other_and_its_secret_follows_from_it() -> None:
    root = PARTNER_KEY.encode()
    keys = [new_key("acme", Mode.LIVE, root=root, now=NOON) for _ in range(100)]

    assert len({key.key_id for key in keys}) == 100
    for key in keys:
        assert key_id_of(secret_of(key, [root]) or "") == key.key_id


# -- life


def test_the_database_is_open_while_the_service_runs_and_closed_after(
    storage: SqliteStorage, clock: Clock
) -> None:
    with running_service(storage) as service:
        package = service.quote()

    with pytest.raises(StorageUnavailable):
        storage._all("SELECT 1")
    again = SqliteStorage(str(storage._path), clock=clock)
    with running_service(again) as service:
        assert service.package(package["id"])["id"] == package["id"]


def test_a_service_whose_database_cannot_be_opened_does_not_start(tmp_path: Path) -> None:
    app = build_app(some_settings(), storage=SqliteStorage(str(tmp_path)), delivery=Postbox())

    with pytest.raises(StorageUnavailable), TestClient(app):
        pass


class Crashing(SqliteStorage):
    """A storage with a fault of ours, which ends delivering."""

    async def claim_messages(
        self,
        *,
        limit: int,
        lease_s: int,
        per_lane: int,
        busy: Collection[str] = (),
        only: Collection[str] | None = None,
    ) -> list[Message]:
        del limit, lease_s, per_lane, busy, only
        raise ZeroDivisionError


def test_a_service_that_no_longer_delivers_says_so_and_goes_on_selling(
    tmp_path: Path, clock: Clock
) -> None:
    with running_service(Crashing(str(tmp_path / "test.db"), clock=clock)) as service:
        package = service.quote()
        service.choose_first(package)
        service.confirm(package["id"])

        readiness = _until_not_ready(service)
        opened = service.open(purchase_json(partner_reference="CHK-2"))

    assert readiness["message"].startswith("Background work has stopped")
    assert state_in(opened) == "open"


def _until_not_ready(service: Service) -> dict[str, str]:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        answer = service.client.get("/readyz")
        if answer.status_code == 503:
            body: dict[str, str] = answer.json()
            return body
    raise AssertionError("it still says that it is ready")


def test_what_one_service_did_not_deliver_the_next_one_does(
    storage: SqliteStorage, clock: Clock
) -> None:
    with running_service(Crashing(str(storage._path), clock=clock)) as service:
        package = service.quote()
        service.choose_first(package)
        service.confirm(package["id"])
        _until_not_ready(service)
    postbox = Postbox()

    clock.move(minutes=5)
    with running_service(storage, delivery=postbox) as service:
        deadline = time.monotonic() + 10
        while not postbox.taken and time.monotonic() < deadline:
            service.client.get("/healthz")

    assert [message.offer_id for message, _, _ in postbox.taken] == [package["id"]]


class Sealing(SqliteStorage):
    """Tells when it has stored a root."""

    def __init__(self, path: str, *, clock: Clock) -> None:
        super().__init__(path, clock=clock)
        self.has_root = Event()

    async def save_root(self, root: Root) -> bool:
        is_saved = await super().save_root(root)
        self.has_root.set()
        return is_saved


def test_a_service_seals_the_evidence_that_is_there(storage: SqliteStorage, clock: Clock) -> None:
    with running_service(storage) as service:
        service.quote()

    again = Sealing(str(storage._path), clock=clock)
    with running_service(again) as service:
        assert again.has_root.wait(PATIENCE_S)
        audit = service.run(verify, again, [TOKEN_KEY.encode()])

    assert (audit.leaves, audit.unsealed, audit.problems) == (1, 0, ())

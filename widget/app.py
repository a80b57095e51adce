"""The roof: puts the concrete parts together, and nothing else."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator, Coroutine, Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import structlog
from starlette.applications import Starlette
from starlette.exceptions import HTTPException

import widget
from widget.catalogues import read_catalogue
from widget.delivering import Dispatch, deliver_forever
from widget.delivery.base import Delivery
from widget.delivery.letters import Letters
from widget.delivery.mail import MailDelivery, read_server
from widget.delivery.webhooks import WebhookDelivery
from widget.editions import Shelf
from widget.errors import CatalogueFaulty, SettingInvalid, WidgetError
from widget.market_files import read_markets
from widget.markets import Markets
from widget.messages import Kind
from widget.partners import Mode, PartnerKey, key_named
from widget.press.base import Press
from widget.press.typesetter import Typesetter
from widget.products import FALLBACK_LOCALE, Catalogue
from widget.publishing import Publishing, publish
from widget.reconciling import reconcile_forever
from widget.sealing import seal_forever
from widget.settings import Settings
from widget.storage.base import Storage
from widget.storage.sqlite import SqliteStorage
from widget.texts import Texts, read_texts
from widget.upstream.base import Upstream
from widget.upstream.calls import Calls, Remote
from widget.upstream.families import FAMILIES
from widget.upstream.house import House as HouseUpstream
from widget.upstream.xcover import XCover
from widget.web.assets import read_assets
from widget.web.failures import on_crash, on_http_error, on_widget_error
from widget.web.headers import Envelope
from widget.web.house import House
from widget.web.rendering import DocumentPages, Rendering, make_environment, version_of
from widget.web.routes import routes

_PACKAGE = Path(widget.__file__).parent

#: Letters and digits that need no escaping anywhere.
_KEY_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"

_log = structlog.get_logger(__name__)


def folder(name: str) -> Path:
    """Return a folder that ships with us: inside the wheel, or beside the package in a checkout."""
    inside = _PACKAGE / name
    return inside if inside.is_dir() else _PACKAGE.parent / name


def build_app(
    settings: Settings,
    *,
    storage: Storage | None = None,
    upstreams: Mapping[Mode, Upstream] | None = None,
    delivery: Delivery | None = None,
    press: Press | None = None,
) -> Starlette:
    """Return the service. Each part that is given replaces the one that the settings name.

    Raises:
        SettingInvalid, CatalogueFaulty: The service could not do its work.
    """
    settings.check_can_serve()
    catalogue = load_catalogue(settings)
    texts = load_texts()
    shelf = Shelf()
    house = House(
        settings=settings,
        storage=storage or open_storage(settings),
        upstreams=upstreams or load_upstreams(settings, catalogue, shelf),
        catalogue=catalogue,
        texts=texts,
        rendering=load_rendering(settings),
        press=press or Typesetter(settings.fonts_dir),
        shelf=shelf,
    )
    deliveries = dict.fromkeys(Kind, delivery) if delivery else _deliveries(house)
    dispatch = Dispatch(house.storage, deliveries, house.upstreams)

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[Mapping[str, object]]:
        await house.storage.open()
        await publish(
            _publishing(house.rendering, catalogue, texts, house.storage, house.press), shelf
        )
        deliver = deliver_forever(dispatch, wake=house.wake)
        reconcile = reconcile_forever(
            storage=house.storage, upstreams=house.upstreams, catalogue=catalogue
        )
        seal = seal_forever(storage=house.storage, key=settings.sealing_keys[-1])
        async with _at_work(deliver, reconcile, seal) as tasks:
            yield {"house": house, "at_work": tasks}
        for upstream in set(house.upstreams.values()):
            await upstream.close()
        await house.press.close()
        await house.storage.close()

    app = Starlette(
        routes=routes(),
        lifespan=lifespan,
        exception_handlers={
            WidgetError: on_widget_error,
            HTTPException: on_http_error,
            Exception: on_crash,
        },
        max_body_size=settings.max_body_bytes,
    )
    app.router.redirect_slashes = False
    # Around everything: the answers to a crash and to a body too large have their headers too.
    app.middleware_stack = Envelope(
        app.build_middleware_stack(), max_body_bytes=settings.max_body_bytes
    )
    return app


def new_key(partner_code: str, mode: Mode, *, root: bytes, now: datetime) -> PartnerKey:
    """Return a new key of a partner, with an id that nobody has."""
    random = "".join(secrets.choice(_KEY_LETTERS) for _ in range(16))
    return key_named(random, partner_code, mode, root=root, now=now)


def open_storage(settings: Settings) -> SqliteStorage:
    """Return the storage that the settings name.

    Raises:
        SettingInvalid: There is no such kind of database.
    """
    prefix = "sqlite:///"
    if not settings.database.startswith(prefix) or settings.database == prefix:
        raise SettingInvalid("OFFER_WIDGET_DATABASE", "write sqlite:///path/to/file.db")
    return SqliteStorage(settings.database.removeprefix(prefix))


def load_catalogue(settings: Settings) -> Catalogue:
    """Return the catalogue, read and checked: ours, and what a folder of one's own adds to it.

    A file there that has the name of one of ours stands in its place.

    Raises:
        CatalogueFaulty: A file has a gap.
        SettingInvalid: The folder has no product file.
    """
    return read_catalogue(catalogue_files(settings), load_markets(), spoken_locales())


def catalogue_files(settings: Settings) -> Mapping[str, str]:
    """Return the text of each file of the catalogue by its name: ours, and those of one's own.

    Raises:
        CatalogueFaulty: A file is not UTF-8.
        SettingInvalid: The folder has no product file.
    """
    files = files_in(_PACKAGE / "catalogue")
    if settings.catalogue_dir:
        own = files_in(Path(settings.catalogue_dir))
        if not own:
            problem = f"there is no product file in {settings.catalogue_dir}"
            raise SettingInvalid("OFFER_WIDGET_CATALOGUE_DIR", problem)
        files |= own
    return files


@cache
def load_markets() -> Markets:
    """Return the rules of every market that ship with us.

    Raises:
        CatalogueFaulty: A file has a gap.
    """
    return read_markets(files_in(_PACKAGE / "market_rules"))


def files_in(place: Path) -> dict[str, str]:
    """Return the text of each TOML file of a folder by its name.

    Raises:
        CatalogueFaulty: A file is not UTF-8.
    """
    return {path.name: read_table(path) for path in place.glob("*.toml")}


def read_table(path: Path) -> str:
    """Return the text of one file of the operator.

    Raises:
        CatalogueFaulty: It cannot be read, or is not UTF-8.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise CatalogueFaulty(path.name, f"it cannot be read: {error.strerror}") from error
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise CatalogueFaulty(path.name, "it is not UTF-8", line=line) from error


def load_upstreams(
    settings: Settings, catalogue: Catalogue, shelf: Shelf
) -> Mapping[Mode, Upstream]:
    """Return who sells in each mode: the platform that the settings name, else the house.

    Test sales never reach the platform for live ones.
    """
    house = HouseUpstream(catalogue, shelf)
    live = Remote(settings.upstream_url, settings.upstream_key)
    test = Remote(settings.upstream_test_url, settings.upstream_test_key)
    return {
        Mode.LIVE: _remote(live, settings.upstream_family, settings) if live.url else house,
        Mode.TEST: _remote(test, settings.upstream_test_family, settings) if test.url else house,
    }


def _remote(remote: Remote, family: str, settings: Settings) -> XCover:
    return XCover(
        Calls(remote),
        FAMILIES[family],
        price_s=settings.upstream_price_ms / 1000,
        other_s=settings.upstream_other_ms / 1000,
    )


def load_texts() -> Texts:
    """Return the interface's texts in all languages."""
    paths = _translations()
    return read_texts({path.parts[-3]: path.read_text(encoding="utf-8") for path in paths})


def spoken_locales() -> frozenset[str]:
    """Return the locales of `load_texts`, without reading any of them."""
    return frozenset({FALLBACK_LOCALE, *(path.parts[-3] for path in _translations())})


def _translations() -> list[Path]:
    return sorted((_PACKAGE / "locales").glob("*/LC_MESSAGES/messages.po"))


def load_rendering(settings: Settings) -> Rendering:
    """Return templates and static files, ready to serve."""
    assets = read_assets(folder("static"))
    templates = folder("templates")
    return Rendering(
        environment=make_environment(templates, assets, settings.public_url),
        assets=assets,
        version=version_of((templates, _PACKAGE / "locales", _PACKAGE / "catalogue")),
    )


async def publish_documents(settings: Settings, storage: Storage) -> int:
    """Publish the documents that are new without serving, and return how many editions that are.

    Raises:
        SettingInvalid, CatalogueFaulty: The catalogue cannot be read, or has a gap.
        StorageUnavailable: They could not be kept.
    """
    press = Typesetter(settings.fonts_dir)
    try:
        rendering, catalogue = load_rendering(settings), load_catalogue(settings)
        return await publish(
            _publishing(rendering, catalogue, load_texts(), storage, press), Shelf()
        )
    finally:
        await press.close()


def _publishing(
    rendering: Rendering, catalogue: Catalogue, texts: Texts, storage: Storage, press: Press
) -> Publishing:
    pages = DocumentPages(
        environment=rendering.environment,
        stylesheet=rendering.assets.get("document.css").body,
        version=version_of((folder("templates") / "documents",)),
    )
    return Publishing(catalogue, texts, storage, press, pages)


def _deliveries(house: House) -> Mapping[Kind, Delivery]:
    roots = [key.encode() for key in house.settings.partner_keys]
    webhooks = WebhookDelivery(roots, house.now, private_hosts=house.settings.webhook_private_hosts)
    return {**dict.fromkeys(Kind, _mail(house)), Kind.WEBHOOK: webhooks}


def _mail(house: House) -> Delivery:
    letters = Letters(
        house.rendering.environment,
        catalogue=house.catalogue,
        links=house.links,
        texts=house.texts,
    )
    settings = house.settings
    return MailDelivery(
        read_server(settings.smtp_url),
        letters,
        sender=settings.mail_from,
        test_recipient=settings.test_mail_to,
        enclose=house.enclosing.enclosures,
    )


@contextlib.asynccontextmanager
async def _at_work(*works: Coroutine[Any, Any, None]) -> AsyncIterator[list[asyncio.Task[None]]]:
    """Work in the background. If some of it ends by a fault of ours, `/readyz` says so."""
    tasks = [asyncio.create_task(work) for work in works]
    for task in tasks:
        task.add_done_callback(_report)
    try:
        yield tasks
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


def _report(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()):
        _log.critical("background_work_stopped", exc_info=error)

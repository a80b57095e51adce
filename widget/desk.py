"""What all commands do alike: read the settings, open the storage, tell errors in a sentence."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import tomllib
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import TypeVar

from widget import settings
from widget.app import open_storage
from widget.errors import InputInvalid, SettingInvalid, WidgetError
from widget.settings import PREFIX, Settings
from widget.storage.sqlite import SqliteStorage

Result = TypeVar("Result")


def known_settings() -> Settings:
    """Return the settings of the environment, and of the file that OFFER_WIDGET_CONFIG names."""
    path = os.environ.get(f"{PREFIX}CONFIG")
    try:
        file = tomllib.loads(Path(path).read_text(encoding="utf-8")) if path else None
    except UnicodeDecodeError as error:
        raise SettingInvalid(f"{PREFIX}CONFIG", f"{path} is not UTF-8") from error
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise SettingInvalid(f"{PREFIX}CONFIG", f"{path} cannot be read: {error}") from error
    return settings.read_settings(os.environ, file, read_secret=_read_secret)


def _read_secret(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise SettingInvalid(path, f"this secret cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise SettingInvalid(path, "this secret is not UTF-8") from error


def with_storage(known: Settings, work: Callable[[SqliteStorage], Awaitable[Result]]) -> Result:
    """Return what some work with the open storage returns."""

    async def run() -> Result:
        storage = open_storage(known)
        await storage.open()
        try:
            return await work(storage)
        finally:
            await storage.close()

    return asyncio.run(run())


@contextlib.contextmanager
def told() -> Iterator[None]:
    """Say a foreseen error in one sentence, and end with 1."""
    try:
        yield
    except InputInvalid as error:
        for field, sentences in error.problems.items():
            sys.stderr.write(f"{field}: {' '.join(sentences)}\n")
        raise SystemExit(1) from error
    except WidgetError as error:
        sys.stderr.write(f"{error}\n")
        raise SystemExit(1) from error

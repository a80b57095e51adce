"""Numbered SQL files, applied once and in order."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

SCHEMA_DIR = Path(__file__).parent / "schema"


@dataclass(frozen=True, slots=True)
class Migration:
    """One step of the schema."""

    number: int
    name: str
    sql: str

    @property
    def digest(self) -> str:
        """SHA-256 of the file; a step that was applied must never be edited."""
        return hashlib.sha256(self.sql.encode()).hexdigest()

    def row(self) -> dict[str, int | str]:
        """Return what the database keeps of an applied step, but for the time."""
        return {"number": self.number, "name": self.name, "digest": self.digest}


def migrations_for(dialect: str) -> list[Migration]:
    """Return the steps for `sqlite`, in order."""
    return sorted(_read(dialect), key=lambda migration: migration.number)


def _read(dialect: str) -> Iterator[Migration]:
    for path in SCHEMA_DIR.glob(f"*.{dialect}.sql"):
        name = path.name.removesuffix(f".{dialect}.sql")
        yield Migration(int(name.split("_")[0]), name, path.read_text(encoding="utf-8"))

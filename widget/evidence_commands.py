"""The commands `offer-widget evidence`: what an operator, or an auditor, asks of the evidence."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer

from widget.auditing import verify
from widget.desk import known_settings, told, with_storage
from widget.errors import InputInvalid, NotFound
from widget.proving import Shown, all_entries, all_pages, prove, show_again
from widget.roots import kept_roots
from widget.showings import unpack
from widget.storage.sqlite import SqliteStorage

evidence = typer.Typer(no_args_is_help=True, help="What was shown and chosen, and its proofs.")

Code = Annotated[str, typer.Argument(help="The partner's code.")]
OfferId = Annotated[str, typer.Argument(help="The id of the offer, or of its booking.")]


@evidence.command("verify")
def verify_evidence(
    against: Annotated[
        Path | None,
        typer.Option(help="A file that was kept elsewhere: an export, or the service's log."),
    ] = None,
) -> None:
    """Compare every leaf with its hash and every root with its leaves; ends with 1 on a fault."""
    with told():
        known = known_settings()
        known.check_can_serve()
        kept = _kept_in(against) if against else {}

        async def work(storage: SqliteStorage) -> tuple[str, ...]:
            audit = await verify(storage, known.sealing_keys, kept=kept)
            typer.echo(
                f"{audit.leaves} leaves, {audit.roots} roots; {audit.unsealed} leaves are not"
                " sealed yet."
            )
            return audit.problems

        problems = with_storage(known, work)
        for problem in problems:
            typer.echo(problem, err=True)
        if problems:
            raise SystemExit(1)
        typer.echo("Nothing was changed.")


@evidence.command("show")
def show_evidence(
    code: Code,
    offer_id: OfferId,
    pages: Annotated[
        Path | None,
        typer.Option(help="A folder: write into it, byte for byte, what the shopper saw."),
    ] = None,
) -> None:
    """Print the leaves of one offer, oldest first, as JSON lines."""
    with told():

        async def work(storage: SqliteStorage) -> None:
            leaves = await storage.list_evidence(code, offer_id)
            if not leaves:
                raise NotFound(f"Evidence of {offer_id}")
            for leaf in leaves:
                typer.echo(leaf.body)
            if pages is not None:
                _write(await show_again(storage, code, offer_id), pages)

        with_storage(known_settings(), work)


@evidence.command("prove")
def prove_leaf(
    code: Code,
    offer_id: OfferId,
    kind: Annotated[
        str, typer.Option(help="Which fact, as `show` names its kind.")
    ] = "choice_made",
    leaf: Annotated[
        int | None, typer.Option(help="The one at this place, instead of the newest.")
    ] = None,
) -> None:
    """Print the proof that a fact stands in the evidence, for others to check."""
    with told():

        async def work(storage: SqliteStorage) -> None:
            proof = await prove(storage, code, offer_id, kind, position=leaf)
            typer.echo(proof.as_json())

        with_storage(known_settings(), work)


@evidence.command("export")
def export_evidence() -> None:
    """Print all leaves, all shown pages and all roots as JSON lines, to keep them elsewhere."""
    with told():

        async def work(storage: SqliteStorage) -> None:
            async for entry in all_entries(storage):
                _print(
                    {"leaf": entry.position, "body": entry.leaf.body, "hash": entry.digest.hex()}
                )
            async for page in all_pages(storage):
                if page.packed is not None:
                    _print({"page": page.position, "html": unpack(page.packed)})
            for root in await storage.list_roots():
                _print(root.as_facts())

        with_storage(known_settings(), work)


def _kept_in(path: Path) -> dict[int, bytes]:
    """Return the roots in a file that was kept elsewhere.

    Raises:
        InputInvalid: It cannot be read, tells of no root, or contradicts itself.
    """
    try:
        with path.open(encoding="utf-8") as lines:
            kept = kept_roots(lines)
    except OSError as error:
        raise InputInvalid({"against": [f"{path} cannot be read: {error.strerror}."]}) from error
    except ValueError as error:
        raise InputInvalid({"against": [f"{path} cannot be read: {error}."]}) from error
    if not kept:
        raise InputInvalid({"against": [f"{path} tells of no root."]})
    return kept


def _print(line: Mapping[str, object]) -> None:
    typer.echo(json.dumps(line, ensure_ascii=False))


def _write(shown: Sequence[Shown], folder: Path) -> None:
    """Write pages into a folder, and say of each where it is.

    Raises:
        InputInvalid: They cannot be written there.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for page in shown:
            path = folder / f"{page.position}.html"
            note = f": {page.note}" if page.note else ""
            typer.echo(f"{path}{note}", err=True)
            if page.html is not None:
                path.write_bytes(page.html.encode())
    except OSError as error:
        raise InputInvalid(
            {"pages": [f"{folder} cannot be written to: {error.strerror}."]}
        ) from error

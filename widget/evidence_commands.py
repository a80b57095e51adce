"""The commands `offer-widget evidence`: what an operator, or an auditor, asks of the evidence."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from widget.desk import known_settings, told, with_storage
from widget.proving import all_entries, prove, verify
from widget.storage.sqlite import SqliteStorage

evidence = typer.Typer(no_args_is_help=True, help="What was shown and chosen, and its proofs.")

Code = Annotated[str, typer.Argument(help="The partner's code.")]
OfferId = Annotated[str, typer.Argument(help="The id of the offer, or of its booking.")]


@evidence.command("verify")
def verify_evidence() -> None:
    """Compare every leaf with its hash and every root with its leaves; ends with 1 on a fault."""
    with told():
        known = known_settings()
        known.check_can_serve()

        async def work(storage: SqliteStorage) -> tuple[str, ...]:
            audit = await verify(storage, known.sealing_keys)
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
def show_evidence(code: Code, offer_id: OfferId) -> None:
    """Print the leaves of one offer, oldest first, as JSON lines."""
    with told():

        async def work(storage: SqliteStorage) -> None:
            for leaf in await storage.list_evidence(code, offer_id):
                typer.echo(leaf.body)

        with_storage(known_settings(), work)


@evidence.command("prove")
def prove_leaf(
    code: Code,
    offer_id: OfferId,
    kind: Annotated[
        str, typer.Option(help="Which fact, as `show` names its kind.")
    ] = "choice_made",
) -> None:
    """Print the proof that a fact stands in the evidence, for others to check."""
    with told():

        async def work(storage: SqliteStorage) -> None:
            typer.echo((await prove(storage, code, offer_id, kind)).as_json())

        with_storage(known_settings(), work)


@evidence.command("export")
def export_evidence() -> None:
    """Print all leaves and all roots as JSON lines, to keep them elsewhere."""
    with told():

        async def work(storage: SqliteStorage) -> None:
            async for entry in all_entries(storage):
                leaf = {"leaf": entry.position, "body": entry.leaf.body, "hash": entry.digest.hex()}
                typer.echo(json.dumps(leaf, ensure_ascii=False))
            for root in await storage.list_roots():
                facts = {
                    "root": root.hash.hex(),
                    "size": root.size,
                    "signed_at": root.signed_at.isoformat(timespec="microseconds"),
                    "key_id": root.key_id,
                    "signature": root.signature.hex(),
                }
                typer.echo(json.dumps(facts))

        with_storage(known_settings(), work)

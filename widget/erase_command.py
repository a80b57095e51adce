"""The command `offer-widget erase`: what a person may ask for, and what the law keeps."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

import typer

from widget.desk import known_settings, told, with_storage
from widget.erasing import Erasing, Refusal, erase_booking, erase_person
from widget.erasures import Erasure
from widget.errors import InputInvalid, NotFound
from widget.storage.sqlite import SqliteStorage

#: Up to this size the file is written anew in a few seconds, for which the service's writes wait.
SMALL_BYTES = 100_000_000

_ELSEWHERE = """\
Kept: terms, premiums and ids, and the evidence, which names nobody.
Not in our hands: mail and webhooks that were sent, backups, and what the partner, or a remote \
platform that sold it, keeps."""


def erase(
    code: Annotated[str | None, typer.Argument(help="The partner's code.")] = None,
    offer_id: Annotated[
        str | None, typer.Argument(help="The id of the booking, or of an offer.")
    ] = None,
    *,
    email: Annotated[
        str | None, typer.Option(help="Instead: every booking that names this address.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Erase what the law keeps, too.")] = False,
    compact: Annotated[
        bool | None,
        typer.Option(
            "--compact/--no-compact",
            help="Write the database file anew, so that no trace stays in its free space.",
            show_default="up to 100 MB",
        ),
    ] = None,
) -> None:
    """Erase the personal data of a booking or of a person; no proof is lost."""
    with told():
        known = known_settings()
        kept_for = timedelta(days=known.records_kept_days)

        async def work(storage: SqliteStorage) -> list[Erasure | Refusal]:
            erasing = Erasing(storage, kept_for, is_forced=force)
            outcomes = await _erase(code, offer_id, email, erasing)
            for outcome in outcomes:
                typer.echo(_line_of(outcome), err=isinstance(outcome, Refusal))
            if any(isinstance(outcome, Erasure) for outcome in outcomes):
                typer.echo(_ELSEWHERE)
                await _compact(storage, is_wanted=compact)
            return outcomes

        if any(isinstance(outcome, Refusal) for outcome in with_storage(known, work)):
            raise SystemExit(1)


async def _erase(
    code: str | None, offer_id: str | None, email: str | None, erasing: Erasing
) -> list[Erasure | Refusal]:
    if email and not code:
        return await _person(email, erasing)
    if code and offer_id and not email:
        return [await erase_booking(code, offer_id, erasing)]
    raise InputInvalid({"erase": ["Name a partner and a booking, or --email alone."]})


async def _person(email: str, erasing: Erasing) -> list[Erasure | Refusal]:
    outcomes = await erase_person(email, erasing)
    if not outcomes:
        raise NotFound("A booking that names this address")
    return outcomes


async def _compact(storage: SqliteStorage, *, is_wanted: bool | None) -> None:
    size = storage.size_bytes()
    if is_wanted or (is_wanted is None and size <= SMALL_BYTES):
        await storage.compact()
        typer.echo("No trace is left in the database's files.")
    else:
        typer.echo(
            f"The file of {size / 1e6:.0f} MB was not written anew, and may hold traces in its free"
            " space: run this again with --compact in a quiet hour; writing waits meanwhile."
        )


def _line_of(outcome: Erasure | Refusal) -> str:
    if isinstance(outcome, Refusal):
        why = f"{outcome.problem} --force erases them all the same."
        return f"{outcome.partner_code} {outcome.booking_id}: nothing was erased. {why}"
    counts = {
        "people": outcome.people,
        "texts": outcome.texts,
        "amendments": outcome.amendments,
        "messages": outcome.messages,
        "kept answers": outcome.replies,
        "ways back": outcome.ways_back,
    }
    told_counts = ", ".join(f"{number} {name}" for name, number in counts.items() if number)
    return f"{outcome.partner_code} {outcome.offer_id}: erased {told_counts or 'nothing'}."

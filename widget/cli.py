"""The command `offer-widget`: what an operator does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from widget import __version__, logs, settings
from widget.app import build_app, new_key, open_storage, publish_documents
from widget.desk import known_settings, told, with_storage
from widget.erase_command import erase
from widget.errors import InputInvalid, NotFound
from widget.evidence_commands import evidence
from widget.market_commands import markets
from widget.messages import Kind, Outcome, Progress
from widget.partners import (
    CLOCK_WINDOW_S,
    Mode,
    Partner,
    PartnerKey,
    checked_partner,
    secret_of,
    token_key_of,
)
from widget.product_commands import products
from widget.restrictions import checked_restrictions
from widget.server import listen, serve_app
from widget.settings import Settings
from widget.showcase import Stand, demonstrate
from widget.storage.sqlite import SqliteStorage
from widget.webhooks import secret_of as webhook_secret_of
from widget.webhooks import with_new_secret, with_webhook, without_webhook

cli = typer.Typer(no_args_is_help=True, add_completion=False, help="Embedded insurance.")
partners = typer.Typer(no_args_is_help=True, help="The businesses that offer cover.")
webhooks = typer.Typer(no_args_is_help=True, help="Where partners hear of their bookings.")
cli.add_typer(partners, name="partners")
cli.add_typer(webhooks, name="webhooks")
cli.add_typer(evidence, name="evidence")
cli.add_typer(markets, name="markets")
cli.add_typer(products, name="products")
cli.command()(erase)

#: An argument and an option that several commands have.
Code = Annotated[str, typer.Argument(help="The partner's code.")]
OfMode = Annotated[Mode, typer.Option(help="Whose bookings: live or test.")]


def main() -> None:
    """Run the command; a foreseen error is one sentence, not a trace."""
    with told():
        cli()


@cli.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Listen here instead.")] = None,
    port: Annotated[int | None, typer.Option(help="Listen on this port instead.")] = None,
) -> None:
    """Serve offers until told to stop."""
    with told():
        known = known_settings()
        logs.configure(known.log_format, known.log_level)
        storage = open_storage(known)
        storage.lock()
        # uvicorn would tell what is wrong with the database as a trace.
        with_storage(known, SqliteStorage.check)
        app = build_app(known, storage=storage)
        serve_app(app, listen(host or known.host, known.port if port is None else port))


@cli.command()
def demo(
    port: Annotated[int, typer.Option(help="The port of the service.")] = 8000,
    shop_port: Annotated[
        int, typer.Option(help="The port of the start page; the shops take the next ones.")
    ] = 8001,
    smtp_port: Annotated[int, typer.Option(help="The port of the shops' mailbox.")] = 8025,
    folder: Annotated[Path, typer.Option(help="Where its database stands.")] = Path(".demo"),
) -> None:
    """Run the service and shops that sell with it, to look and to try."""
    with told():
        demonstrate(Stand(folder, port=port, shop_port=shop_port, smtp_port=smtp_port))


@cli.command()
def migrate() -> None:
    """Bring the database's schema up to date."""
    with told():
        known = known_settings()

        async def report(storage: SqliteStorage) -> None:
            steps = await storage.applied_steps()
            typer.echo(f"{known.database} is at step {steps[-1]}.")

        with_storage(known, report)


@cli.command()
def publish() -> None:
    """Print the documents that are new, so that the next start of the service need not."""
    with told():
        known = known_settings()
        new = with_storage(known, lambda storage: publish_documents(known, storage))
        typer.echo(f"{new} editions are new." if new else "Nothing is new.")


@cli.command(name="settings")
def show_settings() -> None:
    """Print every setting with its value; a secret only says whether it is set."""
    with told():
        for row in settings.rows(known_settings()):
            typer.echo(f"{row.name} = {row.value or '(empty)'}\n    {row.help}")
            if row.default != row.value and row.value not in {"(set)", "(not set)"}:
                typer.echo(f"    Default: {row.default or '(empty)'}")


@cli.command()
def version() -> None:
    """Print the version."""
    typer.echo(__version__)


@partners.command("add")
def add_partner(
    code: Annotated[str, typer.Argument(help="Short name in addresses, like `acme`.")],
    name: Annotated[str, typer.Option(help="The name that customers know.")],
    origin: Annotated[
        list[str], typer.Option(help="An origin that may frame the offer; repeat it for more.")
    ],
    *,
    clock_window_s: Annotated[
        int | None,
        typer.Option(
            help="Seconds that the clock of a signed request may differ from ours.",
            show_default=f"{CLOCK_WINDOW_S}, or as it is",
        ),
    ] = None,
    require_digest: Annotated[
        bool | None,
        typer.Option(
            "--require-digest/--no-require-digest",
            help="Whether signatures must cover the body.",
            show_default="no, or as it is",
        ),
    ] = None,
    update: Annotated[bool, typer.Option("--update", help="Change a partner that exists.")] = False,
) -> None:
    """Add a partner, or change it; what no option speaks of stays as it is."""
    with told():

        async def save(storage: SqliteStorage) -> None:
            known = await storage.find_partner(code)
            window_s = known.clock_window_s if known else CLOCK_WINDOW_S
            digest = known.requires_digest if known else False
            partner = checked_partner(
                code,
                name,
                origin,
                now=storage.now(),
                clock_window_s=window_s if clock_window_s is None else clock_window_s,
                requires_digest=digest if require_digest is None else require_digest,
            )
            if known and not update:
                raise InputInvalid({"code": [f"{code} exists; --update changes it."]})
            if known:
                partner = replace(partner, webhooks=known.webhooks, restrictions=known.restrictions)
            await storage.save_partner(partner)
            typer.echo(_line_of(partner))

        with_storage(known_settings(), save)


@partners.command("restrict")
def restrict_partner(
    code: Code,
    not_sold: Annotated[
        list[str] | None,
        typer.Option(help="A place or class it sells nothing in: FR, US-NY, AU:goods, *:parcel."),
    ] = None,
    withdrawal_days: Annotated[
        int, typer.Option(help="The least days that its customers may withdraw.")
    ] = 0,
    disclosure: Annotated[
        list[str] | None, typer.Option(help="What it shows before the choice in every market.")
    ] = None,
) -> None:
    """Set what a partner asks beyond the law; it can tighten rules, and loosen none."""
    with told():

        async def save(storage: SqliteStorage) -> None:
            partner = await _partner(storage, code)
            wanted = checked_restrictions(not_sold or (), withdrawal_days, disclosure or ())
            await storage.save_partner(replace(partner, restrictions=wanted))
            typer.echo(
                f"{code}: sells nothing in {', '.join(wanted.not_sold) or '(no place)'}; withdrawal"
                f" of at least {wanted.withdrawal_days} days; adds"
                f" {', '.join(wanted.disclosures) or '(no disclosure)'}"
            )

        with_storage(known_settings(), save)


@partners.command("list")
def list_partners() -> None:
    """List all partners."""
    with told():

        async def show(storage: SqliteStorage) -> None:
            for partner in await storage.list_partners():
                typer.echo(f"{partner.code}\t{partner.name}\t{' '.join(partner.origins)}")

        with_storage(known_settings(), show)


@partners.command("keys")
def keys(
    code: Code,
    new: Annotated[Mode | None, typer.Option(help="Make a new key for this mode.")] = None,
    revoke: Annotated[str | None, typer.Option(help="End the key with this id.")] = None,
) -> None:
    """List a partner's keys, make one, or revoke one."""
    with told():
        known = known_settings()
        known.check_can_serve()

        async def work(storage: SqliteStorage) -> None:
            await _partner(storage, code)
            own = {key.key_id for key in await storage.list_keys(code)}
            if revoke and not (
                revoke in own and await storage.revoke_key(revoke, at=storage.now())
            ):
                raise NotFound(f"Key {revoke}")
            made = None
            if new:
                root = known.partner_keys[-1].encode()
                made = new_key(code, new, root=root, now=storage.now())
                await storage.add_key(made)
            for key in await storage.list_keys(code):
                _show_key(known, key, with_secret=key == made)

        with_storage(known, work)


@webhooks.command("set")
def set_webhook(
    code: Code,
    url: Annotated[str, typer.Argument(help="Where to post events, over https.")],
    mode: OfMode = Mode.LIVE,
) -> None:
    """Tell a partner's backend of its bookings; secrets stay as they are."""
    with told():
        _change_webhook(
            code, mode, lambda partner, root, _: with_webhook(partner, mode, url, root=root)
        )


@webhooks.command("rotate")
def rotate_webhook(
    code: Code,
    mode: OfMode = Mode.LIVE,
    keep_hours: Annotated[
        int, typer.Option(min=0, help="How long the secret before goes on signing too.")
    ] = 24,
) -> None:
    """Make a new secret; for a while the one before signs as well."""
    with told():
        _change_webhook(
            code,
            mode,
            lambda partner, root, now: with_new_secret(
                partner, mode, root=root, now=now, kept_for=timedelta(hours=keep_hours)
            ),
        )


@webhooks.command("remove")
def remove_webhook(code: Code, mode: OfMode = Mode.LIVE) -> None:
    """Tell a partner's backend nothing more; what is under way is given up."""
    with told():
        _change_webhook(code, mode, lambda partner, *_: without_webhook(partner, mode))


@webhooks.command("list")
def list_webhooks(
    code: Code,
    mode: OfMode = Mode.LIVE,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="As many of the newest.")] = 20,
) -> None:
    """List a partner's newest events, and what became of each."""
    with told():

        async def show(storage: SqliteStorage) -> None:
            _show_webhook(known_settings(), await _partner(storage, code), mode, with_secret=False)
            for progress in await storage.list_messages(code, mode, kind=Kind.WEBHOOK, limit=limit):
                typer.echo(_line_of_event(progress))

        with_storage(known_settings(), show)


@webhooks.command("redeliver")
def redeliver(
    code: Code,
    event_id: Annotated[str, typer.Argument(help="The event's id, as `list` prints it.")],
    mode: OfMode = Mode.LIVE,
) -> None:
    """Send an event once more, within a second while the service runs."""
    with told():

        async def work(storage: SqliteStorage) -> None:
            if not await storage.send_again(code, mode, event_id, kind=Kind.WEBHOOK):
                raise NotFound(f"Event {event_id}")
            typer.echo(f"{event_id} is due now.")

        with_storage(known_settings(), work)


def _change_webhook(
    code: str, mode: Mode, change: Callable[[Partner, bytes, datetime], Partner]
) -> None:
    known = known_settings()
    known.check_can_serve()
    root = known.partner_keys[-1].encode()

    async def work(storage: SqliteStorage) -> None:
        partner = change(await _partner(storage, code), root, storage.now())
        await storage.save_partner(partner)
        _show_webhook(known, partner, mode, with_secret=True)

    with_storage(known, work)


async def _partner(storage: SqliteStorage, code: str) -> Partner:
    partner = await storage.find_partner(code)
    if partner is None:
        raise NotFound(f"Partner {code}")
    return partner


def _show_webhook(known: Settings, partner: Partner, mode: Mode, *, with_secret: bool) -> None:
    webhook = partner.webhook_for(mode)
    if webhook is None:
        typer.echo(f"{partner.code} has no webhook for {mode}.")
        return
    typer.echo(f"{mode}\t{webhook.url}")
    if with_secret:
        roots = [root.encode() for root in known.partner_keys]
        for secret in webhook.secrets:
            until = f"until {secret.until:%Y-%m-%d %H:%M} UTC" if secret.until else "newest"
            shown = webhook_secret_of(secret, partner.code, mode, roots)
            typer.echo(f"    secret  {shown or '(its root key was retired)'}  {until}")


def _line_of_event(progress: Progress) -> str:
    message = progress.message
    due = f", next try {message.due_at:%Y-%m-%d %H:%M:%S} UTC"
    return (
        f"{message.id}\t{message.offer_id} #{message.sequence}\t{progress.outcome}"
        f" after {message.failures} failures{due if progress.outcome is Outcome.WAITING else ''}"
        f"{f': {progress.problem}' if progress.problem else ''}"
    )


def _line_of(partner: Partner) -> str:
    digest = "required" if partner.requires_digest else "not required"
    return (
        f"{partner.code}: {partner.name}, framed by {', '.join(partner.origins)}; "
        f"signatures within {partner.clock_window_s} s, Content-Digest {digest}"
    )


def _show_key(known: Settings, key: PartnerKey, *, with_secret: bool) -> None:
    state = f"revoked {key.revoked_at:%Y-%m-%d}" if key.revoked_at else "good"
    typer.echo(f"{key.key_id}\t{key.mode}\t{state}")
    if with_secret:
        roots = [root.encode() for root in known.partner_keys]
        typer.echo(f"    secret key  {secret_of(key, roots)}")
        token_key = token_key_of(key.partner_code, key.mode, known.token_keys[-1].encode())
        typer.echo(f"    token key   {token_key}")

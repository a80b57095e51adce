"""The commands `offer-widget markets`: what the law asks for, and whether every offer keeps it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import typer

from widget.app import load_markets
from widget.desk import known_settings, told
from widget.errors import NotFound
from widget.markets import LanguageDuty, Market, Markets
from widget.offer_lint import offers_shown

markets = typer.Typer(no_args_is_help=True, help="The rules of the places that customers live in.")


@markets.command("list")
def list_markets() -> None:
    """List every market, with what its customers are charged and promised for each class."""
    with told():
        for market in load_markets().known.values():
            typer.echo(_line_of(market))


@markets.command("show")
def show_market(
    place: Annotated[str, typer.Argument(help="A country or region: FR, US-NY.")],
    insurance_class: Annotated[str, typer.Argument(help="A class, such as travel.")] = "travel",
) -> None:
    """Show the rules for a class of insurance in a place, each with its source."""
    with told():
        country, region = place[:2], place if "-" in place else None
        market = load_markets().find(country, region, insurance_class)
        if market is None:
            raise NotFound(f"The market {place} for {insurance_class}")
        typer.echo(_line_of(market))
        for tax in market.taxes:
            typer.echo(f"    {tax.code}: {tax.share} {_doubt(market, tax.code)}{tax.source}")
        for rule, source in sorted(market.sources.items()):
            typer.echo(f"    {rule}: {_doubt(market, rule)}{source}")


@markets.command("table")
def print_table() -> None:
    """Print all markets as the table in docs/markets.md; a figure that is assumed has a `*`."""
    with told():
        for line in table_of(load_markets()):
            typer.echo(line)


@markets.command("lint")
def lint_offers() -> None:
    """Render every product in every market and language, and fail on what breaks the rules."""
    with told():
        known = known_settings()
        known.check_can_serve()
        shown = faulty = 0
        for offer in offers_shown(known):
            shown += 1
            faulty += bool(offer.faults)
            for fault in offer.faults:
                typer.echo(f"{offer.place}: {fault}")
        typer.echo(f"{shown} offers, {faulty} of them with faults.")
        raise typer.Exit(1 if faulty else 0)


def table_of(known: Markets) -> Iterator[str]:
    """Yield the lines of a table of all markets; places and classes with the same rules share one.

    The class `other` stands for every class that no market names.
    """
    yield "| who lives in | class | sale | taxes | withdrawal | documents | language | record |"
    yield "|---|---|---|---|---|---|---|---|"
    classes: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for (country, region, name), market in known.known.items():
        if region or not known.regions_of(country):
            classes.setdefault((market.place, _cells_of(market)), []).append(name)
    places: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for (place, cells), own in classes.items():
        places.setdefault((", ".join(sorted(own)), cells), []).append(place)
    for (names, cells), alike in places.items():
        yield f"| {' | '.join((', '.join(alike), names, *cells))} |"


def _cells_of(market: Market) -> tuple[str, ...]:
    def marked(rule: str, text: str) -> str:
        return f"{text}*" if rule in market.assumed else text

    kinds = (market.document_names.get(kind, kind) for kind in sorted(market.documents))
    duty = "" if market.language_duty is LanguageDuty.UNLESS_ASKED else ", always"
    later = f" by {market.deferral_days} clear days" if market.deferral_days else ""
    taxes = [
        marked(tax.code, f"{tax.code} {(100 * tax.share).normalize():f} %")
        + (" on all before" if tax.on == "net_and_taxes" else "")
        for tax in market.taxes
    ]
    return (
        marked("sale", f"{market.sale}{later}"),
        marked("tax", ", ".join(taxes) or "none"),
        marked("withdrawal_days", f"{market.withdrawal_days} days"),
        ", ".join(kinds),
        marked("languages", ", ".join(sorted(market.languages)) + duty),
        marked("record_years", f"{market.record_years} years"),
    )


def _line_of(market: Market) -> str:
    taxes = ", ".join(f"{tax.code} {tax.share}" for tax in market.taxes) or "no tax"
    return (
        f"{market.place}\t{market.insurance_class}\t{market.sale}\t{taxes}"
        f"\twithdrawal {market.withdrawal_days} days"
    )


def _doubt(market: Market, rule: str) -> str:
    return "(assumed) " if rule in market.assumed else ""

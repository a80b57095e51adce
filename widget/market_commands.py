"""The commands `offer-widget markets`: what the law asks for, and whether every offer keeps it."""

from __future__ import annotations

from typing import Annotated

import typer

from widget.app import load_markets
from widget.desk import known_settings, told
from widget.errors import NotFound
from widget.markets import Market
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


def _line_of(market: Market) -> str:
    taxes = ", ".join(f"{tax.code} {tax.share}" for tax in market.taxes) or "no tax"
    return (
        f"{market.place}\t{market.insurance_class}\t{market.sale}\t{taxes}"
        f"\twithdrawal {market.withdrawal_days} days"
    )


def _doubt(market: Market, rule: str) -> str:
    return "(assumed) " if rule in market.assumed else ""

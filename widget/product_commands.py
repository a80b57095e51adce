"""The commands `offer-widget products`: a product file, looked at before it is deployed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from widget.app import catalogue_files, load_markets, load_texts, read_table, spoken_locales
from widget.bundles import bundle_for
from widget.catalogues import Survey, surveyed
from widget.desk import known_settings, told
from widget.errors import CatalogueFaulty, InputInvalid, NotFound, SettingInvalid
from widget.examples import example_of
from widget.places import Places
from widget.press.typesetter import Typesetter
from widget.printouts import price_json, price_lines
from widget.products import FALLBACK_LOCALE, Catalogue, Product
from widget.publishing import undrawn_in
from widget.purchases import Purchase
from widget.sales import market_of
from widget.synopses import synopsis
from widget.tables import Source
from widget.upstream.house import House
from widget.web.forms import read_purchase
from widget.workings import Explanation, explained

products = typer.Typer(no_args_is_help=True, help="Product files: check, show, price.")

Named = Annotated[str, typer.Argument(help="A file, or the code of a product on sale.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead.")]


@products.command("check")
def check_products(
    files: Annotated[
        list[Path],
        typer.Argument(help="Product and line files, or folders of them.", exists=True),
    ],
    *,
    as_json: AsJson = False,
) -> None:
    """Tell every gap of files, with its line; ends with 1 if there is one."""
    with told():
        paths = {str(path): path for given in files for path in _files_at(given)}
        texts, faults = _read(paths)
        survey = _surveyed(texts)
        faults += [fault for fault in survey.faults if fault.source in texts]
        faults += asyncio.run(_undrawn(texts, survey))
        if as_json:
            typer.echo(json.dumps([_fault_json(fault) for fault in faults], ensure_ascii=False))
        else:
            for path in paths:
                own = [fault for fault in faults if fault.source == path]
                for fault in own:
                    typer.echo(str(fault), err=True)
                if not own:
                    typer.echo(f"{path}: ok")
        raise typer.Exit(1 if faults else 0)


@products.command("show")
def show_product(
    product: Named,
    locale: Annotated[str, typer.Option(help="The language of its texts.")] = FALLBACK_LOCALE,
    *,
    as_json: AsJson = False,
) -> None:
    """Print a product: eligibility, plans, benefits, rates, after the sale, its markets."""
    with told():
        survey, found = _found(product)
        if as_json:
            typer.echo(json.dumps(found.model_dump(mode="json"), ensure_ascii=False, indent=2))
            return
        for line in synopsis(found, survey.catalogue.markets, locale):
            typer.echo(line)


@products.command("price")
def price_product(
    product: Named,
    purchase: Annotated[
        Path | None,
        typer.Option(
            help="The body of a quote call, as JSON; the product's example if there is none.",
            exists=True,
            dir_okay=False,
        ),
    ] = None,
    plan: Annotated[str | None, typer.Option(help="This plan only.")] = None,
    currency: Annotated[str | None, typer.Option(help="The currency of the example.")] = None,
    customer: Annotated[
        str | None,
        typer.Option(help="Where the customer of the example lives: FR, US-NY."),
    ] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Explain a premium step by step, each rate with its line; or say why it is refused."""
    with told():
        if purchase is not None and (currency or customer):
            option = "currency" if currency else "customer"
            raise InputInvalid({option: ["The purchase says it; leave one of them out."]})
        survey, found = _found(product)
        now = datetime.now(UTC)
        body = _example(found, now, currency, customer) if purchase is None else _bytes(purchase)
        catalogue = _selling(found, survey.catalogue)
        bought = read_purchase(body, catalogue)
        # Refuses what a quote call would refuse, in the same words.
        asyncio.run(House(catalogue).price(bought, now=now))
        places = Places(_source_of(found, survey).text)
        _show_prices(_explanations(bought, catalogue, found, plan), places, as_json=as_json)


def _explanations(
    bought: Purchase, catalogue: Catalogue, product: Product, plan: str | None
) -> list[Explanation]:
    """Return how each plan is priced for each item: alone, and in a bundle if there is one."""
    codes = [one.code for one in product.plan]
    if plan is not None and plan not in codes:
        raise InputInvalid({"plan": [f"The plans are {', '.join(codes)}."]})
    items = [item for item in bought.items if item.product_code == product.code]
    if not items:
        raise InputInvalid({"request": [f"No entry has the policy_type {product.code}."]})
    bundle = bundle_for(catalogue.bundles, {item.product_code for item in bought.items})
    is_bundled = bundle is not None and product.code in bundle.products
    return [
        explained(one, product, item.subject, market_of(item, bought, catalogue), bundle=within)
        for item in items
        for one in product.plan
        if one.code == (plan or item.plan_code or one.code)
        for within in ((None, bundle) if is_bundled else (None,))
    ]


def _show_prices(explanations: list[Explanation], places: Places, *, as_json: bool) -> None:
    if as_json:
        told_ = [price_json(one, places) for one in explanations]
        typer.echo(json.dumps(told_, ensure_ascii=False, indent=2))
        return
    for index, one in enumerate(explanations):
        if index:
            typer.echo("")
        for line in price_lines(one, places):
            typer.echo(line)


def _example(product: Product, now: datetime, currency: str | None, customer: str | None) -> bytes:
    if currency not in {None, *product.currencies}:
        raise InputInvalid({"currency": [f"It is sold in {_listed(product.currencies)}."]})
    country = customer.partition("-")[0] if customer else None
    body = example_of(product, now=now, currency=currency, country=country)
    body["request"][0].pop("policy_code")  # every plan is priced
    if customer and "-" in customer:
        body["customer_region"] = customer
    return json.dumps(body).encode()


def _selling(product: Product, catalogue: Catalogue) -> Catalogue:
    """Return the catalogue with this version of a product on sale, whatever else there is."""
    others = {key: one for key, one in catalogue.products.items() if one.code != product.code}
    key = (product.code, product.version)
    return replace(catalogue, products=others | {key: product})


def _found(named: str) -> tuple[Survey, Product]:
    """Return the product in a file, or that of a code, and all that it stands among.

    Raises:
        CatalogueFaulty: There is a gap; `check` tells all of them.
        NotFound: There is neither such a file nor such a product.
    """
    path = Path(named)
    if path.is_file():
        survey = _surveyed({named: read_table(path)})
        own = [fault for fault in survey.faults if fault.source == named]
        if own:
            raise own[0]
        return survey, _product_in(named, survey)
    survey = _surveyed({})
    for fault in survey.faults:
        raise fault
    found = survey.catalogue.on_sale(named)
    if found is None:
        raise NotFound(f"The product or file {named}")
    return survey, found


def _product_in(name: str, survey: Survey) -> Product:
    for key, source in survey.sources.items():
        if source.name == name:
            return survey.catalogue.products[key]
    raise CatalogueFaulty(name, "it holds no product")


def _source_of(product: Product, survey: Survey) -> Source:
    return survey.sources[product.code, product.version]


def _surveyed(given: Mapping[str, str]) -> Survey:
    """Return what the catalogue would be with some files in it, those of the same name replaced."""
    replaced = {Path(name).name for name in given}
    files = {
        name: text
        for name, text in sorted(catalogue_files(known_settings()).items())
        if name not in replaced
    }
    return surveyed(files | dict(given), load_markets(), spoken_locales())


def _files_at(given: Path) -> list[Path]:
    if not given.is_dir():
        return [given]
    found = sorted(given.glob("*.toml"))
    if not found:
        raise SettingInvalid(str(given), "there is no product file in it")
    return found


def _read(paths: Mapping[str, Path]) -> tuple[dict[str, str], list[CatalogueFaulty]]:
    texts: dict[str, str] = {}
    faults: list[CatalogueFaulty] = []
    for name, path in paths.items():
        try:
            texts[name] = read_table(path)
        except CatalogueFaulty as fault:
            faults.append(CatalogueFaulty(name, fault.problem, line=fault.line))
    return texts, faults


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise SettingInvalid(str(path), f"it cannot be read: {error.strerror}") from error


async def _undrawn(names: Collection[str], survey: Survey) -> list[CatalogueFaulty]:
    """Return what the start would find as it prints the documents of files without a gap."""
    press, faults = Typesetter(known_settings().fonts_dir), []
    try:
        for key, source in survey.sources.items():
            if source.name in names:
                product = survey.catalogue.products[key]
                gaps = await undrawn_in(product, load_texts(), press, now=datetime.now(UTC))
                first = source.faulty(gaps) if gaps else None
                faults += [first, *first.others] if first else []
    finally:
        await press.close()
    return faults


def _fault_json(fault: CatalogueFaulty) -> dict[str, Any]:
    return {"file": fault.source, "line": fault.line, "problem": fault.problem}


def _listed(names: frozenset[str]) -> str:
    return ", ".join(sorted(names))

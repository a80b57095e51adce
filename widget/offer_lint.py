"""Render every product in every market and locale through the whole service, and lint what comes.

Part of the roof: it builds the service in a folder of its own, asks it as a partner and a shopper
do, and leaves nothing behind.
"""

from __future__ import annotations

import tempfile
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from starlette.testclient import TestClient

import widget
from widget import formats
from widget.app import build_app, load_catalogue, load_texts, new_key
from widget.covers import cover_of, named, period, speech_for
from widget.disclosures import disclosures_of, have_one_period
from widget.editions import Shelf
from widget.examples import example_of
from widget.links import Links
from widget.lints import Expected, faults_in
from widget.markets import Market
from widget.offers import Offer
from widget.partners import Mode, Partner, secret_of
from widget.products import Catalogue, Product
from widget.sales import promised_market
from widget.settings import Settings
from widget.storage.sqlite import SqliteStorage

#: Who is drawn as the partner; nobody reads its name but the lint.
_PARTNER = "lint"


@dataclass(frozen=True, slots=True)
class Shown:
    """One offer as it was rendered, and what must be in it."""

    #: `travel_protection@1, US-NY, de`.
    place: str
    html: str
    expected: Expected

    @property
    def faults(self) -> list[str]:
        """The rules that it breaks."""
        return faults_in(self.html, self.expected)


def pressure_words() -> Mapping[str, tuple[str, ...]]:
    """Return the words that no offer may hold, by language."""
    text = (Path(widget.__file__).parent / "pressure_words.toml").read_text(encoding="utf-8")
    return {language: tuple(words) for language, words in tomllib.loads(text).items()}


def markets_of(product: Product, catalogue: Catalogue) -> Iterator[Market]:
    """Yield each market that a product is sold in; of regions with the same rules, one."""
    for country in sorted(product.sold_to):
        regions = catalogue.markets.all_of(country, product.insurance_class)
        alike = {repr(replace(market, region=None, ombudsman="")): market for market in regions}
        yield from alike.values()


def offers_shown(known: Settings) -> Iterator[Shown]:
    """Yield every product in each of its markets and locales, as a shopper would see it.

    A locale that the market refuses, because its own language is missing, is not here.

    Raises:
        CatalogueFaulty: A product or a market has a gap.
    """
    catalogue = load_catalogue(known)
    newest = {product.code: product for _, product in sorted(catalogue.products.items())}
    with _service(known) as (client, storage, secret):
        links = _links(client, storage, known)
        for product in newest.values():
            for market in markets_of(product, catalogue):
                for locale in sorted(product.text):
                    body = _purchase(product, market, locale, storage)
                    made = client.post(
                        f"/x/partners/{_PARTNER}/quotes/",
                        json=body,
                        headers={"Authorization": f"Bearer {secret}"},
                    )
                    if "customer_language" in made.json().get("errors", {}):
                        continue
                    offer = _offer(client, storage, made.raise_for_status().json()["id"])
                    page = client.get(made.json()["offer_url"], params={"locale": locale})
                    yield Shown(
                        f"{product.terms_version}, {market.place}, {locale}",
                        page.raise_for_status().text,
                        _expected(offer, catalogue, links, locale),
                    )


@contextmanager
def _service(known: Settings) -> Iterator[tuple[TestClient, SqliteStorage, str]]:
    """Run the service in a folder of its own, with one partner and a test key."""
    with tempfile.TemporaryDirectory() as folder:
        storage = SqliteStorage(str(Path(folder) / "lint.db"))
        own = replace(known, upstream_test_url="", other_limit_per_s=0, sales_limit_per_s=0)
        with TestClient(build_app(own, storage=storage), base_url=own.public_url) as client:
            portal = client.portal
            if portal is None:
                raise RuntimeError("the service did not start")
            root = own.partner_keys[-1].encode()
            key = new_key(_PARTNER, Mode.TEST, root=root, now=storage.now())
            partner = Partner(_PARTNER, "Lint Shop", (own.public_url,), storage.now())
            portal.call(storage.save_partner, partner)
            portal.call(storage.add_key, key)
            secret = secret_of(key, [root])
            if secret is None:
                raise RuntimeError("a key that was just made has no secret")
            yield client, storage, secret


def _purchase(
    product: Product, market: Market, locale: str, storage: SqliteStorage
) -> dict[str, Any]:
    body = example_of(product, now=storage.now())
    for entry in body["request"]:
        entry.pop("policy_code", None)  # every plan is looked at
    place = {"customer_country": market.country, "customer_region": market.region}
    return body | place | {"customer_language": locale, "partner_reference": None}


def _offer(client: TestClient, storage: SqliteStorage, offer_id: str) -> Offer:
    if client.portal is None:
        raise RuntimeError("the service has ended")
    offer = client.portal.call(storage.find_offer, _PARTNER, offer_id)
    if offer is None:
        raise RuntimeError(f"offer {offer_id} was answered and is not stored")
    return offer


def _links(client: TestClient, storage: SqliteStorage, known: Settings) -> Links:
    """Return the maker of addresses, with the documents that the service has published."""
    if client.portal is None:
        raise RuntimeError("the service has ended")
    shelf = Shelf()
    shelf.keep(client.portal.call(storage.list_editions))
    return Links(known.public_url, [key.encode() for key in known.token_keys], shelf)


def _expected(offer: Offer, catalogue: Catalogue, links: Links, locale: str) -> Expected:
    texts = load_texts()
    purchase = offer.purchase
    speech = speech_for(locale, purchase.customer_country, texts.in_locale(locale))
    quote = offer.quotes[0]
    item = purchase.items[quote.item]
    line = catalogue.line_of_item(item)
    cover = cover_of(quote, item.subject, catalogue=catalogue, links=links, speech=speech)
    market = promised_market(quote, purchase, catalogue)
    return Expected(
        premiums=tuple(formats.money(q.premium, speech.formats) for q in offer.quotes),
        tax_wording=speech.texts.gettext("tax included"),
        insured=(
            *named(item.subject, line, speech),
            *(period(quote, item.subject, line, speech) for quote in offer.quotes),
        ),
        disclosures=disclosures_of(
            quote,
            market,
            cover,
            speech,
            partner_name="Lint Shop",
            has_one_period=have_one_period(offer.quotes),
        ),
        documents=tuple(document.url for document in cover.documents),
        pressure_words=pressure_words().get(locale.partition("-")[0], ()),
        is_deferred=offer.opens_at is not None,
    )

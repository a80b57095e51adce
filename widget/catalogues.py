"""Catalogues: read from product files, and whole.

Each file is read and checked as a whole, so that a gap stops the service at its start and not a
customer at the checkout.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping

from pydantic import ValidationError

from widget.errors import CatalogueFaulty
from widget.gaps import gaps_in
from widget.markets import Markets
from widget.products import Catalogue, Product


def read_catalogue(files: Mapping[str, str], markets: Markets) -> Catalogue:
    """Return the catalogue written in `files`, TOML texts by file name.

    Raises:
        CatalogueFaulty: One of them cannot be read, has a gap, or repeats another.
    """
    products: dict[tuple[str, int], Product] = {}
    for source, text in sorted(files.items()):
        product = read_product(source, text, markets)
        if (product.code, product.version) in products:
            raise CatalogueFaulty(source, f"{product.terms_version} is in another file too")
        products[product.code, product.version] = product
    return Catalogue(products, markets)


def read_product(source: str, text: str, markets: Markets) -> Product:
    """Return the product written in `text`.

    Raises:
        CatalogueFaulty: It cannot be read or has a gap; the sentence names the place.
    """
    try:
        product = Product.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise CatalogueFaulty(source, str(error)) from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise CatalogueFaulty(source, f"{place}: {first['msg']}") from error
    if gap := next(gaps_in(product, markets), None):
        raise CatalogueFaulty(source, gap)
    return product

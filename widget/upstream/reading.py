"""What a remote platform says, as our own values; what cannot be believed is unavailable.

No warning against declining and no claim of popularity is read: we do not show them.
"""

from __future__ import annotations

import ipaddress
import re
import uuid
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from widget.errors import UpstreamUnavailable
from widget.money import MAX_MINOR, Money
from widget.offers import Bundled, Provided, ProvidedBenefit, ProvidedDocument, Quote
from widget.purchases import Purchase

MAX_CHARS = 2_000
MAX_PARTS = 50
MAX_DEPTH = 8

Json = Mapping[str, Any]
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]+")


def table(value: object) -> Json:
    """Return a JSON object; anything else is empty."""
    return value if isinstance(value, dict) else {}


def entries(value: object) -> list[Any]:
    """Return a JSON list, bounded; anything else is empty."""
    return value[:MAX_PARTS] if isinstance(value, list) else []


def text(value: object, limit: int = MAX_CHARS) -> str:
    """Return plain text on one line, bounded."""
    return _CONTROLS.sub(" ", value).strip()[:limit] if isinstance(value, str) else ""


def address(value: object) -> str | None:
    """Return an address that a browser may be sent to: https, or http to this machine."""
    if not isinstance(value, str) or len(value) > MAX_CHARS or re.search(r"[\s\x00-\x1f\\]", value):
        return None
    try:
        parts = urlsplit(value)
        host = parts.hostname or ""
    except ValueError:
        return None
    is_safe = parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(host))
    return value if host and is_safe and "@" not in parts.netloc else None


def amount(value: object, currency: str) -> Money:
    """Return a JSON number as exact money."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise UpstreamUnavailable("it sent no amount.")
    try:
        money = Money.exactly(Decimal(value), currency)
    except ValueError as error:
        raise UpstreamUnavailable("it sent an amount of no use.") from error
    if abs(money.minor) > MAX_MINOR:
        raise UpstreamUnavailable("it sent an amount out of range.")
    return money


def problems_of(told: Json) -> dict[str, list[str]]:
    """Return the fields that a refusal names, by their paths; empty when it names none."""
    found: dict[str, list[str]] = {}
    _collect(told.get("errors"), (), found)
    return found


def _collect(part: object, path: tuple[str, ...], found: dict[str, list[str]]) -> None:
    if isinstance(part, dict) and len(path) < MAX_DEPTH:
        for name, inner in part.items():
            _collect(inner, (*path, text(name, 100)), found)
    elif isinstance(part, list) and path:
        sentences = [text(one, 300) for one in part[:MAX_PARTS] if isinstance(one, str)]
        if sentences:
            found[".".join(path)] = sentences


def quotes_of(package: Json, purchase: Purchase) -> tuple[Quote, ...]:
    """Return the quotes of a package, all of them sound."""
    given = table(package.get("quotes"))
    if package.get("errors") or not given or package.get("currency") != purchase.currency:
        raise UpstreamUnavailable("it did not price all of the purchase.")
    language = text(package.get("customer_language"), 35) or purchase.language or "en"
    quotes = tuple(
        _quote(table(quote), position, purchase, language, package)
        for position, quote in enumerate(given.values())
    )
    if package.get("bundle_code") and not any(quote.bundled for quote in quotes):
        # Sold together they cost less there, and we would not know how much.
        raise UpstreamUnavailable("it sells a bundle and does not tell its prices one by one.")
    return quotes


def price_of(told: Json, currency: str) -> tuple[Money, Money]:
    """Return the premium of a quote, and the tax inside."""
    inside = table(told.get("tax")).get("total_tax", 0)
    return amount(told.get("price"), currency), amount(inside, currency)


def sound_premium(premium: Money, tax: Money, upstream_id: str) -> None:
    """Make sure that a quote can be sold.

    Raises:
        UpstreamUnavailable: It has no id, costs nothing, or has more tax than premium.
    """
    if premium.minor <= 0 or not 0 <= tax.minor <= premium.minor or not upstream_id:
        raise UpstreamUnavailable("it sent a quote without an id or a price.")


def _quote(told: Json, position: int, purchase: Purchase, language: str, package: Json) -> Quote:
    premium, tax = price_of(told, purchase.currency)
    item, policy = told.get("item", position), table(told.get("policy"))
    upstream_id = text(told.get("id"), 64)
    sound_premium(premium, tax, upstream_id)
    if type(item) is not int or not 0 <= item < len(purchase.items):
        raise UpstreamUnavailable("it priced what was not asked for.")
    version = str(policy.get("policy_type_version") or policy.get("policy_version") or 1)
    taxes = entries(table(told.get("tax")).get("taxes"))
    return Quote(
        id=str(uuid.uuid4()),
        item=item,
        product_code=text(policy.get("policy_type"), 64) or purchase.items[item].product_code,
        product_version=int(version) if re.fullmatch(r"[0-9]{1,4}", version) else 1,
        plan_code=text(policy.get("policy_code"), 64) or "standard",
        premium=premium,
        tax=tax,
        tax_code=text(table(taxes[0] if taxes else None).get("tax_code"), 20),
        starts_at=moment(told.get("policy_start_date")),
        ends_at=moment(told.get("policy_end_date")),
        upstream_id=upstream_id,
        provided=_provided(told, policy, language),
        bundled=_bundled(told, package, purchase.currency),
    )


def _bundled(told: Json, package: Json, currency: str) -> Bundled | None:
    """Return what a quote costs in the package's bundle; None where it is in none.

    Raises:
        UpstreamUnavailable: It does not say with which products, or at which price.
    """
    together, code = table(told.get("bundled")), text(package.get("bundle_code"), 64)
    if not code or told.get("discount_price") is None:
        return None
    products = tuple(filter(None, (text(one, 64) for one in entries(together.get("products")))))
    premium = amount(told.get("discount_price"), currency)
    tax = amount(together.get("total_tax", 0), currency)
    sound_premium(premium, tax, ",".join(products))
    percent = package.get("bundle_discount_percent")
    off = Decimal(percent) if isinstance(percent, int | Decimal) else Decimal(0)
    return Bundled(code, products, off, premium, tax, ())


def _provided(told: Json, policy: Json, language: str) -> Provided:
    content = table(policy.get("content"))
    name = text(policy.get("policy_name"), 200)
    return Provided(
        locale=language,
        product_name=text(policy.get("policy_type_group_name"), 200) or name,
        plan_name=name or text(content.get("title"), 200),
        heading=text(content.get("header"), 300),
        summary=text(content.get("description")),
        benefits=tuple(benefit_of(table(one)) for one in entries(told.get("benefits"))),
        exclusions=tuple(filter(None, map(text, entries(content.get("exclusions"))))),
        disclaimer=text(content.get("disclaimer")),
        documents=documents_of(told),
        underwriter=text(table(policy.get("underwriter")).get("name"), 200),
    )


def benefit_of(told: Json) -> ProvidedBenefit:
    """Return one part of the cover."""
    limit, excess = told.get("limit_description"), told.get("excess_description")
    return ProvidedBenefit(text(told.get("description")), text(limit, 300), text(excess, 300))


def documents_of(told: Json) -> tuple[ProvidedDocument, ...]:
    """Return the documents of a quote, as far as they have addresses that can be opened."""
    files = [table(one) for one in entries(told.get("files"))]
    pairs = [(text(one.get("title"), 200), address(one.get("url"))) for one in files]
    wording = address(told.get("pds_url"))
    if wording not in {url for _, url in pairs}:
        pairs.insert(0, ("Policy wording", wording))
    return tuple(ProvidedDocument(title or "Document", url) for title, url in pairs if url)


def moment(value: object) -> datetime:
    """Return a date of cover, aware.

    Raises:
        UpstreamUnavailable: It is none.
    """
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError as error:
        raise UpstreamUnavailable("it sent no date of cover.") from error
    if moment.tzinfo is None:
        raise UpstreamUnavailable("it sent a date without its offset.")
    return moment


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False

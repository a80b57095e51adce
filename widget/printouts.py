"""Printouts: an explained premium for a terminal of 100 columns, and for a machine."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

from widget.money import exponent
from widget.places import Place, Places
from widget.workings import ChargeStep, Explanation, TaxStep, UnitStep

#: How wide a line is.
COLUMNS = 100

#: Where the words of a row end, and where its amount does; behind that is the line of the file.
_WORDS, _AMOUNT = 66, 88


def price_lines(explanation: Explanation, places: Places) -> Iterator[str]:
    """Yield the lines that explain a premium; amounts are exact, in major units.

    Args:
        places: Of the product's file, so that each rate names its line there.
    """
    product, currency, premium = explanation.product, explanation.currency, explanation.premium
    market = explanation.market
    yield (
        f"{product.terms_version}, plan {explanation.plan.code}: {premium.total}"
        f" for a customer in {market.place}, class {market.insurance_class}"
    )
    for place, unit in enumerate(explanation.units, start=1):
        yield f"  {_unit_name(unit, place, explanation)}"
        yield from _unit_lines(unit, currency, places)
    number = sum(unit.times for unit in explanation.units)
    if len(explanation.units) > 1:
        yield from _row(f"  sum of all {number}", explanation.sum, currency)
    if explanation.discount:
        words = f"  discount, the dearest being no. 1: {_discount_words(explanation)}"
        yield from _row(words, -explanation.discount, currency)
    if explanation.bundle is not None:
        words = f"  bundle {explanation.bundle.code}: {exact(explanation.bundle.percent)} % less"
        yield from _row(words, -explanation.bundle_discount, currency)
    yield from _row("  net premium", explanation.net, currency)
    for step in explanation.taxes:
        yield from _tax_lines(step, currency)
    yield from _row("  exact premium", explanation.exact, currency)
    yield from _row("  premium, rounded up", Fraction(premium.total.amount), currency)
    for part in premium.parts:
        words = f"    of which tax {part.code}, rounded half up"
        yield from _row(words, Fraction(part.amount.amount), currency)


def price_json(explanation: Explanation, places: Places) -> dict[str, Any]:
    """Return an explained premium as JSON; numbers are texts: `13.7024`, or `6423/35`."""
    premium = explanation.premium
    return {
        "product": explanation.product.code,
        "version": explanation.product.version,
        "plan": explanation.plan.code,
        "market": explanation.market.place,
        "class": explanation.market.insurance_class,
        "currency": explanation.currency,
        "units": [_unit_json(unit, places) for unit in explanation.units],
        "sum": exact(explanation.sum),
        "discount": exact(explanation.discount),
        "bundle": explanation.bundle.code if explanation.bundle else None,
        "bundle_discount": exact(explanation.bundle_discount),
        "net": exact(explanation.net),
        "taxes": [_tax_json(step) for step in explanation.taxes],
        "exact_premium": exact(explanation.exact),
        "premium": str(premium.total.amount),
        "tax": str(premium.tax.amount),
        "tax_parts": {part.code: str(part.amount.amount) for part in premium.parts},
    }


def exact(number: Fraction | Decimal, digits: int = 0) -> str:
    """Return a number with all of its digits, and as a fraction where these have no end.

    Args:
        digits: At least so many after the point.
    """
    fraction = Fraction(number)
    # Digits end where the denominator has no other factor than two and five. So many places are
    # more than any amount of a file leads to.
    for places in range(digits, 60):
        whole = fraction * 10**places
        if whole.denominator == 1:
            return _pointed(whole.numerator, places)
    return f"{fraction.numerator}/{fraction.denominator}"


def _pointed(number: int, places: int) -> str:
    """Return a whole number with a point before its last places; decimals would round long ones."""
    digits = str(abs(number)).rjust(places + 1, "0")
    sign, point = "-" if number < 0 else "", len(digits) - places
    return f"{sign}{digits[:point]}{'.' if places else ''}{digits[point:]}"


def row_of(when: Mapping[str, str | int]) -> str:
    """Return for what a row of a rate table is, in words."""
    bounds = (
        f"{name} up to {bound}" if isinstance(bound, int) else f"{name} {bound}"
        for name, bound in when.items()
    )
    return ", ".join(bounds) or "everything"


def _unit_name(unit: UnitStep, place: int, explanation: Explanation) -> str:
    if unit.times > 1:
        return f"{unit.kind}, {unit.times} of them"
    alike = [other for other in explanation.units if other.kind == unit.kind]
    return f"{unit.kind}, no. {place}" if len(alike) > 1 else unit.kind


def _discount_words(explanation: Explanation) -> str:
    steps = explanation.product.discount
    return ", ".join(
        f"{exact(one.percent)} % off each from no. {one.units_from} on" for one in steps
    )


def _unit_lines(unit: UnitStep, currency: str, places: Places) -> Iterator[str]:
    for step in unit.charges:
        words = f"    {step.code}: {_charge_words(step)}"
        yield from _row(words, step.amount, currency, _line_of(step.place, places))
        yield f"      row for {row_of(step.when)}"
    yield from _row("    sum of its charges", unit.sum, currency)
    if unit.minimum > unit.sum:
        yield from _row("    minimum, which is more", unit.minimum, currency)
    else:
        least = exact(unit.minimum, exponent(currency))
        yield f"    not less than the minimum of {least}"
    if unit.times > 1:
        yield from _row(f"    for {unit.times}", unit.net, currency)


def _charge_words(step: ChargeStep) -> str:
    if step.percent is not None:
        return f"{exact(step.percent)} % of {exact(step.base, 2)} ({step.of})"
    amount = exact(step.fixed or Decimal(0), 2)
    return f"{amount} for each of {step.days} days" if step.days else amount


def _tax_lines(step: TaxStep, currency: str) -> Iterator[str]:
    words = f"  tax {step.tax.code}: {_tax_words(step)}"
    yield from _row(words, step.amount, currency)
    doubt = "assumed: " if step.is_assumed else ""
    yield from wrapped(f"{doubt}{step.tax.source}; since {step.tax.since}", indent=6)


def _tax_words(step: TaxStep) -> str:
    on = "the net premium" if step.tax.on == "net" else "that and the taxes above"
    parts = [f"{exact(step.tax.share * 100)} % of {on}"] if step.tax.share else []
    if step.tax.fixed:
        parts.append(f"{step.tax.fixed} a policy")
    return " and ".join(parts) or "nothing"


def _row(words: str, amount: Fraction, currency: str, note: str = "") -> Iterator[str]:
    told = exact(amount, exponent(currency))
    if "/" in told:
        told = f"{told} ≈ {exact(round(amount, 4))}"
    *above, last = wrapped(words.strip(), indent=len(words) - len(words.lstrip()), columns=_WORDS)
    yield from above
    if len(last) + len(told) >= _AMOUNT:
        yield last
        last = ""
    yield f"{last}{told:>{_AMOUNT - len(last)}}  {note}".rstrip()


def wrapped(text: str, *, indent: int, columns: int = COLUMNS) -> list[str]:
    """Return a text in lines of so many columns; those after the first stand further in."""
    first, others = " " * indent, " " * (indent + 2)
    return textwrap.wrap(
        text, columns, initial_indent=first, subsequent_indent=others, break_on_hyphens=False
    )


def _line_of(place: Place, places: Places) -> str:
    return f"line {places.line_of(place)}"


def _unit_json(unit: UnitStep, places: Places) -> dict[str, Any]:
    return {
        "kind": unit.kind,
        "times": unit.times,
        "charges": [_charge_json(step, places) for step in unit.charges],
        "sum": exact(unit.sum),
        "minimum": exact(unit.minimum),
        "net": exact(unit.net),
    }


def _charge_json(step: ChargeStep, places: Places) -> dict[str, Any]:
    rate: dict[str, Any] = {"amount": str(step.fixed), "days": step.days}
    if step.percent is not None:
        rate = {"percent": str(step.percent), "of": step.of, "base": exact(step.base)}
    return {
        "code": step.code,
        "line": places.line_of(step.place),
        "when": dict(step.when),
        "rate": rate,
        "charged": exact(step.amount),
    }


def _tax_json(step: TaxStep) -> dict[str, Any]:
    tax = step.tax
    return {
        "code": tax.code,
        "share": str(tax.share),
        "fixed": str(tax.fixed.amount) if tax.fixed else None,
        "on": tax.on,
        "base": exact(step.base),
        "amount": exact(step.amount),
        "source": tax.source,
        "since": tax.since.isoformat(),
        "assumed": step.is_assumed,
    }

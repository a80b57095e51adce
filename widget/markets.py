"""What the law of a market asks for, as data.

The market follows the customer's country, never the partner's. A partner can add to these rules
and cannot take from them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from widget.taxes import Tax


@dataclass(frozen=True, slots=True)
class Market:
    """The rules for customers who live in one country."""

    country: str
    #: What is charged on top of the net premium, in the order of the law.
    taxes: tuple[Tax, ...]
    #: How long the customer may withdraw, in days from the policy confirmation.
    withdrawal_days: int

    @property
    def tax_rate(self) -> Decimal:
        """The share of the net premium that all taxes are together: 0.19 is 19 %."""
        return sum((tax.share for tax in self.taxes), start=Decimal(0))

    @property
    def tax_code(self) -> str:
        """The code of the first tax, `NONE` where there is none."""
        return self.taxes[0].code if self.taxes else "NONE"


def _market(country: str, withdrawal_days: int, *taxes: Tax) -> Market:
    return Market(country, taxes, withdrawal_days)


def _tax(share: str, code: str, source: str, since: date) -> Tax:
    return Tax(code, source, since, Decimal(share))


#: Rates for travel insurance with customers who live there, as of 2026-11.
MARKETS = {
    market.country: market
    for market in (
        _market("AT", 14, _tax("0.11", "VERSST", "VersStG 1953, § 4 (1) 2", date(2000, 6, 1))),
        _market("DE", 14, _tax("0.19", "VERSST", "VersStG, § 6 (1)", date(2007, 1, 1))),
        _market("ES", 14, _tax("0.08", "IPS", "Ley 13/1996, art. 12", date(2021, 1, 1))),
        _market("FR", 14, _tax("0.09", "TSCA", "CGI, art. 1001", date(2016, 1, 1))),
        _market("GB", 14, _tax("0.20", "IPT", "Finance Act 1994, s. 51A", date(2017, 6, 1))),
        _market("NL", 14, _tax("0.21", "ASSBEL", "WBR, art. 23", date(2013, 1, 1))),
        # Premium taxes of the states are borne by the underwriter and not charged on top.
        _market("US", 15),
    )
}

"""What the law of a market asks for, as data.

The market follows the customer's country, never the partner's. A partner can add to these rules
and cannot take from them.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Market:
    """The rules for customers who live in one country."""

    country: str
    #: The tax inside the premium, as a share of the net premium: 0.19 is 19 %.
    tax_rate: Decimal
    #: A stable code for the wire, and where the rate comes from.
    tax_code: str
    tax_source: str
    #: How long the customer may withdraw, in days from the policy confirmation.
    withdrawal_days: int


def _market(country: str, rate: str, code: str, source: str, withdrawal_days: int) -> Market:
    return Market(country, Decimal(rate), code, source, withdrawal_days)


#: Rates for travel insurance with customers who live there, as of 2026-11.
MARKETS = {
    market.country: market
    for market in (
        _market("AT", "0.11", "VERSST", "Versicherungssteuergesetz 1953, § 4 (1) 2", 14),
        _market("DE", "0.19", "VERSST", "Versicherungsteuergesetz, § 6 (1)", 14),
        _market("ES", "0.08", "IPS", "Ley 13/1996, art. 12", 14),
        _market("FR", "0.09", "TSCA", "Code général des impôts, art. 1001", 14),
        _market("GB", "0.20", "IPT", "Finance Act 1994, s. 51, higher rate", 14),
        _market("NL", "0.21", "ASSBEL", "Wet op belastingen van rechtsverkeer, art. 23", 14),
        # Premium taxes of the states are borne by the underwriter and not charged on top.
        _market("US", "0", "NONE", "no tax on the customer's premium", 15),
    )
}

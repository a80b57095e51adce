"""Money: an exact amount in one currency, counted in its smallest unit.

Arithmetic is on integers and fractions, never on floats. Rounding happens in one place,
`Money.rounded`, half away from zero to the smallest unit, as invoices are rounded.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

#: Digits after the point where it is not two. Source: ISO 4217, list one.
_EXPONENTS = {
    **dict.fromkeys(
        "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF".split(),
        0,
    ),
    **dict.fromkeys("BHD IQD JOD KWD LYD OMR TND".split(), 3),
}

_TWO_DIGITS = frozenset(
    """
    AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF
    CHF CNY COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD
    HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK
    MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD
    RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS
    UAH USD UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG
    """.split()
)

#: Every currency that a purchase may be in.
CURRENCIES = _TWO_DIGITS | _EXPONENTS.keys()

#: Amounts beyond this are a mistake or an attack; it also keeps JSON numbers exact (2 ** 53).
MAX_MINOR = 10**14


def exponent(currency: str) -> int:
    """Return the digits after the point of an ISO 4217 currency: 0, 2 or 3."""
    return _EXPONENTS.get(currency, 2)


@dataclass(frozen=True, slots=True, order=False)
class Money:
    """An amount in a currency, in its smallest unit: `Money(1999, "EUR")` is 19.99 euro."""

    minor: int
    currency: str

    @classmethod
    def zero(cls, currency: str) -> Money:
        """Return nothing, in `currency`."""
        return cls(0, currency)

    @classmethod
    def exactly(cls, amount: Decimal, currency: str) -> Money:
        """Return `amount` major units.

        Raises:
            ValueError: The currency is unknown, or the amount has more digits than the currency.
        """
        if currency not in CURRENCIES:
            raise ValueError(f"{currency!r} is not an ISO 4217 currency")
        if not amount.is_finite():
            raise ValueError(f"{amount} is not an amount of {currency}")
        # As a fraction: decimal arithmetic would round what has more than 28 digits.
        minor = Fraction(amount) * 10 ** exponent(currency)
        if minor.denominator != 1:
            raise ValueError(f"{amount} has more decimals than {currency} allows")
        return cls(int(minor), currency)

    @classmethod
    def rounded(cls, amount: Fraction, currency: str) -> Money:
        """Return `amount` major units rounded to the smallest unit, half away from zero."""
        minor = amount * 10 ** exponent(currency)
        whole = int(abs(minor) + Fraction(1, 2))
        return cls(whole if minor >= 0 else -whole, currency)

    @classmethod
    def total(cls, amounts: Iterable[Money], currency: str) -> Money:
        """Return the sum of `amounts`, all of them in `currency`."""
        return sum(amounts, start=cls.zero(currency))

    @property
    def amount(self) -> Decimal:
        """The amount in major units, with all the digits of the currency."""
        return Decimal(self.minor).scaleb(-exponent(self.currency))

    @property
    def exact(self) -> Fraction:
        """The amount in major units, as it is reckoned with."""
        return Fraction(self.minor, 10 ** exponent(self.currency))

    def as_number(self) -> int | float:
        """Return the amount as the JSON number of the wire.

        A float here is a spelling, not arithmetic: below `MAX_MINOR` its shortest form is exact.
        """
        return int(self.amount) if exponent(self.currency) == 0 else float(self.amount)

    def __add__(self, other: Money) -> Money:
        return Money(self.minor + self._same(other).minor, self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.minor - self._same(other).minor, self.currency)

    def __str__(self) -> str:
        return f"{self.amount} {self.currency}"

    def _same(self, other: Money) -> Money:
        if other.currency != self.currency:
            raise ValueError(f"cannot add {other.currency} to {self.currency}")
        return other

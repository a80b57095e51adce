"""Addresses of this service. They start with the configured public address, never with `Host`."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import quote

from widget.bookings import Booking
from widget.editions import Shelf
from widget.offers import Offer
from widget.products import Product
from widget.tokens import (
    AccountToken,
    OfferToken,
    PolicyToken,
    issue_account_token,
    issue_offer_token,
    issue_policy_token,
)


@dataclass(frozen=True, slots=True)
class Links:
    """Makes absolute addresses, signed where they open something private."""

    public_url: str
    #: Sign the tokens in addresses, oldest first; the last signs.
    token_keys: Sequence[bytes]
    #: Where the documents of products are found.
    shelf: Shelf = field(default_factory=Shelf)

    def offer_token(self, offer: Offer) -> str:
        """Return the token that opens an offer in a browser."""
        return issue_offer_token(
            OfferToken(offer.mode, offer.partner_code, offer.id), self.token_keys
        )

    def offer(self, offer: Offer) -> str:
        """Return the address of an offer's frame page."""
        return self.offer_at(self.offer_token(offer))

    def offer_at(self, token: str) -> str:
        """Return the address of the frame page that a token opens."""
        return f"{self.public_url}/offer/{token}"

    def security_token(self, offer: Offer) -> str:
        """Return what XCover's packages have under this name: four groups of five.

        It is the same for the same offer, and opens nothing here.
        """
        name = f"security-token\x00{offer.mode}:{offer.partner_code}:{offer.id}"
        digest = hmac.digest(self.token_keys[-1], name.encode(), hashlib.sha256)
        text = base64.b32encode(digest).decode()
        return "-".join(text[place : place + 5] for place in range(0, 20, 5))

    def certificate(self, booking: Booking, policy_number: str, locale: str) -> str:
        """Return the address of a policy's certificate, for whoever has the link."""
        return f"{self._policy(booking, policy_number)}?locale={quote(locale)}"

    def certificate_pdf(self, booking: Booking, policy_number: str, locale: str) -> str:
        """Return the address of the same certificate as PDF."""
        return f"{self._policy(booking, policy_number)}.pdf?locale={quote(locale)}"

    def _policy(self, booking: Booking, policy_number: str) -> str:
        token = PolicyToken(booking.mode, booking.partner_code, booking.id)
        signed = issue_policy_token(token, self.token_keys)
        return f"{self.public_url}/policies/{signed}/{quote(policy_number)}"

    def file(self, digest: str) -> str:
        """Return the address of a published file; it gives the same bytes for ever."""
        return f"{self.public_url}/documents/{digest}"

    def account(self, booking: Booking, locale: str) -> str:
        """Return the address of the customer's own page, for whoever has the link."""
        return f"{self._account(booking)}?locale={quote(locale)}"

    def withdrawal(self, booking: Booking, policy_number: str, locale: str) -> str:
        """Return the address at which the customer withdraws from a policy.

        Args:
            policy_number: Empty for all policies of the booking.
        """
        one = f"/{quote(policy_number)}" if policy_number else ""
        return f"{self._account(booking)}/withdraw{one}?locale={quote(locale)}"

    def _account(self, booking: Booking) -> str:
        """Return what the addresses of the customer's own page begin with."""
        token = AccountToken(booking.mode, booking.partner_code, booking.id)
        return f"{self.public_url}/policy/{issue_account_token(token, self.token_keys)}"

    def document(self, product: Product, code: str, locale: str) -> str:
        """Return the address that leads to the edition of a document that is shown today."""
        path = f"{product.code}/{product.version}/{code}"
        return f"{self.public_url}/documents/{path}?locale={quote(locale)}"

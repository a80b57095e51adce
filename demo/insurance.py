"""Insurance beside your own offer: everything that a partner's backend writes.

The page needs two lines (see `agency/templates/checkout.html`); the backend needs five small
things, in the order in which a customer meets them:

    sign_purchase     say what the customer is buying, sealed with your secret, for the page
    read_token        learn from the form what the customer chose, and trust it without a call
    look_up           ask for the choice instead, when a browser without JavaScript sent no token
    confirm           after the payment: the choice becomes a policy
    report_opt_out    after the payment: the customer said no, and both sides have it on record

After the sale a policy can be cancelled or changed. Both are priced first, so that the customer
sees what it costs, and made when the customer agrees: `price_cancellation` and `cancel`,
`price_change` and `change`.

Nothing here may hold up a sale: every call has a deadline, and before the payment a failure only
means that the shop goes on without insurance. After the payment it is the other way round: the
customer has paid for a policy, so `confirm` is repeated until it has an answer (`orders.py`).
"""

from __future__ import annotations

import asyncio
import hmac
import json
import logging
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self

import httpx2

log = logging.getLogger(__name__)

#: The `name` that the shops give to `<insurance-offer>`.
FIELD = "insurance"

#: Longer than the service ever needs, shorter than a customer's patience.
DEADLINE_S = 4

#: A token is never longer; what is longer need not be looked at.
TOKEN_MAX_CHARS = 512

#: "Not now" rather than "no": time-out, conflict with a running request, too early, too many.
TRY_AGAIN = frozenset({408, 425, 429})


class TokenInvalid(Exception):
    """The form carries a token that is not ours, was altered, or has expired."""


class InsuranceUnavailable(Exception):
    """There is no answer yet: asking again later is right, and safe."""


class InsuranceRefused(Exception):
    """The service answered no: the same question will get the same answer."""

    def __init__(self, problem: Mapping[str, Any]) -> None:
        super().__init__(problem.get("message", "The request was refused."))
        #: Quote this to the service's support: it leads to the one request.
        self.error_id = problem.get("error_id", "unknown")


@dataclass(frozen=True, slots=True)
class Choice:
    """What the customer chose, as the service signed it."""

    offer_id: str
    is_opted_in: bool
    #: What to add to the customer's bill, in the smallest unit of the currency: 5430 is €54.30.
    premium_cents: int
    currency: str
    expires_at: datetime
    token: str

    def is_expired(self, now: datetime) -> bool:
        """Whether the premium is no longer guaranteed."""
        return now >= self.expires_at


@dataclass(frozen=True, slots=True)
class Policy:
    """One policy of a confirmed booking, as the customer sees it."""

    quote_id: str
    #: Which thing of the purchase it is for: 0 is the first entry of `request`.
    item: int
    name: str
    number: str
    premium_cents: int
    is_in_force: bool
    #: The certificate as a page, and the same as PDF; another platform may have none.
    certificate_url: str | None
    certificate_pdf: str | None

    @classmethod
    def from_answer(cls, quote: Mapping[str, Any]) -> Self:
        """Return the policy of one quote of a confirmed booking."""
        certificate = quote.get("coi") or {}
        return cls(
            quote_id=quote["id"],
            item=quote["item"],
            name=quote["policy"]["policy_name"],
            number=quote["policy_number"],
            premium_cents=_read_cents(quote["price"]),
            is_in_force=quote["status"] == "CONFIRMED",
            certificate_url=certificate.get("url"),
            certificate_pdf=certificate.get("pdf"),
        )


@dataclass(frozen=True, slots=True)
class Booking:
    """Insurance that is sold."""

    id: str
    policies: tuple[Policy, ...]
    certificate_url: str | None

    def find_policy(self, item: int) -> Policy | None:
        """Return the policy for one thing of the purchase; None where it was declined."""
        return next((policy for policy in self.policies if policy.item == item), None)

    @classmethod
    def from_answer(cls, answer: Mapping[str, Any]) -> Self:
        """Return the booking that the service describes.

        Raises:
            InsuranceUnavailable: The answer is not a confirmed booking as we know it.
        """
        try:
            return cls(
                answer["id"],
                tuple(Policy.from_answer(quote) for quote in answer["quotes"]),
                (answer.get("coi") or {}).get("url"),
            )
        except (KeyError, TypeError, AttributeError) as exc:
            raise InsuranceUnavailable(f"the booking cannot be read: {exc!r}") from exc


@dataclass(frozen=True, slots=True)
class Proposal:
    """A change or a cancellation that was priced, and is not made before it is confirmed."""

    id: str
    #: What the customer pays for a change, less than nothing if they get something back; of a
    #: cancellation what they get back.
    cents: int


def sign_purchase(purchase: Mapping[str, Any], *, key_id: str, secret: str) -> str:
    """Return `purchase` as the page may carry it: readable by all, changeable by nobody.

    A browser could otherwise insure an expensive trip at the premium of a cheap one.
    """
    body = _base64url(json.dumps(purchase, separators=(",", ":")).encode())
    signed = f"{key_id}.{body}"
    return f"{signed}.{hmac.digest(secret.encode(), signed.encode(), 'sha256').hex()}"


def read_token(
    token: str, *, token_key: str, partner: str, mode: str, reference: str, now: datetime
) -> Choice:
    """Return the choice that `token` proves, without asking the service.

    Raises:
        TokenInvalid: The service did not sign this for `partner` in `mode`, or not for the
            checkout `reference`, or it has expired.
    """
    if not token.isascii() or len(token) > TOKEN_MAX_CHARS:
        raise TokenInvalid("this is not a token")
    value, _, mac = token.rpartition(".")
    key = hmac.digest(token_key.encode(), b"offer-widget.quote.v1", "sha384")
    expected = _base64url(hmac.digest(key, value.encode(), "sha384"))
    if not hmac.compare_digest(expected, mac):
        raise TokenInvalid("the signature does not match")
    # Only now are the contents worth reading: nobody but the service can have written them.
    fields = json.loads(urlsafe_b64decode(value + "=" * (-len(value) % 4)))
    _, token_mode, token_partner, offer_id, token_reference, choice, _, currency, premium, *_ = (
        fields
    )
    expires_at = datetime.fromtimestamp(fields[-1], UTC)
    if (token_mode, token_partner) != (mode, partner):
        raise TokenInvalid(f"the token is for {token_partner}, {token_mode}")
    if token_reference != reference:
        # Genuine, but brought from another checkout: the cover of a cheaper trip, for instance.
        raise TokenInvalid(f"the token belongs to checkout {token_reference}")
    if now >= expires_at:
        raise TokenInvalid("the token has expired")
    return Choice(offer_id, choice == "opted_in", premium, currency, expires_at, token)


class Insurance:
    """The insurance service, as seen by one partner."""

    def __init__(
        self,
        http: httpx2.AsyncClient,
        *,
        partner: str,
        key_id: str,
        secret: str,
        token_key: str,
    ) -> None:
        self._http = http
        self._partner = partner
        self._key_id = key_id
        self._secret = secret
        self._token_key = token_key
        #: A live shop must not take a token that was made for testing.
        self._mode = "test" if key_id.startswith("pk_test_") else "live"

    def sign_purchase(self, purchase: Mapping[str, Any]) -> str:
        """Return the value of the element's `purchase` attribute."""
        return sign_purchase(purchase, key_id=self._key_id, secret=self._secret)

    def read_token(self, token: str, reference: str) -> Choice:
        """Return the choice that the form brought; see the function of the same name."""
        return read_token(
            token,
            reference=reference,
            token_key=self._token_key,
            partner=self._partner,
            mode=self._mode,
            now=datetime.now(UTC),
        )

    async def find_choice(
        self, form: Mapping[str, Any], purchase: Mapping[str, Any]
    ) -> Choice | None:
        """Return what the customer chose for `purchase`, or None to go on without insurance."""
        reference = purchase["partner_reference"]
        try:
            if token := form.get(FIELD):
                return self.read_token(str(token), reference)
        except TokenInvalid as exc:
            log.warning("Checkout %s: %s.", reference, exc)
        try:
            return await self.look_up(purchase)
        except (InsuranceUnavailable, InsuranceRefused, TokenInvalid) as exc:
            log.warning("Checkout %s goes on without insurance: %s.", reference, exc)
            return None

    async def look_up(self, purchase: Mapping[str, Any]) -> Choice | None:
        """Return the choice made for `purchase`, or None while there is none.

        The same purchase leads to the same offer, so asking shows what the customer chose in the
        frame. No token in the form and no choice here: the customer has simply not answered.

        Raises:
            InsuranceUnavailable: The service did not answer in time.
            InsuranceRefused: The service does not insure this purchase.
            TokenInvalid: The answer is signed with another key than ours.
        """
        offer = await self._ask("POST", "quotes/", purchase)
        token = offer.get("quote_token")
        return self.read_token(token, purchase["partner_reference"]) if token else None

    async def confirm(
        self, choice: Choice, *, policyholder: Mapping[str, str], transaction_id: str
    ) -> Booking:
        """Turn a paid choice into policies, and return them.

        Call it as often as needed: one offer is one booking, and `transaction_id` makes every
        repetition the same request.

        Raises:
            InsuranceUnavailable: It is not confirmed yet. Call again.
            InsuranceRefused: It will not be confirmed. Give the customer the premium back.
        """
        path = f"bookings/{choice.offer_id}/"
        wish = {
            "quote_token": choice.token,
            "partner_transaction_id": transaction_id,
            "policyholder": policyholder,
        }
        answer = await self._ask("POST", path, wish, idempotency_key=transaction_id)
        if answer.get("status") != "CONFIRMED":
            # 202: the underwriter has not answered. A repetition may replay that; a look does not.
            answer = await self._ask("GET", path)
        if answer.get("status") == "FAILED":
            raise InsuranceRefused({"message": "The underwriter declined the booking."})
        if answer.get("status") != "CONFIRMED":
            raise InsuranceUnavailable(f"the booking is {answer.get('status')}")
        return Booking.from_answer(answer)

    async def report_opt_out(self, choice: Choice) -> None:
        """Tell the service that the sale was completed without insurance.

        Raises:
            InsuranceUnavailable: It has not heard us. Call again.
            InsuranceRefused: It does not take the opt-out.
        """
        await self._ask("POST", f"bookings/{choice.offer_id}/opt_out")

    async def price_cancellation(self, booking: Booking, *policies: Policy) -> Proposal:
        """Return what the customer gets back if policies are cancelled; none is yet.

        Raises:
            InsuranceUnavailable: The service did not answer in time.
            InsuranceRefused: One of them can no longer be cancelled.
        """
        wish = {"preview": True, "quotes": [{"id": policy.quote_id} for policy in policies]}
        answer = await self._ask("POST", f"bookings/{booking.id}/cancel", wish)
        return _read_proposal(answer, "cancellation_id", "total_refund")

    async def cancel(self, booking: Booking, proposal_id: str) -> Booking:
        """Cancel as it was priced, and return the booking as it is then.

        Raises:
            InsuranceUnavailable: It is not known whether it was cancelled. Ask again.
            InsuranceRefused: The price was too old, or the booking has changed since.
        """
        path = f"bookings/{booking.id}/confirm_cancellation/{proposal_id}/"
        answer = await self._ask("POST", path, idempotency_key=proposal_id)
        return Booking.from_answer(answer)

    async def price_change(
        self, booking: Booking, policy: Policy, changes: Mapping[str, Any], *others: Policy
    ) -> Proposal:
        """Return what it costs to change fields of a policy; nothing is changed yet.

        Args:
            others: More policies for the same thing, which change alike.

        Raises:
            InsuranceUnavailable: The service did not answer in time.
            InsuranceRefused: The product does not allow this change.
        """
        changed = (policy, *others)
        wish = {"quotes": [{"id": one.quote_id, "update_fields": changes} for one in changed]}
        answer = await self._ask("PATCH", f"bookings/{booking.id}/quote_for_update", wish)
        return _read_proposal(answer, "update_id", "total_price_diff")

    async def change(self, booking: Booking, proposal_id: str) -> Booking:
        """Change as it was priced, and return the booking as it is then.

        Raises:
            InsuranceUnavailable: It is not known whether it was changed. Ask again.
            InsuranceRefused: The price was too old, or the booking has changed since.
        """
        path = f"bookings/{booking.id}/confirm_update/{proposal_id}/"
        answer = await self._ask("POST", path, idempotency_key=proposal_id)
        return Booking.from_answer(answer)

    async def _ask(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        idempotency_key: str | None = None,
    ) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self._secret}"}
        if idempotency_key:
            headers["Idempotency-Key"] = idempotency_key
        try:
            # One deadline for the whole exchange: a server that drips bytes is late as well.
            async with asyncio.timeout(DEADLINE_S):
                response = await self._http.request(
                    method, f"/x/partners/{self._partner}/{path}", json=body, headers=headers
                )
        except (httpx2.RequestError, TimeoutError) as exc:
            raise InsuranceUnavailable(f"{method} {path}: {exc!r}") from exc
        if response.is_client_error and response.status_code not in TRY_AGAIN:
            raise InsuranceRefused(_read_json(response))
        if not response.is_success:
            raise InsuranceUnavailable(f"{method} {path}: answered {response.status_code}")
        return _read_json(response)


def _read_proposal(answer: Mapping[str, Any], id_field: str, amount_field: str) -> Proposal:
    try:
        return Proposal(answer[id_field], _read_cents(answer[amount_field]))
    except (KeyError, TypeError) as exc:
        raise InsuranceUnavailable(f"the answer cannot be read: {exc!r}") from exc


def _read_cents(amount: float) -> int:
    # A number as JSON spells it. The shops sell in currencies of two decimals only.
    return round(amount * 100)


def _read_json(response: httpx2.Response) -> dict[str, Any]:
    """Return the JSON object of an answer; a body that is none, such as a proxy's, is empty."""
    try:
        answer = response.json()
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}


def _base64url(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()

"""Every error that we raise, as one tree; those about signatures stand in `denials`.

WidgetError
├── RequestMalformed        the bytes are not what they claim to be
│   └── DigestMismatch
├── InputInvalid            understood, and refused field by field
├── AccessDenied            who is asking?
│   ├── CredentialInvalid
│   │   └── ClockSkewed     from here to DigestRequired: in `denials`
│   ├── SignatureInvalid
│   └── DigestRequired
├── NotFound                absent, or another partner's: nobody can tell which
├── PeopleErased            there was such a thing, and its personal data were erased
├── RateLimited             too many calls in too short a time
├── TokenInvalid            not ours, not for this, or changed on the way
├── RuleBroken              a move that the offer's life does not allow
│   ├── OfferExpired
│   ├── SaleDeferred
│   ├── QuoteNotOffered
│   ├── ChoiceMissing
│   ├── ChoiceChanged
│   ├── OfferDeclined
│   ├── AlreadyConfirmed
│   ├── StatusForbids
│   ├── RecordsKept
│   ├── PaymentAlreadyUsed
│   ├── NotAllowedByProduct
│   ├── AmendmentExpired
│   ├── AmendmentApplied
│   ├── AmendmentStale
│   ├── IdempotencyKeyReused
│   ├── UpstreamRefused
│   ├── PurchaseMismatch
│   └── PremiumMismatch
├── CatalogueFaulty         the operator's product files do not hold together
├── SettingInvalid          the operator's settings do not hold together
└── DoorError               something outside did not do its part
    ├── StorageUnavailable
    │   └── ReplyTaken
    ├── UpstreamUnavailable
    └── DeliveryFailed

An error carries facts as attributes and a stable `code`. It knows nothing of HTTP: the statuses
are in `web/failures.py`, and the service explains each code at `/errors`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import ClassVar

#: A field's path, such as `request.0.trip_end_date`, and the sentences that say what is wrong.
Problems = Mapping[str, Sequence[str]]


class WidgetError(Exception):
    """Something that we foresaw; the text is safe to show to a partner's developer."""

    code: ClassVar[str] = "widget_error"


class RequestMalformed(WidgetError):
    """The body or the address could not be read at all."""

    code = "malformed_request"


class DigestMismatch(RequestMalformed):
    """The body is not the one that its Content-Digest speaks of."""

    code = "digest_mismatch"

    def __init__(self, actual: str, size: int) -> None:
        super().__init__(
            f"The Content-Digest is not that of the body: the {size} bytes received are {actual}."
        )
        #: A member of `Content-Digest` that would fit, and the size of the body in bytes.
        self.actual, self.size = actual, size


class InputInvalid(WidgetError):
    """The request was read, and at least one field is refused."""

    code = "validation_failed"

    def __init__(self, problems: Problems) -> None:
        super().__init__("Some fields are not valid: " + ", ".join(problems) + ".")
        #: Every field at fault, not only the first.
        self.problems = problems


class AccessDenied(WidgetError):
    """The caller may not do this."""

    code = "access_denied"


class CredentialInvalid(AccessDenied):
    """There is no credential, or not one of ours."""

    code = "credential_invalid"


class NotFound(WidgetError):
    """There is no such thing for this partner; another partner's looks the same."""

    code = "not_found"

    def __init__(self, what: str) -> None:
        super().__init__(f"{what} does not exist")
        self.what = what


class PeopleErased(WidgetError):
    """The personal data of this booking were erased, and with them what they were needed for."""

    code = "people_erased"

    def __init__(self, booking_id: str) -> None:
        super().__init__(f"The personal data of booking {booking_id} were erased.")
        self.booking_id = booking_id


class RateLimited(WidgetError):
    """The partner makes more calls in a second than its limit allows."""

    code = "rate_limited"

    def __init__(self, limit: int, retry_after_s: int) -> None:
        super().__init__(f"Request was throttled. Expected available in {retry_after_s} second.")
        #: Calls in one second, and whole seconds to wait.
        self.limit, self.retry_after_s = limit, retry_after_s


class TokenInvalid(WidgetError):
    """The token is not ours, not for this purpose, or was changed; we never say which."""

    code = "token_invalid"

    def __init__(self) -> None:
        super().__init__("This token is not valid here. Use it as it was received.")


class RuleBroken(WidgetError):
    """The offer's life does not allow this move."""

    code = "rule_broken"


class OfferExpired(RuleBroken):
    """The premiums ran out before the choice or the confirmation."""

    code = "offer_expired"

    def __init__(self, offer_id: str, expired_at: datetime) -> None:
        super().__init__(f"Offer {offer_id} expired at {expired_at:%Y-%m-%d %H:%M:%S} UTC.")
        self.offer_id = offer_id
        #: Aware UTC; lets a partner tell a slow customer from a slow clock.
        self.expired_at = expired_at


class SaleDeferred(RuleBroken):
    """The law lets the customer think first: the offer informs now, and sells later."""

    code = "sale_deferred"

    def __init__(self, offer_id: str, opens_at: datetime) -> None:
        super().__init__(f"Offer {offer_id} is not for sale before {opens_at:%Y-%m-%d %H:%M} UTC.")
        #: The moment is aware UTC.
        self.offer_id, self.opens_at = offer_id, opens_at


class QuoteNotOffered(RuleBroken):
    """A chosen quote is not part of the offer."""

    code = "quote_not_offered"

    def __init__(self, offer_id: str, quote_id: str) -> None:
        super().__init__(f"Offer {offer_id} has no quote {quote_id!r} to choose.")
        self.offer_id, self.quote_id = offer_id, quote_id


class ChoiceMissing(RuleBroken):
    """The customer has not chosen, so there is nothing to confirm."""

    code = "choice_missing"

    def __init__(self, offer_id: str) -> None:
        super().__init__(f"The customer has not opted in to offer {offer_id}.")
        self.offer_id = offer_id


class ChoiceChanged(RuleBroken):
    """The token tells of a choice that the customer has since changed."""

    code = "choice_changed"

    def __init__(self, offer_id: str) -> None:
        super().__init__(f"The choice on offer {offer_id} has changed; use the newest token.")
        self.offer_id = offer_id


class OfferDeclined(RuleBroken):
    """The partner reported that the customer bought without cover."""

    code = "offer_declined"

    def __init__(self, offer_id: str) -> None:
        super().__init__("Status change not allowed for QuotePackage in status OPTED_OUT.")
        self.offer_id = offer_id


class AlreadyConfirmed(RuleBroken):
    """The offer is a booking already, under another payment."""

    code = "already_confirmed"

    def __init__(self, booking_id: str) -> None:
        status = "Status change not allowed for QuotePackage in status CONFIRMED"
        super().__init__(f"{status}: booking {booking_id} exists.")
        self.booking_id = booking_id


class StatusForbids(RuleBroken):
    """The status of the offer or booking does not allow this move."""

    code = "status_forbids"

    def __init__(self, booking_id: str, status: str) -> None:
        super().__init__(f"Status change not allowed for QuotePackage in status {status}.")
        self.booking_id, self.status = booking_id, status


class RecordsKept(RuleBroken):
    """The law keeps the records of this booking, so its personal data are not erased yet."""

    code = "records_kept"

    def __init__(self, booking_id: str, until: datetime) -> None:
        super().__init__(
            f"The records of booking {booking_id} are kept by law until {until:%Y-%m-%d}."
        )
        self.booking_id = booking_id
        #: Aware UTC.
        self.until = until


class NotAllowedByProduct(RuleBroken):
    """The product's terms do not allow this, or not any more."""

    code = "not_allowed_by_product"


class AmendmentExpired(RuleBroken):
    """The update, cancellation or renewal was priced too long ago."""

    code = "amendment_expired"

    def __init__(self, amendment_id: str, expired_at: datetime) -> None:
        super().__init__(f"{amendment_id} expired at {expired_at:%Y-%m-%d %H:%M:%S} UTC.")
        self.amendment_id = amendment_id
        #: Aware UTC.
        self.expired_at = expired_at


class AmendmentApplied(RuleBroken):
    """The update, cancellation or renewal has been made already."""

    code = "amendment_applied"

    def __init__(self, amendment_id: str) -> None:
        super().__init__(f"{amendment_id} has been confirmed already.")
        self.amendment_id = amendment_id


class AmendmentStale(RuleBroken):
    """The booking was changed after the update, cancellation or renewal was priced."""

    code = "amendment_stale"

    def __init__(self, amendment_id: str) -> None:
        super().__init__(f"The booking changed after {amendment_id} was priced; ask for a new one.")
        self.amendment_id = amendment_id


class IdempotencyKeyReused(RuleBroken):
    """The idempotency key was used for another request within the last 48 hours."""

    code = "idempotency_key_reused"

    def __init__(self, key: str) -> None:
        super().__init__(f"The idempotency key {key!r} was used for another request.")
        self.key = key


class UpstreamRefused(RuleBroken):
    """Whoever carries the risk refused; asking again changes nothing."""

    code = "upstream_refused"


class PaymentAlreadyUsed(RuleBroken):
    """The partner's transaction already paid for another booking."""

    code = "payment_already_used"

    def __init__(self, transaction_id: str) -> None:
        super().__init__(f"Transaction {transaction_id!r} already paid for another booking.")
        self.transaction_id = transaction_id


class PurchaseMismatch(RuleBroken):
    """What was sold is not what was priced."""

    code = "purchase_mismatch"

    def __init__(self, offer_id: str) -> None:
        super().__init__(f"The purchase is not the one that offer {offer_id} was made for.")
        self.offer_id = offer_id


class PremiumMismatch(RuleBroken):
    """The amount is not the premium of the chosen quotes."""

    code = "premium_mismatch"

    def __init__(self, offer_id: str, expected: str, given: str) -> None:
        super().__init__(f"The premium of offer {offer_id} is {expected}, not {given}.")
        self.offer_id, self.expected = offer_id, expected
        self.given = given


class CatalogueFaulty(WidgetError):
    """A product file has a gap or a contradiction; the service does not start with it."""

    code = "catalogue_faulty"

    def __init__(self, source: str, problem: str, *, line: int | None = None) -> None:
        super().__init__(f"{source}{f':{line}' if line else ''}: {problem}")
        self.source, self.problem = source, problem
        #: The line of the file, from 1 on; None where it is about a file that is not there.
        self.line = line
        #: What else was found in the same file, by line; each has no others itself.
        self.others: tuple[CatalogueFaulty, ...] = ()


class SettingInvalid(WidgetError):
    """A setting is missing or cannot be read."""

    code = "setting_invalid"

    def __init__(self, name: str, problem: str) -> None:
        super().__init__(f"{name}: {problem}")
        self.name, self.problem = name, problem


class DoorError(WidgetError):
    """Something outside this process did not do its part; trying again may help."""

    code = "temporarily_unavailable"


class StorageUnavailable(DoorError):
    """The database did not answer as it must."""


class ReplyTaken(StorageUnavailable):
    """A request with the same idempotency key was answered meanwhile; nothing was stored."""


class UpstreamUnavailable(DoorError):
    """No premium or policy could be had just now."""


class DeliveryFailed(DoorError):
    """A message was not taken by its receiver."""

    code = "delivery_failed"

    def __init__(self, problem: str, *, is_final: bool = False, patience_s: int = 0) -> None:
        super().__init__(problem)
        self.is_final = is_final  # trying again cannot help: an address that does not exist
        self.patience_s = patience_s  # how long the receiver asks to be left alone

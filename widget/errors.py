"""Every error that we raise, as one tree.

WidgetError
├── RequestMalformed        the bytes are not what they claim to be
├── InputInvalid            understood, and refused field by field
├── AccessDenied            who is asking?
│   └── CredentialInvalid
├── NotFound                absent, or another partner's: nobody can tell which
├── TokenInvalid            not ours, not for this, or changed on the way
├── RuleBroken              a move that the offer's life does not allow
│   ├── OfferExpired
│   ├── QuoteNotOffered
│   ├── ChoiceMissing
│   ├── ChoiceChanged
│   ├── OfferDeclined
│   ├── AlreadyConfirmed
│   ├── PaymentAlreadyUsed
│   ├── PurchaseMismatch
│   └── PremiumMismatch
├── CatalogueFaulty         the operator's product files do not hold together
├── SettingInvalid          the operator's settings do not hold together
└── DoorError               something outside did not do its part
    ├── StorageUnavailable
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


class QuoteNotOffered(RuleBroken):
    """A chosen quote is not part of the offer."""

    code = "quote_not_offered"

    def __init__(self, offer_id: str, quote_id: str) -> None:
        super().__init__(f"Offer {offer_id} has no quote {quote_id!r} to choose.")
        self.offer_id = offer_id
        self.quote_id = quote_id


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
        super().__init__(
            f"The customer changed the choice on offer {offer_id} after this token was issued; "
            "use the newest token."
        )
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
        super().__init__(
            "Status change not allowed for QuotePackage in status CONFIRMED: "
            f"booking {booking_id} exists."
        )
        self.booking_id = booking_id


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
        self.offer_id = offer_id
        self.expected = expected
        self.given = given


class CatalogueFaulty(WidgetError):
    """A product file has a gap or a contradiction; the service does not start with it."""

    code = "catalogue_faulty"

    def __init__(self, source: str, problem: str) -> None:
        super().__init__(f"{source}: {problem}")
        self.source = source
        self.problem = problem


class SettingInvalid(WidgetError):
    """A setting is missing or cannot be read."""

    code = "setting_invalid"

    def __init__(self, name: str, problem: str) -> None:
        super().__init__(f"{name}: {problem}")
        self.name = name
        self.problem = problem


class DoorError(WidgetError):
    """Something outside this process did not do its part; trying again may help."""

    code = "temporarily_unavailable"


class StorageUnavailable(DoorError):
    """The database did not answer as it must."""


class UpstreamUnavailable(DoorError):
    """No premium or policy could be had just now."""


class DeliveryFailed(DoorError):
    """A message was not taken by its receiver."""

    code = "delivery_failed"

    def __init__(self, problem: str, *, is_final: bool = False) -> None:
        super().__init__(problem)
        #: True when trying again cannot help, for example an address that does not exist.
        self.is_final = is_final

"""The XCover JSON language, in both directions: what a partner sends and what it is answered.

Reading is strict: an unknown field is a mistake that somebody wants to hear about today. Every
fault is reported, each under the path of its field. Source of names and shapes: the public XCover
API, quotes and bookings as well as offers; what we add to it is marked as ours.
"""

from widget.wire.bookings import (
    BookingBody,
    CancellationBody,
    ChosenQuoteBody,
    InstalmentsBody,
    InstantBookingBody,
    ModificationBody,
    NothingBody,
    OptOutBody,
    PaidRenewalBody,
    PolicyholderBody,
    PolicyholderChangeBody,
    RenewalBody,
    SendEmailBody,
    insured_of,
    policyholder_of,
)
from widget.wire.fields import Metadata
from widget.wire.offers import ConfirmOfferBody, OfferBody, as_context, purchase_of_offer
from widget.wire.purchases import (
    AddQuotesBody,
    DeleteQuotesBody,
    PurchaseBody,
    UpdateQuotesBody,
    changed_purchase,
    items_of,
    purchase_of,
)
from widget.wire.reading import duration, priced, read_body, read_json, timestamp
from widget.wire.subjects import InsuredBody, changed_subject

__all__ = [
    "AddQuotesBody",
    "BookingBody",
    "CancellationBody",
    "ChosenQuoteBody",
    "ConfirmOfferBody",
    "DeleteQuotesBody",
    "InstalmentsBody",
    "InstantBookingBody",
    "InsuredBody",
    "Metadata",
    "ModificationBody",
    "NothingBody",
    "OfferBody",
    "OptOutBody",
    "PaidRenewalBody",
    "PolicyholderBody",
    "PolicyholderChangeBody",
    "PurchaseBody",
    "RenewalBody",
    "SendEmailBody",
    "UpdateQuotesBody",
    "as_context",
    "changed_purchase",
    "changed_subject",
    "duration",
    "insured_of",
    "items_of",
    "policyholder_of",
    "priced",
    "purchase_of",
    "purchase_of_offer",
    "read_body",
    "read_json",
    "timestamp",
]

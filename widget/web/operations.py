"""Every call of the partner API in one table: the routes and the OpenAPI document are made of it.

Paths are XCover's, exactly, with and without the final slash where its clients differ.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

from widget.web import (
    amendments_api,
    bookings_api,
    offers_api,
    quotes_api,
    schemas_api,
    webhooks_api,
)
from widget.web.calls import OTHERS, SALES, Handler
from widget.wire import (
    AddQuotesBody,
    BookingBody,
    CancellationBody,
    ConfirmOfferBody,
    DeleteQuotesBody,
    InstalmentsBody,
    InstantBookingBody,
    ModificationBody,
    NothingBody,
    OfferBody,
    OptOutBody,
    PaidRenewalBody,
    PurchaseBody,
    RenewalBody,
    SendEmailBody,
    UpdateQuotesBody,
)

Schema = dict[str, Any]

_FLAG: Schema = {"enum": ["1", "true", "0", "false"]}
_LANGUAGE: Schema = {"type": "string", "example": "de"}
_EXTRA = "A comma list of tax, commission, benefits, surcharge."

#: Query parameters by name: what each is, and its schema.
Query = Mapping[str, tuple[str, Schema]]


@dataclass(frozen=True, slots=True)
class Operation:
    """One call."""

    #: Its name in the document.
    id: str
    method: str
    path: str
    handler: Handler
    #: One sentence of what it does.
    summary: str
    #: The statuses of success, each with the name of its answer's schema; None has no body.
    answers: Mapping[int, str | None]
    #: What its body is read by; None: no body is looked at.
    body: type[BaseModel] | None = None
    query: Query = field(default_factory=dict)
    #: The limit that it counts against.
    limit: str = OTHERS
    #: Other spellings of the path that XCover's clients use.
    aliases: tuple[str, ...] = ()

    @property
    def tag(self) -> str:
        """The chapter that it stands in."""
        return self.path.partition("/")[0]


def _confirmed(status: int = 200) -> dict[int, str | None]:
    """Return the answers of a call that sells: 202 while the outcome is unknown."""
    return {status: "Booking", 202: "Booking"}


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "create_quotes",
        "POST",
        "quotes/",
        quotes_api.create_quotes,
        "Price a purchase. The same purchase with the same reference is the same package.",
        {201: "Package"},
        PurchaseBody,
        {"fast_quote": ("Price only, and keep nothing.", _FLAG)},
        limit=SALES,
    ),
    Operation(
        "read_quotes",
        "GET",
        "quotes/{id}/",
        quotes_api.read_quotes,
        "Show a package, with the shopper's choice and its token.",
        {200: "Package"},
    ),
    Operation(
        "update_quotes",
        "PATCH",
        "quotes/{id}/",
        quotes_api.update,
        "Change a package's currency, country or trips, and price it again.",
        {200: "Package"},
        UpdateQuotesBody,
    ),
    Operation(
        "add_quotes",
        "POST",
        "quotes/{id}/add/",
        quotes_api.add,
        "Ask for more policies; the new quotes come first.",
        {201: "Package"},
        AddQuotesBody,
    ),
    Operation(
        "delete_quotes",
        "POST",
        "quotes/{id}/delete/",
        quotes_api.delete,
        "Take quotes out of a package.",
        {200: "Package"},
        DeleteQuotesBody,
    ),
    Operation(
        "instant_booking",
        "POST",
        "instant_booking/",
        bookings_api.instant_booking,
        "Quote and confirm in one; each request names its plan.",
        _confirmed(),
        InstantBookingBody,
        limit=SALES,
    ),
    Operation(
        "list_bookings",
        "GET",
        "bookings/",
        bookings_api.list_bookings,
        "List bookings, the newest first.",
        {200: "Bookings"},
        query={
            "limit": ("As many.", {"type": "integer", "minimum": 1, "maximum": 100}),
            "offset": ("After so many.", {"type": "integer", "minimum": 0, "maximum": 1_000_000}),
        },
    ),
    Operation(
        "read_booking",
        "GET",
        "bookings/{id}/",
        bookings_api.read_booking,
        "Show a booking as it is now.",
        {200: "Booking"},
        query={"language": ("The language of its texts.", _LANGUAGE)},
        aliases=("bookings/{id}",),
    ),
    Operation(
        "create_booking",
        "POST",
        "bookings/{id}/",
        bookings_api.create_booking,
        "Confirm an offer after payment; confirming again shows the same booking.",
        _confirmed(),
        BookingBody,
        limit=SALES,
        aliases=("bookings/{id}",),
    ),
    Operation(
        "modify_booking",
        "PATCH",
        "bookings/{id}/",
        amendments_api.modify_booking,
        "Change the policyholder, or what a policy insures, now.",
        {200: "AmendedBooking"},
        ModificationBody,
        aliases=("bookings/{id}",),
    ),
    Operation(
        "confirm_booking",
        "PUT",
        "bookings/{id}/confirm",
        bookings_api.confirm_booking,
        "Report that the payment of a booking has arrived.",
        _confirmed(201),
        NothingBody,
        limit=SALES,
    ),
    Operation(
        "opt_out",
        "POST",
        "bookings/{id}/opt_out",
        quotes_api.opt_out,
        "Report that the customer bought without cover.",
        {204: None},
        OptOutBody,
    ),
    Operation(
        "send_email",
        "POST",
        "bookings/{id}/send_email",
        bookings_api.send_email,
        "Write to the customer once more.",
        {202: None},
        SendEmailBody,
    ),
    Operation(
        "read_instalments",
        "GET",
        "bookings/{id}/instalments/",
        bookings_api.read_instalments,
        "Show the payment schedules.",
        {200: "Instalments"},
    ),
    Operation(
        "report_instalments",
        "POST",
        "bookings/{id}/instalments/",
        bookings_api.report_payments,
        "Report which instalments were paid.",
        {204: None},
        InstalmentsBody,
    ),
    Operation(
        "quote_for_update",
        "PATCH",
        "bookings/{id}/quote_for_update",
        amendments_api.quote_for_update,
        "Price a change, and change nothing.",
        {200: "PricedUpdate"},
        ModificationBody,
    ),
    Operation(
        "confirm_update",
        "POST",
        "bookings/{id}/confirm_update/{update_id}/",
        amendments_api.confirm_update,
        "Make a change that was priced.",
        {201: "AmendedBooking"},
        NothingBody,
    ),
    Operation(
        "cancel_booking",
        "POST",
        "bookings/{id}/cancel",
        amendments_api.cancel_booking,
        "Cancel all or some policies now, or tell what that would pay back.",
        {200: "Cancellation"},
        CancellationBody,
    ),
    Operation(
        "confirm_cancellation",
        "POST",
        "bookings/{id}/confirm_cancellation/{cancellation_id}/",
        amendments_api.confirm_cancellation,
        "Cancel what was previewed.",
        {200: "Cancellation"},
        NothingBody,
    ),
    Operation(
        "quote_for_renewal",
        "PATCH",
        "renewals/{id}/quote_for_renewal/",
        amendments_api.quote_for_renewal,
        "Price the next term, and renew nothing.",
        {200: "PricedRenewal"},
        NothingBody,
    ),
    Operation(
        "confirm_renewal",
        "POST",
        "renewals/{id}/confirm/{renewal_id}/",
        amendments_api.confirm_renewal,
        "Renew for the next term.",
        {200: "AmendedBooking"},
        RenewalBody,
    ),
    Operation(
        "confirm_paid_renewal",
        "PATCH",
        "renewals/{renewal_id}/confirmation",
        amendments_api.confirm_paid_renewal,
        "Renew for the next term, as XCover's PHP client asks for it.",
        {202: None},
        PaidRenewalBody,
    ),
    Operation(
        "opt_out_of_renewal",
        "POST",
        "renewals/{id}/opt_out/",
        amendments_api.opt_out_of_renewal,
        "Report that the customer does not want the next term.",
        {204: None},
        NothingBody,
    ),
    Operation(
        "list_schemas",
        "GET",
        "schemas/",
        schemas_api.list_schemas,
        "List what is sold: plans, the JSON Schema of a quote call, and an example that works.",
        {200: "Schemas"},
        query={"language": ("The language of its names.", _LANGUAGE)},
    ),
    Operation(
        "create_offer",
        "POST",
        "offers/",
        offers_api.create_offer,
        "Price a purchase in XCover's newer form.",
        {200: "Offer"},
        OfferBody,
        {
            "include_content": ("Whether texts are told.", {"enum": ["true", "false"]}),
            "extra_fields": (_EXTRA, {"type": "string"}),
        },
        limit=SALES,
    ),
    Operation(
        "read_offer",
        "GET",
        "offers/{id}/",
        offers_api.read_offer,
        "Show an offer.",
        {200: "Offer"},
        query={
            "include_content": ("Whether texts are told.", {"enum": ["true", "false"]}),
            "extra_fields": (_EXTRA, {"type": "string"}),
        },
    ),
    Operation(
        "confirm_offer",
        "POST",
        "offers/{id}/confirm/",
        offers_api.confirm_offer,
        "Confirm an offer after payment; the answer is a booking.",
        _confirmed(),
        ConfirmOfferBody,
        limit=SALES,
    ),
    Operation(
        "opt_out_of_offer",
        "POST",
        "offers/{id}/opt_out/",
        offers_api.opt_out,
        "Report that the customer bought without cover.",
        {204: None},
        OptOutBody,
    ),
    Operation(
        "list_events",
        "GET",
        "webhooks/",
        webhooks_api.list_calls,
        "Show where events go, and the newest of them with what became of each.",
        {200: "Events"},
    ),
    Operation(
        "redeliver_event",
        "POST",
        "webhooks/{id}/redeliver/",
        webhooks_api.redeliver,
        "Send an event once more.",
        {202: "Redelivery"},
    ),
)

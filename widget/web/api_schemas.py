"""The JSON Schemas of what the partner API answers; a test compares each with real answers.

What is asked is read by models, and their schemas are the models' own. What is answered is made by
functions, so it is written down here: every name, and nothing besides.
"""

from __future__ import annotations

from widget.events import Event
from widget.messages import Outcome
from widget.offers import Choice
from widget.web.answers import EMPTY
from widget.web.schema_words import (
    ADDRESS,
    ANYTHING,
    COUNT,
    DAY,
    FACTS,
    MOMENT,
    NOTHING,
    NUMBER,
    STATUS,
    TEXT,
    YES_OR_NO,
    Schema,
    listed,
    maybe,
    money,
    nulls,
    ref,
    thing,
    told,
)

_PERSON = thing(
    {
        **dict.fromkeys(("first_name", "last_name"), TEXT),
        **dict.fromkeys(
            ("email", "country", "phone", "address1", "address2", "city", "postcode", "region"),
            TEXT,
        ),
        "company": TEXT,
        "age": COUNT,
    },
    *("email", "country", "phone", "address1", "address2", "city", "postcode", "region"),
    *("company", "age"),
)

_FILE = thing(
    {
        "title": TEXT,
        "url": told(ADDRESS, "The document as it was offered; it never changes."),
        "pdf": told(maybe(ADDRESS), "The same as PDF; null where a remote platform serves it."),
    }
)

_BENEFIT = thing(
    dict.fromkeys(("description", "limit_description", "excess_description"), TEXT)
    | nulls(*EMPTY["benefit"])
)

_TAX = thing(
    {
        **money("total_tax", "total_amount_without_tax"),
        "taxes": listed(thing({"tax_code": TEXT, **money("tax_amount")})),
    }
)

_POLICY = thing(
    {
        "policy_type": told(TEXT, "The product."),
        "policy_type_version": COUNT,
        "policy_type_group_name": TEXT,
        "policy_name": TEXT,
        "policy_code": told(TEXT, "The plan."),
        "policy_version": TEXT,
        "category": told(TEXT, "The kind of insurance, such as travel."),
        "content": thing(
            {
                **dict.fromkeys(("title", "header", "description", "disclaimer"), TEXT),
                "inclusions": listed(TEXT),
                "exclusions": listed(TEXT),
                **nulls(*EMPTY["content"]),
            }
        ),
        "underwriter": thing({"name": TEXT, "disclaimer": TEXT}),
        "policy_type_slug": TEXT,
        "policy_currency": TEXT,
        **nulls("claim_selector_id"),
    }
)

_QUOTE_FACTS: dict[str, Schema] = {
    "item": told(COUNT, "Ours: the place in `request` that it is for."),
    "policy_start_date": MOMENT,
    "policy_end_date": MOMENT,
    "duration": told(TEXT, "Days, hours, minutes and seconds."),
    **money("price"),
    "tax": _TAX,
    "policy": _POLICY,
    "benefits": listed(_BENEFIT),
    **money("cover_amount"),
    "is_renewable": YES_OR_NO,
    "is_pricebeat_enabled": YES_OR_NO,
    "pds_url": told(TEXT, "The policy wording."),
    "attachments": listed(ANYTHING),
    "files": listed(_FILE),
    "extra_fields": ANYTHING,
    **nulls(*EMPTY["facts"]),
    "status": STATUS,
    "created_at": MOMENT,
    "updated_at": MOMENT,
}

_INSTALMENT_PLAN = thing({"name": TEXT, "label": TEXT, **money("amount")})

_QUOTE = thing(
    {
        "id": maybe(told(TEXT, "Null in a fast quote.")),
        **_QUOTE_FACTS,
        "insured": listed(ANYTHING),
        **nulls(*EMPTY["quote"]),
        **{
            name: maybe(schema)
            for name, schema in money("discount_price", "discount_amount").items()
        },
        "bundled": told(
            maybe(thing({"products": listed(TEXT), **money("total_tax")})),
            "Ours: with which products `discount_price` holds, and the tax inside it.",
        ),
        "instalment_plans": listed(_INSTALMENT_PLAN),
    }
)

_HEAD: dict[str, Schema] = {
    "id": TEXT,
    "status": STATUS,
    "currency": TEXT,
    "created_at": MOMENT,
    "updated_at": MOMENT,
    "partner_metadata": FACTS,
    "customer_language": TEXT,
    "test": told(YES_OR_NO, "Ours: whether nothing is insured by it."),
    "security_token": told(maybe(TEXT), "XCover's; opens nothing. Null in a fast quote."),
}

_SESSION: dict[str, Schema] = {
    "choice": told({"enum": [str(choice) for choice in Choice]}, "Ours: the shopper's."),
    "chosen_quotes": told(listed(TEXT), "Ours: the ids of the quotes that the shopper chose."),
    "expires_at": told(MOMENT, "Ours: until then the premiums stand."),
    "for_sale_from": told(
        maybe(MOMENT), "Ours: before that `offer_url` only informs; null: for sale at once."
    ),
    "offer_url": told(maybe(ADDRESS), "Ours: the offer's page, for a frame."),
    "offer_token": told(maybe(TEXT), "Ours: opens the offer in a browser."),
    "quote_token": told(maybe(TEXT), "Ours: the signed choice; null until there is one."),
}

_PACKAGE: dict[str, Schema] = {
    **_HEAD,
    "id": maybe(told(TEXT, "Null in a fast quote.")),
    **money("total_price"),
    "quotes": told(
        {"type": "object", "additionalProperties": ref("Quote")}, "By position: 0, 1, 2."
    ),
    "pds_url": TEXT,
    **nulls("partner_transaction_id"),
    "bundle_code": told(maybe(TEXT), "Null where the things make up no bundle."),
    **{name: maybe(schema) for name, schema in money("bundle_price").items()},
    "bundle_content": maybe(thing({"title": TEXT})),
    "bundle_discount_percent": told(maybe(NUMBER), "Off the net premium of each."),
    **{name: maybe(schema) for name, schema in money("bundle_discount_amount").items()},
    "errors": ANYTHING,
    **_SESSION,
    "offer_id": NOTHING,
    "fast_quote": YES_OR_NO,
}

_CERTIFICATE = thing(
    {
        "url": told(maybe(ADDRESS), "As a page."),
        "pdf": told(maybe(ADDRESS), "As PDF; null where a remote platform has none."),
    }
)

_BOOKED_QUOTE: dict[str, Schema] = {
    "id": TEXT,
    **_QUOTE_FACTS,
    "policy_number": told(maybe(TEXT), "Ours: null until the policy is issued."),
    "insured": listed(_PERSON),
    "confirmed_at": maybe(MOMENT),
    "cancelled_at": maybe(MOMENT),
    "can_be_cancelled": YES_OR_NO,
    **nulls(*EMPTY["booked"]),
    "coi": told(_CERTIFICATE, "Its certificate; null until the policy is issued."),
}

_BOOKING: dict[str, Schema] = {
    **_HEAD,
    "confirmed_at": maybe(MOMENT),
    **money("total_price", "total_premium", "total_tax"),
    "partner_transaction_id": maybe(TEXT),
    "partner": thing({"code": TEXT}),
    "pds_url": TEXT,
    "coi": told(maybe(_CERTIFICATE), "The first policy's certificate."),
    "account_url": told(ADDRESS, "The customer's own page; whoever has it can withdraw."),
    "policyholder": _PERSON,
    "quotes": listed(ref("BookedQuote")),
    "offer_url": ADDRESS,
    "fast_quote_id": told(TEXT, "The id of the offer in the newer calls."),
    **nulls(*EMPTY["booking"]),
    "errors": told(ANYTHING, "Only with status FAILED."),
}

_DIFFERENCE = money("price_diff")
_CANCELLATION = {"policy_cancellation_date": maybe(MOMENT), **money("refund_value")}
_CANCELLATION |= money("adjustment_fee") | nulls(*EMPTY["cancelled"])

_AMENDED = {
    **_BOOKING,
    "quotes": listed(thing({**_BOOKED_QUOTE, **_DIFFERENCE})),
    **money("total_price_diff", "instalments_overpaid"),
}

_CANCELLED = {
    **_BOOKING,
    "quotes": listed(thing({**_BOOKED_QUOTE, **_CANCELLATION}, *_CANCELLATION)),
    **money("total_refund", "refund_amount"),
    **nulls("cancellation_payout_url"),
    "cancellation_id": told(maybe(TEXT), "Null when it was not a preview."),
    "confirm_before": maybe(MOMENT),
}

_FINANCE = thing(
    {
        "price": thing(money("total_amount", "total_amount_without_tax")),
        "tax": maybe(
            thing(
                {
                    **money("total_amount"),
                    "breakdown": listed(thing({"tax_code": TEXT, **money("tax_amount")})),
                }
            )
        ),
        **nulls("surcharge", "commission"),
    }
)

_PRODUCT = thing(
    {
        "id": told(TEXT, "The quote's id, to confirm it by."),
        "name": TEXT,
        **nulls("product_config_id", "type", "schema_url"),
        "details": thing(
            {
                "policy_version_id": TEXT,
                "start_date": MOMENT,
                "end_date": MOMENT,
                "finance": _FINANCE,
                "pds_url": TEXT,
                "files": listed(_FILE),
                "extra_fields": ANYTHING,
                "experiment": ANYTHING,
                "benefits": maybe(listed(_BENEFIT)),
            }
        ),
    }
)

_OFFER = thing(
    {
        "id": TEXT,
        "session_id": TEXT,
        **nulls("offer_config_id"),
        "offer_schema": TEXT,
        "currency": TEXT,
        "products": listed(_PRODUCT),
        "content": told(maybe(ANYTHING), "The texts; null with `include_content=false`."),
        "errors": ANYTHING,
        "status": STATUS,
        "booking_id": told(TEXT, "Ours: what the booking will be called."),
        **_SESSION,
    }
)

_INSTALMENT = thing(
    {
        "instalment_number": COUNT,
        "due_date": DAY,
        **money("amount"),
        "payment_status": {"enum": ["PAID", "UNPAID"]},
        "payment_attempted_date": maybe(MOMENT),
    }
)

_EVENT = thing(
    {
        "event_id": TEXT,
        "event": {"enum": [str(event) for event in Event]},
        "booking_id": TEXT,
        "sequence": told(COUNT, "Its place among the events of the booking."),
        "timestamp": MOMENT,
        "state": {"enum": [str(outcome) for outcome in Outcome]},
        "failures": COUNT,
        "next_try_at": maybe(MOMENT),
        "last_problem": maybe(TEXT),
    }
)

_SALE = thing(
    {
        "schema": told(TEXT, "How `POST offers/` names it."),
        "policy_type": TEXT,
        "policy_type_version": COUNT,
        "name": TEXT,
        "category": TEXT,
        "plans": listed(thing({"policy_code": TEXT, "name": TEXT})),
        "currencies": listed(TEXT),
        "customer_countries": listed(TEXT),
        "instalment_plans": listed(TEXT),
        "is_renewable": YES_OR_NO,
        "json_schema": told(ANYTHING, "Of the body of `POST quotes/`."),
        "example": told(ANYTHING, "A body that is taken today."),
    }
)

#: By the name that the document gives them.
ANSWERS: dict[str, Schema] = {
    "Quote": _QUOTE,
    "Package": thing(_PACKAGE, "offer_id", "fast_quote"),
    "BookedQuote": thing(_BOOKED_QUOTE),
    "Booking": thing(_BOOKING, "errors"),
    "Bookings": thing(
        {
            "count": COUNT,
            "next": maybe(ADDRESS),
            "previous": maybe(ADDRESS),
            "results": listed(ref("Booking")),
        }
    ),
    "AmendedBooking": thing(_AMENDED, "errors"),
    "PricedUpdate": thing({**_AMENDED, "update_id": TEXT, "confirm_before": MOMENT}, "errors"),
    "PricedRenewal": thing({**_AMENDED, "renewal_id": TEXT, "confirm_before": MOMENT}, "errors"),
    "Cancellation": thing(_CANCELLED, "errors"),
    "Instalments": thing(
        {
            "id": TEXT,
            "quotes": listed(
                thing({"id": TEXT, "instalment_plan": TEXT, "instalments": listed(_INSTALMENT)})
            ),
        }
    ),
    "Offer": _OFFER,
    "Schemas": thing({"count": COUNT, "results": listed(_SALE)}),
    "Events": thing({"url": maybe(ADDRESS), "count": COUNT, "results": listed(_EVENT)}),
    "Redelivery": thing({"event_id": TEXT, "state": {"enum": [str(Outcome.WAITING)]}}),
    "Error": thing(
        {
            "type": told(TEXT, "XCover's kind of error."),
            "message": TEXT,
            "errors": told(ANYTHING, "The fields at fault, nested as in the request."),
            "code": told(TEXT, "Stable; the page behind `href` explains it."),
            "error_id": told(TEXT, "The request's id, also in our log."),
            "href": ADDRESS,
        }
    ),
}

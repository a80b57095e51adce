"""An example body for every call that takes one; a test sends each of them."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

#: Stand for the ids of your own offer, quote, update, cancellation, renewal and event.
OFFER_ID = "AAAAA-BBBBB-INS"
QUOTE_ID = "255bb8c2-695e-4669-b920-a7b28eab3f01"
EXAMPLE_IDS = {
    "partner": "acme",
    "id": OFFER_ID,
    "update_id": "2h7kq-9x4mc-vb3ts-UPD",
    "cancellation_id": "2h7kq-9x4mc-vb3ts-CCL",
    "renewal_id": "8d5np-3f6wz-ra2gy-UPD",
}

_PERSON: Json = {
    "first_name": "Ada",
    "last_name": "Muster",
    "email": "ada.muster@customer.example",
    "country": "DE",
    "phone": "+49 30 5550100",
}

_QUOTES: Json = {"quotes": [{"id": QUOTE_ID}]}


def examples_for(purchase: Json) -> dict[str, Json]:
    """Return the example bodies by the name of the call.

    Args:
        purchase: The body of a quote call that a product takes today.
    """
    (trip,) = purchase["request"]
    context = {
        name: value
        for name, value in trip.items()
        if name not in {"policy_type", "policy_type_version"}
    }
    return {
        "create_quotes": {**purchase, "partner_reference": "CHECKOUT-1"},
        "update_quotes": {"request": [{"quote_id": QUOTE_ID, "number_of_adults": 2}]},
        "add_quotes": {"request": [trip]},
        "delete_quotes": _QUOTES,
        "opt_out": {"partner_metadata": {"channel": "app"}},
        "opt_out_of_offer": {},
        "instant_booking": {
            **purchase,
            "policyholder": {**_PERSON, "country": purchase["customer_country"]},
        },
        "create_booking": {
            **_QUOTES,
            "policyholder": _PERSON,
            "partner_transaction_id": "ORDER-1",
        },
        "confirm_booking": {},
        "modify_booking": {"policyholder": {"phone": "+49 30 5550199"}},
        "quote_for_update": {
            "quotes": [{"id": QUOTE_ID, "update_fields": {"number_of_adults": 2}}]
        },
        "confirm_update": {},
        "cancel_booking": {"preview": True, "reason_for_cancellation": "The trip is off."},
        "confirm_cancellation": {},
        "send_email": {"event": "BOOKING_CREATED"},
        "report_instalments": {
            "quotes": [
                {
                    "id": QUOTE_ID,
                    "instalment_number": 1,
                    "payment_status": "PAID",
                    "payment_attempted_date": "2026-11-24T09:30:00+01:00",
                }
            ]
        },
        "quote_for_renewal": {},
        "confirm_renewal": {},
        "confirm_paid_renewal": {"paid_on": "2026-11-24 09:30:00"},
        "opt_out_of_renewal": {},
        "create_offer": {
            "schema": f"{trip['policy_type']}:{trip['policy_type_version']}",
            "customer": {
                "currency": purchase["currency"],
                "country": purchase["customer_country"],
            },
            "partner": {"transaction_id": "CHECKOUT-1"},
            "context": context,
        },
        "confirm_offer": {**_QUOTES, "policyholder": _PERSON},
    }

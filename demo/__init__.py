"""Skylark, an invented travel agency that sells insurance with its trips.

It is a partner like any other: it talks to the insurance service over HTTP, with credentials of
its own, and imports nothing of it. To learn how to integrate, read `insurance.py` and the page
`templates/checkout.html`; the rest is what any shop has.

    settings    what the environment says
    trips       what is sold: a journey with its flights and fares
    checkouts   what a customer is about to buy
    payments    the card form of the demonstration
    insurance   everything that a partner writes to offer insurance
    orders      what was bought, and the retries until its insurance is confirmed
    mailbox     the mails that customers receive, to look at
    pages       templates and the headers they are sent with
    shop        the addresses, and what happens at each

Run it with `python -m demo` from the checkout, or `python -m widget.demo` where it is installed.
"""

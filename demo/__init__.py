"""Invented shops that sell insurance with their own things, and a start page that leads to them.

Each is a partner like any other: it talks to the insurance service over HTTP, with credentials of
its own, and imports nothing of it. To learn how to integrate, read `insurance.py` and the page
`agency/templates/checkout.html`; the rest is what any shop has.

    agency      Skylark, a travel agency: a customer books a trip
    market      Kontor & Kind, a marketplace: a customer covers each thing of a cart by itself
    shipping    Fernpost, a shipping platform: a merchant buys labels for twelve parcels

What they share:

    insurance   everything that a partner writes to offer insurance
    orders      what was bought, and the retries until its insurance is confirmed
    payments    the card form of the demonstration
    memory      what a shop keeps of its customers while it is open
    forms       reading what was typed
    pages       templates and the headers they are sent with
    counter     what a shop has at hand, and how it opens

What is around them:

    settings    what the environment says
    mailbox     the mails that customers receive, to look at
    start       the start page and the mailbox's pages
    street      which shop stands at which address

Run it with `python -m demo` from the checkout, or `python -m widget.demo` where it is installed.
"""

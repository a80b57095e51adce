"""Kontor & Kind, a marketplace in three countries: a customer buys five things at once.

Each thing is an entry of the purchase and gets an answer of its own, so that a customer covers the
laptop and not the headphones. What can have no cover at all, such as a cable, is not sent.

Read in this order:

    places      where customers live: language, currency, how amounts are written
    words       the texts, in English and in German
    goods       what is sold, and which cover each thing can have
    carts       what somebody has put aside
    checkouts   what a customer is about to buy, as the insurance service knows it
    selling     from the shop window to the order
    after_sale  a thing goes back, or its price was wrong
    shop        the addresses, put together
"""

"""Skylark, a travel agency: a family books a week in Lisbon.

Read in this order:

    trips       what is sold: a journey with its flights and fares
    checkouts   what a customer is about to buy
    selling     from the shop window to the receipt
    shop        the addresses, put together
"""

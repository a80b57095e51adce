"""Fernpost, a shipping platform: a merchant buys the labels of a day's parcels.

Read in this order:

    parcels     what is sent: a parcel with its carrier, label and declared value
    desks       the merchants of the demonstration, each in a market and currency of its own
    batches     the parcels that a merchant is about to buy labels for
    covers      a parcel's insurance after the sale, whether its policy is its own or shared
    shipping    from the table of parcels to the labels
    labels      what happens to a label after it was bought: voided, or its value corrected
    shop        the addresses, put together
"""

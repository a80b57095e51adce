"""Offer Widget: embedded insurance, from the quote to the policy.

Plural nouns know. Gerunds do. Folders talk to the outside. The roof puts it together.

roof     app cli desk evidence_commands erase_command
         market_commands offer_lint product_commands
         server showcase __main__                     may import everything
web      web/                                         may import ground, deeds, the doors' base
deeds    quoting choosing confirming
         amending modifying cancelling renewing
         collecting mailing enclosing delivering
         reconciling showing sealing proving
         auditing erasing publishing withdrawing      may import ground, the doors' base
doors    storage/ upstream/ delivery/ press/          may import ground
ground   everything else here                         may import ground

The ground decides and does no I/O: the time and every new id are arguments. A door never opens
another door. `tests/test_floors.py` holds these rules; `docs/decisions.md` says why.
"""

__version__ = "0.1.0"

"""Witnesses: who told us of an answer, or asked for a change."""

from __future__ import annotations

from enum import StrEnum


class Witness(StrEnum):
    """Who told us; evidence and letters say so."""

    #: In a page of ours: the offer, or the customer's own page of the policy.
    SHOPPER = "shopper"
    #: By the partner API.
    PARTNER = "partner"

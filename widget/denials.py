"""Errors about signatures: who may not come in, and what there is to compare.

They belong to the tree in `errors`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from widget.errors import AccessDenied, CredentialInvalid


class ClockSkewed(CredentialInvalid):
    """The request was signed too long ago, or by a clock that is wrong."""

    code = "clock_skewed"

    def __init__(self, date: datetime, now: datetime, window_s: int) -> None:
        super().__init__(
            f"The server's time is {now:%Y-%m-%d %H:%M:%S} UTC; the Date of this request is "
            f"{date:%Y-%m-%d %H:%M:%S} UTC. They may be {window_s} seconds apart, either way."
        )
        #: The request's, aware UTC.
        self.date = date
        #: The server's, aware UTC.
        self.now = now
        self.window_s = window_s


class SignatureInvalid(AccessDenied):
    """The signature was not made with this key's secret; a key that is not known looks the same."""

    code = "signature_invalid"

    def __init__(self, method: str, path: str, names: Sequence[str], algorithm: str) -> None:
        # The first words are XCover's. Header values stay out: some of them are secret.
        super().__init__(
            "You do not have permission to access this url: the signature is not valid. "
            f"Compare with what you signed: {method} {path}, "
            f"headers {' '.join(names)!r}, {algorithm}."
        )
        self.method = method
        #: As it was received: percent-encoded, without the query.
        self.path = path
        self.names = names
        self.algorithm = algorithm


class DigestRequired(AccessDenied):
    """This partner signs what it sends, and the body is not signed."""

    code = "digest_required"

    def __init__(self) -> None:
        super().__init__(
            "This partner signs bodies: send Content-Digest, and list content-digest among the "
            "signed headers."
        )

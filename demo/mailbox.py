"""A mail server that delivers to a page: what a customer would find in their inbox."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default as modern

from aiosmtpd.smtp import SMTP, Envelope, Session

MAILS_KEPT = 200
MAIL_MAX_BYTES = 10_000_000


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail, taken apart for the page."""

    id: int
    received_at: datetime
    subject: str
    sender: str
    recipients: str
    text: str
    html: str
    #: The names of the files that came with it.
    attachments: tuple[str, ...]


class Mailbox:
    """Every mail that was sent to the SMTP port, the newest first."""

    def __init__(self) -> None:
        self._mails: deque[Mail] = deque(maxlen=MAILS_KEPT)
        self._received = 0

    @property
    def mails(self) -> tuple[Mail, ...]:
        """All mails that are kept, the newest first."""
        return tuple(self._mails)

    def find(self, mail_id: int) -> Mail | None:
        """Return the mail with this id, or None."""
        return next((mail for mail in self._mails if mail.id == mail_id), None)

    def speak_smtp(self) -> SMTP:
        """Return the protocol for one connection; it asks for no password and keeps everything."""
        return SMTP(
            self,
            hostname="mailbox.shops.example",
            ident="Demo mailbox",
            data_size_limit=MAIL_MAX_BYTES,
            enable_SMTPUTF8=True,
        )

    # aiosmtpd looks for this name, and calls it with these three.
    async def handle_DATA(  # noqa: N802
        self,
        server: SMTP,  # noqa: ARG002
        session: Session,  # noqa: ARG002
        envelope: Envelope,
    ) -> str:
        """Take one mail."""
        self._received += 1
        content = envelope.content or b""
        raw = content if isinstance(content, bytes) else content.encode()
        self._mails.appendleft(read_mail(raw, self._received, at=datetime.now(UTC)))
        return "250 Kept"


def read_mail(raw: bytes, mail_id: int, *, at: datetime) -> Mail:
    """Return the mail whose bytes are `raw`."""
    message = message_from_bytes(raw, EmailMessage, policy=modern)
    return Mail(
        id=mail_id,
        received_at=at,
        subject=str(message["subject"] or "(no subject)"),
        sender=str(message["from"] or ""),
        recipients=str(message["to"] or ""),
        text=_read_body(message, "plain"),
        html=_read_body(message, "html"),
        attachments=tuple(part.get_filename("unnamed") for part in message.iter_attachments()),
    )


def _read_body(message: EmailMessage, kind: str) -> str:
    body = message.get_body((kind,))
    return str(body.get_content()) if body else ""

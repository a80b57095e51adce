"""A real mail server on loopback, which takes or refuses as a test says."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session


@dataclass
class Inbox:
    """What the mail server was given."""

    port: int = 0
    envelopes: list[Envelope] = field(default_factory=list)
    #: Answers in place of `250 OK`, such as `550 No such mailbox`.
    recipient_answer: str = "250 OK"
    data_answer: str = "250 OK"
    #: Set when a mail was taken.
    has_mail: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def mails(self) -> list[EmailMessage]:
        """The mails, as a mail program reads them."""
        contents = [envelope.content for envelope in self.envelopes]
        return [
            message_from_bytes(content, policy=policy.default)
            for content in contents
            if isinstance(content, bytes)
        ]

    @property
    def recipients(self) -> list[list[str]]:
        """Whom the mail server was told to bring each mail to, whatever its headers say."""
        return [envelope.rcpt_tos for envelope in self.envelopes]

    async def handle_RCPT(  # noqa: N802 - aiosmtpd calls it so
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        del server, session, options
        if self.recipient_answer.startswith("2"):
            envelope.rcpt_tos.append(address)
        return self.recipient_answer

    async def handle_DATA(  # noqa: N802 - as above
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        del server, session
        if self.data_answer.startswith("2"):
            self.envelopes.append(envelope)
            self.has_mail.set()
        return self.data_answer


@asynccontextmanager
async def running(inbox: Inbox, **options: Any) -> AsyncIterator[Inbox]:
    """Run the mail server on a free port."""
    settings: dict[str, Any] = {"hostname": "mail.test", "enable_SMTPUTF8": True} | options
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(inbox, loop=loop, **settings), host="127.0.0.1", port=0
    )
    inbox.port = server.sockets[0].getsockname()[1]
    yield inbox
    server.close()
    await server.wait_closed()

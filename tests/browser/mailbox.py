"""A customer's mailbox behind a real mail server, which a test in another thread waits at."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from threading import Condition
from typing import Any

from anyio.from_thread import start_blocking_portal

from tests.mailserver import Inbox, running

#: A mail with its PDFs takes a second; a machine that is busy gets a lot more.
PATIENCE_S = 60


@dataclass
class Mailbox(Inbox):
    """An inbox that tells when a mail has come."""

    _change: Condition = field(default_factory=Condition, init=False)

    async def handle_DATA(self, *arguments: Any) -> str:  # noqa: N802 - aiosmtpd calls it so
        """Take a mail, and tell whoever waits."""
        answer = await super().handle_DATA(*arguments)
        with self._change:
            self._change.notify_all()
        return answer

    def wait_for(self, subject: str) -> EmailMessage:
        """Return the mail with this subject, once it has come."""
        with self._change:
            assert self._change.wait_for(lambda: self._find(subject), PATIENCE_S), self.subjects
        (mail,) = self._find(subject)
        return mail

    @property
    def subjects(self) -> list[str]:
        """What has come so far."""
        return [mail["Subject"] for mail in self.mails]

    def _find(self, subject: str) -> list[EmailMessage]:
        return [mail for mail in self.mails if mail["Subject"] == subject]


@contextmanager
def running_mailbox() -> Iterator[Mailbox]:
    """Run a mail server on a free port, on a loop of its own."""
    mailbox = Mailbox()
    with (
        start_blocking_portal() as portal,
        portal.wrap_async_context_manager(running(mailbox)),
    ):
        yield mailbox

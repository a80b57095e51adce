"""Mail over SMTP: letters to customers."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from email import message_from_string, policy
from email.errors import HeaderParseError, MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import parseaddr
from typing import Literal
from urllib.parse import unquote, urlsplit

import aiosmtplib
import structlog
from email_validator import validate_email

from widget.bookings import Booking
from widget.delivery.letters import Letter, Letters
from widget.enclosures import Enclosure
from widget.errors import DeliveryFailed, SettingInvalid
from widget.messages import Kind, Message
from widget.news import read_news
from widget.offers import Status
from widget.partners import Mode, Partner

#: For the whole conversation with the mail server; a goodbye after that may take as long again.
TIMEOUT_S = 20

#: Returns what goes with a letter about a booking.
Enclose = Callable[[Booking], Awaitable[Sequence[Enclosure]]]

#: Letters about policies in force: what was cancelled, or never came, has nothing to keep.
_WITH_ENCLOSURES = {Kind.POLICY_CONFIRMATION, Kind.POLICY_UPDATE, Kind.POLICY_RENEWAL}

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mail is handed over."""

    host: str
    port: int
    security: Literal["smtp", "smtps", "smtp+starttls"]
    username: str | None
    password: str | None


def read_server(url: str) -> MailServer:
    """Return the mail server of a setting like `smtp+starttls://user:word@mail.example:587`.

    Raises:
        SettingInvalid: It is not spelled like that.
    """
    parts = urlsplit(url)
    ports = {"smtp": 25, "smtps": 465, "smtp+starttls": 587}
    try:
        port = parts.port
    except ValueError:
        port = -1
    if parts.scheme not in ports or not parts.hostname or port == -1:
        raise SettingInvalid("OFFER_WIDGET_SMTP_URL", "write smtp://host:port or smtps://host:port")
    return MailServer(
        host=parts.hostname,
        port=port or ports[parts.scheme],
        security=parts.scheme,  # type: ignore[arg-type]  # one of the keys above
        username=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
    )


def read_sender(text: str) -> Address:
    """Return the sender of a setting like `Offer Widget <policies@mail.example>`.

    Raises:
        SettingInvalid: It has no address.
    """
    name, address = parseaddr(text)
    try:
        sender = Address(name, addr_spec=address)
    except (ValueError, IndexError, HeaderParseError):
        sender = Address()
    if not sender.username or not sender.domain:
        raise SettingInvalid("OFFER_WIDGET_MAIL_FROM", "write Name <name@mail.example>")
    return sender


class MailDelivery:
    """Sends letters; see `base.Delivery`."""

    def __init__(
        self,
        server: MailServer,
        letters: Letters,
        *,
        sender: str,
        test_recipient: str,
        enclose: Enclose,
    ) -> None:
        self._server = server
        self._letters = letters
        self._sender = read_sender(sender)
        self._test_recipient = test_recipient
        self._enclose = enclose

    async def deliver(self, message: Message, booking: Booking, partner: Partner) -> None:
        """Send a letter to the policyholder.

        What test bookings owe goes to the operator's test address, or nowhere.
        """
        recipient = booking.policyholder.email
        if booking.mode is Mode.TEST:
            recipient = self._test_recipient
        if not recipient or not _has_news(message, booking):
            _log.info("not_sent", message_id=message.id)
            return
        to = _address(recipient)
        letter = self._letters.letter(message.kind, booking, partner, read_news(message.body))
        enclosures = await self._enclose(booking) if message.kind in _WITH_ENCLOSURES else ()
        mail = _mail(message, letter, enclosures, self._sender, to)
        _check_recipient(mail, self._sender, to)
        await self._send(mail, to.addr_spec)
        _log.info("delivered", message_id=message.id)

    async def _send(self, mail: EmailMessage, recipient: str) -> None:
        server = self._server
        try:
            async with asyncio.timeout(TIMEOUT_S):
                await aiosmtplib.send(
                    mail,
                    recipients=[recipient],
                    hostname=server.host,
                    port=server.port,
                    username=server.username,
                    password=server.password,
                    use_tls=server.security == "smtps",
                    start_tls=server.security == "smtp+starttls",
                    timeout=TIMEOUT_S,
                )
        except aiosmtplib.SMTPRecipientsRefused as error:
            is_final = all(refusal.code >= 500 for refusal in error.recipients)  # noqa: PLR2004
            raise DeliveryFailed("The recipient was refused.", is_final=is_final) from error
        except (aiosmtplib.SMTPException, OSError) as error:
            raise DeliveryFailed(f"The mail server failed: {type(error).__name__}.") from error


def _has_news(message: Message, booking: Booking) -> bool:
    """Tell whether a letter is still true: what was cancelled meanwhile is not confirmed."""
    if booking.is_erased:
        return False
    if message.kind is Kind.BOOKING_FAILURE:
        return booking.status is Status.FAILED
    return message.kind is Kind.POLICY_CANCELLATION or bool(booking.in_force)


def _address(address: str) -> Address:
    """Return a recipient, with a domain that every mail server can spell.

    It has no name: Python decodes what a customer's name may spell when it folds the header, line
    breaks and further recipients included. The letter greets the customer by name.
    """
    try:
        if address.isascii():
            return Address(addr_spec=address)
        parts = validate_email(address, check_deliverability=False)
        return Address(username=parts.local_part, domain=parts.ascii_domain or "")
    except (ValueError, HeaderParseError) as error:
        raise DeliveryFailed("The recipient's address cannot be written.", is_final=True) from error


def _mail(
    message: Message,
    letter: Letter,
    enclosures: Sequence[Enclosure],
    sender: Address,
    to: Address,
) -> EmailMessage:
    mail = EmailMessage()
    mail["From"] = sender
    mail["To"] = to
    mail["Subject"] = letter.subject
    # The same for each try, so that a mail that came twice is shown once.
    digest = hashlib.sha256(message.id.encode()).hexdigest()[:32]
    mail["Message-ID"] = f"<{digest}@{sender.domain}>"
    mail["Date"] = message.due_at
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(letter.text)
    mail.add_alternative(letter.html, subtype="html")
    for enclosure in enclosures:
        kind, _, subtype = enclosure.media_type.partition("/")
        mail.add_attachment(enclosure.body, maintype=kind, subtype=subtype, filename=enclosure.name)
    return mail


def _check_recipient(mail: EmailMessage, sender: Address, to: Address) -> None:
    """Read the mail as its receivers will: it is for one recipient, whatever its parts spell.

    Raises:
        DeliveryFailed: It is not; trying again cannot help.
    """
    # As aiosmtplib chooses it.
    is_plain = (sender.addr_spec + to.addr_spec).isascii()
    try:
        text = mail.as_bytes(policy=policy.SMTP if is_plain else policy.SMTPUTF8).decode()
        headers = message_from_string(text, policy=policy.default).get_all("To", [])
        found = [address.addr_spec for header in headers for address in header.addresses]
    except MessageError:
        found = []
    if found != [to.addr_spec]:
        raise DeliveryFailed("The mail would not have one recipient.", is_final=True)

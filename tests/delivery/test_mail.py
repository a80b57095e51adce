"""Policy confirmations over real SMTP."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import replace
from email.message import EmailMessage
from email.utils import parsedate_to_datetime

import pytest
from structlog.testing import capture_logs

from tests.builders import (
    NOON,
    TOKEN_KEY,
    a_booking,
    a_message,
    a_partner,
    a_policyholder,
    an_opted_in_offer,
    some_settings,
)
from tests.fakes import enclose_nothing
from tests.mailserver import Inbox, running
from widget.app import load_catalogue, load_rendering, load_texts
from widget.bookings import Booking
from widget.delivery import mail
from widget.delivery.letters import Letters
from widget.delivery.mail import Enclose, MailDelivery, MailServer, read_sender, read_server
from widget.enclosures import Enclosure
from widget.errors import DeliveryFailed, SettingInvalid
from widget.links import Links
from widget.messages import Kind
from widget.offers import Status
from widget.partners import Mode

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def letters() -> Letters:
    settings = some_settings()
    return Letters(
        load_rendering(settings).environment,
        catalogue=load_catalogue(settings),
        links=Links(settings.public_url, [TOKEN_KEY.encode()]),
        texts=load_texts(),
    )


@pytest.fixture
async def inbox() -> AsyncIterator[Inbox]:
    async with running(Inbox()) as inbox:
        yield inbox


@pytest.fixture
def delivery(inbox: Inbox, letters: Letters) -> MailDelivery:
    return delivery_to(inbox.port, letters)


def delivery_to(
    port: int,
    letters: Letters,
    *,
    test_recipient: str = "developer@acme.example",
    user: str = "",
    enclose: Enclose = enclose_nothing,
) -> MailDelivery:
    return MailDelivery(
        read_server(f"smtp://{user}127.0.0.1:{port}"),
        letters,
        sender="Offer Widget <policies@cover.test>",
        test_recipient=test_recipient,
        enclose=enclose,
    )


def live_booking(**person: object) -> Booking:
    offer = an_opted_in_offer(mode=Mode.LIVE)
    return a_booking(offer=offer, policyholder=a_policyholder(**person))


async def deliver(delivery: MailDelivery, booking: Booking) -> None:
    await delivery.deliver(a_message(), booking, a_partner())


def only(inbox: Inbox) -> EmailMessage:
    (mail,) = inbox.mails
    return mail


async def test_one_mail_goes_to_one_recipient(delivery: MailDelivery, inbox: Inbox) -> None:
    await deliver(delivery, live_booking())

    assert inbox.recipients == [["ada.muster@customer.example"]]
    assert only(inbox)["To"] == "ada.muster@customer.example"
    assert only(inbox)["From"] == "Offer Widget <policies@cover.test>"
    assert only(inbox)["Subject"] == "Your policy TRV-AAAAA-BBBBB is confirmed"
    assert inbox.envelopes[0].mail_from == "policies@cover.test"
    assert not {"Cc", "Bcc", "Reply-To"} & set(only(inbox).keys())


async def test_a_mail_says_the_same_as_text_and_as_html(
    delivery: MailDelivery, inbox: Inbox
) -> None:
    await deliver(delivery, live_booking(first_name="Zoë"))

    assert only(inbox).get_content_type() == "multipart/alternative"
    parts = {part.get_content_type(): part for part in only(inbox).iter_parts()}
    assert list(parts) == ["text/plain", "text/html"]  # the last one is shown
    for part in parts.values():
        content = part.get_content()
        assert "TRV-AAAAA-BBBBB" in content
        assert "Zoë" in content
        assert "https://cover.test/policies/" in content


async def test_files_go_with_a_letter_byte_for_byte(letters: Letters, inbox: Inbox) -> None:
    body = bytes(range(256)) * 300

    async def enclose(_: Booking) -> Sequence[Enclosure]:
        return (Enclosure("wording.pdf", "application/pdf", body),)

    delivery = delivery_to(inbox.port, letters, enclose=enclose)

    await deliver(delivery, live_booking())

    mail = only(inbox)
    assert mail.get_content_type() == "multipart/mixed"
    (attachment,) = mail.iter_attachments()
    assert attachment.get_filename() == "wording.pdf"
    assert attachment.get_content_type() == "application/pdf"
    assert attachment.get_content() == body
    text = mail.get_body(("html",))
    assert text is not None
    assert "TRV-AAAAA-BBBBB" in text.get_content()


async def test_nothing_goes_with_the_letter_about_a_cancellation(
    letters: Letters, inbox: Inbox
) -> None:
    async def enclose(_: Booking) -> Sequence[Enclosure]:
        raise AssertionError

    booking = live_booking()
    gone = replace(
        booking.policies[0], status=Status.CANCELLED, cancelled_at=NOON, refund=booking.premium
    )
    delivery = delivery_to(inbox.port, letters, enclose=enclose)

    message = a_message(kind=Kind.POLICY_CANCELLATION)
    await delivery.deliver(message, replace(booking, policies=(gone,)), a_partner())

    assert only(inbox).get_content_type() == "multipart/alternative"


async def test_a_mail_that_comes_twice_has_the_same_message_id(
    delivery: MailDelivery, inbox: Inbox
) -> None:
    for _ in range(2):
        await deliver(delivery, live_booking())

    first, second = inbox.mails
    assert first["Message-ID"] == second["Message-ID"]
    assert first["Message-ID"].endswith("@cover.test>")
    assert first.as_bytes().count(b"TRV-") == second.as_bytes().count(b"TRV-")


async def test_another_message_has_another_message_id(delivery: MailDelivery, inbox: Inbox) -> None:
    await deliver(delivery, live_booking())
    await delivery.deliver(a_message(id="acme:OTHER"), live_booking(), a_partner())

    first, second = inbox.mails
    assert first["Message-ID"] != second["Message-ID"]


async def test_a_mail_is_dated_and_marked_as_sent_by_a_machine(
    delivery: MailDelivery, inbox: Inbox
) -> None:
    await deliver(delivery, live_booking())

    assert parsedate_to_datetime(only(inbox)["Date"]) == live_booking().booked_at > NOON
    assert only(inbox)["Auto-Submitted"] == "auto-generated"


async def test_what_was_cancelled_before_its_confirmation_left_is_not_confirmed(
    delivery: MailDelivery, inbox: Inbox
) -> None:
    booking = live_booking()
    gone = replace(
        booking.policies[0],
        status=Status.CANCELLED,
        cancelled_at=NOON,
        refund=booking.premium,
    )

    with capture_logs() as lines:
        await deliver(delivery, replace(booking, policies=(gone,)))

    assert inbox.mails == []
    assert [line["event"] for line in lines] == ["not_sent"]


# -- test mode


async def test_mail_of_a_test_booking_goes_to_the_test_address(
    delivery: MailDelivery, inbox: Inbox
) -> None:
    await deliver(delivery, a_booking())

    assert inbox.recipients == [["developer@acme.example"]]
    assert only(inbox)["To"].addresses[0].addr_spec == "developer@acme.example"
    assert only(inbox)["Subject"].startswith("[TEST] ")
    assert "ada.muster@customer.example" not in str(only(inbox)["To"])


async def test_mail_of_a_test_booking_goes_nowhere_without_a_test_address(
    inbox: Inbox, letters: Letters
) -> None:
    delivery = delivery_to(inbox.port, letters, test_recipient="")

    with capture_logs() as lines:
        await deliver(delivery, a_booking())

    assert inbox.envelopes == []
    assert [(line["event"], line["message_id"]) for line in lines] == [("not_sent", a_message().id)]


async def test_mail_of_a_live_booking_goes_to_the_customer_without_a_test_address(
    inbox: Inbox, letters: Letters
) -> None:
    delivery = delivery_to(inbox.port, letters, test_recipient="")

    with capture_logs() as lines:
        await deliver(delivery, live_booking())

    assert inbox.recipients == [["ada.muster@customer.example"]]
    assert [line["event"] for line in lines] == ["delivered"]


# -- names and addresses that mean harm, or only look so


def encoded_word(text: str) -> str:
    """Return what a mail program, and Python's own, may read as `text`."""
    return f"=?utf-8?b?{b64encode(text.encode()).decode()}?="


NAMES = [
    "Muster, Ada",
    'Ada "Mu" Muster',
    "Ada <eve@evil.example>",
    "Ada; eve@evil.example",
    "eve@evil.example, Ada",
    "Ада Мустер",
    "Zoë-Aïcha",
    "李小龍",
    "=?utf-8?q?Eve?=",
    "A" * 100,
    "(a comment)",
    "back\\slash",
    "Bcc: eve@evil.example",
    "Ada\r\nBcc: eve@evil.example",
    "Ada\nX",
    "Ada\rX",
    (
        "Maximilian Alexander Ferdinand Johann, Freiherr von und zu Müller-Lüdenscheidt,"
        " Dr. jur. h.c. (Universität Göttingen)"
    ),
    encoded_word("\r\nBcc: e@v.example\r\n\r\nEvil"),
    f"{'A' * 80} {encoded_word(', <eve@evil.example>')}",
]


@pytest.mark.parametrize("name", NAMES)
async def test_a_name_is_a_name_and_adds_no_recipient(
    delivery: MailDelivery, inbox: Inbox, name: str
) -> None:
    await deliver(delivery, live_booking(first_name=name, last_name="Muster"))

    assert inbox.recipients == [["ada.muster@customer.example"]]
    assert not {"Cc", "Bcc"} & set(only(inbox).keys())
    assert only(inbox)["To"] == "ada.muster@customer.example"
    text = next(only(inbox).iter_parts()).get_content()
    assert text.splitlines()[: len(name.splitlines())] == f"Hello {name} Muster,".splitlines()


@pytest.mark.parametrize(
    "address",
    [
        *("no-at-sign", "a@b@c", "a b@c.example", "x@y\r\nz"),
        f"{encoded_word('e@v.example,')}@customer.example",
        f"{encoded_word('e@v.example,')}@bücher.example",
        encoded_word("\r\nBcc: e@v.example\r\n\r\nEvil") + "@bücher.example",
    ],
)
async def test_an_address_that_cannot_be_written_is_refused_for_good(
    inbox: Inbox, letters: Letters, address: str
) -> None:
    with pytest.raises(DeliveryFailed) as error:
        await deliver(delivery_to(inbox.port, letters), live_booking(email=address))

    assert error.value.is_final
    assert inbox.envelopes == []


async def test_an_address_in_another_alphabet_is_reached(
    delivery: MailDelivery, inbox: Inbox
) -> None:
    await deliver(delivery, live_booking(email="jörg@bücher.example"))

    assert inbox.recipients == [["jörg@xn--bcher-kva.example"]]
    assert len(only(inbox)["To"].addresses) == 1


async def test_a_domain_in_another_alphabet_is_reached_by_any_mail_server(
    letters: Letters,
) -> None:
    async with running(Inbox(), enable_SMTPUTF8=False) as inbox:
        await deliver(delivery_to(inbox.port, letters), live_booking(email="ada@bücher.example"))

    assert inbox.recipients == [["ada@xn--bcher-kva.example"]]


async def test_a_test_address_inside_the_operators_network_is_reached(
    inbox: Inbox, letters: Letters
) -> None:
    delivery = delivery_to(inbox.port, letters, test_recipient="developer@localhost")

    await deliver(delivery, a_booking())

    assert inbox.recipients == [["developer@localhost"]]


async def test_an_address_that_the_mail_server_cannot_spell_is_tried_again(
    letters: Letters,
) -> None:
    # The operator may get another mail server within the 75 hours.
    async with running(Inbox(), enable_SMTPUTF8=False) as inbox:
        with pytest.raises(DeliveryFailed) as error:
            await deliver(delivery_to(inbox.port, letters), live_booking(email="jörg@x.example"))

    assert not error.value.is_final
    assert inbox.envelopes == []


# -- when the mail server says no, or nothing


@pytest.mark.parametrize(
    ("answer", "is_final"),
    [("550 No such mailbox", True), ("553 Not like this", True), ("450 Try later", False)],
)
async def test_a_refused_recipient_is_final_when_the_mail_server_says_so(
    delivery: MailDelivery,
    inbox: Inbox,
    answer: str,
    is_final: bool,  # noqa: FBT001 - pytest passes it by name
) -> None:
    inbox.recipient_answer = answer

    with pytest.raises(DeliveryFailed) as error:
        await deliver(delivery, live_booking())

    assert error.value.is_final is is_final
    assert "ada.muster" not in str(error.value)


@pytest.mark.parametrize("answer", ["451 Try later", "554 Looks like spam"])
async def test_a_refused_mail_is_tried_again(
    delivery: MailDelivery, inbox: Inbox, answer: str
) -> None:
    inbox.data_answer = answer

    with pytest.raises(DeliveryFailed) as error:
        await deliver(delivery, live_booking())

    assert not error.value.is_final


async def test_a_mail_server_that_is_down_is_tried_again(letters: Letters) -> None:
    async with running(Inbox()) as inbox:
        port = inbox.port

    with pytest.raises(DeliveryFailed) as error:
        await deliver(delivery_to(port, letters), live_booking())

    assert not error.value.is_final


async def test_a_mail_server_that_says_nothing_is_not_waited_for(
    letters: Letters, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mail, "TIMEOUT_S", 0.1)

    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async with await asyncio.start_server(say_nothing, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(DeliveryFailed) as error:
            await asyncio.wait_for(deliver(delivery_to(port, letters), live_booking()), 10)

    assert not error.value.is_final


async def test_a_mail_server_that_answers_slowly_is_not_waited_for_either(
    letters: Letters, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mail, "TIMEOUT_S", 0.5)
    has_hung_up = asyncio.Event()

    async def answer_slowly(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for answer in ("220 Hello", "250 EHLO", "250 MAIL", "250 RCPT", "354 DATA", "250 Taken"):
            await asyncio.sleep(0.2)  # each one in time, and all of them too late
            writer.write(f"{answer}\r\n".encode())
            with suppress(asyncio.IncompleteReadError, ConnectionError):
                await reader.readuntil(b"\r\n.\r\n" if answer == "354 DATA" else b"\r\n")
        writer.close()
        has_hung_up.set()

    async with await asyncio.start_server(answer_slowly, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(DeliveryFailed, match="TimeoutError") as error:
            await deliver(delivery_to(port, letters), live_booking())
        await has_hung_up.wait()

    assert not error.value.is_final


async def test_a_password_that_is_not_taken_is_tried_again_and_not_told(
    inbox: Inbox, letters: Letters
) -> None:
    delivery = delivery_to(inbox.port, letters, user="operator:canary-word@")

    with pytest.raises(DeliveryFailed) as error:
        await deliver(delivery, live_booking())

    assert not error.value.is_final
    assert "canary-word" not in str(error.value)


# -- the setting


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtp://mail.test", MailServer("mail.test", 25, "smtp", None, None)),
        ("smtps://mail.test", MailServer("mail.test", 465, "smtps", None, None)),
        ("smtp+starttls://mail.test", MailServer("mail.test", 587, "smtp+starttls", None, None)),
        (
            "smtp+starttls://me%40x:p%2Fw@mail.test:2525",
            MailServer("mail.test", 2525, "smtp+starttls", "me@x", "p/w"),
        ),
    ],
)
def test_a_mail_server_is_read_from_its_address(url: str, server: MailServer) -> None:
    assert read_server(url) == server


@pytest.mark.parametrize(
    "url", ["", "mail.test:25", "http://mail.test", "smtp://", "smtp://h:99999", "smtp://h:x"]
)
def test_an_address_that_is_none_is_refused_without_telling_it(url: str) -> None:
    with pytest.raises(SettingInvalid) as error:
        read_server(url)

    assert error.value.name == "OFFER_WIDGET_SMTP_URL"


def test_a_sender_is_read_with_its_name() -> None:
    sender = read_sender('"Policies, here" <policies@cover.test>')

    assert (sender.display_name, sender.addr_spec) == ("Policies, here", "policies@cover.test")


@pytest.mark.parametrize("text", ["", "Offer Widget", "Offer Widget <>", "<policies@>"])
def test_a_sender_without_an_address_is_refused_before_there_is_a_mail(text: str) -> None:
    with pytest.raises(SettingInvalid, match="MAIL_FROM"):
        read_sender(text)

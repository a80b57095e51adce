"""Letters: what customers read, made from a booking."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from jinja2 import Environment

from widget import formats
from widget.bookings import Booking, Policy
from widget.certificates import Certificate, certificate_of
from widget.covers import Speech, speech_for
from widget.links import Links
from widget.messages import Kind
from widget.money import Money
from widget.offers import Status
from widget.partners import Mode, Partner
from widget.products import Catalogue
from widget.texts import Texts


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail's content, in two forms that say the same."""

    subject: str
    text: str
    html: str


@dataclass(frozen=True, slots=True)
class Content:
    """What letters about a booking say; the templates in `templates/mail/` name these."""

    greeting_name: str
    partner_name: str
    booking_id: str
    #: The partner's own id of the payment; empty when it named none.
    transaction_id: str
    #: Those in force.
    policies: tuple[Certificate, ...]
    cancelled: tuple[Certificate, ...]
    #: What the policies in force cost.
    total: str
    #: What is paid back for the others; empty when that is nothing.
    refund: str
    withdrawal: str
    contact: str
    is_test: bool


class Letters:
    """Writes letters in the language that the customer chose in."""

    def __init__(
        self, environment: Environment, *, catalogue: Catalogue, links: Links, texts: Texts
    ) -> None:
        self._environment = environment
        self._catalogue = catalogue
        self._links = links
        self._texts = texts

    def letter(self, kind: Kind, booking: Booking, partner: Partner) -> Letter:
        """Return the letter of a kind about a booking, as the booking is now."""
        speech = self._speech(booking)
        content = self._content(booking, partner, speech)
        subject = _subject(kind, content, speech)
        return Letter(
            subject=subject,
            text=self._render(f"mail/{kind}.txt", subject, content, speech),
            html=self._render(f"mail/{kind}.html", subject, content, speech),
        )

    def _speech(self, booking: Booking) -> Speech:
        locale = booking.offer.chosen_locale or "en"
        country = booking.offer.purchase.customer_country
        return speech_for(locale, country, self._texts.in_locale(locale))

    def _content(self, booking: Booking, partner: Partner, speech: Speech) -> Content:
        in_force = self._certificates(booking.in_force, booking, speech)
        gone = [policy for policy in booking.policies if policy.status is Status.CANCELLED]
        cancelled = self._certificates(gone, booking, speech)
        first = (*in_force, *cancelled)[0]
        return Content(
            greeting_name=booking.policyholder.name,
            partner_name=partner.name,
            booking_id=booking.id,
            transaction_id=booking.transaction_id or "",
            policies=in_force,
            cancelled=cancelled,
            total=formats.money(booking.premium, speech.formats),
            refund=_refund(gone, booking.purchase.currency, speech),
            withdrawal=first.withdrawal,
            contact=first.contact,
            is_test=booking.mode is Mode.TEST,
        )

    def _certificates(
        self, policies: Sequence[Policy], booking: Booking, speech: Speech
    ) -> tuple[Certificate, ...]:
        return tuple(
            certificate_of(
                booking, policy, catalogue=self._catalogue, links=self._links, speech=speech
            )
            for policy in policies
        )

    def _render(self, name: str, subject: str, content: Content, speech: Speech) -> str:
        return self._environment.get_template(name).render(
            letter=content,
            subject=subject,
            texts=speech.texts,
            locale=speech.locale,
            dir=formats.direction(speech.locale),
        )


def _subject(kind: Kind, content: Content, speech: Speech) -> str:
    say = speech.texts.gettext
    told, policies = {
        Kind.POLICY_CONFIRMATION: (
            say("Your policy %(numbers)s is confirmed"),
            content.policies,
        ),
        Kind.POLICY_UPDATE: (say("Your policy %(numbers)s has changed"), content.policies),
        Kind.POLICY_CANCELLATION: (
            say("Your policy %(numbers)s was cancelled"),
            content.cancelled,
        ),
    }[kind]
    numbers = formats.listed([policy.policy_number for policy in policies], "en")
    subject = told % {"numbers": numbers}
    return f"[TEST] {subject}" if content.is_test else subject


def _refund(policies: Sequence[Policy], currency: str, speech: Speech) -> str:
    paid_back = (policy.refund for policy in policies if policy.refund is not None)
    refund = Money.total(paid_back, currency)
    return formats.money(refund, speech.formats) if refund.minor else ""

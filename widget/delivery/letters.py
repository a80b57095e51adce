"""Letters: what customers read, made from a booking."""

from __future__ import annotations

from dataclasses import dataclass

from jinja2 import Environment

from widget import formats
from widget.bookings import Booking
from widget.certificates import Certificate, certificate_of
from widget.covers import Speech, speech_for
from widget.links import Links
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
class PolicyConfirmation:
    """What the policy confirmation says; the templates in `templates/mail/` name these."""

    greeting_name: str
    partner_name: str
    booking_id: str
    #: The partner's own id of the payment; empty when it named none.
    transaction_id: str
    policies: tuple[Certificate, ...]
    total: str
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

    def policy_confirmation(self, booking: Booking, partner: Partner) -> Letter:
        """Return the confirmation of a booking: the policies' facts, documents, withdrawal."""
        speech = self._speech(booking)
        content = self._confirmation(booking, partner, speech)
        numbers = formats.listed([policy.policy_number for policy in content.policies], "en")
        subject = speech.texts.gettext("Your policy %(numbers)s is confirmed") % {
            "numbers": numbers
        }
        if content.is_test:
            subject = f"[TEST] {subject}"
        return Letter(
            subject=subject,
            text=self._render("mail/policy_confirmation.txt", subject, content, speech),
            html=self._render("mail/policy_confirmation.html", subject, content, speech),
        )

    def _speech(self, booking: Booking) -> Speech:
        locale = booking.offer.chosen_locale or "en"
        country = booking.offer.purchase.customer_country
        return speech_for(locale, country, self._texts.in_locale(locale))

    def _confirmation(
        self, booking: Booking, partner: Partner, speech: Speech
    ) -> PolicyConfirmation:
        policies = tuple(
            certificate_of(
                booking, policy, catalogue=self._catalogue, links=self._links, speech=speech
            )
            for policy in booking.policies
        )
        return PolicyConfirmation(
            greeting_name=booking.policyholder.name,
            partner_name=partner.name,
            booking_id=booking.id,
            transaction_id=booking.transaction_id or "",
            policies=policies,
            total=formats.money(booking.premium, speech.formats),
            withdrawal=policies[0].withdrawal,
            contact=policies[0].contact,
            is_test=booking.mode is Mode.TEST,
        )

    def _render(self, name: str, subject: str, content: PolicyConfirmation, speech: Speech) -> str:
        return self._environment.get_template(name).render(
            letter=content,
            subject=subject,
            texts=speech.texts,
            locale=speech.locale,
            dir=formats.direction(speech.locale),
        )

"""Letters: what customers read, made from a booking."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from jinja2 import Environment

from widget import formats
from widget.bookings import Booking, Policy
from widget.cancellations import was_withdrawn
from widget.certificates import Certificate, certificate_of
from widget.covers import Speech, speech_for
from widget.links import Links
from widget.messages import Kind
from widget.money import Money
from widget.news import NOTHING_NEW, News
from widget.offers import Status
from widget.partners import Mode, Partner
from widget.products import Catalogue
from widget.texts import Texts
from widget.witnesses import Witness

#: Returns a sentence in the customer's language.
Say = Callable[[str], str]


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
    #: Those that the event ended.
    cancelled: tuple[Certificate, ...]
    #: What happened, in a sentence or two.
    opening: str
    #: How much more or less it costs, after a change; empty when that is not known.
    difference: str
    #: The customer's own page, and the page on which they withdraw.
    account_url: str
    withdrawal_url: str
    #: What the policies in force cost.
    total: str
    #: What is paid back for those that ended; empty when that is nothing.
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

    def letter(
        self, kind: Kind, booking: Booking, partner: Partner, news: News = NOTHING_NEW
    ) -> Letter:
        """Return the letter of a kind about a booking, as the booking is now.

        Args:
            news: What the event changed that the booking does not show.
        """
        speech = self._speech(booking)
        content = self._content(kind, booking, partner, news, speech)
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

    def _content(
        self, kind: Kind, booking: Booking, partner: Partner, news: News, speech: Speech
    ) -> Content:
        in_force = self._certificates(booking.in_force, booking, speech)
        gone = _ended(booking, news)
        cancelled = self._certificates(gone, booking, speech)
        first = next(iter((*in_force, *cancelled)), None)
        return Content(
            greeting_name=booking.policyholder.name,
            partner_name=partner.name,
            booking_id=booking.id,
            transaction_id=booking.transaction_id or "",
            policies=in_force,
            cancelled=cancelled,
            opening=self._opening(kind, gone, booking, news, speech)
            % {"partner": partner.name, "moment": _moment(gone, speech)},
            difference=_difference(news, booking.purchase.currency, partner, speech),
            account_url=self._links.account(booking, speech.locale),
            withdrawal_url=self._links.withdrawal(booking, "", speech.locale),
            total=formats.money(booking.premium, speech.formats),
            refund=_refund(gone, booking.purchase.currency, speech),
            withdrawal=first.withdrawal if first else "",
            contact=first.contact if first else "",
            is_test=booking.mode is Mode.TEST,
        )

    def _opening(
        self, kind: Kind, gone: Sequence[Policy], booking: Booking, news: News, speech: Speech
    ) -> str:
        if kind is not Kind.POLICY_CANCELLATION or news.by is not Witness.SHOPPER or not gone:
            return _OPENINGS[kind](speech.texts.gettext)
        say = speech.texts.gettext
        if all(was_withdrawn(policy, booking.purchase, self._catalogue) for policy in gone):
            return say(
                "You withdrew from cover that you took out at %(partner)s. Your withdrawal reached"
                " us on %(moment)s (UTC). The cover insures nothing any more."
            )
        return say(
            "You cancelled cover that you took out at %(partner)s. Your cancellation reached us on"
            " %(moment)s (UTC). The cover insures nothing any more."
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


def _opening_of_confirmation(say: Say) -> str:
    return say(
        "You took out cover with your purchase at %(partner)s. This is your policy confirmation:"
        " please read it through and keep it."
    )


def _opening_of_update(say: Say) -> str:
    return say(
        "The cover that you took out at %(partner)s was changed. This is what is insured now; it"
        " takes the place of the confirmation that you have."
    )


def _opening_of_cancellation(say: Say) -> str:
    return say("Cover that you took out at %(partner)s was cancelled. It insures nothing any more.")


def _opening_of_renewal(say: Say) -> str:
    return say(
        "The cover that you took out at %(partner)s goes on for another term. This is the policy"
        " confirmation for that term: please read it through and keep it."
    )


def _opening_of_failure(say: Say) -> str:
    return say(
        "The cover that you chose with your purchase at %(partner)s could not be issued. You are"
        " not insured by it."
    )


#: What a letter begins with.
_OPENINGS: Mapping[Kind, Callable[[Say], str]] = {
    Kind.POLICY_CONFIRMATION: _opening_of_confirmation,
    Kind.POLICY_UPDATE: _opening_of_update,
    Kind.POLICY_CANCELLATION: _opening_of_cancellation,
    Kind.POLICY_RENEWAL: _opening_of_renewal,
    Kind.BOOKING_FAILURE: _opening_of_failure,
}


def _subject(kind: Kind, content: Content, speech: Speech) -> str:
    say = speech.texts.gettext
    told = {
        Kind.POLICY_CONFIRMATION: say("Your policy %(numbers)s is confirmed"),
        Kind.POLICY_UPDATE: say("Your policy %(numbers)s has changed"),
        Kind.POLICY_CANCELLATION: say("Your policy %(numbers)s was cancelled"),
        Kind.POLICY_RENEWAL: say("Your policy %(numbers)s is the next term of your cover"),
        Kind.BOOKING_FAILURE: say("Your cover could not be issued"),
    }[kind]
    policies = content.cancelled if kind is Kind.POLICY_CANCELLATION else content.policies
    numbers = formats.listed([policy.policy_number for policy in policies], "en")
    subject = told % {"numbers": numbers}
    return f"[TEST] {subject}" if content.is_test else subject


def _ended(booking: Booking, news: News) -> list[Policy]:
    """Return the policies that the event ended; all that have ended when it names none."""
    gone = (policy for policy in booking.policies if policy.status is Status.CANCELLED)
    return [policy for policy in gone if not news.ended or policy.number in news.ended]


def _moment(gone: Sequence[Policy], speech: Speech) -> str:
    """Return when the newest of some policies ended; empty when none has."""
    moments = [policy.cancelled_at for policy in gone if policy.cancelled_at is not None]
    return formats.moment(max(moments), speech.formats) if moments else ""


def _difference(news: News, currency: str, partner: Partner, speech: Speech) -> str:
    """Return what a change costs, in a sentence; empty when the event was none."""
    say, minor = speech.texts.gettext, news.difference_minor
    if minor is None:
        return ""
    amount = formats.money(Money(abs(minor), currency), speech.formats)
    sentences = {
        1: say("The change costs %(amount)s more, which you pay to %(partner)s."),
        0: say("The premium stays the same."),
        -1: say("The change costs %(amount)s less, which you get back from %(partner)s."),
    }
    return sentences[(minor > 0) - (minor < 0)] % {
        "amount": amount,
        "partner": partner.name,
    }


def _refund(policies: Sequence[Policy], currency: str, speech: Speech) -> str:
    paid_back = (policy.refund for policy in policies if policy.refund is not None)
    refund = Money.total(paid_back, currency)
    return formats.money(refund, speech.formats) if refund.minor else ""

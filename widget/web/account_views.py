"""What the customer's own pages say: a booking, put into words for the one who took it out."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from widget import formats
from widget.amendments import newly_ended
from widget.bookings import Booking, Policy
from widget.cancellations import Ending, Way, ending_of, was_withdrawn
from widget.certificates import Certificate, certificate_of
from widget.covers import Speech
from widget.money import Money
from widget.offers import Status
from widget.partners import Mode, Partner
from widget.web.house import House
from widget.withdrawing import Withdrawal


@dataclass(frozen=True, slots=True)
class PolicyView:
    """One policy; the templates in `templates/policy/` name these."""

    certificate: Certificate
    #: Names what it looks like: `in_force`, `over`, `cancelled` or `renewed`.
    state: str
    status: str
    #: Whom it protects, by name; empty when nobody was named.
    persons: str
    #: How it can be ended, or how it was.
    ending: str
    #: What the way to end it is called, and where it is; empty when there is none.
    end_label: str
    end_url: str
    #: What ending it pays back, or has paid back; empty while that is not asked for.
    refund: str


@dataclass(frozen=True, slots=True)
class AccountView:
    """The customer's own page."""

    partner_name: str
    booking_id: str
    transaction_id: str
    is_test: bool
    #: How things stand while there is no policy; empty when there is one.
    status: str
    policies: tuple[PolicyView, ...]
    #: What all policies in force cost; empty when there is no more than one.
    total: str
    end_all_label: str
    end_all_url: str


@dataclass(frozen=True, slots=True)
class EndingView:
    """The page on which policies are ended: asked, done, or refused."""

    heading: str
    lead: str
    #: What the customer must not overlook; may be empty.
    notice: str
    is_test: bool
    policies: tuple[PolicyView, ...]
    #: What is paid back in all.
    refund: str
    payee: str
    holder: str
    #: Where the confirmation goes, as far as its receiver needs to recognise it.
    email: str
    #: Where the form goes, what it says was shown, and its button; empty when nothing is asked.
    action_url: str
    shown: str
    confirm_label: str
    back_url: str
    contact: str


@dataclass(frozen=True, slots=True)
class Visitor:
    """Whose booking is looked at, and in which language."""

    house: House
    partner: Partner
    booking: Booking
    speech: Speech

    def say(self, sentence: str, **values: str) -> str:
        """Return a sentence in the customer's language."""
        text = self.speech.texts.gettext(sentence)
        return text % values if values else text

    def money(self, amount: Money) -> str:
        """Return an amount as the customer writes it."""
        return formats.money(amount, self.speech.formats)

    @property
    def account_url(self) -> str:
        """The address of the customer's own page."""
        return self.house.links.account(self.booking, self.speech.locale)

    def ending(self, policy: Policy) -> Ending:
        """Return how a policy can be ended now."""
        house = self.house
        return ending_of(policy, self.booking.purchase, house.catalogue, now=house.now())


def account_view(visitor: Visitor) -> AccountView:
    """Return what the customer's own page says."""
    booking = visitor.booking
    endable = endable_of(visitor, booking.policies)
    links, locale = visitor.house.links, visitor.speech.locale
    return AccountView(
        partner_name=visitor.partner.name,
        booking_id=booking.id,
        transaction_id=booking.transaction_id or "",
        is_test=booking.mode is Mode.TEST,
        status="" if booking.policies else _waiting(visitor),
        policies=tuple(_policy(visitor, policy) for policy in booking.policies),
        total=visitor.money(booking.premium) if len(booking.in_force) > 1 else "",
        end_all_label=_end_all_label(visitor, endable),
        end_all_url=links.withdrawal(booking, "", locale) if len(endable) > 1 else "",
    )


def endable_of(visitor: Visitor, policies: tuple[Policy, ...]) -> tuple[Policy, ...]:
    """Return those of some policies that can be ended now."""
    return tuple(p for p in policies if visitor.ending(p).way is not Way.NONE)


def question_view(
    visitor: Visitor, withdrawal: Withdrawal, action_url: str, *, has_changed: bool
) -> EndingView:
    """Return the page that shows what ending policies pays back, and asks once."""
    ended = newly_ended(withdrawal.amended.before, withdrawal.amended.amendment)
    running = {p.number: p for p in visitor.booking.in_force}
    is_withdrawal = _is_withdrawal(visitor, tuple(running[p.number] for p in ended))
    say = visitor.speech.texts.gettext
    changed = say("What is paid back has changed since you looked. Please look at it again.")
    return _ending_view(
        visitor,
        ended,
        heading=say("Withdraw from your contract") if is_withdrawal else say("Cancel your policy"),
        lead=say("Nothing has ended yet. This is what happens when you confirm."),
        notice=changed if has_changed else "",
        refund=withdrawal.refund,
        action_url=action_url,
        shown=str(withdrawal.refund.minor),
        confirm_label=say("Confirm withdrawal") if is_withdrawal else say("Confirm cancellation"),
    )


def done_view(visitor: Visitor, ended: tuple[Policy, ...]) -> EndingView:
    """Return the page that says what has ended."""
    say, booking = visitor.speech.texts.gettext, visitor.booking
    catalogue = visitor.house.catalogue
    is_withdrawn = all(was_withdrawn(policy, booking.purchase, catalogue) for policy in ended)
    refunds = (policy.refund for policy in ended if policy.refund is not None)
    return _ending_view(
        visitor,
        ended,
        heading=say("You have withdrawn") if is_withdrawn else say("Your policy is cancelled"),
        lead=say(
            "This cover insures nothing any more. The confirmation comes by e-mail; please keep it."
        ),
        refund=Money.total(refunds, booking.purchase.currency),
    )


def refusal_view(visitor: Visitor, policies: tuple[Policy, ...]) -> EndingView:
    """Return the page that says that policies cannot be ended."""
    say = visitor.speech.texts.gettext
    return _ending_view(
        visitor,
        policies,
        heading=say("This cannot be cancelled any more"),
        lead=say("Nothing has changed. If you have a question about it, please write to us."),
        refund=None,
    )


def _ending_view(
    visitor: Visitor,
    policies: tuple[Policy, ...],
    *,
    heading: str,
    lead: str,
    refund: Money | None,
    notice: str = "",
    action_url: str = "",
    shown: str = "",
    confirm_label: str = "",
) -> EndingView:
    views = tuple(_policy(visitor, policy) for policy in policies)
    return EndingView(
        heading=heading,
        lead=lead,
        notice=notice,
        is_test=visitor.booking.mode is Mode.TEST,
        policies=views,
        refund="" if refund is None else visitor.money(refund),
        payee="" if refund is None else _payee(visitor, refund),
        holder=visitor.booking.policyholder.name,
        email=_hinted(visitor.booking.policyholder.email),
        action_url=action_url,
        shown=shown,
        confirm_label=confirm_label,
        back_url=visitor.account_url,
        contact="" if refund is not None else views[0].certificate.contact,
    )


def _policy(visitor: Visitor, policy: Policy) -> PolicyView:
    booking, house, speech = visitor.booking, visitor.house, visitor.speech
    ending = visitor.ending(policy)
    url = house.links.withdrawal(booking, policy.number, speech.locale)
    named = booking.insured.get(policy.quote_id, ())
    people = [f"{one.first_name} {one.last_name}" for one in named]
    return PolicyView(
        certificate=certificate_of(
            booking, policy, catalogue=house.catalogue, links=house.links, speech=speech
        ),
        state=_state(visitor, policy),
        status=_status(visitor, policy),
        persons=formats.listed(people, speech.formats),
        ending=_ending(visitor, policy, ending),
        end_label=_end_label(visitor, ending.way),
        end_url="" if ending.way is Way.NONE else url,
        refund="" if policy.refund is None else visitor.money(policy.refund),
    )


def _state(visitor: Visitor, policy: Policy) -> str:
    if policy.status is Status.CONFIRMED:
        return "in_force" if visitor.house.now() < policy.quote.ends_at else "over"
    return "cancelled" if policy.status is Status.CANCELLED else "renewed"


def _status(visitor: Visitor, policy: Policy) -> str:
    say = visitor.speech.texts.gettext
    names = {
        "in_force": say("Confirmed"),
        "over": say("Ended"),
        "cancelled": say("Cancelled"),
        "renewed": say("Renewed"),
    }
    return names[_state(visitor, policy)]


def _waiting(visitor: Visitor) -> str:
    say = visitor.speech.texts.gettext
    sentences = {
        Status.PENDING: say(
            "Your policy is being issued. You need not do anything; the confirmation comes by"
            " e-mail."
        ),
        Status.PENDING_PAYMENT: say(
            "Nothing is insured yet. Your policy is issued when your payment has arrived."
        ),
        Status.CANCELLED: say("This booking was cancelled before anything was insured."),
        Status.FAILED: say("The policy could not be issued, and nothing is insured."),
    }
    return sentences[visitor.booking.status]


def _ending(visitor: Visitor, policy: Policy, ending: Ending) -> str:
    if ending.way is Way.WITHDRAW:
        return _withdraw_sentence(visitor, ending)
    if ending.way is Way.CANCEL:
        return _cancel_sentence(visitor, ending)
    return _ended_sentence(visitor, policy)


def _withdraw_sentence(visitor: Visitor, ending: Ending) -> str:
    last = ending.last_day
    if last is None or last.date() < visitor.house.now().date():
        return visitor.say("You can still withdraw from this contract, without giving reasons.")
    return visitor.say(
        "You can withdraw from this contract until %(date)s, without giving reasons.",
        date=formats.day(last.date(), visitor.speech.formats),
    )


def _cancel_sentence(visitor: Visitor, ending: Ending) -> str:
    say = visitor.say
    if ending.percent is None:
        return say("You can cancel this policy. You see what is paid back before you confirm.")
    if ending.percent == 0:
        return say("You can cancel this policy, but nothing of the premium is paid back.")
    share = formats.percent(Decimal(ending.percent) / 100, visitor.speech.formats)
    return say(
        "You can cancel this policy. You get back %(share)s of the premium for the days that are"
        " left.",
        share=share,
    )


def _ended_sentence(visitor: Visitor, policy: Policy) -> str:
    say, state = visitor.say, _state(visitor, policy)
    if state == "cancelled" and policy.cancelled_at is not None:
        moment = formats.moment(policy.cancelled_at, visitor.speech.formats)
        return say("Ended on %(moment)s (UTC).", moment=moment)
    sentences = {
        "over": say("This policy has come to its end."),
        "renewed": say("A policy for the next term follows on this one."),
    }
    return sentences.get(state) or say("This policy cannot be cancelled any more.")


def _end_label(visitor: Visitor, way: Way) -> str:
    say = visitor.speech.texts.gettext
    labels = {
        # The words that the law gives: Directive 2011/83/EU, art. 11a.
        Way.WITHDRAW: say("Withdraw from contract here"),
        Way.CANCEL: say("Cancel this policy"),
        Way.NONE: "",
    }
    return labels[way]


def _end_all_label(visitor: Visitor, endable: tuple[Policy, ...]) -> str:
    say = visitor.speech.texts.gettext
    if _is_withdrawal(visitor, endable):
        return say("Withdraw from all contracts here")
    return say("Cancel all policies")


def _is_withdrawal(visitor: Visitor, policies: tuple[Policy, ...]) -> bool:
    return all(visitor.ending(policy).way is Way.WITHDRAW for policy in policies)


def _payee(visitor: Visitor, refund: Money) -> str:
    if not refund.minor:
        return visitor.say("Nothing is paid back.")
    return visitor.say(
        "%(partner)s pays it back to you, in the way in which you paid.",
        partner=visitor.partner.name,
    )


def _hinted(email: str) -> str:
    """Return an address that its owner recognises, and that others cannot write to."""
    name, _, domain = email.rpartition("@")
    return f"{name[:1]}…@{domain}"

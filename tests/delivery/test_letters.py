"""What the policy confirmation says, in both of its forms."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from html import unescape

import pytest

from tests.builders import (
    NOON,
    TOKEN_KEY,
    a_booking,
    a_partner,
    a_pending_booking,
    a_policyholder,
    a_purchase,
    an_amendment,
    an_opted_in_offer,
    some_settings,
)
from widget.amendments import AmendmentKind
from widget.app import load_catalogue, load_rendering, load_texts
from widget.bookings import Booking
from widget.delivery.letters import Letter, Letters
from widget.links import Links
from widget.messages import Kind
from widget.money import Money
from widget.news import News
from widget.offers import Offer, Status
from widget.partners import Mode
from widget.tokens import PolicyToken, read_policy_token
from widget.witnesses import Witness


@pytest.fixture(scope="module")
def letters() -> Letters:
    settings = some_settings()
    return Letters(
        load_rendering(settings).environment,
        catalogue=load_catalogue(settings),
        links=Links(settings.public_url, [TOKEN_KEY.encode()]),
        texts=load_texts(),
    )


def live(**changes: object) -> Offer:
    return an_opted_in_offer(mode=Mode.LIVE, **changes)


def written(letters: Letters, booking: Booking | None = None) -> Letter:
    return letters.letter(Kind.POLICY_CONFIRMATION, booking or a_booking(offer=live()), a_partner())


def visible(html: str) -> str:
    """Return what somebody reads of a page."""
    body = html.partition("<body>")[2]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", body)).split())


FACTS = {
    "policy number": "TRV-AAAAA-BBBBB",
    "policyholder": "Ada Muster",
    "partner": "Acme Travel",
    "plan": "Cancellation",
    "underwriter": "Northgate Insurance SE",
    "premium": "€48.92",
    "tax": "€7.81",
    "who is insured": "2 adults",
    "the year of the trip": "2027",
    "limit": "€1,284.60",
    "excess": "10%",
    "withdrawal": "You can withdraw within 14 days",
    "contact": "care@northgate.example",
    "booking": "AAAAA-BBBBB-INS",
    "payment": "ORDER-1",
}


@pytest.mark.parametrize("fact", FACTS)
def test_both_forms_state_the_policys_facts(letters: Letters, fact: str) -> None:
    letter = written(letters)

    assert FACTS[fact] in " ".join(letter.text.split())
    assert FACTS[fact] in visible(letter.html)


def test_both_forms_link_to_the_same_places(letters: Letters) -> None:
    letter = written(letters)

    in_text = set(re.findall(r"https?://\S+", letter.text))
    in_html = set(re.findall(r'href="(https?://[^"]+)"', unescape(letter.html)))

    assert in_text == in_html
    assert all(link.startswith("https://cover.test/") for link in in_text)
    paths = sorted(link.removeprefix("https://cover.test/").partition("?")[0] for link in in_text)
    assert paths[:2] == [
        "documents/travel_protection/1/product_information",
        "documents/travel_protection/1/wording",
    ]
    assert paths[2].startswith("policies/")
    assert paths[3].startswith("policy/")
    assert paths[4] == f"{paths[3]}/withdraw"
    assert len(paths) == 5


def test_the_certificates_link_opens_this_booking_only(letters: Letters) -> None:
    letter = written(letters)

    match = re.search(r"https://cover.test/policies/([^/]+)/([^?\s]+)", letter.text)

    assert match is not None
    token = read_policy_token(match[1], [TOKEN_KEY.encode()])
    assert token == PolicyToken(Mode.LIVE, "acme", "AAAAA-BBBBB-INS")
    assert match[2] == "TRV-AAAAA-BBBBB"


def test_the_subject_names_the_policy(letters: Letters) -> None:
    assert written(letters).subject == "Your policy TRV-AAAAA-BBBBB is confirmed"


def test_a_test_booking_says_that_nothing_is_insured(letters: Letters) -> None:
    letter = written(letters, a_booking())

    assert letter.subject.startswith("[TEST] ")
    assert "this is not a policy" in letter.text
    assert "this is not a policy" in visible(letter.html)


def test_a_live_booking_does_not_speak_of_tests(letters: Letters) -> None:
    letter = written(letters)

    assert "test" not in (letter.subject + letter.text).lower().replace("cover.test", "")


def test_a_payment_that_was_not_named_is_not_mentioned(letters: Letters) -> None:
    letter = written(letters, a_booking(offer=live(), transaction_id=None))

    assert "ORDER" not in letter.text
    assert "None" not in letter.text + visible(letter.html)


def test_the_letter_is_in_the_language_of_the_choice(letters: Letters) -> None:
    offer = live(purchase=a_purchase(language="en")).opt_in(
        {"q-2"}, at=live().created_at, locale="de"
    )

    letter = written(letters, a_booking(offer=offer))

    assert letter.text.startswith("Guten Tag Ada Muster,")
    assert "82,24\N{NO-BREAK SPACE}€" in letter.text
    assert '<html lang="de"' in letter.html


def test_the_customers_law_decides_on_withdrawal(letters: Letters) -> None:
    offer = live(purchase=a_purchase(customer_country="US", customer_region="US-NY"))

    assert "within 15 days" in " ".join(written(letters, a_booking(offer=offer)).text.split())


@pytest.mark.parametrize(
    "name", ["<script>alert(1)</script>", "{{ 7 * 7 }}", '"><img src=x>', "a&b", "O'Hara"]
)
def test_a_name_is_text_and_nothing_else(letters: Letters, name: str) -> None:
    person = a_policyholder(first_name=name)

    letter = written(letters, a_booking(offer=live(), policyholder=person))

    assert f"Hello {name} Muster," in letter.text
    assert f"Hello {name} Muster," in visible(letter.html)
    assert not re.search(r"<(script|img)", letter.html)


def test_the_html_form_asks_nothing_of_the_network(letters: Letters) -> None:
    html = written(letters).html

    assert not re.search(r"<(script|link|img|iframe|object|form)|url\(|@import", html)


# -- changes and cancellations


def cancelled(booking: Booking, *, refund: int = 4892) -> Booking:
    """Return a booking whose first policy was cancelled."""
    policy, *others = booking.policies
    gone = replace(
        policy,
        status=Status.CANCELLED,
        cancelled_at=NOON + timedelta(days=3),
        refund=Money(refund, "EUR"),
    )
    amendment = an_amendment(kind=AmendmentKind.CANCELLATION, policies=(gone, *others))
    return amendment.applied_to(booking)


def two_policies() -> Booking:
    """Return a booking with two policies."""
    booking = a_booking(offer=live())
    (policy,) = booking.policies
    return replace(booking, policies=(policy, replace(policy, number="TRV-CCCCC-DDDDD")))


def cancellation_letter(letters: Letters, booking: Booking) -> Letter:
    return letters.letter(Kind.POLICY_CANCELLATION, booking, a_partner())


@pytest.mark.parametrize(
    "fact", ["TRV-AAAAA-BBBBB", "Cancellation", "4 March 2027", "€48.92", "care@northgate.example"]
)
def test_a_cancellation_tells_what_ended_when_and_what_is_paid_back(
    letters: Letters, fact: str
) -> None:
    letter = cancellation_letter(letters, cancelled(a_booking(offer=live())))

    assert letter.subject == "Your policy TRV-AAAAA-BBBBB was cancelled"
    assert fact in " ".join(letter.text.split())
    assert fact in visible(letter.html)


def test_who_pays_back_is_the_partner(letters: Letters) -> None:
    letter = cancellation_letter(letters, cancelled(a_booking(offer=live())))

    assert "You get €48.92 back from Acme Travel." in " ".join(letter.text.split())
    assert "You get €48.92 back from Acme Travel." in visible(letter.html)


def test_without_a_refund_nobody_is_told_to_expect_one(letters: Letters) -> None:
    letter = cancellation_letter(letters, cancelled(a_booking(offer=live()), refund=0))

    assert "You get" not in letter.text + letter.html
    assert "Refund: €0.00" in letter.text


def test_a_cancellation_tells_what_stays_insured(letters: Letters) -> None:
    letter = cancellation_letter(letters, cancelled(two_policies()))

    told = visible(letter.html).partition("What stays insured")[2]
    assert "TRV-CCCCC-DDDDD" in told
    assert "TRV-AAAAA-BBBBB" not in told
    assert "- Cancellation, TRV-CCCCC-DDDDD" in letter.text


def test_a_change_tells_what_is_insured_now(letters: Letters) -> None:
    letter = letters.letter(Kind.POLICY_UPDATE, a_booking(offer=live()).noted(), a_partner())

    assert letter.subject == "Your policy TRV-AAAAA-BBBBB has changed"
    for fact in FACTS.values():
        assert fact in " ".join(letter.text.split())
        assert fact in visible(letter.html)


def test_what_was_cancelled_is_not_confirmed(letters: Letters) -> None:
    letter = written(letters, cancelled(two_policies()))

    assert letter.subject == "Your policy TRV-CCCCC-DDDDD is confirmed"
    assert "TRV-AAAAA-BBBBB" not in letter.text + letter.html


@pytest.mark.parametrize("kind", [Kind.POLICY_UPDATE, Kind.POLICY_CANCELLATION])
def test_every_letter_is_in_the_language_of_the_choice(letters: Letters, kind: Kind) -> None:
    offer = replace(live(), chosen_locale="de")
    booking = two_policies()

    letter = letters.letter(kind, cancelled(replace(booking, offer=offer)), a_partner())

    assert "Guten Tag Ada Muster," in letter.text
    assert "Versicherungsschein" in letter.subject


# -- what the event changed


def of(letters: Letters, kind: Kind, booking: Booking, news: News, locale: str = "en") -> Letter:
    booking = replace(booking, offer=replace(booking.offer, chosen_locale=locale))
    return letters.letter(kind, booking, a_partner(), news)


@pytest.mark.parametrize(
    ("difference", "locale", "sentence"),
    [
        (1250, "en", "The change costs €12.50 more, which you pay to Acme Travel."),
        (-1250, "en", "The change costs €12.50 less, which you get back from Acme Travel."),
        (0, "en", "The premium stays the same."),
        (1250, "de", "Die Änderung kostet 12,50 € mehr; Sie zahlen das an Acme Travel."),
        (-1250, "de", "Die Änderung kostet 12,50 € weniger"),
        (0, "de", "Die Prämie bleibt gleich."),
    ],
)
def test_a_change_tells_what_it_costs(
    letters: Letters, difference: int, locale: str, sentence: str
) -> None:
    news = News(difference_minor=difference)

    letter = of(letters, Kind.POLICY_UPDATE, a_booking(offer=live()), news, locale)

    for form in (" ".join(letter.text.split()), visible(letter.html)):
        assert sentence in form.replace("\xa0", " ")


def test_a_change_of_which_the_price_is_not_known_says_nothing_of_it(letters: Letters) -> None:
    letter = of(letters, Kind.POLICY_UPDATE, a_booking(offer=live()), News())

    assert "The change costs" not in letter.text
    assert "stays the same" not in letter.text


def test_a_withdrawal_is_confirmed_with_date_and_time(letters: Letters) -> None:
    news = News(ended=("TRV-AAAAA-BBBBB",), by=Witness.SHOPPER)

    letter = of(letters, Kind.POLICY_CANCELLATION, cancelled(a_booking(offer=live())), news)

    for form in (" ".join(letter.text.split()), visible(letter.html)):
        assert "You withdrew from cover that you took out at Acme Travel." in form
        assert "Your withdrawal reached us on 4 Mar 2027, 12:00:00" in form
        assert "(UTC)" in form
        assert "You get €48.92 back from Acme Travel." in form


def test_ending_a_policy_after_the_withdrawal_is_called_a_cancellation(letters: Letters) -> None:
    booking = cancelled(a_booking(offer=live()), refund=0)
    late = replace(booking.policies[0], cancelled_at=NOON + timedelta(days=20))
    news = News(ended=("TRV-AAAAA-BBBBB",), by=Witness.SHOPPER)

    letter = of(letters, Kind.POLICY_CANCELLATION, replace(booking, policies=(late,)), news)

    assert "Your cancellation reached us on 21 Mar 2027" in " ".join(letter.text.split())
    assert "withdrew" not in letter.text


def test_a_second_cancellation_does_not_tell_of_the_first(letters: Letters) -> None:
    booking = cancelled(two_policies())
    both = tuple(
        replace(
            policy,
            status=Status.CANCELLED,
            refund=policy.quote.premium,
            cancelled_at=NOON + timedelta(days=4),
        )
        for policy in booking.policies
    )

    letter = of(
        letters,
        Kind.POLICY_CANCELLATION,
        replace(booking, policies=both),
        News(ended=("TRV-CCCCC-DDDDD",)),
    )

    assert letter.subject == "Your policy TRV-CCCCC-DDDDD was cancelled"
    assert "TRV-AAAAA-BBBBB" not in letter.text + letter.html
    assert "You get €48.92 back" in " ".join(letter.text.split())


@pytest.mark.parametrize(
    ("locale", "sentence"),
    [("en", "goes on for another term"), ("de", "läuft für einen weiteren Zeitraum")],
)
def test_a_renewal_tells_that_the_cover_goes_on(
    letters: Letters, locale: str, sentence: str
) -> None:
    letter = of(letters, Kind.POLICY_RENEWAL, a_booking(offer=live()), News(), locale)

    assert "TRV-AAAAA-BBBBB" in letter.subject
    for form in (" ".join(letter.text.split()), visible(letter.html)):
        assert sentence in form
        assert "TRV-AAAAA-BBBBB" in form


@pytest.mark.parametrize(
    ("locale", "sentence"),
    [("en", "You are not insured by it."), ("de", "Sie sind dadurch nicht versichert.")],
)
def test_a_failure_tells_that_nothing_is_insured_and_who_pays_back(
    letters: Letters, locale: str, sentence: str
) -> None:
    booking = a_pending_booking(offer=live()).failed("refused for reasons of ours")

    letter = of(letters, Kind.BOOKING_FAILURE, booking, News(), locale)

    for form in (" ".join(letter.text.split()), visible(letter.html)):
        assert sentence in form
        assert "Acme Travel" in form
        assert "48" in form
        assert "reasons of ours" not in form

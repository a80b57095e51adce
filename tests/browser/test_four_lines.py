"""Each line of insurance is sold in two markets and more, from the offer to its end.

A shopper in a real Chromium, a partner with the strictest page there is and a backend, the service
in a process of its own, and a mail server. What is asked for stands in `sales.py`.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from email.message import EmailMessage
from typing import Any
from urllib.parse import urljoin

import httpx2
import pytest
from playwright.sync_api import Browser, FrameLocator, Locator, Page, expect
from pypdf import PdfReader

from tests.browser.mailbox import Mailbox, running_mailbox
from tests.browser.partner import Site, register, running_site
from tests.browser.sales import SALES, Outcome, Sale
from tests.browser.shop import TIMEOUT_MS, free_ports
from tests.browser.waiting import wait_for, wait_for_state
from tests.builders import TOKEN_KEY, a_key
from tests.live import environment, serving
from widget import formats
from widget.money import Money
from widget.offers import Choice
from widget.partners import Mode, token_key_of
from widget.storage.sqlite import SqliteStorage
from widget.tokens import QuoteToken, read_quote_token

#: What is said in each language; what the products say stands in `sales.py`.
WORDS = {
    "en": {
        "tax included": "tax included",
        "no": "No, I don't want cover",
        "no cover": "No cover",
        "save": "Save my answer",
        "saved": "Saved:",
        "greeting": "Hello Ada",
        "confirmed": "Your policy {number} is confirmed",
        "changed": "Your policy {number} has changed",
        "cancelled": "Your policy {number} was cancelled",
        "more": "The change costs {amount} more, which you pay to Acme Travel.",
        "same": "The premium stays the same.",
        "less": "The change costs {amount} less, which you get back from Acme Travel.",
        "refund": "You get {amount} back from Acme Travel.",
        "withdraw": "Withdraw from contract here",
        "confirm": "Confirm withdrawal",
        "withdrawn": "You have withdrawn",
    },
    "de": {
        "tax included": "inkl. Steuer",
        "no": "Nein, ich möchte keine Versicherung",
        "no cover": "Kein Schutz",
        "save": "Antwort speichern",
        "saved": "Gespeichert:",
        "greeting": "Guten Tag Ada",
        "confirmed": "Ihr Versicherungsschein {number}",
        "changed": "Ihr Versicherungsschein {number} wurde geändert",
        "cancelled": "Ihr Versicherungsschein {number} wurde storniert",
        "more": "Die Änderung kostet {amount} mehr; Sie zahlen das an Acme Travel.",
        "same": "Die Prämie bleibt gleich.",
        "less": "Die Änderung kostet {amount} weniger; Sie erhalten das von Acme Travel zurück.",
        "refund": "Sie erhalten {amount} von Acme Travel zurück.",
        "withdraw": "Vertrag hier widerrufen",
        "confirm": "Widerruf bestätigen",
        "withdrawn": "Sie haben widerrufen",
    },
}

#: A real sale, so that the mail goes to the customer.
KEY = a_key(mode=Mode.LIVE)
TOKEN_KEYS = [token_key_of("acme", Mode.LIVE, TOKEN_KEY.encode()).encode()]

#: The offer, in whatever it is embedded.
Offer = FrameLocator | Page


@pytest.fixture(scope="module")
def mailbox() -> Iterator[Mailbox]:
    with running_mailbox() as mailbox:
        yield mailbox


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, mailbox: Mailbox) -> Iterator[Site]:
    """A partner's site, and a service in a process of its own."""
    database = tmp_path_factory.mktemp("four-lines") / "service.db"
    (port,) = free_ports(1)
    url = f"http://127.0.0.1:{port}"
    with running_site(url, KEY) as site:
        register(SqliteStorage(str(database)), site.site, KEY)
        mail = f"smtp://127.0.0.1:{mailbox.port}"
        environ = environment(database, PUBLIC_URL=url, SMTP_URL=mail)
        with serving(environ, port=port):
            yield site


@pytest.fixture(params=SALES, ids=lambda sale: sale.name)
def sale(request: pytest.FixtureRequest) -> Sale:
    chosen: Sale = request.param
    return chosen


@pytest.fixture
def page(browser: Browser, sale: Sale) -> Iterator[Page]:
    """A window; without an element in it, one in which no script runs either."""
    context = browser.new_context(
        viewport={"width": 1280, "height": 2400},
        java_script_enabled=sale.embedded == "element",
    )
    context.set_default_timeout(TIMEOUT_MS)
    yield context.new_page()
    context.close()


def test_cover_is_sold_changed_and_ended(
    sale: Sale, page: Page, site: Site, mailbox: Mailbox
) -> None:
    shopper, backend = Shopper(sale, page, site), Backend(sale, site)
    reader = Reader(sale, mailbox)

    offer = shopper.open()
    shopper.sees_what_it_costs_before_choosing(offer)
    documents = shopper.documents(offer)
    shopper.chooses(offer)
    token = shopper.pays(backend)
    backend.trusts(token)

    booking = backend.confirms(token)
    confirmation = reader.is_told("confirmed", sale.sold, booking)
    papers = reader.papers(confirmation, booking)
    assert papers == backend.documents(booking)
    assert papers <= documents

    changed = backend.changes(booking)
    update = reader.is_told("changed", sale.changed, changed)
    assert reader.difference() in text_of(update)
    assert reader.papers(update, booking) == papers

    assert backend.previews(booking)["total_refund"] == float(sale.refund)
    if sale.ended_by == "customer":
        shopper.withdraws(update)
    else:
        backend.cancels(booking)
    ended = backend.reads(booking)
    assert [quote["status"] for quote in ended["quotes"]] == ["CANCELLED"]
    letter = reader.opens("cancelled", ended)
    assert reader.say("refund", amount=sale_money(sale, sale.refund)) in text_of(letter)


def test_each_line_is_sold_in_two_markets_and_two_currencies() -> None:
    lines: dict[str, set[tuple[str, str]]] = {}
    for sale in SALES:
        line = sale.name.partition(",")[0].replace("shipment", "parcel")
        lines.setdefault(line, set()).add((sale.country, sale.currency))

    assert sorted(lines) == ["event", "goods", "parcel", "travel"]
    for markets in lines.values():
        assert len({country for country, _ in markets}) >= 2
        assert len({currency for _, currency in markets}) >= 2


# -- the shopper


@dataclass
class Shopper:
    """Somebody at the partner's checkout."""

    sale: Sale
    page: Page
    site: Site

    def open(self) -> Offer:
        """Open the checkout, and wait until the offer can be answered."""
        sale, site, page = self.sale, self.site, self.page
        signed = site.sign(purchase_of(sale))
        site.language, site.scripts = sale.language, ""
        offer: Offer = page
        if sale.embedded == "element":
            site.embed_signed(signed, f'name="insurance" locale="{sale.language}" required')
            offer = page.frame_locator("insurance-offer iframe")
        elif sale.embedded == "frame":
            address = f"{site.service}/open/acme?purchase={signed}"
            site.offer = f'<iframe title="Insurance offer" src="{address}"></iframe>'
            offer = page.frame_locator("iframe")
        else:
            query = {"purchase": signed, "return_to": f"{site.site}/"}
            site.offer = httpx2.get(f"{site.service}/open/acme/fragment", params=query).text
        site.visit(page)
        if sale.embedded == "element":
            wait_for_state(page, "open")
        return offer

    def sees_what_it_costs_before_choosing(self, offer: Offer) -> None:
        """Read the offer: the question, each premium with tax, the days, and nothing chosen."""
        sale = self.sale
        expect(offer.get_by_role("group", name=sale.heading)).to_be_visible()
        expect(offer.locator(f'[lang="{sale.language}"]').first).to_be_attached()
        expect(offer.get_by_role("radio", checked=True)).to_have_count(0)
        for place, plan in enumerate(sale.plans):
            question = self._question(offer, place)
            if plan is not None:
                expect(question.get_by_role("radio", name=self._answer(plan))).to_be_visible()
                days = formats.period(*sale.shown, sale.locale)
                expect(question.get_by_text(spaced(days)).first).to_be_visible()
            expect(question.get_by_role("radio", name=self._no)).to_be_visible()

    def documents(self, offer: Offer) -> set[bytes]:
        """Open each document that the offer leads to, and return them as PDF."""
        links = offer.locator('a[href*="/documents/"]')
        return {self._printed(str(link.get_attribute("href"))) for link in links.all()}

    def chooses(self, offer: Offer) -> None:
        """Answer for each thing, and wait until that is stored."""
        for place, plan in enumerate(self.sale.plans):
            radios = self._question(offer, place)
            if plan is None:
                radios.get_by_role("radio", name=self._no).check()
            else:
                radios.get_by_role("radio", name=self._answer(plan)).check()
        words = WORDS[self.sale.language]
        if self.sale.embedded != "element":
            offer.get_by_role("button", name=words["save"]).click()
        if self.sale.embedded != "include":
            # An included offer leads back to the partner's page, which would include it anew.
            expect(offer.get_by_text(words["saved"]).first).to_be_visible()

    def pays(self, backend: Backend) -> str:
        """Pay for the purchase, and return the token that the partner has of the choice."""
        page = self.page
        if self.sale.embedded == "element":
            wait_for(page, "() => document.querySelector('insurance-offer').value !== ''")
            wait_for_state(page, "opted_in")
        else:
            page.wait_for_load_state()
        page.get_by_role("button", name="Pay").click()
        expect(page.get_by_role("heading", name="Thank you")).to_be_visible()
        form = self.site.bought[-1]
        # A page without scripts has no value of ours: the backend asks for what was chosen.
        return form["insurance"] if self.sale.embedded == "element" else backend.asks()

    def withdraws(self, letter: EmailMessage) -> None:
        """Follow the link in a mail, see what is paid back, and withdraw."""
        page, words = self.page, WORDS[self.sale.language]
        page.goto(account_in(letter))
        expect(page.locator("html")).to_have_attribute("lang", self.sale.language)
        for name in self.sale.people_after:
            expect(page.get_by_text(name).first).to_be_visible()
        page.get_by_role("link", name=words["withdraw"]).click()
        refund = spaced(sale_money(self.sale, self.sale.refund))
        expect(page.get_by_text(refund).first).to_be_visible()
        page.get_by_role("button", name=words["confirm"]).click()
        expect(page.get_by_role("heading", name=words["withdrawn"])).to_be_visible()
        expect(page.get_by_text(refund).first).to_be_visible()

    @property
    def _no(self) -> str:
        return WORDS[self.sale.language]["no cover" if self.sale.names else "no"]

    def _question(self, offer: Offer, place: int) -> Locator:
        """Return the group of answers for one thing."""
        name = self.sale.names[place] if self.sale.names else self.sale.heading
        return offer.get_by_role("group", name=name)

    def _answer(self, plan: str) -> re.Pattern[str]:
        """Return what an answer is called: its plan, its premium, and that tax is in it."""
        premium = sale_money(self.sale, self.sale.sold.premium)
        return spaced(plan, premium, WORDS[self.sale.language]["tax included"])

    def _printed(self, address: str) -> bytes:
        page = httpx2.get(address)
        (pdf,) = re.findall(r'href="([0-9a-f]{64})"[^>]*>[^<]*PDF', page.text)
        printed = httpx2.get(urljoin(address, pdf)).content
        assert printed.startswith(b"%PDF-")
        return printed


# -- the partner's backend


@dataclass
class Backend:
    """The partner's own server, which calls the service."""

    sale: Sale
    site: Site

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """Make a call that must succeed, and return its answer."""
        headers = {"Authorization": f"Bearer {self.site.secret}"}
        url = f"{self.site.service}/x/partners/acme/{path}"
        answer = httpx2.request(method, url, json=body, headers=headers, timeout=30)
        assert answer.is_success, answer.text
        return answer.json()

    def asks(self) -> str:
        """Return the token of what was chosen for this checkout."""
        token: str = self.call("POST", "quotes/", purchase_of(self.sale))["quote_token"]
        return token

    def trusts(self, token: str) -> None:
        """Read the token offline: it is of this checkout, and costs what was shown."""
        read, sold = self._read(token), self.sale.sold
        assert read.choice is Choice.OPTED_IN
        assert read.reference == reference_of(self.sale)
        assert Money(read.premium_minor, read.currency) == self._money(sold.premium)
        assert Money(read.tax_minor, read.currency) == self._money(sold.tax)
        assert read.locale == self.sale.language

    def confirms(self, token: str) -> dict[str, Any]:
        """Confirm with the token, once the customer has paid."""
        read = self._read(token)
        body: dict[str, Any] = {
            "quote_token": token,
            "partner_transaction_id": reference_of(self.sale),
            "total_price": float(self.sale.sold.premium),
            "policyholder": {
                "first_name": "Ada",
                "last_name": "Muster",
                "email": email_of(self.sale),
                "country": self.sale.country,
            },
        }
        if self.sale.people:
            (quote_id,) = read.quote_ids
            body["quotes"] = [{"id": quote_id, "insured": persons(self.sale.people)}]
        booking: dict[str, Any] = self.call("POST", f"bookings/{read.offer_id}/", body)
        assert booking["status"] == "CONFIRMED"
        self._costs(booking, self.sale.sold)
        return booking

    def changes(self, booking: dict[str, Any]) -> dict[str, Any]:
        """Have a change priced, and make it at that price."""
        (quote,) = booking["quotes"]
        change = {**self.sale.change}
        if self.sale.people_after:
            change["insured"] = persons(self.sale.people_after)
        body: dict[str, Any] = {"quotes": [{"id": quote["id"], "update_fields": change}]}
        if self.sale.holder_change:
            body["policyholder"] = dict(self.sale.holder_change)
        address = f"bookings/{booking['id']}/"
        difference = Decimal(self.sale.changed.premium) - Decimal(self.sale.sold.premium)

        priced = self.call("PATCH", f"{address}quote_for_update", body)
        assert priced["total_price_diff"] == float(difference)
        self._costs(self.reads(booking), self.sale.sold)
        changed: dict[str, Any] = self.call(
            "POST", f"{address}confirm_update/{priced['update_id']}/", {}
        )
        assert changed["total_price_diff"] == float(difference)
        self._costs(self.reads(booking), self.sale.changed)
        return changed

    def documents(self, booking: dict[str, Any]) -> set[bytes]:
        """Return the documents of what was sold, as PDF."""
        (quote,) = booking["quotes"]
        assert quote["files"]
        return {httpx2.get(file["pdf"]).content for file in quote["files"]}

    def previews(self, booking: dict[str, Any]) -> dict[str, Any]:
        """Ask what cancelling would pay back; nothing ends by that."""
        path = f"bookings/{booking['id']}/cancel"
        preview: dict[str, Any] = self.call("POST", path, {"preview": True})
        assert self.reads(booking)["status"] == "CONFIRMED"
        return preview

    def cancels(self, booking: dict[str, Any]) -> None:
        """Cancel as it was previewed."""
        preview = self.previews(booking)
        path = f"bookings/{booking['id']}/confirm_cancellation/{preview['cancellation_id']}/"
        assert self.call("POST", path, {})["total_refund"] == float(self.sale.refund)

    def reads(self, booking: dict[str, Any]) -> dict[str, Any]:
        """Return a booking as it is now."""
        now: dict[str, Any] = self.call("GET", f"bookings/{booking['id']}/")
        return now

    def _read(self, token: str) -> QuoteToken:
        return read_quote_token(token, TOKEN_KEYS)

    def _money(self, amount: str) -> Money:
        return Money.exactly(Decimal(amount), self.sale.currency)

    def _costs(self, booking: dict[str, Any], outcome: Outcome) -> None:
        assert booking["currency"] == self.sale.currency
        assert booking["total_price"] == float(outcome.premium)
        assert booking["total_tax"] == float(outcome.tax)


# -- the customer's mailbox


@dataclass
class Reader:
    """The customer at their mailbox."""

    sale: Sale
    mailbox: Mailbox

    def say(self, sentence: str, **values: str) -> str:
        """Return a sentence in the customer's language."""
        return plain(WORDS[self.sale.language][sentence].format(**values))

    def opens(self, sentence: str, booking: dict[str, Any]) -> EmailMessage:
        """Return the mail about the policy with this subject; it is for the customer alone."""
        (quote,) = booking["quotes"]
        mail = self.mailbox.wait_for(self.say(sentence, number=quote["policy_number"]))
        assert mail["To"] == email_of(self.sale)
        assert self.say("greeting") in text_of(mail)
        return mail

    def is_told(self, sentence: str, outcome: Outcome, booking: dict[str, Any]) -> EmailMessage:
        """Return a mail that tells how things stand, as its certificate does."""
        mail = self.opens(sentence, booking)
        certificate = self._certificate(mail, booking)
        person = booking["policyholder"]
        facts = [
            booking["quotes"][0]["policy_number"],
            sale_money(self.sale, outcome.premium),
            sale_money(self.sale, outcome.tax),
            formats.day(outcome.starts, self.sale.locale),
            formats.day(outcome.ends, self.sale.locale),
            *outcome.insured,
        ]
        for fact in map(plain, facts):
            assert fact in certificate
            assert fact in text_of(mail)
        assert f"{person['first_name']} {person['last_name']}" in certificate
        return mail

    def papers(self, mail: EmailMessage, booking: dict[str, Any]) -> set[bytes]:
        """Return what is attached besides the certificate."""
        name = f"{booking['quotes'][0]['policy_number']}.pdf"
        return {body for title, body in _attached(mail) if title != name}

    def difference(self) -> str:
        """Return what the mail about the change says of its price."""
        before, after = Decimal(self.sale.sold.premium), Decimal(self.sale.changed.premium)
        amount = sale_money(self.sale, str(abs(after - before)))
        which = "same" if after == before else "more" if after > before else "less"
        return self.say(which, amount=amount)

    def _certificate(self, mail: EmailMessage, booking: dict[str, Any]) -> str:
        name = f"{booking['quotes'][0]['policy_number']}.pdf"
        (body,) = [body for title, body in _attached(mail) if title == name]
        return plain(" ".join(page.extract_text() for page in PdfReader(io.BytesIO(body)).pages))


def _attached(mail: EmailMessage) -> list[tuple[str, bytes]]:
    """Return the files of a mail, all of them PDF, with their names."""
    parts = list(mail.iter_attachments())
    assert {part.get_content_type() for part in parts} == {"application/pdf"}
    return [(str(part.get_filename()), part.get_content()) for part in parts]


# -- what they share


def purchase_of(sale: Sale) -> dict[str, Any]:
    """Return the purchase of a sale, as the partner signs it."""
    purchase: dict[str, Any] = {
        "currency": sale.currency,
        "customer_country": sale.country,
        "customer_language": sale.language,
        "partner_reference": reference_of(sale),
        "request": list(sale.things),
    }
    return purchase | ({"customer_region": sale.region} if sale.region else {})


def reference_of(sale: Sale) -> str:
    """Return the partner's own number of a checkout."""
    return re.sub(r"\W+", "-", sale.name)


def email_of(sale: Sale) -> str:
    """Return an address that only the customer of this sale has."""
    return f"{re.sub(r'[^a-z]+', '.', sale.name.lower())}@customer.example"


def persons(names: Any) -> list[dict[str, str]]:
    return [dict(zip(("first_name", "last_name"), name.split(), strict=True)) for name in names]


def sale_money(sale: Sale, amount: str) -> str:
    """Return an amount as the customer writes it."""
    return formats.money(Money.exactly(Decimal(amount), sale.currency), sale.locale)


def plain(text: str) -> str:
    """Return a text with its spaces and breaks, whatever they are, as single spaces."""
    return " ".join(text.split())


def spaced(*parts: str) -> re.Pattern[str]:
    """Return a pattern for words that follow each other, whatever space is between them."""
    words = [re.escape(word) for part in parts for word in part.split()]
    return re.compile(r"\s*".join(words))


def text_of(mail: EmailMessage) -> str:
    """Return what a mail says, in its plain form."""
    body = mail.get_body(("plain",))
    assert body is not None
    return plain(str(body.get_content()))


def account_in(mail: EmailMessage) -> str:
    """Return the address of the customer's own page that a mail leads to."""
    found = re.search(r"http\S+/policy/[^/\s]+\?locale=\w+", text_of(mail))
    assert found is not None
    return found[0]

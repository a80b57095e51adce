"""Every template, walked: it compiles, and holds what no browser of ours would run or trust."""

from __future__ import annotations

import re
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import httpx2
import pytest

from tests.builders import some_settings
from tests.fakes import Clock
from tests.service import Service, state_in
from widget.app import folder, load_rendering

TEMPLATES = sorted(
    path.relative_to(folder("templates")).as_posix()
    for path in folder("templates").rglob("*")
    if path.is_file()
)

#: Mail programs load no stylesheet, and their pages have no policy.
PAGES = [name for name in TEMPLATES if not name.startswith("mail/")]

STATES = ("open", "opted_in", "opted_out", "expired", "confirmed", "unavailable")


def source(name: str) -> str:
    return (folder("templates") / name).read_text(encoding="utf-8")


class Elements(HTMLParser):
    """Collects the elements of a page, each with its attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, {name: value or "" for name, value in attrs}))

    def named(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.found if name == tag]


def in_state(service: Service, clock: Clock, state: str, suffix: str = "") -> httpx2.Response:
    """Return the offer's page in a state."""
    package = service.quote()
    if state in {"opted_in", "confirmed"}:
        service.choose_first(package)
    if state == "opted_out":
        service.choose(package, "opted_out")
    if state == "confirmed":
        assert service.confirm(package["id"]).status_code == 200
    if state == "expired":
        clock.move(minutes=31)
    if state == "unavailable":
        service.call("POST", f"bookings/{package['id']}/opt_out")
    page = service.client.get(f"/offer/{package['offer_token']}{suffix}")
    assert state_in(page) == state
    return page


def test_there_are_templates_to_walk() -> None:
    assert {Path(name).parts[0] for name in TEMPLATES} == {
        "offer",
        "documents",
        "mail",
        "policy",
        "reference",
    }


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_template_compiles(name: str) -> None:
    assert load_rendering(some_settings()).environment.get_template(name).name == name


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_template_trusts_nothing_that_it_is_given(name: str) -> None:
    assert not re.search(r"\|\s*safe\b|autoescape|Markup|\.__", source(name))


@pytest.mark.parametrize("name", PAGES)
def test_a_template_has_no_inline_script_or_style(name: str) -> None:
    text = source(name)

    assert not re.search(r"<style\b|\sstyle=", text)
    assert not re.search(r"\son[a-z]+\s*=|hx-on|javascript:", text)
    for attributes in Elements(text).named("script"):
        assert "src" in attributes, name
    assert not re.search(r"<script\b[^>]*>\s*[^<\s]", text)


@pytest.mark.parametrize("name", PAGES)
def test_a_template_contacts_no_host_but_ours(name: str) -> None:
    assert not re.search(r"""(?:src|href|action|hx-\w+)\s*=\s*["']?(?:https?:)?//""", source(name))


@pytest.mark.parametrize("name", TEMPLATES)
def test_every_link_that_opens_a_tab_of_its_own_lets_go_of_it(name: str) -> None:
    for attributes in Elements(source(name)).named("a"):
        if attributes.get("target") == "_blank":
            assert "noopener" in attributes.get("rel", ""), name


@pytest.mark.parametrize("suffix", ["", "/fragment"])
@pytest.mark.parametrize("state", STATES)
def test_every_form_works_without_a_script(
    service: Service, clock: Clock, state: str, suffix: str
) -> None:
    page = in_state(service, clock, state, suffix)

    for form in Elements(page.text).named("form"):
        assert form["action"].startswith("https://cover.test/offer/")
        assert form["method"] == "post"
        if "hx-post" in form:
            assert form["hx-post"] == form["action"]
    names = {field.get("name") for field in Elements(page.text).named("input")}
    assert names <= {"choice", "return_to"}


@pytest.mark.parametrize("state", ["open", "opted_in", "opted_out", "expired"])
def test_a_state_in_which_something_can_be_done_has_one_form(
    service: Service, clock: Clock, state: str
) -> None:
    page = in_state(service, clock, state)

    (form,) = Elements(page.text).named("form")
    assert "hx-post" in form


@pytest.mark.parametrize("suffix", ["", "/fragment"])
def test_nothing_is_chosen_in_advance(service: Service, clock: Clock, suffix: str) -> None:
    elements = Elements(in_state(service, clock, "open", suffix).text)

    radios = [field for field in elements.named("input") if field["type"] == "radio"]
    assert len(radios) == 4
    assert not any("checked" in field for field in radios)
    assert not any({"checked", "selected", "aria-checked"} & set(a) for _, a in elements.found)


@pytest.mark.parametrize("state", ["opted_in", "opted_out"])
def test_exactly_the_stored_answer_is_checked(service: Service, clock: Clock, state: str) -> None:
    elements = Elements(in_state(service, clock, state).text)

    checked = [field["value"] for field in elements.named("input") if "checked" in field]
    assert len(checked) == 1
    assert (checked[0] == "opted_out") == (state == "opted_out")


@pytest.mark.parametrize("suffix", ["", "/fragment"])
@pytest.mark.parametrize("state", STATES)
def test_every_id_of_a_page_is_there_once_and_every_reference_leads_to_one(
    service: Service, clock: Clock, state: str, suffix: str
) -> None:
    found = Elements(in_state(service, clock, state, suffix).text).found

    ids = [attributes["id"] for _, attributes in found if "id" in attributes]
    assert len(ids) == len(set(ids))
    for _, attributes in found:
        for name in ("for", "aria-describedby", "aria-labelledby"):
            assert set(attributes.get(name, "").split()) <= set(ids)


@pytest.mark.parametrize("state", ["open", "opted_in", "opted_out"])
def test_every_answer_has_a_label(service: Service, clock: Clock, state: str) -> None:
    elements = Elements(in_state(service, clock, state).text)

    labelled = {label["for"] for label in elements.named("label")}
    radios = {field["id"] for field in elements.named("input") if field["type"] == "radio"}
    assert radios == labelled


def test_what_must_be_in_view_before_the_choice_is_in_view(service: Service, clock: Clock) -> None:
    page = unescape(in_state(service, clock, "open").text)

    for fact in (
        "What is not covered",
        "Illness or travel warnings",
        "Underwritten by Northgate Insurance SE",
        "Premiums include 19% insurance premium tax",
        "You can withdraw within 14 days",
    ):
        assert fact in page
    documents = re.findall(r"/documents/[0-9a-f]{64}\"[^>]*>([^<]+)<", page)
    assert documents == ["Insurance product information document", "Policy wording"]
    assert "<details" not in page  # nothing of it is behind a click

"""A purchase of several things: an answer for each of them, or one for all."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import httpx2
import pytest

from tests.builders import NOON, purchase_json
from tests.service import Service, state_in
from widget import formats
from widget.lints import Element, Expected, faults_in, parsed
from widget.offer_lint import pressure_words

HTMX = {"HX-Request": "true"}


def a_cart(things: int, **changes: Any) -> dict[str, Any]:
    """Return the wire form of a purchase of so many trips."""
    return purchase_json(request=purchase_json()["request"] * things, **changes)


def cart_of_a_shop() -> dict[str, Any]:
    """Return the wire form of two things and tickets, which two products are for."""
    thing = {
        "policy_type": "product_protection",
        "name": "Laptop",
        "category": "laptop",
        "price": 1199,
        "purchase_date": NOON.isoformat(),
    }
    tickets = {
        "policy_type": "ticket_protection",
        "event_name": "Chamber music",
        "event_location": "Town hall",
        "event_country": "DE",
        "event_datetime": (NOON + timedelta(days=90)).isoformat(),
        "tickets": [{"price": 58}, {"price": 58}],
    }
    headphones = {**thing, "name": "Headphones", "category": "audio", "price": 189}
    return purchase_json(request=[thing, headphones, tickets], partner_reference="CHK-CART")


def answers_in(page: httpx2.Response) -> set[str]:
    """Return which answers a page shows as given."""
    return set(re.findall(r'id="([\w-]+)"[^>]*\schecked', page.text))


def premiums_in(package: dict[str, Any], *places: int) -> float:
    prices: list[float] = [package["quotes"][str(place)]["price"] for place in places]
    return round(sum(prices), 2)


@pytest.fixture
def package(service: Service) -> dict[str, Any]:
    response = service.call("POST", "quotes/", json=a_cart(3))
    assert response.status_code == 201, response.text
    told: dict[str, Any] = response.json()
    return told


def answer(service: Service, package: dict[str, Any], told: dict[str, str]) -> httpx2.Response:
    address = f"/offer/{package['offer_token']}/choice"
    return service.client.post(address, data=told, headers=HTMX)


def told(package: dict[str, Any], *places: int | None) -> dict[str, str]:
    """Return the form for the quotes at these places, one for each thing; None declines it."""
    return {
        f"choice-{item}": "opted_out" if place is None else package["quotes"][str(place)]["id"]
        for item, place in enumerate(places)
    }


def test_each_thing_is_asked_about_and_nothing_is_preselected(service: Service) -> None:
    page = service.open(a_cart(3))

    assert len(re.findall("<fieldset", page.text)) == 3
    assert answers_in(page) == set()
    assert state_in(page) == "open"


def test_what_all_plans_protect_is_said_once_for_all_of_them(service: Service) -> None:
    page = service.open(a_cart(3))

    assert page.text.count("Coming home early") == 1


def test_what_one_plan_protects_besides_is_said_once_and_with_that_plan(service: Service) -> None:
    page = service.open(a_cart(3))

    shared, besides = page.text.index("Coming home early"), page.text.index("late baggage arrives")
    assert page.text.count("late baggage arrives") == 1
    assert shared < page.text.index("Cancellation, medical and baggage") < besides


def test_how_many_are_answered_is_said_from_the_start(service: Service) -> None:
    page = service.open(a_cart(3))

    assert "0 of 3 answered" in page.text


def test_no_to_everything_takes_one_step(service: Service, package: dict[str, Any]) -> None:
    given = dict(list(told(package, 0, 3, None).items())[:1])

    page = answer(service, package, given | {"choice": "opted_out"})

    assert state_in(page) == "opted_out"
    assert len(answers_in(page)) == 3


def test_a_cart_keeps_the_rules_of_choice(service: Service) -> None:
    page = service.open(cart_of_a_shop())
    package = service.call("POST", "quotes/", json=cart_of_a_shop()).json()
    premiums = tuple(quote["price_formatted"] for quote in package["quotes"].values())
    documents = tuple(dict.fromkeys(quote["pds_url"] for quote in package["quotes"].values()))
    year = formats.period(NOON.date(), NOON.date().replace(year=2028), formats.WORLD_ENGLISH)

    faults = faults_in(
        page.text,
        Expected(
            premiums=premiums,
            tax_wording="tax included",
            insured=("Laptop", "Headphones", "Chamber music", year),
            disclosures=("The period of cover stands beside what you are asked.",),
            documents=documents,
            pressure_words=pressure_words()["en"],
        ),
    )

    assert len(premiums) == 8
    assert faults == []


def test_documents_of_several_products_are_told_apart_by_name(service: Service) -> None:
    page = parsed(service.open(cart_of_a_shop()).text)

    links = [" ".join(spoken(one).split()) for one in page.all() if one.tag == "a"]
    assert "Policy wording, Product protection" in links
    assert "Policy wording, Ticket protection" in links
    assert len(set(links)) == len(links)


def spoken(element: Element) -> str:
    """Return what is read aloud of an element."""
    return "".join(part if isinstance(part, str) else spoken(part) for part in element.parts)


@pytest.mark.parametrize("answering", ["each", "together"])
def test_several_things_of_one_product_are_not_asked_about_as_one(
    service: Service, answering: str
) -> None:
    page = service.open(a_cart(3, answering=answering))

    assert "Would you like cover for these?" in page.text
    assert "for this trip?" not in page.text


def test_until_each_thing_is_answered_nothing_is_stored(
    service: Service, package: dict[str, Any]
) -> None:
    some = dict(list(told(package, 0, 3, None).items())[:2])

    page = answer(service, package, some)

    assert page.status_code == 200
    assert state_in(page) == "open"
    assert "2 of 3 answered" in page.text
    assert len(answers_in(page)) == 2
    assert service.package(package["id"])["choice"] == "open"


def test_an_answer_to_each_is_stored_and_costs_what_was_chosen(
    service: Service, package: dict[str, Any]
) -> None:
    step = len(package["quotes"]) // 3

    page = answer(service, package, told(package, 0, None, 2 * step))

    stored = service.package(package["id"])
    assert state_in(page) == "opted_in"
    assert stored["chosen_quotes"] == [
        package["quotes"]["0"]["id"],
        package["quotes"][str(2 * step)]["id"],
    ]
    assert stored["total_price"] == premiums_in(package, 0, 2 * step)
    assert "cover for 2 of 3" in page.text


def test_no_to_each_is_no_to_all(service: Service, package: dict[str, Any]) -> None:
    page = answer(service, package, told(package, None, None, None))

    assert state_in(page) == "opted_out"
    assert len(answers_in(page)) == 3


def test_what_was_chosen_of_a_cart_is_confirmed_with_its_token(
    service: Service, package: dict[str, Any]
) -> None:
    step = len(package["quotes"]) // 3
    answer(service, package, told(package, 1, None, 2 * step))

    booking = service.confirm(package["id"]).json()

    assert booking["status"] == "CONFIRMED"
    assert len({quote["policy_number"] for quote in booking["quotes"]}) == 2
    assert booking["total_price"] == premiums_in(package, 1, 2 * step)


def test_a_token_from_before_a_change_of_mind_is_refused(
    service: Service, package: dict[str, Any]
) -> None:
    answer(service, package, told(package, 0, 3, None))
    before = service.package(package["id"])["quote_token"]
    answer(service, package, told(package, 0, None, None))

    refused = service.confirm(package["id"], quote_token=before)

    assert refused.json()["code"] == "choice_changed"


def test_fifty_things_are_chosen_and_confirmed_with_one_token(service: Service) -> None:
    package = service.call("POST", "quotes/", json=a_cart(50)).json()
    plans = len(package["quotes"]) // 50
    answer(service, package, told(package, *range(0, 50 * plans, plans)))

    token = service.package(package["id"])["quote_token"]
    booking = service.confirm(package["id"], quote_token=token).json()

    assert len(token) <= 512
    assert booking["status"] == "CONFIRMED"
    assert len(booking["quotes"]) == 50


def test_one_answer_for_all_is_one_question(service: Service) -> None:
    cart = a_cart(3, answering="together", partner_reference="CHK-ALL")
    page = service.open(cart)
    package = service.call("POST", "quotes/", json=cart).json()
    plans = len(package["quotes"]) // 3

    answered = answer(service, package, {"choice": "cancellation_medical"})

    booking = service.confirm(package["id"]).json()
    assert len(re.findall("<fieldset", page.text)) == 1
    assert state_in(answered) == "opted_in"
    assert len(booking["quotes"]) == 3
    assert booking["total_price"] == premiums_in(package, *range(1, 3 * plans, plans))


def test_a_form_without_script_comes_back_with_what_was_answered(
    service: Service, package: dict[str, Any]
) -> None:
    address = f"/offer/{package['offer_token']}/choice"
    some = dict(list(told(package, 0, 3, None).items())[:1])

    page = service.client.post(address, data=some, follow_redirects=False)

    assert page.status_code == 200
    assert len(answers_in(page)) == 1
    assert "1 of 3 answered" in page.text


def test_a_field_that_no_question_has_is_not_looked_at(
    service: Service, package: dict[str, Any]
) -> None:
    page = answer(service, package, {"choice-3": "opted_out"})

    assert page.status_code == 400
    assert "choice-3" not in page.text

"""What every action answers in every status: one table, read and run.

A column is a stage of one sale (`tests/stages.py`): its status; `late`, when the premiums have run
out and a payment that was under way may still confirm; `expired`, when it may not; RENEWED, when a
confirmed booking has a second term.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tests.builders import some_settings
from tests.fakes import Clock
from tests.service import Service, running_service, state_in
from tests.stages import CHANGE, STAGES, MoodyHouse, Sale, a_sale
from widget.app import load_catalogue
from widget.storage.sqlite import SqliteStorage

#: A cell is the status of a success, for a choice the state that the shopper then sees, or one of
#: these refusals.
REFUSALS: Mapping[str, tuple[int, str]] = {
    "-": (404, "not_found"),
    "applied": (422, "amendment_applied"),
    "booked": (422, "already_confirmed"),
    "declined": (422, "offer_declined"),
    "product": (422, "not_allowed_by_product"),
    "refused": (422, "upstream_refused"),
    "stale": (422, "amendment_stale"),
    "status": (422, "status_forbids"),
    "too-late": (422, "offer_expired"),
}

TABLE = """
                     | RECEIVED  OPTED_OUT   late    expired  PENDING PENDING_PAYMENT CONFIRMED CANCELLED FAILED  RENEWED
confirm              | 200       declined    200     too-late 202     200             200       status    refused 200
opt out              | 204       204         204     204      status  status          booked    status    status  booked
update quotes        | 200       declined    200     200      status  status          booked    status    status  booked
add quotes           | 201       declined    201     201      status  status          booked    status    status  booked
delete quotes        | 200       declined    200     200      status  status          booked    status    status  booked
confirm payment      | -         -           -       -        202     201             201       status    status  201
read booking         | -         -           -       -        200     200             200       200       200     200
modify               | -         -           -       -        status  status          200       status    status  200
quote for update     | -         -           -       -        status  status          200       status    status  200
confirm update       | -         -           -       -        -       -               201       status    -       stale
preview cancellation | -         -           -       -        status  200             200       status    status  200
cancel               | -         -           -       -        status  200             200       status    status  200
confirm cancellation | -         -           -       -        -       200             200       status    -       stale
send e-mail          | -         -           -       -        status  status          202       202       status  202
read instalments     | -         -           -       -        200     200             200       200       200     200
report instalment    | -         -           -       -        status  status          204       status    status  204
quote renewal        | -         -           -       -        status  status          200       status    status  product
confirm renewal      | -         -           -       -        -       -               200       status    -       applied
confirm renewal, old | -         -           -       -        -       -               202       status    -       applied
decline renewal      | -         -           -       -        status  status          204       status    status  204
confirm offer        | 200       declined    200     too-late 202     200             200       status    refused 200
opt out of offer     | 204       204         204     204      status  status          booked    status    status  booked
shopper says yes     | opted_in  unavailable expired expired  pending pending         confirmed cancelled failed  confirmed
shopper says no      | opted_out unavailable expired expired  pending pending         confirmed cancelled failed  confirmed
"""  # noqa: E501 - a table is read across


def rows_of(table: str) -> dict[str, dict[str, str]]:
    """Return the cells of a table by action and stage."""
    head, *lines = (line.partition("|") for line in table.strip("\n").splitlines())
    stages = head[2].split()
    return {
        action.strip(): dict(zip(stages, cells.split(), strict=True)) for action, _, cells in lines
    }


EXPECTED = rows_of(TABLE)

#: Method, path and body of each action; words for a body are read by `Sale.body`.
ACTIONS: Mapping[str, tuple[str, str, Any]] = {
    "confirm": ("POST", "bookings/{id}/", "confirmation"),
    "opt out": ("POST", "bookings/{id}/opt_out", {}),
    "update quotes": ("PATCH", "quotes/{id}/", "two adults"),
    "add quotes": ("POST", "quotes/{id}/add/", "more"),
    "delete quotes": ("POST", "quotes/{id}/delete/", "quotes"),
    "confirm payment": ("PUT", "bookings/{id}/confirm", {}),
    "read booking": ("GET", "bookings/{id}/", None),
    "modify": ("PATCH", "bookings/{id}/", CHANGE),
    "quote for update": ("PATCH", "bookings/{id}/quote_for_update", CHANGE),
    "confirm update": ("POST", "bookings/{id}/confirm_update/{update_id}/", {}),
    "preview cancellation": ("POST", "bookings/{id}/cancel", {"preview": True}),
    "cancel": ("POST", "bookings/{id}/cancel", {}),
    "confirm cancellation": ("POST", "bookings/{id}/confirm_cancellation/{cancellation_id}/", {}),
    "send e-mail": ("POST", "bookings/{id}/send_email", {}),
    "read instalments": ("GET", "bookings/{id}/instalments/", None),
    "report instalment": ("POST", "bookings/{id}/instalments/", "instalment"),
    "quote renewal": ("PATCH", "renewals/{id}/quote_for_renewal/", {}),
    "confirm renewal": ("POST", "renewals/{id}/confirm/{renewal_id}/", {}),
    "confirm renewal, old": ("PATCH", "renewals/{renewal_id}/confirmation", {}),
    "decline renewal": ("POST", "renewals/{id}/opt_out/", {}),
    "confirm offer": ("POST", "offers/{offer_id}/confirm/", "offer confirmation"),
    "opt out of offer": ("POST", "offers/{offer_id}/opt_out/", {}),
    "shopper says yes": ("POST", "choice", "first quote"),
    "shopper says no": ("POST", "choice", "opted_out"),
}


@pytest.fixture(scope="module", params=STAGES)
def stage(request: pytest.FixtureRequest) -> str:
    """A column of the table."""
    return str(request.param)


@pytest.fixture(scope="module")
def shop(
    stage: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Service, Clock, MoodyHouse]]:
    """One service for a column; each cell has a sale of its own."""
    clock, upstream = Clock(), MoodyHouse(load_catalogue(some_settings()))
    storage = SqliteStorage(str(tmp_path_factory.mktemp(stage) / "test.db"), clock=clock)
    with running_service(storage, upstream=upstream) as service:
        yield service, clock, upstream


@pytest.mark.parametrize("action", ACTIONS)
def test_an_action_in_a_status(
    shop: tuple[Service, Clock, MoodyHouse], stage: str, action: str
) -> None:
    sale = a_sale(*shop)
    STAGES[stage](sale)

    answer = answer_to(action, sale)

    assert answer == EXPECTED[action][stage]


def test_what_is_refused_changes_nothing(
    shop: tuple[Service, Clock, MoodyHouse], stage: str
) -> None:
    sale = a_sale(*shop)
    STAGES[stage](sale)
    refused = [name for name in ACTIONS if EXPECTED[name][stage] in REFUSALS]
    before = as_it_stands(sale)

    for action in refused:
        answer_to(action, sale)

    assert as_it_stands(sale) == before


def test_the_table_has_every_action_and_every_stage() -> None:
    assert EXPECTED.keys() == ACTIONS.keys()
    assert all(row.keys() == STAGES.keys() for row in EXPECTED.values())


def as_it_stands(sale: Sale) -> tuple[str, list[str]]:
    """Return the package or booking, and the kinds of its evidence."""
    service = sale.service
    booking = service.call("GET", f"bookings/{sale.id}/")
    shown = booking if booking.is_success else service.call("GET", f"quotes/{sale.id}/")
    leaves = service.run(service.storage.list_evidence, "acme", sale.id)
    return shown.text, [leaf.kind for leaf in leaves]


def answer_to(action: str, sale: Sale) -> str:
    """Return what an action answers, as a cell says it."""
    method, path, body = ACTIONS[action]
    if path == "choice":
        said = sale.quote_id if body == "first quote" else body
        response = sale.service.choose(sale.package, said)
        assert response.status_code == 303
        return state_in(sale.service.client.get(response.headers["location"]))
    response = sale.service.call(method, sale.address(path), json=sale.body(body))
    if response.is_success:
        return str(response.status_code)
    told = response.status_code, response.json()["code"]
    return next((word for word, refusal in REFUSALS.items() if refusal == told), str(told))

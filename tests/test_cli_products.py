"""The commands `offer-widget products`, as who writes a product types them."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

import widget
from tests.builders import purchase_json
from tests.live import environment, run
from tests.test_cli import Command, refused, typed
from widget.app import load_catalogue, read_table
from widget.printouts import COLUMNS
from widget.products import Catalogue
from widget.settings import Settings

SHIPPED = Path(widget.__file__).parent / "catalogue"
TRAVEL = read_table(SHIPPED / "travel_protection.v1.toml")
LINE = read_table(SHIPPED / "travel.line.toml")


@pytest.fixture
def command(tmp_path: Path) -> Command:
    environ = environment(tmp_path / "cli.db")
    return lambda *arguments: typed(environ, *arguments)


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_catalogue(Settings())


def written(folder: Path, name: str, text: str) -> str:
    (folder / name).write_text(text, encoding="utf-8")
    return str(folder / name)


def mine(text: str = TRAVEL) -> str:
    return text.replace('code = "travel_protection"', 'code = "trip_cover"', 1)


# -- check


def test_a_file_without_a_gap_is_ok(command: Command, tmp_path: Path) -> None:
    path = written(tmp_path, "trip_cover.v1.toml", mine())

    told = command("products", "check", path)

    assert (told.returncode, told.stdout, told.stderr) == (0, f"{path}: ok\n", "")


def test_all_that_we_ship_is_ok(command: Command) -> None:
    told = command("products", "check", str(SHIPPED))

    assert told.returncode == 0, told.stderr
    assert len(told.stdout.splitlines()) == len(list(SHIPPED.glob("*.toml")))


def test_every_gap_is_told_by_line(command: Command, tmp_path: Path) -> None:
    text = mine().replace('"TRV"', '"TRAVEL"').replace('EUR = "4.50"', 'EUR = "-1"')
    path = written(tmp_path, "trip_cover.v1.toml", text)
    good = written(tmp_path, "trip_cover.v2.toml", mine().replace("version = 1", "version = 2"))

    told = command("products", "check", path, good)

    lines = told.stderr.splitlines()
    numbers = [int(line.removeprefix(f"{path}:").partition(":")[0]) for line in lines]
    assert told.returncode == 1
    assert len(lines) == 2
    assert numbers == sorted(numbers)
    assert 'policy_prefix = "TRAVEL"' in text.splitlines()[numbers[0] - 1]
    assert 'EUR = "-1"' in text.splitlines()[numbers[1] - 1]
    assert told.stdout == f"{good}: ok\n"


def test_gaps_are_told_to_machines_too(command: Command, tmp_path: Path) -> None:
    path = written(tmp_path, "trip_cover.v1.toml", mine().replace('"TRV"', '"TRAVEL"'))

    told = command("products", "check", "--json", path)

    faults = json.loads(told.stdout)
    assert told.returncode == 1
    assert [(fault["file"], fault["problem"].partition(":")[0]) for fault in faults] == [
        (path, "policy_prefix")
    ]


def test_a_product_is_checked_with_a_line_that_comes_with_it(
    command: Command, tmp_path: Path
) -> None:
    line = written(tmp_path, "sailing.line.toml", LINE.replace('code = "travel"', 'code = "sail"'))
    path = written(tmp_path, "sail.v1.toml", mine().replace('line = "travel"', 'line = "sail"'))

    assert command("products", "check", path, line).returncode == 0
    alone = refused(command("products", "check", path))
    assert "line: there is no 'sail'; there are " in alone


def test_what_the_catalogue_has_already_is_a_gap_of_the_new_file(
    command: Command, tmp_path: Path
) -> None:
    path = written(tmp_path, "another_name.v1.toml", TRAVEL)

    told = refused(command("products", "check", path))

    assert told == f"{path}:3: travel_protection@1 is in another file too"


def test_a_file_that_is_no_text_is_told_with_its_line(command: Command, tmp_path: Path) -> None:
    path = tmp_path / "latin.v1.toml"
    path.write_bytes("code = 'x'\nname = 'Müller'".encode("latin-1"))

    assert refused(command("products", "check", str(path))) == f"{path}:2: it is not UTF-8"


def test_a_character_that_no_font_draws_is_a_gap(command: Command, tmp_path: Path) -> None:
    text = mine().replace("At the destination of the insured trip", "At the 山 of the trip")
    path = written(tmp_path, "trip_cover.v1.toml", text)

    told = refused(command("products", "check", path))

    line = text.splitlines().index("[document.text.en]") + 1
    assert told.startswith(f"{path}:{line}: 'Insurance product information document' in 'en': ")
    assert "U+5C71" in told


def test_a_language_in_which_nothing_can_be_disclosed_is_a_gap(
    command: Command, tmp_path: Path
) -> None:
    text = mine().replace("text.de", "text.fr")
    path = written(tmp_path, "trip_cover.v1.toml", text)

    told = refused(command("products", "check", path))

    assert told == (
        f"{path}:{text.splitlines().index('[text.fr]') + 1}: text.fr: what must be disclosed cannot"
        " be said in it, only in de, en"
    )


def test_a_bundle_is_checked_among_the_products(command: Command, tmp_path: Path) -> None:
    text = 'code = "both"\nproducts = ["travel_protection", "x"]\npercent = "10"\n'
    path = written(tmp_path, "both.bundle.toml", text + 'text = { en = "Both", de = "Beides" }\n')

    assert refused(command("products", "check", path)) == f"{path}:2: there is no product 'x'"


def test_a_folder_without_products_is_told(command: Command, tmp_path: Path) -> None:
    assert "there is no product file in it" in refused(command("products", "check", str(tmp_path)))


# -- show


def test_a_product_is_shown_readably(command: Command, catalogue: Catalogue) -> None:
    for code in sorted({product.code for product in catalogue.products.values()}):
        told = command("products", "show", code)

        product = catalogue.on_sale(code)
        assert product is not None
        assert told.returncode == 0, told.stderr
        assert max(len(line) for line in told.stdout.splitlines()) <= COLUMNS
        for name in (*product.currencies, *product.sold_to, *(plan.code for plan in product.plan)):
            assert name in told.stdout
        for benefit in product.benefit:
            assert f"benefit {benefit.code}: " in told.stdout


def test_a_product_is_shown_in_the_language_that_is_asked_for(command: Command) -> None:
    told = command("products", "show", "travel_protection", "--locale", "de").stdout

    assert "Reiseschutz" in told
    assert "Reiserücktritt." in told


def test_a_product_is_shown_with_the_laws_of_its_markets(command: Command) -> None:
    told = command("products", "show", "travel_protection").stdout

    assert "tax VERSST: 19 % of the net premium (Versicherungsteuergesetz, § 6 (1)" in told
    assert "documents: product_information (IPID), wording" in told


def test_a_file_is_shown_before_it_is_deployed(command: Command, tmp_path: Path) -> None:
    path = written(tmp_path, "trip_cover.v1.toml", mine())

    assert command("products", "show", path).stdout.startswith("trip_cover@1  Trip protection")
    assert json.loads(command("products", "show", path, "--json").stdout)["code"] == "trip_cover"


def test_a_product_that_does_not_exist_is_told(command: Command) -> None:
    assert "cloud_cover" in refused(command("products", "show", "cloud_cover"))


# -- price


def test_the_example_of_each_product_is_priced(command: Command, catalogue: Catalogue) -> None:
    for code in sorted({product.code for product in catalogue.products.values()}):
        told = command("products", "price", code)

        product = catalogue.on_sale(code)
        assert product is not None
        assert told.returncode == 0, told.stderr
        assert told.stdout.count("premium, rounded up") == len(product.plan)
        assert max(len(line) for line in told.stdout.splitlines()) <= COLUMNS


def test_a_purchase_is_priced_step_by_step(command: Command, tmp_path: Path) -> None:
    purchase = written(tmp_path, "purchase.json", json.dumps(purchase_json()))

    told = command(
        *("products", "price", "travel_protection", "--purchase", purchase),
        *("--plan", "cancellation_medical"),
    )

    steps = ("tickets: 3.2 % of", "row for zone", "net premium", "tax VERSST: 19 %", "rounded up")
    assert told.returncode == 0, told.stderr
    places = [told.stdout.index(step) for step in steps]
    assert places == sorted(places)
    assert told.stdout.count("travel_protection@1") == 1


def test_a_file_is_priced_before_it_is_deployed(command: Command, tmp_path: Path) -> None:
    path = written(tmp_path, "trip.v2.toml", TRAVEL.replace("version = 1", "version = 2", 1))

    told = command("products", "price", path, "--json", "--currency", "USD", "--customer", "US-NY")

    prices: list[dict[str, Any]] = json.loads(told.stdout)
    assert [(price["version"], price["currency"], price["market"]) for price in prices] == [
        (2, "USD", "US-NY"),
        (2, "USD", "US-NY"),
        (2, "USD", "US-NY"),
    ]


def test_a_file_of_an_older_version_is_priced_by_what_it_says(
    command: Command, tmp_path: Path
) -> None:
    text = TRAVEL.replace('percent = "3.2"', 'percent = "2.6"')
    path = written(tmp_path, "travel_protection.v1.toml", text)

    told = command("products", "price", path, "--plan", "cancellation")

    assert "2.6 % of" in told.stdout


def test_a_purchase_that_is_refused_is_told_by_field(command: Command, tmp_path: Path) -> None:
    body = purchase_json()
    body["request"][0] |= {"total_tickets_price": 5, "number_of_adults": 30}
    purchase = written(tmp_path, "purchase.json", json.dumps(body))

    told = command("products", "price", "travel_protection", "--purchase", purchase)

    assert told.returncode == 1
    assert told.stdout == ""
    fields = [line.partition(": ")[0] for line in told.stderr.splitlines()]
    assert fields == ["request.0.total_tickets_price", "request.0.number_of_adults"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--plan", "gold"), "plan: The plans are cancellation, cancellation_medical, "),
        (("--currency", "JPY"), "currency: It is sold in EUR, GBP, USD."),
        (("--customer", "US-XX"), "customer_region: "),
        (("--customer", "BR"), "customer_country: It is sold to customers who live in AT, DE,"),
    ],
)
def test_an_example_that_cannot_be_priced_is_told(
    command: Command, arguments: tuple[str, ...], sentence: str
) -> None:
    told = refused(command("products", "price", "travel_protection", *arguments))

    assert told.startswith(sentence)


def test_a_purchase_says_its_currency_itself(command: Command, tmp_path: Path) -> None:
    purchase = written(tmp_path, "purchase.json", json.dumps(purchase_json()))

    told = command(
        *("products", "price", "travel_protection", "--currency", "EUR", "--purchase", purchase)
    )

    assert refused(told).startswith("currency: The purchase says it")


def test_a_purchase_of_something_else_is_told(command: Command, tmp_path: Path) -> None:
    purchase = written(tmp_path, "purchase.json", json.dumps(purchase_json()))

    told = command("products", "price", "annual_travel", "--purchase", purchase)

    assert refused(told) == "request: No entry has the policy_type annual_travel."


def test_a_purchase_that_is_no_json_is_told(command: Command, tmp_path: Path) -> None:
    purchase = written(tmp_path, "purchase.json", "{")

    told = command("products", "price", "travel_protection", "--purchase", purchase)

    assert told.returncode == 1
    assert "Traceback" not in told.stderr


def test_a_line_has_no_price(command: Command) -> None:
    told = refused(command("products", "price", str(SHIPPED / "travel.line.toml")))

    assert told.endswith("travel.line.toml: it holds no product")


def test_what_is_bought_together_is_priced_alone_and_in_its_bundle(tmp_path: Path) -> None:
    folder = tmp_path / "own"
    folder.mkdir()
    written(folder, "trip_cover.v1.toml", mine())
    bundle = 'code = "both"\nproducts = ["travel_protection", "trip_cover"]\npercent = "10"\n'
    written(folder, "both.bundle.toml", bundle + 'text = { en = "Both", de = "Beides" }\n')
    body = purchase_json()
    body["request"].append(body["request"][0] | {"policy_type": "trip_cover"})
    purchase = written(tmp_path, "purchase.json", json.dumps(body))
    environ = environment(tmp_path / "cli.db", CATALOGUE_DIR=folder)

    told = typed(
        environ,
        *("products", "price", "trip_cover", "--purchase", purchase),
        *("--plan", "cancellation", "--json"),
    )

    alone, together = json.loads(told.stdout)
    assert (alone["bundle"], together["bundle"]) == (None, "both")
    assert Fraction(together["net"]) == Fraction(alone["net"]) * 9 / 10
    assert Fraction(together["bundle_discount"]) == Fraction(alone["net"]) / 10


# -- the start


def test_the_service_does_not_start_with_a_gap_and_says_where_it_is(tmp_path: Path) -> None:
    folder = tmp_path / "own"
    folder.mkdir()
    text = mine().replace('GBP = "3.90"\n', "", 1)
    written(folder, "trip_cover.v1.toml", text)
    environ = environment(tmp_path / "cli.db", CATALOGUE_DIR=folder)

    ended = run(environ, "serve", "--port", "0")

    line = text.splitlines().index("[plan.minimum]") + 1
    assert refused(ended) == (
        f"trip_cover.v1.toml:{line}: plan cancellation: minimum has no amount in GBP"
    )

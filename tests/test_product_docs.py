"""`docs/products.md`: its product is whole and has its price, and it documents every key."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, get_args

import pytest

from tests.live import environment
from tests.test_cli import Command, refused, typed
from widget import lines, products, tariffs
from widget.app import load_catalogue
from widget.bundles import Bundle
from widget.settings import Settings

TEXT = (Path(__file__).parent.parent / "docs" / "products.md").read_text(encoding="utf-8")

#: The model behind the tables of each heading.
MODELS: dict[str, Any] = {
    "The product": products.Product,
    "`[eligibility]`": products.Eligibility,
    "`[eligibility.amount.<field>]`": products.AmountRule,
    "`[eligibility.count.<field>]`": products.CountRule,
    "`[eligibility.word.<field>]`": products.WordRule,
    "`[[plan]]`": products.Plan,
    "`[[plan.charge]]`": tariffs.Charge,
    "A row of `rate`": tariffs.Rate,
    "`[[discount]]`": tariffs.Discount,
    "`[[benefit]]`": products.Benefit,
    "`[after_sale]`": products.AfterSale,
    "`[[after_sale.instalment_plan]]`": products.InstalmentPlan,
    "`[text.<locale>]`": products.Text,
    "`[text.<locale>.plan.<code>]`": products.PlanText,
    "`[[document]]`": products.Document,
    "`[document.text.<locale>]`": products.DocumentText,
    "`[[document.text.<locale>.section]]`": products.Section,
    "The line": lines.Line,
    "`[[field]]`": lines.LineField,
    "`[[field.part]]`": lines.PartField,
    "`[[unit]]`": lines.Unit,
    "A line's `[text.<locale>]`": lines.LineText,
    "How so many are said": lines.Plural,
    "The bundle": Bundle,
}


def section(heading: str) -> str:
    found = re.search(
        rf"^##+ {re.escape(heading)}\n(.*?)(?=^##|\Z)", TEXT, re.DOTALL | re.MULTILINE
    )
    assert found is not None, heading
    return found[1]


def block(heading: str, language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", section(heading), re.DOTALL)
    assert found is not None
    return found[1]


@pytest.fixture
def command(tmp_path: Path) -> Command:
    environ = environment(tmp_path / "cli.db")
    return lambda *arguments: typed(environ, *arguments)


@pytest.fixture
def product(tmp_path: Path) -> Path:
    path = tmp_path / "bike_hire.v1.toml"
    path.write_text(block("A complete product", "toml"), encoding="utf-8")
    return path


def test_the_product_in_the_documents_has_no_gap(command: Command, product: Path) -> None:
    assert command("products", "check", str(product)).stdout == f"{product}: ok\n"


def test_the_product_in_the_documents_has_its_price(
    command: Command, product: Path, tmp_path: Path
) -> None:
    entry = {
        "policy_type": "bike_hire",
        "hire_start_date": "2099-06-01T10:00:00+01:00",
        "hire_end_date": "2099-06-05T18:00:00+01:00",
        "deposit": 1000,
        "number_of_bicycles": 5,
        "kind": "electric",
    }
    body = {"currency": "EUR", "customer_country": "IE", "request": [entry]}
    purchase = tmp_path / "purchase.json"
    purchase.write_text(json.dumps(body), encoding="utf-8")

    far = refused(command("products", "price", str(product), "--purchase", str(purchase)))
    product.write_text(
        product.read_text(encoding="utf-8").replace("ahead_max = 180", "ahead_max = 99999")
    )
    told = command("products", "price", str(product), "--purchase", str(purchase), "--json")

    assert far == "request.0.hire_start_date: It covers what begins within 180 days."
    # Each: 1.30 for each of 5 days and 1.5 % of 200. The fourth and the fifth cost 10 % less.
    price = json.loads(told.stdout)[0]
    assert (price["sum"], price["discount"], price["net"]) == ("47.5", "1.9", "45.6")
    # The Irish levy of 3 %: 46.968, rounded up.
    assert (price["exact_premium"], price["premium"]) == ("46.968", "46.97")


def test_the_gap_in_the_documents_is_told_like_that(command: Command, product: Path) -> None:
    text = product.read_text(encoding="utf-8").replace("days_max = 14", "days_max = 15")
    product.write_text(text, encoding="utf-8")

    told = refused(command("products", "check", str(product)))

    assert told.removeprefix(f"{product.parent}/") == block("What a gap looks like", "text").strip()


@pytest.mark.parametrize("heading", MODELS)
def test_every_key_is_documented_and_no_other(heading: str) -> None:
    table = section(heading).split("| kind | holds |")[0]
    named = re.findall(r"^\| (`\w+`(?:, `\w+`)*) \|", table, re.MULTILINE)

    keys = [key for names in named for key in re.findall(r"\w+", names)]

    assert sorted(keys) == sorted(MODELS[heading].__pydantic_fields__)


@pytest.mark.parametrize("heading", MODELS)
def test_a_key_that_must_be_there_has_no_default_in_the_documents(heading: str) -> None:
    for names, default in re.findall(
        r"^\| (`\w+`[^|]*)\|([^|]*)\| ", section(heading), re.MULTILINE
    ):
        for key in re.findall(r"\w+", names):
            field = MODELS[heading].__pydantic_fields__.get(key)
            if field is not None:
                assert field.is_required() == (not default.strip()), key


def test_every_kind_of_field_is_documented() -> None:
    table = section("`[[field]]`").split("| kind | holds |")[1]

    assert re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE) == [
        *sorted(lines.Kind, key=table.index)
    ]


def test_every_model_of_a_product_file_is_among_them() -> None:
    known = {products.AfterSale, *MODELS.values()}
    for model in MODELS.values():
        for field in model.__pydantic_fields__.values():
            assert _models_in(field.annotation) <= known, (model, field)


def test_the_lines_that_come_with_the_package_are_named() -> None:
    for code in load_catalogue(Settings()).lines:
        assert f"`{code}`" in section("Lines")


def _models_in(annotation: object) -> set[object]:
    if isinstance(annotation, type) and hasattr(annotation, "__pydantic_fields__"):
        return {annotation}
    return set().union(*(_models_in(part) for part in get_args(annotation)))

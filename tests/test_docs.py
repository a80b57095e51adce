"""What the documents say is so: snippets run, and each name that they teach exists."""

from __future__ import annotations

import contextlib
import json
import re
import subprocess
import sys
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args

import pytest

from tests.browser.shop import free_ports, prepared
from tests.builders import CATALOGUE, a_message, a_partner, an_opted_in_offer
from tests.service import running_service
from widget import showcase
from widget.app import load_markets
from widget.market_commands import table_of
from widget.partners import Mode
from widget.products import AfterSale, Until
from widget.settings import Settings, rows
from widget.showcase import Stand
from widget.storage.sqlite import SqliteStorage
from widget.tokens import issue_quote_token, quote_token_for
from widget.trees import leaf_hash, proof_of, root_of
from widget.webhooks import headers_for, secret_of, with_webhook
from widget.wire import BookingBody, PurchaseBody

ROOT = Path(__file__).parent.parent


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def block_after(heading: str, language: str, name: str) -> str:
    """Return the first code block in a language below a heading."""
    section = text_of(name).split(f"## {heading}", 1)[1]
    found = re.search(rf"```{language}\n(.*?)```", section, re.DOTALL)
    assert found is not None
    return found[1]


def test_the_confirmation_in_the_readme_runs_as_it_stands(tmp_path: Path) -> None:
    port, shop_port, smtp_port = free_ports(3)
    stand = Stand(tmp_path / ".demo", port, shop_port, smtp_port)
    service = showcase.start_service(prepared(stand))
    with contextlib.ExitStack() as stack:
        stack.callback(showcase.end, [service])
        showcase.await_ports([service], [port])

        result = subprocess.run(
            ["/bin/bash", "-euc", block_after("Confirm: one call", "sh", "README.md")],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )

    assert result.returncode == 0, result.stderr
    assert '"status":"CONFIRMED"' in result.stdout
    assert '"policy_number":"TRV-' in result.stdout


def test_the_signer_in_the_documents_signs(tmp_path: Path) -> None:
    names: dict[str, Any] = {}
    exec(block_after("Credential", "python", "docs/partner-api.md"), names)  # noqa: S102
    sign, path, body = names["signed_headers"], "/x/partners/acme/bookings/A-B-INS/", b"{}"

    # It asks this machine for the time, and so does the storage.
    with running_service(SqliteStorage(str(tmp_path / "test.db"))) as service:
        headers = sign(service.key.key_id, service.secret, "POST", path, body)
        taken = service.client.post(path, content=body, headers=headers)
        changed = service.client.post(path, content=body + b" ", headers=headers)

    assert taken.json()["message"] == "Quote package does not exist"
    assert changed.json()["code"] == "digest_mismatch"


def test_the_token_reader_in_the_documents_reads_tokens() -> None:
    offer = an_opted_in_offer()
    token = issue_quote_token(quote_token_for(offer, now=offer.created_at), [b"tk_test_key"])
    names: dict[str, object] = {}
    exec(block_after("The quote token", "python", "docs/partner-api.md"), names)  # noqa: S102
    read = names["read_quote_token"]
    assert callable(read)

    facts = read(token, "tk_test_key")

    assert facts[:7] == [1, "test", "acme", offer.id, "CHK-1", "opted_in", ["q-1"]]
    assert facts[7:10] == ["EUR", 4892, 781]
    with pytest.raises(ValueError, match="not a token of ours"):
        read(token, "tk_test_other")


def test_the_event_reader_in_the_documents_reads_events() -> None:
    partner = with_webhook(a_partner(), Mode.TEST, "https://shop.test/hooks", root=b"r" * 32)
    webhook = partner.webhooks[0]
    event = a_message(id="evt_1", body='{"event":"BOOKING_CREATED"}')
    now = datetime.now(UTC)
    headers = {
        name.lower(): value
        for name, value in headers_for(event, webhook, roots=[b"r" * 32], now=now).items()
    }
    secret = secret_of(webhook.secrets[0], "acme", Mode.TEST, [b"r" * 32])
    names: dict[str, Any] = {}
    exec(block_after("Webhooks", "python", "docs/partner-api.md"), names)  # noqa: S102
    read, body = names["read_event"], event.body.encode()

    assert read(headers, body, secret) == {"event": "BOOKING_CREATED"}
    with pytest.raises(ValueError, match="not from us"):
        read(headers, body + b" ", secret)
    with pytest.raises(ValueError, match="too old"):
        read(headers | {"webhook-timestamp": "1614265330"}, body, secret)


def test_the_proof_checker_in_the_documents_checks_proofs() -> None:
    leaves = [leaf_hash(b"%d" % number) for number in range(11)]
    facts: dict[str, Any] = {
        "leaf": "7",
        "index": 7,
        "size": 11,
        "path": [part.hex() for part in proof_of(7, leaves)],
        "root": root_of(leaves).hex(),
    }
    program = block_after("Evidence", "python", "docs/operating.md")
    assert len(program.strip().splitlines()) <= 20

    def checked(proof: dict[str, Any]) -> int:
        result = subprocess.run(
            [sys.executable, "-c", program],
            input=json.dumps(proof),
            text=True,
            check=False,
            capture_output=True,
        )
        return result.returncode

    assert checked(facts) == 0
    for change in ({"leaf": "8"}, {"index": 6}, {"size": 8}, {"path": facts["path"][1:]}):
        assert checked(facts | change) == 1


def test_every_setting_is_documented_as_it_is() -> None:
    documented = text_of("docs/operating.md")

    for row in rows(Settings()):
        assert f"| `{row.name}` | " in documented
        assert row.help in documented
        if row.default:
            assert f"`{row.default}`" in documented


def test_every_permission_of_a_product_is_documented() -> None:
    documented = text_of("docs/products.md")
    rows = set(re.findall(r"^\| `(\w+)` \| ", documented, re.MULTILINE))

    assert rows >= AfterSale.model_fields.keys()
    for word in get_args(Until):
        assert f"`{word}`" in documented


def test_the_permissions_in_the_documents_can_be_read() -> None:
    table = tomllib.loads(block_after("`[after_sale]`", "toml", "docs/products.md"))["after_sale"]

    assert AfterSale.model_validate(table).model_fields_set == AfterSale.model_fields.keys()


def test_every_attribute_and_event_of_the_element_is_documented() -> None:
    script = text_of("static/insurance-offer.js")
    documented = text_of("docs/embedding.md")
    attributes = re.search(r"observedAttributes = \[(.*?)\]", script)
    assert attributes is not None
    events = set(re.findall(r"#announce\('(\w+)'\)", script))
    events |= set(re.findall(r"\|?(expired|unavailable)\b", script))

    for name in (*re.findall(r"'(\w+)'", attributes[1]), "name", "title"):
        assert f"| `{name}` |" in documented
    for name in events:
        assert f"| `offer-{name}` |" in documented
    assert events == {"ready", "expired", "unavailable"}


def test_every_field_that_is_read_is_documented() -> None:
    documented = text_of("docs/partner-api.md")

    for model in (PurchaseBody, BookingBody):
        for field in model.model_fields:
            assert re.search(rf"`(request\[\]\.)?{field}(\[\])?[`.]", documented), field


@pytest.mark.parametrize("code", sorted(CATALOGUE.lines))
def test_every_field_of_a_line_is_documented_with_its_products(code: str) -> None:
    documented = text_of("docs/partner-api.md")
    products = [one.code for one in CATALOGUE.products.values() if one.line.code == code]
    (part,) = (
        found
        for found in re.split(r"^(?=\*\*|## )", documented, flags=re.MULTILINE)
        if re.match(rf"\*\*[^\n]*`{products[0]}`", found)
    )

    for name in products:
        assert f"`{name}`" in part
    for field in CATALOGUE.lines[code].field:
        row = re.search(rf"^\|[^|]*`{field.name}(\[\])?[`.][^\n]*$", part, re.MULTILINE)
        assert row is not None, field.name
        assert [one.name for one in field.part if f"`{one.name}`" not in row[0]] == []


def test_every_link_between_the_documents_leads_somewhere() -> None:
    for path in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", path.read_text(encoding="utf-8")):
            assert (path.parent / target).exists(), f"{path.name} links to {target}"


def test_every_dependency_has_its_reason() -> None:
    project = text_of("pyproject.toml")
    reasons = text_of("docs/decisions.md").split("## Dependencies")[1]
    packages = set(re.findall(r'^  "([a-z0-9-]+)[\[>]', project, re.MULTILINE))

    assert "starlette" in packages
    assert {name for name in packages if name not in reasons} == set()


def test_the_table_of_markets_is_that_of_the_rules() -> None:
    text = text_of("docs/markets.md")
    table = text.split("<!-- offer-widget markets table -->\n")[1].split("<!-- end of table -->")[0]

    assert table.splitlines() == list(table_of(load_markets()))

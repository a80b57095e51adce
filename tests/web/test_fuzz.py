"""The whole document against the whole service: what a schema-driven fuzzer makes of it.

Schemathesis makes requests of the document, good ones and bad ones: every example, the edges of
every schema, random data, and calls that follow on each other. None may crash us, be answered with
what the document does not say, or be taken although its schema forbids it.
"""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx2

from tests.builders import PARTNER_KEY, a_key, a_partner, policyholder_json, some_settings
from tests.fakes import Postbox
from tests.ports import on_a_port
from widget.app import build_app
from widget.offer_ids import uuid_of
from widget.partners import secret_of
from widget.storage.sqlite import SqliteStorage

#: Random cases for each call; the edges of the schemas are more than ten thousand besides.
EXAMPLES = 5

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
    "unsupported_method",
    "ignored_auth",
)

#: Which of our things the calls are about.
CONFIG = """
[parameters]
partner = "acme"

[[operations]]
include-path-regex = "/quotes/"
parameters = {{ id = "{package}" }}

[[operations]]
include-path-regex = "/(bookings|renewals)/"
parameters = {{ id = "{booking}" }}

[[operations]]
include-path-regex = "/offers/"
parameters = {{ id = "{offer}" }}
"""


async def register(storage: SqliteStorage) -> None:
    await storage.open()
    await storage.save_partner(a_partner())
    await storage.add_key(a_key())
    await storage.close()


class Backend:
    """The partner's backend, which makes the things that the calls are about."""

    def __init__(self, client: httpx2.Client) -> None:
        self._client = client

    def quote(self) -> str:
        """Return the id of a new package."""
        package = self._client.post("quotes/", json=self._example())
        return str(package.json()["id"])

    def book(self) -> str:
        """Return the id of a new booking."""
        package = self._client.get(f"quotes/{self.quote()}/").json()
        body = {
            "quotes": [{"id": package["quotes"]["0"]["id"]}],
            "policyholder": policyholder_json(country=self._example()["customer_country"]),
        }
        booking = self._client.post(f"bookings/{package['id']}/", json=body)
        assert booking.json()["status"] == "CONFIRMED"
        return str(booking.json()["id"])

    def _example(self) -> dict[str, Any]:
        """Return a purchase that the first product takes."""
        example: dict[str, Any] = self._client.get("schemas/").json()["results"][0]["example"]
        return example


def test_a_fuzzer_finds_no_crash_no_surprise_and_no_invalid_body_that_is_taken(
    tmp_path: Path,
) -> None:
    secret = secret_of(a_key(), [PARTNER_KEY.encode()])
    assert secret is not None
    storage = SqliteStorage(str(tmp_path / "fuzz.db"))
    asyncio.run(register(storage))
    app = build_app(some_settings(), storage=storage, delivery=Postbox())
    with on_a_port(app) as url:
        with httpx2.Client(
            base_url=f"{url}/x/partners/acme/", headers={"Authorization": f"Bearer {secret}"}
        ) as client:
            backend = Backend(client)
            offer = uuid_of(backend.quote())
            config = CONFIG.format(package=backend.quote(), booking=backend.book(), offer=offer)
        (tmp_path / "fuzz.toml").write_text(config, encoding="utf-8")

        result = subprocess.run(
            [
                *(sys.executable, "-m", "schemathesis.cli"),
                *("--no-color", "--config-file", str(tmp_path / "fuzz.toml")),
                *("run", f"{url}/x/openapi.json", "--url", f"{url}/x"),
                *("--header", f"Authorization: Bearer {secret}"),
                *("--checks", ",".join(CHECKS), "--continue-on-failure"),
                *("--generation-deterministic", "--max-examples", str(EXAMPLES)),
            ],
            cwd=tmp_path,
            env={**os.environ, "PYTHONWARNINGS": "ignore"},
            capture_output=True,
            text=True,
            check=False,
        )

    assert result.returncode == 0, result.stdout[-20_000:]
    found = re.search(r"(\d+) generated, (\d+) passed", result.stdout)
    assert found is not None, result.stdout[-2_000:]
    assert int(found[1]) > 10_000
    for phase in ("Examples", "Coverage", "Fuzzing", "Stateful"):
        assert f"✅ {phase}" in result.stdout

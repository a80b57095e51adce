"""The integration guide works as it stands: every block of it is run, against a service that it
started, and each way through it ends with a policy.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator

import httpx2
import pytest

from tests.bad_line import LOST, bad_line
from tests.browser.shop import free_ports
from tests.guide import INTERPRETERS, Reader, blocks, blocks_under, needs

SECTIONS = {"python": "Python", "js": "Node", "php": "PHP"}
TOKENS = "The quote token, offline"


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    """A reader who has come to the second section."""
    reader = Reader(tmp_path_factory.mktemp("first"), free_ports(1)[0])
    with reader.serving():
        yield reader


@pytest.fixture(scope="module")
def booked(reader: Reader) -> Reader:
    """A reader who has come to the end of the section on curl."""
    done = reader.shell("".join(block.text for block in blocks_under("With curl", "sh")))
    assert done.returncode == 0, done.stderr + done.stdout
    return reader


def read(reader: Reader, name: str) -> str:
    return (reader.folder / name).read_text(encoding="utf-8")


def test_curl_comes_from_the_quote_to_the_certificate(booked: Reader) -> None:
    booking = json.loads(read(booked, "booking.json"))

    assert booking["status"] == "CONFIRMED"
    assert booking["quotes"][0]["policy_number"] in read(booked, "certificate.html")


def test_what_goes_into_the_page_is_served(booked: Reader) -> None:
    offer_url = json.loads(read(booked, "offer.json"))["offer_url"]
    frame, element = (block.text for block in blocks_under("With curl", "html"))

    framed = httpx2.get(re.findall(r'src="(.*?)"', frame)[0].replace("{{ offer_url }}", offer_url))
    address = re.findall(r'src="(.*?)"', element)[0].replace("http://127.0.0.1:8000", booked.url)
    script = httpx2.get(address)

    assert framed.status_code == 200
    assert "http://localhost:8001" in framed.headers["content-security-policy"]
    assert script.status_code == 200
    assert script.headers["content-type"].startswith("text/javascript")


@pytest.mark.parametrize("language", SECTIONS)
def test_a_program_comes_from_the_quote_to_the_policy(reader: Reader, language: str) -> None:
    needs(language)

    status, policy_number, certificate = run(reader, language, reader.url).split()

    assert status == "CONFIRMED"
    assert policy_number in httpx2.get(certificate).text


@pytest.mark.parametrize("language", SECTIONS)
def test_a_program_books_once_over_a_bad_line(reader: Reader, language: str) -> None:
    needs(language)
    before = count_of_bookings(reader)

    with bad_line(reader.url, quotes=["503"], bookings=[LOST, "423"]) as line:
        status = run(reader, language, line.url).split()[0]

    assert status == "CONFIRMED"
    assert count_of_bookings(reader) == before + 1
    assert [len(line.calls_to(name)) for name in ("quotes", "bookings")] == [2, 3]
    assert len({key for _, key, _ in line.calls}) == 2, "each of the two keeps its key"


@pytest.mark.parametrize("language", SECTIONS)
def test_a_program_does_not_try_again_what_is_refused(reader: Reader, language: str) -> None:
    needs(language)

    with bad_line(reader.url, quotes=["422"], bookings=[]) as line:
        done = start(reader, language, line.url)

    assert done.returncode != 0
    assert "422: A bad line." in done.stderr + done.stdout
    assert len(line.calls) == 1


@pytest.mark.parametrize("language", SECTIONS)
def test_a_program_reads_the_token_offline(booked: Reader, language: str) -> None:
    needs(language)
    (block,) = blocks_under(TOKENS, language)
    path = booked.save(block)
    offer = json.loads(read(booked, "offer.json"))
    token = offer["quote_token"]
    command = f'. ./env && {INTERPRETERS[language]} {path.name} "$TOKEN"'

    good = booked.shell(command, TOKEN=token)
    altered = booked.shell(command, TOKEN=token[:-2] + ("A" if token[-2] != "A" else "B") + "A")

    order = json.loads(read(booked, "purchase.json"))["partner_reference"]
    premium = round(offer["total_price"] * 100)
    assert good.stdout.split() == [order, "opted_in", str(premium), "EUR"]
    assert altered.returncode != 0
    assert "not a token of ours" in altered.stderr + altered.stdout


def test_every_block_of_the_guide_is_run() -> None:
    run_here = {("A service of your own", "sh"), ("With curl", "sh"), ("With curl", "html")}
    run_here |= {(section, name) for name, section in SECTIONS.items()}
    run_here |= {(section, "sh") for section in SECTIONS.values()}
    run_here |= {(TOKENS, name) for name in SECTIONS}

    assert {(block.heading, block.language) for block in blocks()} == run_here


def count_of_bookings(reader: Reader) -> int:
    done = reader.shell(
        '. ./env && curl -sS "$SERVICE/x/partners/acme/bookings/?limit=1"'
        ' -H "Authorization: Bearer $SECRET"'
    )
    count: int = json.loads(done.stdout)["count"]
    return count


def start(reader: Reader, language: str, url: str) -> subprocess.CompletedProcess[str]:
    """Run a program as the guide says, with the service at another address."""
    there = reader.beside(language, url)
    (program,), (command,) = (blocks_under(SECTIONS[language], kind) for kind in (language, "sh"))
    there.save(program)
    return there.shell(command.text)


def run(reader: Reader, language: str, url: str) -> str:
    """Run a program as the guide says, and return what it printed."""
    done = start(reader, language, url)
    assert done.returncode == 0, done.stderr
    return done.stdout

"""The socket that the service listens on."""

from __future__ import annotations

import socket

import pytest

from widget.errors import SettingInvalid
from widget.server import listen


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_a_free_port_is_found(host: str) -> None:
    with listen(host, 0) as listening:
        assert listening.getsockname()[1] > 0


def test_an_answer_is_sent_without_waiting_for_a_receipt() -> None:
    with (
        listen("127.0.0.1", 0) as listening,
        socket.create_connection(listening.getsockname()),
        listening.accept()[0] as accepted,
    ):
        assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_a_port_that_is_taken_is_said_with_its_number() -> None:
    with listen("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]

        with pytest.raises(SettingInvalid, match=f"Port {port}: it is taken on 127.0.0.1"):
            listen("127.0.0.1", port)


@pytest.mark.parametrize("host", ["192.0.2.1", "no-such-host.invalid", "not an address"])
def test_an_address_that_is_not_this_machines_is_said(host: str) -> None:
    with pytest.raises(SettingInvalid, match="cannot listen"):
        listen(host, 0)


@pytest.mark.parametrize("port", [-1, 65_536])
def test_a_port_that_does_not_exist_is_said(port: int) -> None:
    with pytest.raises(SettingInvalid):
        listen("127.0.0.1", port)

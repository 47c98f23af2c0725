"""Whatever a test calls with, it does not reach the ports of a running installation."""

from __future__ import annotations

import asyncio
import socket

import pytest

from tests.closed_ports import PORTS


@pytest.mark.parametrize("port", sorted(PORTS))
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_no_client_reaches_the_ports_of_an_installation(host: str, port: int) -> None:
    words = "where `make run` serves: give it a port of its own"
    with socket.socket() as client:
        # What every client of Python's own stands on.
        with pytest.raises(AssertionError, match=words):
            client.connect((host, port))
        with pytest.raises(AssertionError, match=words):
            client.connect_ex((host, port))
    # The asynchronous ones.
    with socket.socket() as client:
        client.setblocking(False)
        with pytest.raises(AssertionError, match=words):
            await asyncio.get_running_loop().sock_connect(client, ("127.0.0.1", port))


def test_other_ports_are_open() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket() as client:
        assert client.connect_ex(server.getsockname()) == 0

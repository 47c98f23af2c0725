"""A name is looked up once, and only a checked address is connected to."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest

from gencharge.core.http.addresses import Reach
from gencharge.core.http.pinned import AddressRefused, PinnedTransport, Resolver
from gencharge.core.tls import tls
from tests.make.channels import Operator, answers, operator_server

DEVELOPMENT, PRODUCTION = Reach(private=True, loopback=True), Reach(private=False, loopback=False)


@asynccontextmanager
async def operator() -> AsyncIterator[Operator]:
    async with operator_server(answers({"status": "success"})) as running:
        yield running


async def call(url: str, look_ups: list[list[str]], reach: Reach = DEVELOPMENT) -> int:
    """The status of a call; each look-up gets the next list of addresses."""
    remaining = iter(look_ups)

    async def resolve(_host: str, port: int) -> list[str]:
        assert port > 0
        return next(remaining)

    transport = PinnedTransport(reach, resolve, verify=tls(), limits=httpx.Limits())
    async with httpx.AsyncClient(transport=transport) as client:
        return (await client.get(url)).status_code


async def test_a_name_that_changes_between_look_ups_leads_to_the_checked_address() -> None:
    async with operator() as running:
        url = running.url.replace("127.0.0.1", "operator.example")
        assert await call(url, [["127.0.0.1"], ["169.254.169.254"]]) == 200
    assert b"\r\nhost: operator.example:" in running.requests[0].lower()


@pytest.mark.parametrize(
    "addresses", [[], ["169.254.169.254"], ["127.0.0.1", "169.254.169.254"], ["0.0.0.0", "127.0.0.1"]]
)
async def test_one_bad_address_spoils_the_name(addresses: list[str]) -> None:
    async with operator() as running:
        with pytest.raises(AddressRefused):
            await call(running.url.replace("127.0.0.1", "operator.example"), [addresses])
    assert running.requests == []


async def test_an_address_is_checked_without_a_look_up() -> None:
    async with operator() as running:
        assert await call(running.url, []) == 200
        with pytest.raises(AddressRefused):
            await call(running.url, [], PRODUCTION)
    assert len(running.requests) == 1


async def test_the_next_address_is_tried_where_nobody_listens() -> None:
    async with operator() as running:
        url = running.url.replace("127.0.0.1", "operator.example")
        assert await call(url, [["127.0.0.2", "127.0.0.1"]]) == 200
        with pytest.raises(httpx.ConnectError):
            await call(url, [["127.0.0.2", "127.0.0.3"]])


async def test_a_name_that_nobody_knows_was_not_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    resolver = Resolver()
    transport = PinnedTransport(DEVELOPMENT, resolver, verify=tls(), limits=httpx.Limits())
    async with httpx.AsyncClient(transport=transport) as client:
        with pytest.raises(httpx.ConnectError, match="name not found"):
            await client.get("https://operator.example/")
    resolver.close()

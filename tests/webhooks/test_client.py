"""Posting to integrators: look-ups, redirects, time-outs, certificates."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from gencharge.core.http.addresses import Reach
from gencharge.webhooks.client import WebhookClient
from tests.make.certificates import certificate_of
from tests.make.webhook_receiver import Receiver, receiver
from tests.make.webhooks import (
    DEVELOPMENT,
    PRODUCTION,
)


@pytest.fixture
def partner() -> Iterator[Receiver]:
    with receiver() as running:
        yield running


async def _post(partner: Receiver, addresses: list[list[str]], reach: Reach = DEVELOPMENT) -> str:
    """Post to a name that leads to these addresses, one list for each look-up; the error, if any."""
    looked_up = iter(addresses)

    async def resolve(host: str, port: int) -> list[str]:
        assert host == "localhost"
        assert port > 0
        return next(looked_up)

    client = WebhookClient(reach, resolve=resolve)
    url = partner.base.replace("127.0.0.1", "localhost") + "/hooks"
    outcome = await client.post(url, {}, b"{}")
    await client.close()
    return outcome.error


async def test_the_name_is_looked_up_once_and_the_checked_address_is_the_one_that_is_connected_to(
    partner: Receiver,
) -> None:
    # A second look-up, for connecting, would get what a rebinding name server says then.
    assert await _post(partner, [["127.0.0.1"], ["169.254.169.254"]]) == ""
    [one] = partner.received
    assert one.headers["host"].startswith("localhost:")


async def test_one_bad_address_among_good_ones_spoils_the_name(partner: Receiver) -> None:
    for bad in ("169.254.169.254", "0.0.0.0", "::ffff:169.254.169.254"):
        assert await _post(partner, [["127.0.0.1", bad]]) == "address_refused"
        assert await _post(partner, [[bad, "127.0.0.1"]]) == "address_refused"
    assert await _post(partner, [[]]) == "address_refused"
    assert partner.received == []


async def test_a_second_address_is_tried_where_nobody_listens_at_the_first(partner: Receiver) -> None:
    assert await _post(partner, [["127.0.0.2", "127.0.0.1"]]) == ""
    assert len(partner.received) == 1


async def test_an_address_that_was_taken_in_development_is_refused_once_the_settings_are_stricter(
    partner: Receiver,
) -> None:
    client = WebhookClient(PRODUCTION)
    assert (await client.post(f"{partner.base}/hooks", {}, b"{}")).error == "address_refused"
    await client.close()
    assert partner.received == []


async def test_redirects_are_not_followed(partner: Receiver) -> None:
    partner.status, partner.headers = 307, {"Location": f"{partner.base}/elsewhere"}
    client = WebhookClient(DEVELOPMENT)
    outcome = await client.post(f"{partner.base}/hooks", {}, b"{}")
    await client.close()
    assert (outcome.status, outcome.delivered) == (307, False)
    assert [one.path for one in partner.received] == ["/hooks"]


async def test_no_more_than_a_thousand_bytes_of_an_answer_are_kept(partner: Receiver) -> None:
    partner.answer = b"\x00" + b"x" * 200_000
    client = WebhookClient(DEVELOPMENT)
    outcome = await client.post(f"{partner.base}/hooks", {}, b"{}")
    await client.close()
    assert len(outcome.response) == 1_000
    assert "\x00" not in outcome.response


async def test_whoever_does_not_answer_in_time_is_left() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        client = WebhookClient(DEVELOPMENT, timeout_seconds=0.3)
        outcome = await client.post(f"http://127.0.0.1:{silent.getsockname()[1]}/", {}, b"{}")
        await client.close()
    assert (outcome.error, outcome.status) == ("timeout", None)
    assert outcome.duration_ms >= 290


async def test_a_name_that_nobody_knows_is_told() -> None:
    client = WebhookClient(PRODUCTION)
    outcome = await client.post("https://nobody.invalid/hooks", {}, b"{}")
    await client.close()
    assert outcome.error == "name_not_found"


@pytest.mark.parametrize(("name", "error"), [("partner.example", ""), ("other.example", "certificate")])
async def test_the_certificate_must_be_that_of_the_name_although_the_address_is_connected_to(
    tmp_path: Path, name: str, error: str
) -> None:
    served, trusting = certificate_of(tmp_path, "partner.example")

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
        writer.close()

    async def resolve(host: str, port: int) -> list[str]:
        assert (host, port) == (name, bound)
        return ["127.0.0.1"]

    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=served)
    bound = server.sockets[0].getsockname()[1]
    async with server:
        client = WebhookClient(DEVELOPMENT, resolve=resolve, verify=trusting)
        outcome = await client.post(f"https://{name}:{bound}/", {}, b"{}")
        await client.close()
    assert error in outcome.error
    assert (outcome.status == 204) is (error == "")

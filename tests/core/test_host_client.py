"""Many requests to one host: over kept connections, as many at once as there are places, and a failure is no answer."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from gencharge.core.http.host_client import HostAway, HostClient
from gencharge.core.tls import new_tls
from tests.make.certificates import certificate_of

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Host:
    """Answers requests, and counts connections and what is under way."""

    def __init__(self, answer: bytes = OK) -> None:
        self.answer = answer
        self.heads = list[bytes]()
        self.bodies = list[bytes]()
        self.connections = self.under_way = self.maximum = 0
        self.closes_after_answer = False
        self.hold = asyncio.Event()
        self.hold.set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
                self.heads.append(head)
                self.bodies.append(await reader.readexactly(length))
                self.under_way += 1
                self.maximum = max(self.maximum, self.under_way)
                await self.hold.wait()
                await asyncio.sleep(0.01)
                self.under_way -= 1
                writer.write(self.answer)
                await writer.drain()
                if self.closes_after_answer:
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def serving(host: Host, tls: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    server = await asyncio.start_server(host.serve, "127.0.0.1", 0, ssl=tls)
    try:
        yield f"{'https' if tls else 'http'}://localhost:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()


def client_of(url: str, **options: float) -> HostClient:
    seconds = options.get("timeout_seconds", 5.0)
    return HostClient(
        url, verify=new_tls(), connections=int(options.get("connections", 4)), timeout_seconds=seconds
    )


async def post(client: HostClient, url: str, content: bytes = b"{}") -> bytes:
    answer = await client.post(f"{url}/send", {"Authorization": "Bearer x"}, content)
    assert answer.is_success
    return answer.content


async def test_one_after_the_other_share_a_connection_and_each_says_whose_it_is() -> None:
    host = Host()
    async with serving(host) as url:
        client = client_of(url)
        for number in range(5):
            assert await post(client, url, b"%d" % number) == b"ok"
        await client.close()
    assert host.connections == 1
    assert host.bodies == [b"0", b"1", b"2", b"3", b"4"]
    assert host.heads[0].startswith(b"POST /send HTTP/1.1\r\n")
    assert f"Host: {url.removeprefix('http://')}\r\n".encode() in host.heads[0]
    assert b"Authorization: Bearer x\r\n" in host.heads[0]


async def test_no_more_than_the_places_are_under_way() -> None:
    host = Host()
    async with serving(host) as url:
        client = client_of(url, connections=3)
        assert await asyncio.gather(*(post(client, url) for _ in range(30))) == [b"ok"] * 30
        await client.close()
    assert (host.connections, host.maximum) == (3, 3)


async def test_a_connection_that_the_host_closed_is_replaced_before_anything_is_sent() -> None:
    host = Host()
    host.closes_after_answer = True
    async with serving(host) as url:
        client = client_of(url)
        for _ in range(3):
            await post(client, url)
            await asyncio.sleep(0.05)
        await client.close()
    assert (host.connections, len(host.bodies)) == (3, 3)


async def test_who_is_refused_reads_the_status_and_why() -> None:
    host = Host(b"HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\ngone")
    async with serving(host) as url:
        client = client_of(url)
        answer = await client.post(url, {}, b"")
        assert (answer.status, answer.content, answer.is_success) == (404, b"gone", False)
        await client.close()


async def nobody(client: HostClient, url: str, host: Host) -> None:
    del host
    await post(client, url.rpartition(":")[0] + ":1")


async def silent(client: HostClient, url: str, host: Host) -> None:
    host.hold.clear()
    await post(client, url)


async def garbled(client: HostClient, url: str, host: Host) -> None:
    host.answer = b"no HTTP at all\r\n\r\n"
    await post(client, url)


async def cut_off(client: HostClient, url: str, host: Host) -> None:
    host.answer, host.closes_after_answer = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok", True
    await post(client, url)


@pytest.mark.parametrize("fails", [nobody, silent, garbled, cut_off])
async def test_a_host_that_does_not_answer_is_away_and_the_place_is_free_again(
    fails: Callable[[HostClient, str, Host], Awaitable[None]],
) -> None:
    host = Host()
    async with serving(host) as url:
        away = url.rpartition(":")[0] + ":1" if fails is nobody else url
        client = client_of(away, connections=1, timeout_seconds=0.3)
        for _ in range(2):
            with pytest.raises(HostAway):
                await fails(client, url, host)
        host.hold.set()
        host.answer, host.closes_after_answer = OK, False
        if fails is not nobody:
            assert await post(client, url) == b"ok"
        await client.close()


async def test_who_gives_up_waiting_leaves_no_half_read_answer_to_the_next() -> None:
    host = Host()
    async with serving(host) as url:
        client = client_of(url, connections=1)
        host.hold.clear()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await post(client, url, b"first")
        host.hold.set()
        assert await post(client, url, b"second") == b"ok"
        await client.close()
    assert host.connections == 2


async def test_a_certificate_that_nobody_vouches_for_is_refused(tmp_path: Path) -> None:
    served, trusting = certificate_of(tmp_path, "localhost")
    host = Host()
    async with serving(host, served) as url:
        client = client_of(url)
        with pytest.raises(HostAway, match="certificate"):
            await post(client, url)
        await client.close()
        client = HostClient(url, verify=trusting, connections=1, timeout_seconds=5)
        assert await post(client, url) == b"ok"
        await client.close()
    assert len(host.bodies) == 1


CHUNKED = (
    b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"1\r\no\r\n1;name=x\r\nk\r\n0\r\nTrailer: x\r\n\r\n"
)


async def test_an_answer_in_chunks_after_an_interim_one_is_read_whole() -> None:
    host = Host(CHUNKED)
    async with serving(host) as url:
        client = client_of(url)
        assert [await post(client, url) for _ in range(3)] == [b"ok"] * 3
        await client.close()
    assert host.connections == 1


async def test_an_answer_without_a_length_ends_with_its_connection() -> None:
    host = Host(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\nok")
    host.closes_after_answer = True
    async with serving(host) as url:
        client = client_of(url)
        assert [await post(client, url) for _ in range(2)] == [b"ok"] * 2
        await client.close()
    assert host.connections == 2


@pytest.mark.parametrize(
    "answer",
    [OK + OK, OK.replace(b"OK\r\n", b"OK\r\nConnection: close\r\n", 1), OK.replace(b"1.1", b"1.0", 1)],
    ids=["two answers", "it is closed", "an old HTTP"],
)
async def test_a_connection_that_can_not_be_used_again_is_replaced(answer: bytes) -> None:
    host = Host(answer)
    async with serving(host) as url:
        client = client_of(url)
        assert [await post(client, url) for _ in range(3)] == [b"ok"] * 3
        await client.close()
    assert host.connections == 3


async def test_an_answer_without_an_end_is_not_stored() -> None:
    host = Host(b"HTTP/1.1 200 OK\r\nContent-Length: 9000000\r\n\r\n" + b"x" * 2_000_000)
    async with serving(host) as url:
        client = client_of(url)
        with pytest.raises(HostAway, match="too long"):
            await post(client, url)
        await client.close()


async def test_no_value_brings_a_second_header() -> None:
    host = Host()
    async with serving(host) as url:
        client = client_of(url)
        with pytest.raises(ValueError, match="one line"):
            await client.post(url, {"Authorization": "Bearer x\r\nX-Other: y"}, b"")
        with pytest.raises(ValueError, match="visible"):
            await client.post(f"{url}/a b", {}, b"")
        await client.close()
    assert host.connections == 0

"""How soon every process of an installation shows content that was published in another one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import httpx
import psutil
import pytest

from gencharge.api.main import create_app
from tests.faults.site import Site
from tests.make import fork_server
from tests.make.content import draft, path_of
from tests.make.factories import know_roles, new_client
from tests.make.processes import seconds_until
from tests.make.staff_client import StaffClient

_PROCESSES = 2
_AT_ONCE = 8
_ROUNDS = 5


@pytest.fixture
def port(site: Site) -> Iterator[int]:
    """`gencharge serve` with two processes behind one port."""
    port = site.port_beside
    log: Path = site.folder / "serve-content.log"
    process = fork_server.start(
        *("gencharge", "serve", "--workers", str(_PROCESSES)),
        folder=site.folder,
        log=log,
        environment=site.inherited | site.environment | {"PORT": str(port)},
    )
    parent = psutil.Process(process.pid)
    try:
        yield port
    finally:
        for each in (*parent.children(recursive=True), parent):
            each.kill()
        process.wait(20)


@pytest.fixture
async def staff(site: Site) -> AsyncIterator[StaffClient]:
    """An admin who works in a third process."""
    app = create_app(site.settings)
    async with app.router.lifespan_context(app), new_client(app) as client:
        await know_roles(app)
        yield await StaffClient.open(app, client)


async def one_client_for_each(port: int, stack: AsyncExitStack) -> list[httpx.AsyncClient]:
    """A client for each of the processes, with one connection that it keeps. The kernel hands a connection to whichever process is free."""
    clients = dict[int, httpx.AsyncClient]()

    async def connected() -> None:
        client = httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=20)
        await stack.enter_async_context(client)
        try:
            answer = await client.get("/health/live")
        except httpx.TransportError:
            return
        own = answer.extensions["network_stream"].get_extra_info("client_addr")
        clients.setdefault(_server_of(own), client)

    async def complete() -> bool:
        await asyncio.gather(*(connected() for _ in range(_AT_ONCE)))
        return len(clients) == _PROCESSES

    await seconds_until(complete, at_most=60)
    return list(clients.values())


def _server_of(client_address: tuple[str, int]) -> int:
    """The process at the other end of this connection."""
    for connection in psutil.net_connections("tcp4"):
        if connection.raddr == client_address and connection.pid is not None:
            return connection.pid
    raise AssertionError("nobody serves this connection")


@pytest.mark.parametrize("worker", ["up", "killed"])
async def test_what_a_third_process_publishes_two_processes_show_within_a_second(
    site: Site, staff: StaffClient, port: int, worker: str
) -> None:
    """The worker passes changes on at once; without one each process asks PostgreSQL."""
    if worker == "killed":
        site.kill("worker")
    seconds = list[float]()
    async with AsyncExitStack() as stack:
        clients = await one_client_for_each(port, stack)
        for _ in range(_ROUNDS):
            page = await staff.ask_json("POST", "/content/admin", draft())
            address = f"/v1/content/{page['slug']}"
            assert [(await client.get(address)).status_code for client in clients] == [404] * _PROCESSES

            async def shown(address: str = address) -> bool:
                answers = await asyncio.gather(*(client.get(address) for client in clients))
                return all(answer.status_code == 200 for answer in answers)

            await staff.ask_json("POST", f"{path_of(page)}/publish", {})
            seconds.append(await seconds_until(shown))
    assert max(seconds) <= 1, seconds

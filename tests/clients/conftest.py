"""An installation that the clients talk to, and an endpoint for its messages."""

from __future__ import annotations

import asyncio
import shutil
import socket
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.stores.stores import Stores
from gencharge.webhooks import staff_service
from gencharge.webhooks.staff_schemas import WebhookEndpointCreate
from tests.faults.site import Site


@pytest.fixture(scope="package")
def site() -> Iterator[Site]:
    folder = Path(tempfile.mkdtemp(prefix="gencharge-clients-"))
    site = Site(folder)
    try:
        site.start()
        site.start_sandbox()
        yield site
    finally:
        site.stop()
        shutil.rmtree(folder, ignore_errors=True)


@dataclass
class Endpoint:
    """Where messages go, and the secret that they are signed with."""

    port: int
    secret: str


def endpoint_of(site: Site) -> Endpoint:
    """A new endpoint on this machine."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    command = WebhookEndpointCreate(url=f"http://127.0.0.1:{port}/hook", events=["recharge.*"])

    async def create() -> str:
        async def run(db: AsyncSession) -> str:
            return (await staff_service.create_endpoint(db, site.settings, command)).secret

        stores = Stores.open(site.settings)
        try:
            return await stores.database.run(run)
        finally:
            await stores.close()

    return Endpoint(port, asyncio.run(create()))

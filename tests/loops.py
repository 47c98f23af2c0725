"""The tests run on the event loop that the product serves with (run/serving.py): uvloop, which takes less CPU than asyncio's own.

It connects without Python's `socket`, so it looks at the closed ports itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import uvloop

from tests import closed_ports


class Loop(uvloop.Loop):
    """An event loop that calls no running installation."""

    async def create_connection(
        self, protocol_factory: Callable[[], Any], host: Any = None, port: Any = None, **options: Any
    ) -> Any:
        """As uvloop's. Raises AssertionError for a port of `make run`."""
        closed_ports.refuse((host, port))
        return await super().create_connection(protocol_factory, host, port, **options)

    async def sock_connect(self, sock: Any, address: Any) -> None:
        """As uvloop's. Raises AssertionError for a port of `make run`."""
        closed_ports.refuse(address)
        await super().sock_connect(sock, address)


def pytest_asyncio_loop_factories(config: pytest.Config, item: pytest.Item) -> dict[str, type[Loop]]:
    """The loop of all tests and fixtures."""
    del config, item
    return {"uvloop": Loop}

"""The loop of the tests."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest


def test_a_loop_closes_though_a_connection_is_open(tmp_path: Path) -> None:
    """Warnings are errors here, and in the walk over what is open an error would leave it open: the close would wait for ever."""

    async def leave_open() -> object:
        path, here = str(tmp_path / "s"), asyncio.get_running_loop()
        server = await here.create_unix_server(asyncio.Protocol, path)
        return server, await here.create_unix_connection(asyncio.Protocol, path)

    loop = asyncio.new_event_loop()
    opened = loop.run_until_complete(leave_open())
    with pytest.warns(ResourceWarning, match="unclosed resource"):
        loop.close()
    assert loop.is_closed()
    del opened

"""The outside parties for tests: the sandbox's gateway and operators, with the secrets that our settings share."""

from __future__ import annotations

import shutil
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.channels.models import OperatorChannel
from gencharge.core.rooms import snapshots
from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from gencharge.operators.models import Operator
from sandbox.config import Config
from sandbox.server import server
from tests.sandbox.conftest import bury, free_port, until

NOBODY = "http://127.0.0.1:9"  # the discard port: nobody listens


class Outside:
    """The sandbox by its control routes."""

    def __init__(self, base: str) -> None:
        self.base = base
        self._client = httpx.Client(timeout=10, trust_env=False)

    def control(self, method: str, path: str, body: Any = None) -> Any:
        answer = self._client.request(method, self.base + path, json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def script(self, target: str, operation: str, script: str, **more: Any) -> None:
        body = {"target": target, "operation": operation, "script": script, **more}
        self.control("PUT", "/sandbox/scripts", body)

    def reset(self) -> None:
        self.control("DELETE", "/sandbox/state")

    def aim(self, **targets: Any) -> None:
        self.control("PUT", "/sandbox/targets", targets)

    def deliveries(self, channel: str) -> dict[str, Any]:
        items = self.control("GET", f"/sandbox/operators/{channel}/deliveries")["items"]
        return {item["reference"]: item for item in items}

    def close(self) -> None:
        self._client.close()


@contextmanager
def sandbox(settings: Settings, **options: Any) -> Iterator[Outside]:
    """A sandbox on a free port that takes the secrets of `settings`. `options`: fields of its Config."""
    folder, port = Path(tempfile.mkdtemp(prefix="gencharge-sandbox-")), free_port()
    config = replace(Config.of(settings), folder=folder, send_timeout_seconds=2, **options)
    runner = server(config, host="127.0.0.1", port=port)
    thread = threading.Thread(target=runner.run, daemon=True)
    thread.start()
    until(lambda: runner.started)
    outside = Outside(f"http://127.0.0.1:{port}")
    try:
        yield outside
    finally:
        outside.close()
        runner.should_exit = True
        thread.join(10)
        bury()
        shutil.rmtree(folder, ignore_errors=True)


async def reach_over_api(stores: Stores, operator: str, *channels: tuple[str, str]) -> None:
    """The operator is reached over these channels (code, address), in this order; no channel: as our own system."""

    async def unit(db: AsyncSession) -> None:
        await db.execute(
            update(Operator)
            .where(Operator.code == operator)
            .values(channel="api" if channels else "internal")
        )
        await db.execute(
            update(OperatorChannel).where(OperatorChannel.operator == operator).values(is_active=False)
        )
        for place, (code, url) in enumerate(channels):
            values = {
                "operator": operator,
                "name": code,
                "url": url,
                "priority": 10 * (place + 1),
                "commission_bp": 300,
                "is_active": True,
            }
            row = insert(OperatorChannel).values(code=code, **values)
            await db.execute(row.on_conflict_do_update(index_elements=["code"], set_=values))
        await snapshots.bump(db, "channels")

    await stores.database.run(unit)

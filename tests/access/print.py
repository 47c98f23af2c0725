"""Prints the access table as it is now, to be compared with `table.py` by a person:

.venv/bin/python -m tests.access.print
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from pathlib import Path

from gencharge.core.postgres import migrations
from gencharge.run.embedded import EmbeddedServers
from tests.access.probe import open_probe, routes_of
from tests.access.table import ROUTES
from tests.conftest import TEMPLATE, _administration, _create_database, fresh_database, test_settings


async def _print(folder: Path) -> None:
    settings = test_settings(
        folder, fresh_database(folder, "gencharge_access_0_test"), access_token_expire_minutes=5
    )
    async with open_probe(settings) as probe:
        for route in routes_of(probe.app):
            statuses = await probe.statuses(route)
            declared = ROUTES.get(route, "").split()
            mark = (
                ""
                if statuses.split() == declared
                else "  # new"
                if not declared
                else f"  # table: {' '.join(declared)}"
            )
            print(f'    "{route}": "{statuses}",{mark}')  # noqa: T201


def main() -> None:
    """Servers of its own, for a minute."""
    folder = Path(tempfile.mkdtemp(prefix="gencharge-access-"))
    servers = EmbeddedServers(folder)
    try:
        servers.start()
        servers.wait_ready()
        with _administration(folder) as connection:
            _create_database(connection, TEMPLATE, template=None)
        migrations.upgrade(test_settings(folder, TEMPLATE))
        asyncio.run(_print(folder))
    finally:
        servers.stop()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
